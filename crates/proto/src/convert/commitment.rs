//! Promises: the message that callers and views read, and the events that they are folded from.

mod events;
mod parts;
#[cfg(test)]
mod tests;

pub use events::{fact, later_event, made};

use aftercall_domain::commitment::{Commitment, Lapse, Lifecycle, Rescheduled};
use jiff::Timestamp;

use super::{Unreadable, text, time};
use crate::model::v1 as wire;
use parts::evidence_from_wire;
pub(in crate::convert) use parts::{owner_from_wire, required, specified};

/// The promise as it is read at `now`, which decides whether an open one is late.
pub fn to_wire(commitment: Commitment, now: Timestamp) -> wire::Commitment {
    let timeliness = wire::Timeliness::from(commitment.timeliness(now));
    let Commitment {
        commitment_id,
        interaction_id,
        customer_id,
        made_by,
        team_id,
        kind,
        kind_code,
        promise_text,
        told_to_customer,
        promised_by,
        promised_not_before,
        time_zone,
        due_revision,
        owner,
        owner_team_id,
        priority,
        read_back_confirmed,
        lifecycle,
        lapses,
        reschedules,
        outcome,
        fulfilled_at,
        evidence,
        customer_informed,
        closed_at,
        closed_by,
        close_note,
        made_at,
        recorded_at,
        imported,
        version,
    } = commitment;
    let (evidence_interaction_id, evidence_message_id) = parts::evidence_to_wire(evidence);
    let (customer_informed_interaction_id, customer_informed_message_id) =
        parts::evidence_to_wire(customer_informed);
    wire::Commitment {
        commitment_id,
        interaction_id,
        customer_id: customer_id.unwrap_or_default(),
        kind: wire::CommitmentKind::from(kind).into(),
        promise_text,
        told_to_customer,
        promised_by: Some(time::to_wire(promised_by)),
        promised_not_before: promised_not_before.map(time::to_wire),
        time_zone,
        due_revision,
        owner: owner.map(Into::into),
        team_id,
        priority: wire::Priority::from(priority).into(),
        lifecycle: wire::CommitmentLifecycle::from(lifecycle).into(),
        timeliness: timeliness.into(),
        lapses: lapses.into_iter().map(Into::into).collect(),
        reschedules: reschedules.into_iter().map(Into::into).collect(),
        outcome: outcome
            .map_or(wire::CommitmentOutcome::Unspecified, Into::into)
            .into(),
        fulfilled_at: fulfilled_at.map(time::to_wire),
        closed_at: closed_at.map(time::to_wire),
        closed_by,
        close_note,
        made_at: Some(time::to_wire(made_at)),
        imported,
        version,
        made_by_agent_id: made_by,
        recorded_at: Some(time::to_wire(recorded_at)),
        kind_code,
        owner_team_id,
        read_back_confirmed,
        evidence_interaction_id,
        evidence_message_id,
        customer_informed_interaction_id,
        customer_informed_message_id,
    }
}

/// The promise that [`to_wire`] wrote. `timeliness` is left out: it is of its time.
///
/// # Errors
/// [`Unreadable`] for a message that [`to_wire`] didn't make.
pub fn from_wire(message: wire::Commitment) -> Result<Commitment, Unreadable> {
    let kind = specified("kind", message.kind())?;
    let priority = specified("priority", message.priority())?;
    let lifecycle: Lifecycle = specified("lifecycle", message.lifecycle())?;
    let outcome = match lifecycle {
        Lifecycle::Active => None,
        Lifecycle::Fulfilled | Lifecycle::Cancelled => {
            Some(specified("outcome", message.outcome())?)
        }
    };
    let lapses = message.lapses.into_iter().map(Lapse::try_from);
    let reschedules = message.reschedules.into_iter().map(Rescheduled::try_from);
    Ok(Commitment {
        commitment_id: message.commitment_id,
        interaction_id: message.interaction_id,
        customer_id: text(message.customer_id),
        made_by: message.made_by_agent_id,
        team_id: message.team_id,
        kind,
        kind_code: message.kind_code,
        promise_text: message.promise_text,
        told_to_customer: message.told_to_customer,
        promised_by: required("promised_by", message.promised_by.as_ref())?,
        promised_not_before: message
            .promised_not_before
            .as_ref()
            .and_then(time::from_wire),
        time_zone: message.time_zone,
        due_revision: message.due_revision,
        owner: message.owner.and_then(owner_from_wire),
        owner_team_id: message.owner_team_id,
        priority,
        read_back_confirmed: message.read_back_confirmed,
        lifecycle,
        lapses: lapses.collect::<Result<_, _>>()?,
        reschedules: reschedules.collect::<Result<_, _>>()?,
        outcome,
        fulfilled_at: message.fulfilled_at.as_ref().and_then(time::from_wire),
        evidence: evidence_from_wire(message.evidence_interaction_id, message.evidence_message_id),
        customer_informed: evidence_from_wire(
            message.customer_informed_interaction_id,
            message.customer_informed_message_id,
        ),
        closed_at: message.closed_at.as_ref().and_then(time::from_wire),
        closed_by: message.closed_by,
        close_note: message.close_note,
        made_at: required("made_at", message.made_at.as_ref())?,
        recorded_at: required("recorded_at", message.recorded_at.as_ref())?,
        imported: message.imported,
        version: message.version,
    })
}
