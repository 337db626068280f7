//! The events of which promises are folded, once they are made.

use aftercall_domain::commitment::{
    Change, Escalation, Event, MovedTarget, Outcome, ResumeCause as Resuming, Retargeted,
    StageReached, Tried, Withdrawal,
};

use super::alert_steps;
use super::clocks::{length, stage_times};
use super::owner::named;
use super::parts::{evidence_from_wire, evidence_to_wire, required, specified};
use crate::convert::due::duration_to_wire;
use crate::convert::enums::Closed;
use crate::convert::{Unreadable, time};
use crate::envelope::Fact;
use crate::event::v1 as wire;
use crate::model::v1::{
    CommitmentClock, CommitmentOutcome, HandoverEnd, RecurrenceEnd, ResumeCause, WithdrawalCause,
};

/// The event as its promise is folded by it; none for one that doesn't follow up a promise. What no
/// writer of ours makes is none, for every reader alike.
pub fn later_event(event: &wire::Event, fact: &Fact) -> Option<Event> {
    let recorded_at = required("recorded_at", event.recorded_at.as_ref()).ok()?;
    Some(Event {
        sequence: event.sequence,
        recorded_at,
        actor_id: event.actor_id.clone(),
        escalation: alert_steps::escalation(fact),
        change: change(fact).ok()??,
    })
}

fn retargeted(data: &wire::CommitmentRetargeted) -> Result<Retargeted, Unreadable> {
    let moved = data.target.as_ref().map(|moved| {
        Ok::<_, Unreadable>(MovedTarget {
            from: required("target.running_since", moved.running_since.as_ref())?,
            target: moved.target.clone().map(TryInto::try_into).transpose()?,
        })
    });
    let stages = data.stages.iter().cloned();
    Ok(Retargeted {
        policy: data.policy.clone().map(Into::into),
        moved: moved.transpose()?,
        stages: stages.map(TryInto::try_into).collect::<Result<_, _>>()?,
        expire_after: length("expire_after", data.expire_after.as_ref())?,
    })
}

impl From<Retargeted> for wire::CommitmentRetargeted {
    fn from(change: Retargeted) -> Self {
        let Retargeted {
            policy,
            moved,
            stages,
            expire_after,
        } = change;
        Self {
            policy: policy.map(Into::into),
            target: moved.map(|moved| wire::TargetMove {
                running_since: Some(time::to_wire(moved.from)),
                target: moved.target.map(Into::into),
            }),
            stages: stages.into_iter().map(Into::into).collect(),
            expire_after: Some(duration_to_wire(expire_after)),
        }
    }
}

fn withdrawal(data: &wire::CommitmentWithdrawn) -> Result<Withdrawal, Unreadable> {
    match data.cause() {
        WithdrawalCause::Unspecified => Err(Unreadable { field: "cause" }),
        WithdrawalCause::CustomerReturned => Ok(Withdrawal::CustomerReturned {
            interaction_id: data.returned_interaction_id.clone(),
            at: required("returned_at", data.returned_at.as_ref())?,
        }),
        WithdrawalCause::NoDrop => Ok(Withdrawal::NoDrop),
    }
}

fn withdrawn(cause: Withdrawal, outcome: Outcome) -> wire::CommitmentWithdrawn {
    let (cause, contact) = match cause {
        Withdrawal::CustomerReturned { interaction_id, at } => {
            let contact = (interaction_id, Some(time::to_wire(at)));
            (WithdrawalCause::CustomerReturned, contact)
        }
        Withdrawal::NoDrop => (WithdrawalCause::NoDrop, Default::default()),
    };
    let (returned_interaction_id, returned_at) = contact;
    wire::CommitmentWithdrawn {
        cause: cause.into(),
        outcome: CommitmentOutcome::from(outcome).into(),
        returned_interaction_id,
        returned_at,
    }
}

