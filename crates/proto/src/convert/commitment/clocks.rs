//! The clocks of a promise: dues, lapses, moves, stages, pauses.

use aftercall_domain::commitment as domain;
use aftercall_domain::due::{self, CalendarRef, StageBasis, WarnStage};
use jiff::SignedDuration;

use super::parts::{evidence_from_wire, evidence_to_wire, required, specified};
use crate::convert::due::{duration_from_wire, duration_to_wire, told_from_wire, told_to_wire};
use crate::convert::{Unreadable, time};
use crate::model::v1 as wire;

impl From<due::PauseReason> for wire::PauseReason {
    fn from(reason: due::PauseReason) -> Self {
        match reason {
            due::PauseReason::AwaitingCustomer => Self::AwaitingCustomer,
            due::PauseReason::AwaitingThirdParty => Self::AwaitingThirdParty,
            due::PauseReason::CustomerRequested => Self::CustomerRequested,
            due::PauseReason::ForceMajeure => Self::ForceMajeure,
        }
    }
}

impl TryFrom<wire::PauseReason> for due::PauseReason {
    type Error = ();

    fn try_from(reason: wire::PauseReason) -> Result<Self, ()> {
        Ok(match reason {
            wire::PauseReason::Unspecified => return Err(()),
            wire::PauseReason::AwaitingCustomer => Self::AwaitingCustomer,
            wire::PauseReason::AwaitingThirdParty => Self::AwaitingThirdParty,
            wire::PauseReason::CustomerRequested => Self::CustomerRequested,
            wire::PauseReason::ForceMajeure => Self::ForceMajeure,
        })
    }
}

impl From<due::Turn> for wire::Turn {
    fn from(turn: due::Turn) -> Self {
        match turn {
            due::Turn::Us => Self::Us,
            due::Turn::Customer => Self::Customer,
            due::Turn::ThirdParty => Self::ThirdParty,
            due::Turn::System => Self::System,
        }
    }
}

impl TryFrom<wire::Turn> for due::Turn {
    type Error = ();

    fn try_from(turn: wire::Turn) -> Result<Self, ()> {
        Ok(match turn {
            wire::Turn::Unspecified => return Err(()),
            wire::Turn::Us => Self::Us,
            wire::Turn::Customer => Self::Customer,
            wire::Turn::ThirdParty => Self::ThirdParty,
            wire::Turn::System => Self::System,
        })
    }
}

impl From<domain::Lapse> for wire::Lapse {
    fn from(lapse: domain::Lapse) -> Self {
        let domain::Lapse {
            clock,
            due_revision,
            lapsed_at,
            detected_at,
        } = lapse;
        Self {
            clock: wire::CommitmentClock::from(clock).into(),
            due_revision,
            lapsed_at: Some(time::to_wire(lapsed_at)),
            detected_at: Some(time::to_wire(detected_at)),
        }
    }
}

impl TryFrom<wire::Lapse> for domain::Lapse {
    type Error = Unreadable;

    fn try_from(lapse: wire::Lapse) -> Result<Self, Unreadable> {
        let clock = specified("lapse.clock", lapse.clock())?;
        let wire::Lapse {
            due_revision,
            lapsed_at,
            detected_at,
            clock: _,
        } = lapse;
        Ok(Self {
            clock,
            due_revision,
            lapsed_at: required("lapse.lapsed_at", lapsed_at.as_ref())?,
            detected_at: required("lapse.detected_at", detected_at.as_ref())?,
        })
    }
}

impl From<domain::Rescheduled> for wire::Reschedule {
    fn from(moved: domain::Rescheduled) -> Self {
        let domain::Rescheduled {
            number,
            clock,
            due_revision,
            from,
            to,
            reason,
            customer_informed,
            after_lapse,
            by,
            at,
            told_at,
            due,
            target,
            stages,
        } = moved;
        let (due, due_resolution) = told_to_wire(due);
        let (customer_informed_interaction_id, customer_informed_message_id) =
            evidence_to_wire(customer_informed);
        Self {
            number,
            clock: wire::CommitmentClock::from(clock).into(),
            due_revision,
            from_due: Some(time::to_wire(from)),
            to_due: Some(time::to_wire(to)),
            reason,
            customer_informed_interaction_id,
            customer_informed_message_id,
            after_lapse,
            rescheduled_by: by,
            rescheduled_at: Some(time::to_wire(at)),
            target: target.map(Into::into),
            stages: stages.into_iter().map(Into::into).collect(),
            due,
            due_resolution,
            told_at: (told_at != at).then(|| time::to_wire(told_at)),
        }
    }
}

impl TryFrom<wire::Reschedule> for domain::Rescheduled {
    type Error = Unreadable;

