//! Somebody says whether a call was lost.

use aftercall_domain::limits::LINE_BYTES_MAX;
use aftercall_proto::envelope::Fact;
use aftercall_proto::event::v1::CallDropJudged;
use aftercall_proto::followups::v1::{JudgeCallDropRequest, JudgeCallDropResponse};
use aftercall_proto::model::v1::{DropAttribution, DropClass};
use aftercall_service::seal::RequestHash;
use aftercall_service::{Call, Checker};

use super::saying::{Of, say};
use crate::failure::Refused;
use crate::followups::Followups;

/// Says it.
pub(super) async fn judge(
    followups: &Followups,
    mut call: Call<JudgeCallDropRequest>,
) -> Result<JudgeCallDropResponse, Refused> {
    let hash = RequestHash::of(&call.message);
    let drop_class = call.message.drop_class();
    let JudgeCallDropRequest {
        request_id,
        interaction_id,
        attribution,
        reason,
        ..
    } = std::mem::take(&mut call.message);
    let mut checker = Checker::new();
    let of = Of {
        request_id: &request_id,
        interaction_id: &interaction_id,
    };
    let id = of.check(&mut checker);
    checker.known::<DropAttribution>("attribution", attribution);
    let found = checker.found();
    if drop_class == DropClass::Unspecified {
        found.required("drop_class");
    }
    match reason.is_empty() {
        true => found.required("reason"),
        false if reason.len() > LINE_BYTES_MAX => found.too_long("reason", LINE_BYTES_MAX),
        false => {}
    }
    checker.done(())?;
    let fact = Fact::CallDropJudged(Box::new(CallDropJudged {
        drop_class: drop_class.into(),
        attribution,
        reason,
        back_by_interaction_id: String::new(),
    }));
    let said = say(followups, (call, hash), (request_id, id), fact).await?;
    Ok(JudgeCallDropResponse {
        position: said.position,
        recorded_at: said.recorded_at,
    })
}
