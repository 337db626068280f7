//! Promises: the message that callers and views read, and the events that they are folded from.

mod alert_steps;
mod attempts;
mod clocks;
mod depends;
mod events;
mod made;
mod owner;
mod parts;
mod recurring;
mod row;
#[cfg(test)]
mod tests;

pub use events::{fact, fact_telling, later_event};
pub use made::{made, made_in, made_later, read_draft};
pub use parts::handles_from_wire as handles;
pub use parts::owner_from_wire;
pub use row::{from_row, to_row};

use aftercall_domain::commitment::Commitment;
use jiff::Timestamp;

use super::{due, time};
use crate::model::v1 as wire;
pub(in crate::convert) use parts::{required, specified};

/// The promise as it is read at `now`, which decides whether an open one is late.
pub fn to_wire(commitment: Commitment, now: Timestamp) -> wire::Commitment {
    let timeliness = wire::Timeliness::from(commitment.timeliness(now));
    let evidence = parts::evidence_to_wire(commitment.evidence.clone());
    let informed = parts::evidence_to_wire(commitment.customer_informed.clone());
    let expires_at = commitment.expires_at();
    let mut answer = lasting(commitment);
    answer.timeliness = timeliness.into();
    answer.expires_at = expires_at.map(time::to_wire);
    (answer.evidence_interaction_id, answer.evidence_message_id) = evidence;
    (
        answer.customer_informed_interaction_id,
        answer.customer_informed_message_id,
    ) = informed;
    answer
}

/// The promise but for its evidence and for what is of the answer's time.
#[expect(
    clippy::too_many_lines,
    reason = "each field is named twice, so that none can be forgotten"
)]
fn lasting(commitment: Commitment) -> wire::Commitment {
    let Commitment {
        commitment_id,
        interaction_id,
        customer_id,
        customer_name,
        handles,
        made_by,
        team_id,
        site_id,
        kind,
        kind_code,
        origin,
        promise_text,
        told_to_customer,
        promised_by,
        due,
        promised_not_before,
        time_zone,
        due_revision,
        promise_lapsed: _,
        policy,
        target,
        target_revision: _,
        stages,
        warned: _,
        alerts: _,
        expire_after: _,
        proposed_until,
        owner,
        owner_team_id,
        handover,
        pause,
        pauses,
        waiver,
        superseded_by,
        depends_on,
        is_awaited: _,
        series,
        plan_id,
        step_no,
        reopens,
        reopened_by,
        attempts,
        tried,
        priority,
        read_back_confirmed,
        lifecycle,
        lapses,
        moves,
        reschedules,
        outcome,
        fulfilled_at,
        evidence: _,
        customer_informed: _,
        closed_at,
        closed_by,
        close_note,
        made_at,
        recorded_at,
        imported,
        version,
    } = commitment;
    let (due, due_resolution) = due::told_to_wire(due);
    let (reopens, reopen_reason) = parts::reopens_to_wire(reopens);
    let (recurrence, occurrence) = recurring::series_to_wire(series);
    wire::Commitment {
        due,
        due_resolution,
        commitment_id,
        interaction_id,
        customer_id: customer_id.unwrap_or_default(),
        kind: wire::CommitmentKind::from(kind).into(),
        origin: wire::CommitmentOrigin::from(origin).into(),
        promise_text,
        told_to_customer,
        promised_by: Some(time::to_wire(promised_by)),
        promised_not_before: promised_not_before.map(time::to_wire),
        time_zone,
        due_revision,
        owner: owner.map(Into::into),
        team_id,
        site_id,
        priority: wire::Priority::from(priority).into(),
        lifecycle: wire::CommitmentLifecycle::from(lifecycle).into(),
        lapses: lapses.into_iter().map(Into::into).collect(),
        reschedules: reschedules.into_iter().map(Into::into).collect(),
        outcome: outcome.map_or(0, |outcome| wire::CommitmentOutcome::from(outcome).into()),
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
        policy: policy.map(Into::into),
        target: target.map(Into::into),
        stages: stages.into_iter().map(Into::into).collect(),
        proposed_until: proposed_until.map(time::to_wire),
        handover: handover.map(Into::into),
        pause: pause.map(Into::into),
        pauses: pauses.into_iter().map(Into::into).collect(),
        waiver_request: waiver.map(Into::into),
        superseded_by: superseded_by.unwrap_or_default(),
        depends_on: depends_on.into_iter().map(Into::into).collect(),
        reopens,
        reopen_reason,
        reopened_by: reopened_by.unwrap_or_default(),
        recurrence,
        occurrence,
        plan_id,
        step_no,
        attempts: attempts.into_iter().map(Into::into).collect(),
        attempts_count: tried.attempts,
        moves,
        customer_name,
        handles: handles.into_iter().map(Into::into).collect(),
        ..wire::Commitment::default()
    }
}
