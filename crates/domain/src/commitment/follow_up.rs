//! What a tenant's policy makes of a promise: our own due, the warnings, and when it is given up.

use jiff::{SignedDuration, Timestamp};

use super::{Clock, NewTarget, Reckoned, Stage};
use crate::due::{Calendars, InternalTarget, WarnStage};
use crate::setting::FollowUpPolicy;

/// A version of a follow-up policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyRef {
    /// The policy.
    pub policy_id: String,
    /// Its version.
    pub version: u32,
}

/// How a promise is followed up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FollowUp {
    /// Our own due.
    pub target: Option<NewTarget>,
    /// The warnings before the dues.
    pub stages: Vec<Stage>,
    /// How long it may be overdue before it is given up.
    pub expire_after: SignedDuration,
}

/// How a promise is followed up from now on, by the policies as they are now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retargeted {
    /// The policy; none if none is for it any more.
    pub policy: Option<PolicyRef>,
    /// Our own due, where it is another one.
    pub moved: Option<MovedTarget>,
    /// All warnings before the dues.
    pub stages: Vec<Stage>,
    /// How long it may be overdue before it is given up.
    pub expire_after: SignedDuration,
}

/// Another due of our own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MovedTarget {
    /// Since when it runs.
    pub from: Timestamp,
    /// By when; none if there is none any more.
    pub target: Option<NewTarget>,
}

/// A promise, as far as a policy reckons by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Told {
    /// When it was made, or when the customer was told another due.
    pub at: Timestamp,
    /// By when it is to be done.
    pub due: Timestamp,
    /// Whether the customer was told.
    pub told_to_customer: bool,
}

impl FollowUpPolicy {
    /// How a promise is followed up by this version of the policy. A task of which the customer was not told is
    /// due when it was said to be, whatever the policy says, and is warned of by the stages of both.
    pub fn follow_up(
        &self,
        policy: &PolicyRef,
        told: Told,
        calendars: &impl Calendars,
    ) -> FollowUp {
        let target = self.our_due(policy, told, calendars);
        let mut stages = Vec::new();
        let (ours, theirs) = (&self.target_stages, &self.promise_stages);
        if told.told_to_customer {
            let times = (told.at, told.due);
            stages.extend(placed(theirs, Clock::Promise, times, calendars));
        }
        if let Some(target) = &target {
            let times = (told.at, target.at);
            stages.extend(placed(ours, Clock::Internal, times, calendars));
            if !told.told_to_customer {
                stages.extend(placed(theirs, Clock::Internal, times, calendars));
            }
        }
        FollowUp {
            target,
            stages,
            expire_after: self.expires_after(),
        }
    }

    /// Our own due of a promise, whether or not the customer was told; none as of [`Self::target`].
    pub fn our_due(
        &self,
        policy: &PolicyRef,
        told: Told,
        calendars: &impl Calendars,
    ) -> Option<NewTarget> {
        match told.told_to_customer {
            true => self.target(policy, told, calendars),
            false => Some(NewTarget {
                at: told.due,
                reckoned: None,
            }),
        }
    }

    /// Our own due of a promise of which the customer was told; none if the policy asks for none, or its calendar
    /// has not so much open time.
    pub fn target(
        &self,
        policy: &PolicyRef,
        told: Told,
        calendars: &impl Calendars,
    ) -> Option<NewTarget> {
        let rule = self.internal_target.as_ref()?;
        let by = (&*policy.policy_id, policy.version);
        let target = rule.target(by, (told.at, told.due), calendars).ok()??;
        let calendar = target.calendar.find(calendars)?;
        let at = target.clock(&calendar).ok()?.lapses_at()?;
        let InternalTarget {
            policy_id,
            policy_version,
            calendar,
            duration,
            ..
        } = target;
        Some(NewTarget {
            at,
            reckoned: Some(Reckoned {
                policy_id,
                policy_version,
                calendar,
                duration,
            }),
        })
    }

    /// The calendars by which promises are followed up.
    pub fn calendar_ids(&self) -> impl Iterator<Item = &str> {
        let target = self.internal_target.as_ref().map(|rule| rule.calendar_id());
        let stages = self.promise_stages.iter().chain(&self.target_stages);
        target
            .into_iter()
            .chain(stages.filter_map(|stage| stage.basis.calendar_id()))
    }
}

/// The warnings before one due. One whose calendar is not known stays away.
fn placed(
    stages: &[WarnStage],
    clock: Clock,
    (from, due): (Timestamp, Timestamp),
    calendars: &impl Calendars,
) -> Vec<Stage> {
    let stages = stages.iter().filter_map(|warning| {
        Some(Stage {
            at: warning.instant(from, due, &[], calendars)?,
            warning: warning.clone(),
            clock,
            over: false,
        })
    });
    stages.collect()
}
