//! An agent saves part of a call's wrap-up.

use aftercall_domain::Violations;
use aftercall_domain::interaction::Amendment;
use aftercall_domain::limits::AMENDMENT_BYTES_MAX;
use aftercall_domain::violation::Reason;
use aftercall_proto::convert::interaction;
use aftercall_proto::envelope::Fact;
use aftercall_proto::event::v1::CallWrapUpSaved;
use aftercall_proto::followups::v1::{SaveWrapUpRequest, SaveWrapUpResponse};
use aftercall_service::seal::RequestHash;
use aftercall_service::{Call, Checker};
use prost::Message;

use super::saying::{Of, say};
use crate::failure::Refused;
use crate::followups::Followups;

/// Saves it.
pub(super) async fn save(
    followups: &Followups,
    mut call: Call<SaveWrapUpRequest>,
) -> Result<SaveWrapUpResponse, Refused> {
    let hash = RequestHash::of(&call.message);
    let SaveWrapUpRequest {
        request_id,
        interaction_id,
        interaction: values,
        update_mask,
    } = std::mem::take(&mut call.message);
    let mut checker = Checker::new();
    let of = Of {
        request_id: &request_id,
        interaction_id: &interaction_id,
    };
    let id = of.check(&mut checker);
    let mut found = checker.into_found();
    let paths = update_mask.unwrap_or_default().paths;
    let amendment = interaction::read_amendment(&paths, values.unwrap_or_default(), &mut found);
    leave_telephony_alone(&amendment, &mut found);
    let (amendment, warnings) = amendment.check_saved(followups.clock().now(), found)?;
    let (update_mask, values) = interaction::amended(amendment);
    if values.encoded_len() > AMENDMENT_BYTES_MAX {
        let mut found = Violations::new();
        let text = "is larger than 256 KiB in all; save fewer fields at a time, in fewer words";
        found.add("interaction", Reason::TooLong, text);
        return Err(found.into());
    }
    let fact = Fact::CallWrapUpSaved(Box::new(CallWrapUpSaved {
        update_mask: Some(update_mask),
        interaction: Some(values),
    }));
    let said = say(followups, (call, hash), (request_id, id), fact).await?;
    Ok(SaveWrapUpResponse {
        position: said.position,
        recorded_at: said.recorded_at,
        warnings: warnings.into_iter().map(Into::into).collect(),
    })
}

/// What telephony tells of a call is not the agent's to say while it is told.
fn leave_telephony_alone(amendment: &Amendment, found: &mut Violations) {
    let named = [
        ("segments", amendment.segments.is_some()),
        ("disconnect", amendment.disconnect.is_some()),
        ("occurred_at", amendment.occurred_at.is_some()),
        ("ended_at", amendment.ended_at.is_some()),
        ("ivr_path", amendment.ivr_path.is_some()),
    ];
    for (field, _) in named.into_iter().filter(|(_, is_named)| *is_named) {
        let text =
            format!("names {field}, which telephony tells; leave it out, and amend it later");
        found.add("update_mask", Reason::UnknownValue, text);
    }
}
