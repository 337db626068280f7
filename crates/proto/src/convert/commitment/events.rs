//! The events that promises are folded from.

use aftercall_domain::commitment::{
    Change, CommitmentKind, Event, Made, NewTarget, Stage, StageReached, Tried,
};
use aftercall_domain::limits::{EXPIRE_AFTER_DAYS, SECONDS_PER_DAY};
use jiff::SignedDuration;

use super::alert_steps;
use super::clocks::stage_times;
use super::owner::named;
use super::parts::{
    evidence_from_wire, evidence_to_wire, handles_from_wire, owner_from_wire, required, specified,
};
use crate::convert::due::duration_from_wire;
use crate::convert::{Unreadable, due, text, time};
use crate::envelope::Fact;
use crate::event::v1 as wire;
use crate::model::v1::{
    CommitmentClock, CommitmentDraft, CommitmentOutcome, HandoverEnd, ResumeCause,
};

/// The promises that a recorded contact makes, in its order. A draft that no writer of ours makes
/// (without an id or a due) makes none, for every reader alike, and of equal ids the first counts.
pub fn made(event: &wire::Event, recorded: &wire::InteractionRecorded) -> Vec<Made> {
    let contacts = recorded.interaction.iter();
    let drafts = contacts.flat_map(|contact| &contact.commitments);
    let mut all: Vec<Made> = Vec::new();
    for made in drafts.filter_map(|draft| made_by(event, recorded, draft).ok()) {
        if all
            .iter()
            .all(|one| one.commitment_id != made.commitment_id)
        {
            all.push(made);
        }
    }
    all
}

fn made_by(
    event: &wire::Event,
    recorded: &wire::InteractionRecorded,
    draft: &CommitmentDraft,
) -> Result<Made, Unreadable> {
    let contact = recorded.interaction.as_ref();
    let contact = contact.ok_or(Unreadable {
        field: "interaction",
    })?;
    let recorded_at = required("recorded_at", event.recorded_at.as_ref())?;
    let occurred_at = contact.occurred_at.as_ref().and_then(time::from_wire);
    let commitment_id = text(draft.commitment_id.clone());
    let customer = contact.customer.as_ref();
    Ok(Made {
        commitment_id: commitment_id.ok_or(Unreadable {
            field: "commitment_id",
        })?,
        interaction_id: contact.interaction_id.clone(),
        customer_id: text(event.customer_id.clone()),
        customer_name: customer.map_or_else(String::new, |it| it.display_name.clone()),
        handles: customer.map_or_else(Vec::new, |it| handles_from_wire(&it.handles)),
        made_by: contact.agent_id.clone(),
        team_id: contact.team_id.clone(),
        site_id: contact.site_id.clone(),
        // A kind of a later version is none that we know.
        kind: draft.kind().try_into().unwrap_or(CommitmentKind::Other),
        kind_code: draft.kind_code.clone(),
        promise_text: draft.promise_text.clone(),
        told_to_customer: draft.told_to_customer,
        promised_by: required("promised_by", draft.promised_by.as_ref())?,
        promised_not_before: draft.promised_not_before.as_ref().and_then(time::from_wire),
        time_zone: draft.time_zone.clone(),
        owner: draft.owner.clone().and_then(owner_from_wire),
        owner_team_id: draft.owner_team_id.clone(),
        priority: draft.priority().try_into().unwrap_or_default(),
        read_back_confirmed: draft.read_back_confirmed,
        policy: draft.policy.clone().map(Into::into),
        target: target(draft)?,
        stages: stages(draft)?,
        expire_after: expire_after(draft),
        proposed_until: draft.proposed_until.as_ref().and_then(time::from_wire),
        due: due::told_from_wire(draft.due.clone(), draft.due_resolution.clone()),
        fulfilled_at: draft.fulfilled_at.as_ref().and_then(time::from_wire),
        made_at: occurred_at.unwrap_or(recorded_at),
        recorded_at,
        recorded_by: event.actor_id.clone(),
        imported: !event.import_batch.is_empty(),
    })
}

fn target(draft: &CommitmentDraft) -> Result<Option<NewTarget>, Unreadable> {
    draft.target.clone().map(TryInto::try_into).transpose()
}

fn stages(draft: &CommitmentDraft) -> Result<Vec<Stage>, Unreadable> {
    draft
        .stages
        .iter()
        .cloned()
        .map(TryInto::try_into)
        .collect()
}

fn expire_after(draft: &CommitmentDraft) -> SignedDuration {
    let said = draft.expire_after.as_ref().and_then(duration_from_wire);
    said.unwrap_or(SignedDuration::from_secs(
        EXPIRE_AFTER_DAYS * SECONDS_PER_DAY,
    ))
}

