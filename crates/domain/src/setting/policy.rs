//! Follow-up policies: what becomes of promises of some sort.

use jiff::{SignedDuration, Timestamp};

use super::{
    FulfilmentPolicy, PromiseFacts, PromiseFilter, Reference, SettingKind, Visit, check_few,
    check_id, check_span,
};
use crate::calendar::{Calendar, Exhausted};
use crate::due::{CalendarRef, Calendars, InternalTarget, WarnStage};
use crate::limits::{
    DUE_DAYS_MAX, EXPIRE_AFTER_DAYS, SECONDS_PER_DAY, WAIT_DAYS_MAX, WARN_STAGES_MAX,
};
use crate::violation::Reason;
use crate::{FieldPath, Violations};

/// How promises of some sort are followed up.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FollowUpPolicy {
    /// What people call it; may be empty.
    pub display_name: String,
    /// Which policy is asked first: the one with the smallest position; of equal ones, by their ids.
    pub position: u32,
    /// Which promises it is for.
    pub applies_to: PromiseFilter,
    /// By when we want it done, if at all.
    pub internal_target: Option<TargetRule>,
    /// When somebody is warned before the promise is due.
    pub promise_stages: Vec<WarnStage>,
    /// When somebody is warned before the internal target.
    pub target_stages: Vec<WarnStage>,
    /// What counts as done.
    pub fulfilment: FulfilmentPolicy,
    /// The escalation policy for its alerts; may be empty.
    pub escalation_policy_id: String,
    /// How long a hand-over waits to be accepted; none for as long as it takes.
    pub accept_within: Option<SignedDuration>,
    /// Within which time a customer whose call was cut off is called back; none if that makes no promise.
    pub call_back_within: Option<SignedDuration>,
    /// How long a promise is overdue before it is given up; none means [`EXPIRE_AFTER_DAYS`].
    pub expire_after: Option<SignedDuration>,
}

/// Open time of a calendar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenTime {
    /// How much.
    pub duration: SignedDuration,
    /// Of which calendar.
    pub calendar_id: String,
}

/// How an internal target is reckoned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TargetRule {
    /// When so much open time has passed since the promise was made.
    SinceMade(OpenTime),
    /// So much open time before the promise is due, but not before it was made.
    BeforeDue(OpenTime),
}

impl FollowUpPolicy {
    /// Whether it is for a promise.
    pub fn matches(&self, promise: &PromiseFacts<'_>) -> bool {
        self.applies_to.matches(promise)
    }

    /// How long a promise is overdue before it is given up.
    pub fn expires_after(&self) -> SignedDuration {
        let usual = SignedDuration::from_secs(EXPIRE_AFTER_DAYS * SECONDS_PER_DAY);
        self.expire_after.unwrap_or(usual)
    }

    /// Says what counts where nothing was said, so that a version means the same for ever.
    pub(super) fn fill_in(&mut self) {
        self.expire_after = Some(self.expires_after());
    }

    pub(super) fn check(&self, at: FieldPath<'_>, found: &mut Violations) {
        self.applies_to.check(at.field("applies_to"), found);
        if let Some(rule) = &self.internal_target {
            let target = at.field("internal_target");
            let (name, time) = rule.told();
            time.check(target.field(name), found);
        }
        check_stages(at.field("promise_stages"), &self.promise_stages, found);
        check_stages(at.field("target_stages"), &self.target_stages, found);
        self.check_names(at, found);
        if self.internal_target.is_none() && !self.target_stages.is_empty() {
            let text = "warn of an internal target, and there is none; give internal_target, or leave them out";
            found.add(at.field("target_stages"), Reason::Conflicting, text);
        }
        self.fulfilment.check(at.field("fulfilment"), found);
        if !self.escalation_policy_id.is_empty() {
            let id_at = at.field("escalation_policy_id");
            check_id(id_at, &self.escalation_policy_id, found);
        }
        for (name, span, days_max) in [
            ("accept_within", self.accept_within, WAIT_DAYS_MAX),
            ("call_back_within", self.call_back_within, WAIT_DAYS_MAX),
            ("expire_after", self.expire_after, DUE_DAYS_MAX),
        ] {
            if let Some(span) = span {
                check_span(at.field(name), span, days_max, found);
            }
        }
    }