fn resuming(data: &wire::CommitmentResumed) -> Result<Resuming, Unreadable> {
    match data.cause() {
        ResumeCause::Unspecified => Err(Unreadable { field: "cause" }),
        ResumeCause::Asked => Ok(Resuming::Asked),
        ResumeCause::UntilReached => Ok(Resuming::UntilReached),
        ResumeCause::CustomerReturned => Ok(Resuming::CustomerReturned {
            interaction_id: data.returned_interaction_id.clone(),
        }),
    }
}

/// Why a pause ended, and the contact by which it did.
fn resumed_by(cause: Resuming) -> (ResumeCause, String) {
    match cause {
        Resuming::Asked => (ResumeCause::Asked, String::new()),
        Resuming::UntilReached => (ResumeCause::UntilReached, String::new()),
        Resuming::CustomerReturned { interaction_id } => {
            (ResumeCause::CustomerReturned, interaction_id)
        }
    }
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
        Fact::CommitmentRetargeted(data) => Change::Retargeted(Box::new(retargeted(data)?)),
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
            is_news: data.is_news,
        }),
        Fact::CommitmentAttempted(data) => {
            let attempt = data.attempt.clone();
            Change::Attempted {
                attempt: attempt.ok_or(Unreadable { field: "attempt" })?.try_into()?,
                tried: data.tried.clone().map_or_else(Tried::default, Into::into),
                outcome: data.outcome().try_into().ok(),
                fulfilled_at: data.fulfilled_at.as_ref().and_then(time::from_wire),
            }
        }
        Fact::CommitmentPaused(data) => {
            let pause = data.pause.clone();
            Change::Paused(pause.ok_or(Unreadable { field: "pause" })?.try_into()?)
        }
        Fact::CommitmentResumed(data) => Change::Resumed {
            cause: resuming(data)?,
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
        Fact::CommitmentWithdrawn(data) => Change::Withdrawn {
            cause: withdrawal(data)?,
            outcome: specified("outcome", data.outcome())?,
        },
        Fact::CommitmentDependenciesSet(data) => Change::DependenciesSet {
            commitment_ids: data.depends_on.clone(),
        },
        Fact::CommitmentDependencyTurned(data) => Change::DependencyTurned(data.try_into()?),
        Fact::CommitmentRecurrenceEnded(data) => Change::RecurrenceEnded {
            cause: data.cause().known().ok_or(Unreadable { field: "cause" })?,
            reason: data.reason.clone(),
        },
        Fact::CommitmentExpired(data) => Change::Expired {
            outcome: specified("outcome", data.outcome())?,
            expired_at: required("expired_at", data.expired_at.as_ref())?,
            alert_level: (data.alert_level > 0).then_some(data.alert_level),
        },
        Fact::AlertAcknowledged(_)
        | Fact::AlertSnoozed(_)
        | Fact::AlertClosed(_)
        | Fact::AlertRetriggered(_)
        | Fact::AlertFiredAgain(_) => Change::Alert(alert_steps::step(fact)?),
        Fact::InteractionRecorded(_)
        | Fact::InteractionAmended(_)
        | Fact::InteractionAnalysed(_)
        | Fact::ConcernRaised(_)
        | Fact::ConcernAcknowledged(_)
        | Fact::ConcernSnoozed(_)
        | Fact::ConcernClosed(_)
        | Fact::ConcernRetriggered(_)
        | Fact::ConcernResolved(_)
        | Fact::InteractionIdentified(_)
        | Fact::CommitmentMade(_)
        | Fact::SolutionPublished(_)
        | Fact::SolutionDrafted(_)
        | Fact::SolutionEdited(_)
        | Fact::SolutionSubmitted(_)
        | Fact::SolutionReturned(_)
        | Fact::SolutionApproved(_)
        | Fact::SolutionRetired(_)
        | Fact::SolutionVersionRecalled(_)
        | Fact::SolutionRestored(_)
        | Fact::SolutionMerged(_)
        | Fact::SolutionUnmerged(_)
        | Fact::SolutionConfidenceChanged(_)
        | Fact::SolutionFlagged(_)
        | Fact::SolutionFlagResolved(_)
        | Fact::SolutionVerified(_)
        | Fact::CustomersMerged(_)
        | Fact::CustomersUnmerged(_)
        | Fact::SettingsChanged(_)
        | Fact::AlertsRouted(_)
        | Fact::RepeatAttributed(_)
        | Fact::WebhookChanged(_)
        | Fact::WebhookReplayed(_)
        | Fact::WebhookQueued(_)
        | Fact::WebhookAttempted(_)
        | Fact::MailAttempted(_)
        | Fact::SearchReported(_)
        | Fact::SearchUnanswered(_)
        | Fact::LinkJudged(_)
        | Fact::CauseAttributed(_)
        | Fact::ProblemChanged(_)
        | Fact::ProblemImproved(_)
        | Fact::CallReported(_)
        | Fact::CallClosed(_)
        | Fact::CallDropJudged(_)
        | Fact::CallWrapUpSaved(_)
        | Fact::ExportBegun(_)
        | Fact::CalendarFeedChanged(_)
        | Fact::CandidatesClaimed(_)
        | Fact::CandidatesReleased(_)
        | Fact::CandidatesPutOff(_)
        | Fact::CandidatesRejected(_)
        | Fact::CandidatesMerged(_) => return Ok(None),
    }))
}