    fn try_from(moved: wire::Reschedule) -> Result<Self, Unreadable> {
        let clock = specified("reschedule.clock", moved.clock())?;
        let wire::Reschedule {
            number,
            clock: _,
            due_revision,
            from_due,
            to_due,
            reason,
            customer_informed_interaction_id,
            customer_informed_message_id,
            after_lapse,
            rescheduled_by,
            rescheduled_at,
            target,
            stages,
            due,
            due_resolution,
            told_at,
        } = moved;
        let at = required("reschedule.rescheduled_at", rescheduled_at.as_ref())?;
        Ok(Self {
            number,
            clock,
            due_revision,
            from: required("reschedule.from_due", from_due.as_ref())?,
            to: required("reschedule.to_due", to_due.as_ref())?,
            reason,
            customer_informed: evidence_from_wire(
                customer_informed_interaction_id,
                customer_informed_message_id,
            ),
            after_lapse,
            by: rescheduled_by,
            at,
            told_at: told_at.as_ref().and_then(time::from_wire).unwrap_or(at),
            due: told_from_wire(due, due_resolution),
            target: target.map(TryInto::try_into).transpose()?,
            stages: stage_times(stages)?,
        })
    }
}

/// Where stages move to.
pub(super) fn stage_times(
    stages: Vec<wire::StageTime>,
) -> Result<Vec<domain::StageAt>, Unreadable> {
    stages.into_iter().map(TryInto::try_into).collect()
}

impl From<domain::StageAt> for wire::StageTime {
    fn from(stage: domain::StageAt) -> Self {
        let domain::StageAt {
            stage_id,
            clock,
            at,
        } = stage;
        Self {
            stage_id,
            clock: wire::CommitmentClock::from(clock).into(),
            stage_at: Some(time::to_wire(at)),
        }
    }
}

impl TryFrom<wire::StageTime> for domain::StageAt {
    type Error = Unreadable;

    fn try_from(stage: wire::StageTime) -> Result<Self, Unreadable> {
        Ok(Self {
            clock: specified("stage.clock", stage.clock())?,
            at: required("stage.stage_at", stage.stage_at.as_ref())?,
            stage_id: stage.stage_id,
        })
    }
}

impl From<domain::Target> for wire::Target {
    fn from(target: domain::Target) -> Self {
        let domain::Target {
            at,
            from,
            revision,
            lapsed,
            reckoned,
        } = target;
        Self {
            target_at: Some(time::to_wire(at)),
            running_since: Some(time::to_wire(from)),
            due_revision: revision,
            lapsed,
            reckoning: reckoned.map(Into::into),
        }
    }
}

impl TryFrom<wire::Target> for domain::Target {
    type Error = Unreadable;

    fn try_from(target: wire::Target) -> Result<Self, Unreadable> {
        let wire::Target {
            target_at,
            running_since,
            due_revision,
            lapsed,
            reckoning,
        } = target;
        Ok(Self {
            at: required("target.target_at", target_at.as_ref())?,
            from: required("target.running_since", running_since.as_ref())?,
            revision: due_revision,
            lapsed,
            reckoned: reckoning.map(TryInto::try_into).transpose()?,
        })
    }
}

impl From<domain::PolicyRef> for wire::PolicyRef {
    fn from(policy: domain::PolicyRef) -> Self {
        let domain::PolicyRef { policy_id, version } = policy;
        Self { policy_id, version }
    }
}

impl From<wire::PolicyRef> for domain::PolicyRef {
    fn from(policy: wire::PolicyRef) -> Self {
        let wire::PolicyRef { policy_id, version } = policy;
        Self { policy_id, version }
    }
}

impl From<domain::NewTarget> for wire::NewTarget {
    fn from(target: domain::NewTarget) -> Self {
        Self {
            target_at: Some(time::to_wire(target.at)),
            reckoning: target.reckoned.map(Into::into),
        }
    }
}

impl TryFrom<wire::NewTarget> for domain::NewTarget {
    type Error = Unreadable;

    fn try_from(target: wire::NewTarget) -> Result<Self, Unreadable> {
        Ok(Self {
            at: required("target.target_at", target.target_at.as_ref())?,
            reckoned: target.reckoning.map(TryInto::try_into).transpose()?,
        })
    }
}

impl From<domain::Reckoned> for wire::TargetReckoning {
    fn from(reckoned: domain::Reckoned) -> Self {
        let domain::Reckoned {
            policy_id,
            policy_version,
            calendar,
            duration,
        } = reckoned;
        Self {
            policy_id,
            policy_version,
            calendar_id: calendar.calendar_id,
            calendar_version: calendar.version,
            duration: Some(duration_to_wire(duration)),
        }
    }
}

impl TryFrom<wire::TargetReckoning> for domain::Reckoned {
    type Error = Unreadable;

    fn try_from(reckoning: wire::TargetReckoning) -> Result<Self, Unreadable> {
        let wire::TargetReckoning {
            policy_id,
            policy_version,
            calendar_id,
            calendar_version,
            duration,
        } = reckoning;
        Ok(Self {
            policy_id,
            policy_version,
            calendar: CalendarRef {
                calendar_id,
                version: calendar_version,
            },
            duration: length("target.reckoning.duration", duration.as_ref())?,
        })
    }
}