/// The event as its promise is folded by it; none for one that doesn't follow up a promise. What no
/// writer of ours makes is none, for every reader alike.
pub fn later_event(event: &wire::Event, fact: &Fact) -> Option<Event> {
    let recorded_at = required("recorded_at", event.recorded_at.as_ref()).ok()?;
    Some(Event {
        sequence: event.sequence,
        recorded_at,
        actor_id: event.actor_id.clone(),
        change: change(fact).ok()??,
    })
}

#[expect(
    clippy::too_many_lines,
    reason = "one arm for each event, so that none can be forgotten"
)]
fn change(fact: &Fact) -> Result<Option<Change>, Unreadable> {
    Ok(Some(match fact {
        Fact::CommitmentFulfilled(data) => Change::Fulfilled {
            fulfilled_at: required("fulfilled_at", data.fulfilled_at.as_ref())?,
            outcome: specified("outcome", data.outcome())?,
            evidence: evidence_from_wire(
                data.evidence_interaction_id.clone(),
                data.evidence_message_id.clone(),
            ),
            note: data.note.clone(),
        },
        Fact::CommitmentCancelled(data) => Change::Cancelled {
            outcome: specified("outcome", data.outcome())?,
            customer_informed: evidence_from_wire(
                data.customer_informed_interaction_id.clone(),
                data.customer_informed_message_id.clone(),
            ),
            reason: data.reason.clone(),
        },
        Fact::CommitmentRescheduled(data) => {
            let moved = data.reschedule.clone();
            Change::Rescheduled(
                moved
                    .ok_or(Unreadable {
                        field: "reschedule",
                    })?
                    .try_into()
                    .map(Box::new)?,
            )
        }
        Fact::CommitmentLapsed(data) => {
            let lapse = data.lapse;
            Change::Lapsed(lapse.ok_or(Unreadable { field: "lapse" })?.try_into()?)
        }
        Fact::CommitmentConfirmed(_) => Change::Confirmed,
        Fact::CommitmentDismissed(data) => Change::Dismissed {
            reason: data.reason.clone(),
        },
        Fact::CommitmentStageReached(data) => Change::StageReached(StageReached {
            stage_id: data.stage_id.clone(),
            clock: specified("clock", data.clock())?,
            due_revision: data.due_revision,
            reached_at: required("reached_at", data.reached_at.as_ref())?,
            detected_at: required("detected_at", data.detected_at.as_ref())?,
        }),
        Fact::CommitmentAttempted(data) => {
            let attempt = data.attempt.clone();
            Change::Attempted {
                attempt: attempt.ok_or(Unreadable { field: "attempt" })?.try_into()?,
                tried: data.tried.map_or_else(Tried::default, Into::into),
                outcome: data.outcome().try_into().ok(),
            }
        }
        Fact::CommitmentPaused(data) => {
            let pause = data.pause.clone();
            Change::Paused(pause.ok_or(Unreadable { field: "pause" })?.try_into()?)
        }
        Fact::CommitmentResumed(data) => Change::Resumed {
            cause: specified("cause", data.cause())?,
            at: required("resumed_at", data.resumed_at.as_ref())?,
            target_at: data.target_at.as_ref().and_then(time::from_wire),
            stages: stage_times(data.stages.clone())?,
        },
        Fact::CommitmentHandoverAsked(data) => {
            let handover = data.handover.clone();
            let handover = handover.ok_or(Unreadable { field: "handover" })?;
            Change::HandoverAsked(handover.try_into()?)
        }
        Fact::CommitmentHandoverAccepted(_) => Change::HandoverAccepted,
        Fact::CommitmentHandoverEnded(data) => {
            Change::HandoverEnded(specified("cause", data.cause())?)
        }
        Fact::CommitmentReassigned(data) => Change::Reassigned {
            to: named(data.to_owner.clone())?,
            to_team_id: data.to_team_id.clone(),
        },
        Fact::CommitmentWaiverRequested(data) => Change::WaiverAsked {
            reason: data.reason.clone(),
        },
        Fact::CommitmentWaiverDeclined(data) => Change::WaiverDeclined {
            reason: data.reason.clone(),
        },
        Fact::CommitmentWaived(data) => Change::Waived {
            asked_by: data.requested_by.clone(),
            reason: data.reason.clone(),
        },
        Fact::CommitmentSuperseded(data) => Change::Superseded {
            by_commitment_id: data.superseded_by.clone(),
            reason: data.reason.clone(),
        },
        Fact::CommitmentExpired(data) => Change::Expired {
            outcome: specified("outcome", data.outcome())?,
            expired_at: required("expired_at", data.expired_at.as_ref())?,
        },
        Fact::AlertAcknowledged(_)
        | Fact::AlertSnoozed(_)
        | Fact::AlertClosed(_)
        | Fact::AlertRetriggered(_)
        | Fact::AlertFiredAgain(_) => Change::Alert(alert_steps::step(fact)?),
        Fact::InteractionRecorded(_)
        | Fact::InteractionAmended(_)
        | Fact::InteractionIdentified(_)
        | Fact::SolutionPublished(_)
        | Fact::CustomersMerged(_)
        | Fact::CustomersUnmerged(_)
        | Fact::SettingsChanged(_)
        | Fact::WebhookChanged(_)
        | Fact::WebhookReplayed(_)
        | Fact::WebhookQueued(_)
        | Fact::WebhookAttempted(_) => return Ok(None),
    }))
}