/// What the log says of what the tracker noticed of a promise: the change, and by what its alert is told.
pub fn fact_telling(change: Change, escalation: Option<Escalation>) -> Fact {
    alert_steps::escalating(fact(change), escalation)
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
        Change::Rescheduled(moved) => {
            let reschedule = Some((*moved).into());
            Fact::CommitmentRescheduled(Box::new(wire::CommitmentRescheduled { reschedule }))
        }
        Change::Retargeted(change) => {
            Fact::CommitmentRetargeted(wire::CommitmentRetargeted::from(*change))
        }
        Change::Lapsed(lapse) => Fact::CommitmentLapsed(wire::CommitmentLapsed {
            lapse: Some(lapse.into()),
            escalation: None,
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
                escalation: None,
                is_news: reached.is_news,
            })
        }
        Change::Attempted {
            attempt,
            tried,
            outcome,
            fulfilled_at,
        } => Fact::CommitmentAttempted(wire::CommitmentAttempted {
            attempt: Some(attempt.into()),
            tried: Some(tried.into()),
            outcome: outcome.map_or(0, |outcome| CommitmentOutcome::from(outcome).into()),
            fulfilled_at: fulfilled_at.map(time::to_wire),
        }),
        Change::Paused(pause) => Fact::CommitmentPaused(wire::CommitmentPaused {
            pause: Some(pause.into()),
        }),
        Change::Resumed {
            cause,
            at,
            target_at,
            stages,
        } => {
            let (cause, returned_interaction_id) = resumed_by(cause);
            Fact::CommitmentResumed(wire::CommitmentResumed {
                cause: cause.into(),
                resumed_at: Some(time::to_wire(at)),
                target_at: target_at.map(time::to_wire),
                stages: stages.into_iter().map(Into::into).collect(),
                returned_interaction_id,
            })
        }
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
            alert_level,
        } => Fact::CommitmentExpired(wire::CommitmentExpired {
            outcome: CommitmentOutcome::from(outcome).into(),
            expired_at: Some(time::to_wire(expired_at)),
            escalation: None,
            alert_level: alert_level.unwrap_or_default(),
        }),
        Change::Withdrawn { cause, outcome } => {
            Fact::CommitmentWithdrawn(withdrawn(cause, outcome))
        }
        Change::DependenciesSet { commitment_ids } => {
            Fact::CommitmentDependenciesSet(wire::CommitmentDependenciesSet {
                depends_on: commitment_ids,
            })
        }
        Change::DependencyTurned(turn) => Fact::CommitmentDependencyTurned(turn.into()),
        Change::RecurrenceEnded { cause, reason } => {
            Fact::CommitmentRecurrenceEnded(wire::CommitmentRecurrenceEnded {
                cause: RecurrenceEnd::from(cause).into(),
                reason,
            })
        }
        Change::Alert(step) => alert_steps::fact(step),
    }
}
