//! Analysing: adding to a contact what somebody or something found in it later.

use std::sync::Arc;

use aftercall_domain::FieldPath;
use aftercall_domain::interaction::Analysis;
use aftercall_domain::limits::ANALYSIS_BYTES_MAX;
use aftercall_domain::violation::Reason;
use aftercall_ledger::Contact;
use aftercall_proto::convert::{interaction, time};
use aftercall_proto::envelope::Fact;
use aftercall_proto::recorder::v1::{AnalyseInteractionRequest, AnalyseInteractionResponse};
use aftercall_service::seal::RequestHash;
use aftercall_service::{Call, Checker, Principal, Role};
use jiff::Timestamp;
use prost::Message;

use crate::change::{Change, Changed, ContactCommand, Original, change, read_interaction_id};
use crate::core::Core;
use crate::failure::Refusal;
use crate::pending::Key;
use crate::score;

/// How long an agent may add to an own contact, in hours.
const AGENT_HOURS: i64 = 24;

/// Adds what was found.
pub(crate) async fn analyse(
    core: &Arc<Core>,
    call: Call<AnalyseInteractionRequest>,
) -> Result<AnalyseInteractionResponse, Refusal> {
    let command = read(core, call)?;
    let interaction_id = command.key.id.to_string();
    let Changed {
        version,
        position,
        recorded_at,
    } = change(command).await?;
    Ok(AnalyseInteractionResponse {
        interaction_id,
        version,
        position,
        recorded_at,
    })
}

/// Reads a command, and names all that is wrong with it.
fn read(
    core: &Arc<Core>,
    call: Call<AnalyseInteractionRequest>,
) -> Result<ContactCommand, Refusal> {
    let (until, scope) = (call.write_until(), call.scope());
    let hash = RequestHash::of(&call.message);
    let AnalyseInteractionRequest {
        request_id,
        interaction_id,
        expected_version,
        sentiments,
        signals,
        turns,
    } = call.message;
    let mut checker = Checker::new();
    checker.required_id("request_id", &request_id);
    let mut found = checker.into_found();
    let id = read_interaction_id(&interaction_id, &mut found);
    let mut analysis = interaction::read_analysis(sentiments, signals, &mut found);
    let turns = score::read(turns, FieldPath::of("turns"), &mut found);
    add_scored(&turns, &mut analysis);
    let analysis = analysis.check(core.now(), found)?;
    let analysed = interaction::analysed(analysis);
    if analysed.encoded_len() > ANALYSIS_BYTES_MAX {
        let text = "are larger than 128 KiB together with the signals; send fewer points, or several scorers one by one";
        return Err(Refusal::field("sentiments", Reason::TooLong, text));
    }
    Ok(ContactCommand {
        core: Arc::clone(core),
        key: Key::contact(Arc::clone(&call.principal.tenant_id), id),
        scope,
        principal: call.principal,
        request_id,
        expected_version,
        change: Change::Analysed,
        fact: Fact::InteractionAnalysed(Box::new(analysed)),
        hash,
        until,
    })
}

/// What the built-in scorer says of some turns. When its signals were given is not known before the contact is.
fn add_scored(turns: &[score::OwnTurn], analysis: &mut Analysis) {
    if !turns.is_empty() {
        let scored = score::scored(turns);
        analysis.signals.extend(score::signals(&scored));
        analysis.sentiments.push(scored.sentiment);
    }
}

/// Who may add: an agent to the own contact for a day; whoever else may at all, at any time.
pub(crate) fn permit(
    principal: &Principal,
    original: &Original,
    (current, now): (&Contact, Timestamp),
) -> Result<(), Refusal> {
    const OTHERS: [Role; 5] = [
        Role::TeamLead,
        Role::Supervisor,
        Role::QaAnalyst,
        Role::ComplianceOfficer,
        Role::Integration,
    ];
    if OTHERS.iter().any(|role| principal.roles.contains(*role)) {
        return Ok(());
    }
    let own = !original.agent_id.is_empty() && *original.agent_id == *principal.actor_id;
    if !(own && principal.roles.contains(Role::Agent)) {
        return Ok(principal.require_any(&OTHERS)?);
    }
    let age_us = time::microseconds(now).saturating_sub(current.recorded_at_us());
    match age_us <= AGENT_HOURS * 3_600 * 1_000_000 {
        true => Ok(()),
        false => Err(Refusal::TooLate { hours: AGENT_HOURS }),
    }
}