/// What the log says of a change to a promise.
#[expect(
    clippy::too_many_lines,
    reason = "one arm for each change, so that none can be forgotten"
)]
pub fn fact(change: Change) -> Fact {
    match change {
        Change::Fulfilled {
            fulfilled_at,
            outcome,
            evidence,
            note,
        } => {
            let (evidence_interaction_id, evidence_message_id) = evidence_to_wire(evidence);
            Fact::CommitmentFulfilled(wire::CommitmentFulfilled {
                fulfilled_at: Some(time::to_wire(fulfilled_at)),
                outcome: CommitmentOutcome::from(outcome).into(),
                evidence_interaction_id,
                note,
                evidence_message_id,
            })
        }
        Change::Cancelled {
            outcome,
            customer_informed,
            reason,
        } => {
            let (customer_informed_interaction_id, customer_informed_message_id) =
                evidence_to_wire(customer_informed);
            Fact::CommitmentCancelled(wire::CommitmentCancelled {
                outcome: CommitmentOutcome::from(outcome).into(),
                customer_informed_interaction_id,
                reason,
                customer_informed_message_id,
            })
        }
        Change::Rescheduled(moved) => Fact::CommitmentRescheduled(wire::CommitmentRescheduled {
            reschedule: Some((*moved).into()),
        }),
        Change::Lapsed(lapse) => Fact::CommitmentLapsed(wire::CommitmentLapsed {
            lapse: Some(lapse.into()),
        }),
        Change::Confirmed => Fact::CommitmentConfirmed(wire::CommitmentConfirmed {}),
        Change::Dismissed { reason } => {
            Fact::CommitmentDismissed(wire::CommitmentDismissed { reason })
        }
        Change::StageReached(reached) => {
            Fact::CommitmentStageReached(wire::CommitmentStageReached {
                stage_id: reached.stage_id,
                clock: CommitmentClock::from(reached.clock).into(),
                due_revision: reached.due_revision,
                reached_at: Some(time::to_wire(reached.reached_at)),
                detected_at: Some(time::to_wire(reached.detected_at)),
            })
        }
        Change::Attempted {
            attempt,
            tried,
            outcome,
        } => Fact::CommitmentAttempted(wire::CommitmentAttempted {
            attempt: Some(attempt.into()),
            tried: Some(tried.into()),
            outcome: outcome.map_or(0, |outcome| CommitmentOutcome::from(outcome).into()),
        }),
        Change::Paused(pause) => Fact::CommitmentPaused(wire::CommitmentPaused {
            pause: Some(pause.into()),
        }),
        Change::Resumed {
            cause,
            at,
            target_at,
            stages,
        } => Fact::CommitmentResumed(wire::CommitmentResumed {
            cause: ResumeCause::from(cause).into(),
            resumed_at: Some(time::to_wire(at)),
            target_at: target_at.map(time::to_wire),
            stages: stages.into_iter().map(Into::into).collect(),
        }),
        Change::HandoverAsked(handover) => {
            Fact::CommitmentHandoverAsked(wire::CommitmentHandoverAsked {
                handover: Some(handover.into()),
            })
        }
        Change::HandoverAccepted => {
            Fact::CommitmentHandoverAccepted(wire::CommitmentHandoverAccepted {})
        }
        Change::HandoverEnded(end) => {
            Fact::CommitmentHandoverEnded(wire::CommitmentHandoverEnded {
                cause: HandoverEnd::from(end).into(),
            })
        }
        Change::Reassigned { to, to_team_id } => {
            Fact::CommitmentReassigned(wire::CommitmentReassigned {
                to_owner: Some(to.into()),
                to_team_id,
            })
        }
        Change::WaiverAsked { reason } => {
            Fact::CommitmentWaiverRequested(wire::CommitmentWaiverRequested { reason })
        }
        Change::WaiverDeclined { reason } => {
            Fact::CommitmentWaiverDeclined(wire::CommitmentWaiverDeclined { reason })
        }
        Change::Waived { asked_by, reason } => Fact::CommitmentWaived(wire::CommitmentWaived {
            requested_by: asked_by,
            reason,
        }),
        Change::Superseded {
            by_commitment_id,
            reason,
        } => Fact::CommitmentSuperseded(wire::CommitmentSuperseded {
            superseded_by: by_commitment_id,
            reason,
        }),
        Change::Expired {
            outcome,
            expired_at,
        } => Fact::CommitmentExpired(wire::CommitmentExpired {
            outcome: CommitmentOutcome::from(outcome).into(),
            expired_at: Some(time::to_wire(expired_at)),
        }),
        Change::Alert(step) => alert_steps::fact(step),
    }
}
