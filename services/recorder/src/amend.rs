//! Amending: what is asked, and who may.

use std::sync::Arc;

use aftercall_domain::limits::{AMENDMENT_BYTES_MAX, WARNINGS_MAX};
use aftercall_domain::violation::Reason;
use aftercall_domain::{Amendment, Warning};
use aftercall_ledger::Contact;
use aftercall_proto::convert::{interaction, time};
use aftercall_proto::envelope::Fact;
use aftercall_proto::event::v1::InteractionAmended;
use aftercall_proto::recorder::v1::{AmendInteractionRequest, AmendInteractionResponse};
use aftercall_service::seal::RequestHash;
use aftercall_service::{Call, Checker, Principal, Role};
use jiff::Timestamp;
use prost::Message;

use crate::change::{
    Change, Changed, ContactCommand, Original, Warned, change, read_interaction_id,
};
use crate::core::Core;
use crate::failure::Refusal;
use crate::pending::Key;

/// How long an agent may amend an own record, in hours.
const AGENT_HOURS: i64 = 24;
/// How long a team lead may amend a record, in hours.
const TEAM_LEAD_HOURS: i64 = 30 * 24;

/// Replaces parts of a record.
pub(crate) async fn amend(
    core: &Arc<Core>,
    call: Call<AmendInteractionRequest>,
) -> Result<AmendInteractionResponse, Refusal> {
    let (command, mut warnings, warned) = read(core, call)?;
    let interaction_id = command.key.id.to_string();
    let Changed {
        version,
        position,
        recorded_at,
    } = change(command).await?;
    warnings.append(&mut warned.lock());
    warnings.truncate(WARNINGS_MAX);
    Ok(AmendInteractionResponse {
        interaction_id,
        version,
        position,
        recorded_at,
        warnings: warnings.into_iter().map(Into::into).collect(),
    })
}

/// Reads a command, and names all that is wrong with it.
fn read(
    core: &Arc<Core>,
    call: Call<AmendInteractionRequest>,
) -> Result<(ContactCommand, Vec<Warning>, Warned), Refusal> {
    let (until, scope) = (call.write_until(), call.scope());
    let hash = RequestHash::of(&call.message);
    let AmendInteractionRequest {
        request_id,
        interaction_id,
        expected_version,
        interaction: values,
        update_mask,
        mut reason,
    } = call.message;
    let mut checker = Checker::new();
    checker.required_id("request_id", &request_id);
    let mut found = checker.into_found();
    let id = read_interaction_id(&interaction_id, &mut found);
    let paths = update_mask.unwrap_or_default().paths;
    let values = values.unwrap_or_default();
    let amendment = interaction::read_amendment(&paths, values, &mut found);
    let (amendment, warnings) = amendment.check(&mut reason, core.now(), found)?;
    let (update_mask, values) = interaction::amended(amendment.clone());
    if values.encoded_len() > AMENDMENT_BYTES_MAX {
        let text = "is larger than 256 KiB in all; amend fewer fields at a time, and say it in fewer words";
        return Err(Refusal::field("interaction", Reason::TooLong, text));
    }
    let fact = Fact::InteractionAmended(Box::new(InteractionAmended {
        update_mask: Some(update_mask),
        interaction: Some(values),
        reason,
    }));
    let warned = Warned::default();
    let command = ContactCommand {
        core: Arc::clone(core),
        key: Key::contact(Arc::clone(&call.principal.tenant_id), id),
        scope,
        principal: call.principal,
        request_id,
        expected_version,
        change: Change::Amended(Box::new(amendment), Arc::clone(&warned)),
        fact,
        hash,
        until,
    };
    Ok((command, warnings, warned))
}

/// Who may amend: an agent the own record for a day, a team lead for a month, a compliance officer
/// at any time; an integration at any time what telephony knows, and what a classifier says.
pub(crate) fn permit(
    principal: &Principal,
    amendment: &Amendment,
    original: &Original,
    (current, now): (&Contact, Timestamp),
) -> Result<(), Refusal> {
    let roles = principal.roles;
    if roles.contains(Role::ComplianceOfficer) {
        return Ok(());
    }
    if roles.contains(Role::Integration) && amendment.is_of_programs() {
        return Ok(());
    }
    let own = !original.agent_id.is_empty() && *original.agent_id == *principal.actor_id;
    let hours = if roles.contains(Role::TeamLead) {
        TEAM_LEAD_HOURS
    } else if roles.contains(Role::Agent) && own {
        AGENT_HOURS
    } else {
        return Ok(principal.require_any(&[Role::TeamLead, Role::ComplianceOfficer])?);
    };
    let age_us = time::microseconds(now).saturating_sub(current.recorded_at_us());
    match age_us <= hours * 3_600 * 1_000_000 {
        true => Ok(()),
        false => Err(Refusal::TooLate { hours }),
    }
}