    /// Notes stages of both clocks that have the same name. Of one clock, [`check_stages`] does.
    fn check_names(&self, at: FieldPath<'_>, found: &mut Violations) {
        let target = at.field("target_stages");
        for (place, stage) in self.target_stages.iter().enumerate() {
            if self.promise_stages.iter().any(|one| one.id == stage.id) {
                let text = "names one of promise_stages, too; give each stage a name of its own";
                let stage_at = target.index(place);
                found.add(stage_at.field("stage_id"), Reason::Conflicting, text);
            }
        }
    }

    pub(super) fn references(&self, at: FieldPath<'_>, visit: &mut Visit<'_>) {
        self.applies_to.references(at.field("applies_to"), visit);
        if let Some(rule) = &self.internal_target {
            let target = at.field("internal_target");
            let (name, time) = rule.told();
            time.reference(target.field(name), visit);
        }
        for (name, stages) in [
            ("promise_stages", &self.promise_stages),
            ("target_stages", &self.target_stages),
        ] {
            let at = at.field(name);
            for (place, stage) in stages.iter().enumerate() {
                stage.reference(at.index(place), visit);
            }
        }
        if !self.escalation_policy_id.is_empty() {
            let named = Reference {
                kind: SettingKind::EscalationPolicy,
                id: &self.escalation_policy_id,
            };
            visit(at.field("escalation_policy_id"), named);
        }
    }
}

impl OpenTime {
    pub(super) fn check(&self, at: FieldPath<'_>, found: &mut Violations) {
        check_span(at.field("duration"), self.duration, DUE_DAYS_MAX, found);
        check_id(at.field("calendar_id"), &self.calendar_id, found);
    }

    pub(super) fn reference(&self, at: FieldPath<'_>, visit: &mut Visit<'_>) {
        let named = Reference {
            kind: SettingKind::Calendar,
            id: &self.calendar_id,
        };
        visit(at.field("calendar_id"), named);
    }
}

impl TargetRule {
    /// The name of its field, and the open time.
    const fn told(&self) -> (&'static str, &OpenTime) {
        match self {
            Self::SinceMade(time) => ("since_made", time),
            Self::BeforeDue(time) => ("before_due", time),
        }
    }

    /// The calendar by which it is reckoned.
    pub fn calendar_id(&self) -> &str {
        &self.told().1.calendar_id
    }

    /// The target of a promise that was made at `made_at` and is due at `due`, by a version of the policy that
    /// has this rule, and by the calendar as it is now. None if the calendar is not known.
    ///
    /// # Errors
    /// [`Exhausted`] when the calendar has not so much open time.
    pub fn target(
        &self,
        (policy_id, policy_version): (&str, u32),
        (made_at, due): (Timestamp, Timestamp),
        calendars: &impl Calendars,
    ) -> Result<Option<InternalTarget>, Exhausted> {
        let Some(calendar) = calendars.calendar(self.calendar_id()) else {
            return Ok(None);
        };
        Ok(Some(InternalTarget {
            policy_id: policy_id.to_owned(),
            policy_version,
            calendar: CalendarRef::latest(calendar),
            from: made_at,
            duration: self.open_time(calendar, made_at, due)?,
            pauses: Vec::new(),
        }))
    }

    /// How much open time there is for it, from when the promise was made.
    fn open_time(
        &self,
        calendar: &Calendar,
        made_at: Timestamp,
        due: Timestamp,
    ) -> Result<SignedDuration, Exhausted> {
        match self {
            Self::SinceMade(time) => {
                calendar.add(made_at, time.duration)?;
                Ok(time.duration)
            }
            Self::BeforeDue(time) => {
                let all = calendar.between(made_at, due).max(SignedDuration::ZERO);
                Ok(all.saturating_sub(time.duration).max(SignedDuration::ZERO))
            }
        }
    }
}

fn check_stages(at: FieldPath<'_>, stages: &[WarnStage], found: &mut Violations) {
    let names: Vec<_> = stages.iter().map(|stage| &stage.id).collect();
    if check_few(at, &names, WARN_STAGES_MAX, found) {
        for (place, stage) in stages.iter().enumerate() {
            stage.check(at.index(place), found);
        }
    }
}