pub(super) fn length(
    field: &'static str,
    duration: Option<&pbjson_types::Duration>,
) -> Result<SignedDuration, Unreadable> {
    duration
        .and_then(duration_from_wire)
        .ok_or(Unreadable { field })
}

impl From<domain::Stage> for wire::Stage {
    fn from(stage: domain::Stage) -> Self {
        let domain::Stage {
            warning: WarnStage { id, basis },
            clock,
            at,
            over,
        } = stage;
        let basis = match basis {
            StageBasis::BeforeDueElapsed(duration) => {
                wire::stage::Basis::BeforeDueElapsed(duration_to_wire(duration))
            }
            StageBasis::BeforeDueBusiness {
                duration,
                calendar_id,
            } => wire::stage::Basis::BeforeDueBusiness(wire::BusinessBefore {
                duration: Some(duration_to_wire(duration)),
                calendar_id,
            }),
            StageBasis::PercentBusiness {
                percent,
                calendar_id,
            } => wire::stage::Basis::PercentBusiness(wire::BusinessShare {
                percent: percent.into(),
                calendar_id,
            }),
            StageBasis::PercentElapsed(percent) => {
                wire::stage::Basis::PercentElapsed(percent.into())
            }
        };
        Self {
            stage_id: id,
            clock: wire::CommitmentClock::from(clock).into(),
            stage_at: Some(time::to_wire(at)),
            over,
            basis: Some(basis),
        }
    }
}

impl TryFrom<wire::Stage> for domain::Stage {
    type Error = Unreadable;

    fn try_from(stage: wire::Stage) -> Result<Self, Unreadable> {
        let clock = specified("stage.clock", stage.clock())?;
        let percent = |percent: u32| {
            u8::try_from(percent).map_err(|_| Unreadable {
                field: "stage.percent",
            })
        };
        let basis = match stage.basis {
            Some(wire::stage::Basis::BeforeDueElapsed(duration)) => {
                StageBasis::BeforeDueElapsed(length("stage.before_due_elapsed", Some(&duration))?)
            }
            Some(wire::stage::Basis::BeforeDueBusiness(before)) => StageBasis::BeforeDueBusiness {
                duration: length("stage.before_due_business", before.duration.as_ref())?,
                calendar_id: before.calendar_id,
            },
            Some(wire::stage::Basis::PercentBusiness(share)) => StageBasis::PercentBusiness {
                percent: percent(share.percent)?,
                calendar_id: share.calendar_id,
            },
            Some(wire::stage::Basis::PercentElapsed(share)) => {
                StageBasis::PercentElapsed(percent(share)?)
            }
            None => {
                return Err(Unreadable {
                    field: "stage.basis",
                });
            }
        };
        Ok(Self {
            clock,
            at: required("stage.stage_at", stage.stage_at.as_ref())?,
            over: stage.over,
            warning: WarnStage {
                id: stage.stage_id,
                basis,
            },
        })
    }
}

impl From<domain::Paused> for wire::Pause {
    fn from(pause: domain::Paused) -> Self {
        let domain::Paused {
            from,
            until,
            reason,
            turn,
            note,
            by,
            ends_by_return,
        } = pause;
        Self {
            paused_at: Some(time::to_wire(from)),
            paused_until: until.map(time::to_wire),
            resumed_at: None,
            reason: wire::PauseReason::from(reason).into(),
            turn: wire::Turn::from(turn).into(),
            note,
            paused_by: by,
            ends_by_return,
        }
    }
}

impl TryFrom<wire::Pause> for domain::Paused {
    type Error = Unreadable;

    fn try_from(pause: wire::Pause) -> Result<Self, Unreadable> {
        Ok(Self {
            from: required("pause.paused_at", pause.paused_at.as_ref())?,
            until: pause.paused_until.as_ref().and_then(time::from_wire),
            reason: specified("pause.reason", pause.reason())?,
            turn: specified("pause.turn", pause.turn())?,
            note: pause.note,
            by: pause.paused_by,
            ends_by_return: pause.ends_by_return,
        })
    }
}

impl From<due::Pause> for wire::Pause {
    fn from(pause: due::Pause) -> Self {
        let due::Pause {
            from,
            to,
            reason,
            turn,
        } = pause;
        Self {
            paused_at: Some(time::to_wire(from)),
            paused_until: None,
            resumed_at: to.map(time::to_wire),
            reason: wire::PauseReason::from(reason).into(),
            turn: wire::Turn::from(turn).into(),
            note: String::new(),
            paused_by: String::new(),
            ends_by_return: false,
        }
    }
}

impl TryFrom<wire::Pause> for due::Pause {
    type Error = Unreadable;

    fn try_from(pause: wire::Pause) -> Result<Self, Unreadable> {
        Ok(Self {
            from: required("pause.paused_at", pause.paused_at.as_ref())?,
            to: pause.resumed_at.as_ref().and_then(time::from_wire),
            reason: specified("pause.reason", pause.reason())?,
            turn: specified("pause.turn", pause.turn())?,
        })
    }
}
