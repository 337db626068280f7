//! What was promised, as it stands in the contact's record.

use jiff::{SignedDuration, Timestamp};

use super::check::Checker;
use super::forms;
use crate::commitment::{CommitmentKind, NewTarget, Origin, Owner, PolicyRef, Priority, Stage};
use crate::due::{Calendars, DueResolution, DueSpec, Telling};
use crate::limits::{
    DEPENDENCIES_MAX, DUE_DAYS_MAX, PLAN_STEPS_MAX, PROPOSED_DAYS_MAX, SECONDS_PER_DAY,
};
use crate::recurrence::{Occurrence, Recurrence};
use crate::spoken::Finding;
use crate::violation::Reason;
use crate::{Cleaner, FieldPath, Violations, WarningReason};

/// A promise as it is made, inside the interaction's record.
#[derive(Debug, Clone, PartialEq)]
pub struct CommitmentDraft {
    /// A UUID in text form, the caller's. Left empty, it is derived from the interaction and the
    /// promise's place in the list.
    pub commitment_id: String,
    /// What sort of promise it is. Required, unless `kind_code` says it: then OTHER.
    pub kind: CommitmentKind,
    /// The tenant's own code of the kind, where its list is finer than `kind`.
    pub kind_code: String,
    /// \[P\] The promise, word for word as the customer was told.
    pub promise_text: String,
    /// Whether the customer was told. If not, it is a task of ours and can't be broken.
    pub told_to_customer: bool,
    /// By when. Done exactly then is in time. At most three years ahead; not before the contact, except
    /// in an import.
    pub promised_by: Timestamp,
    /// The same as it was told, if not as an instant. Until [`Recording::check`] has been there, `promised_by`
    /// is only a stand-in.
    ///
    /// [`Recording::check`]: crate::Recording::check
    pub due: Option<DueSpec>,
    /// By what `due` became `promised_by`.
    pub due_resolution: Option<DueResolution>,
    /// Not earlier than this, where the customer asked for a window.
    pub promised_not_before: Option<Timestamp>,
    /// The zone in which the customer understood the time, an IANA name.
    pub time_zone: String,
    /// Who will keep it. Left empty, the interaction's agent.
    pub owner: Option<Owner>,
    /// The team of whoever keeps it. Left empty, the interaction's team where its own agent keeps it.
    pub owner_team_id: String,
    /// How urgent it is. Left unspecified, P3.
    pub priority: Option<Priority>,
    /// Whether the agent read the time back and the customer agreed.
    pub read_back_confirmed: bool,
    /// Imports only: when it was done, for a promise whose end is history already.
    pub fulfilled_at: Option<Timestamp>,
    /// Only proposed: it is dropped unless somebody confirms it before this, at most 7 days ahead.
    pub proposed_until: Option<Timestamp>,
    /// The policy by which it is followed up, as it was resolved when the contact was recorded.
    pub policy: Option<PolicyRef>,
    /// Our own due, as it was resolved when the contact was recorded.
    pub target: Option<NewTarget>,
    /// The warnings before the dues, as they were resolved then.
    pub stages: Vec<Stage>,
    /// How long it may be overdue before it is given up; none for as usual.
    pub expire_after: Option<SignedDuration>,
    /// The promises that have to be kept before it can be, by their ids.
    pub depends_on: Vec<String>,
    /// What made it.
    pub origin: Origin,
    /// Where it was said, if it was found there.
    pub finding: Option<Finding>,
    /// How it is promised again and again.
    pub recurrence: Option<Recurrence>,
    /// Its place in its series, as it was resolved when it was made; without the series' id where it is the first.
    pub occurrence: Option<Occurrence>,
    /// The plan that it is a step of.
    pub plan_id: String,
    /// Which step, from 1; 0 where nobody said it.
    pub step_no: u32,
}

impl CommitmentDraft {
    /// Makes an instant of a due that was told otherwise, and finds the place in the series of one that recurs.
    pub(super) fn reckon(
        &mut self,
        at: FieldPath<'_>,
        (telling, calendars): (Telling, &impl Calendars),
        found: &mut Violations,
        cleaner: &mut Cleaner,
    ) {
        self.reckon_due(at, (telling, calendars), found, cleaner);
        self.occurrence = None;
        let Some(recurrence) = &mut self.recurrence else {
            return;
        };
        let [due, by] = ["due", "promised_by"].map(|name| at.field(name).to_string());
        let mut dues = found.as_slice().iter();
        if dues.any(|one| one.field.starts_with(&due) || one.field == by) {
            // What stands in for the due is no time of any rule.
            return;
        }
        let of = (self.promised_by, self.due.as_ref(), &*self.time_zone);
        let occurrence = recurrence.begin(at.field("recurrence"), of, found);
        let from = self.promised_not_before;
        self.occurrence = occurrence.map(|occurrence| Occurrence {
            window: from.map(|from| occurrence.due_at.duration_since(from)),
            ..occurrence
        });
    }

    fn reckon_due(
        &mut self,
        at: FieldPath<'_>,
        (telling, calendars): (Telling, &impl Calendars),
        found: &mut Violations,
        cleaner: &mut Cleaner,
    ) {
        let Some(due) = &self.due else { return };
        let at = at.field("due");
        match due.resolve(at, telling, calendars) {
            Ok(resolved) => {
                self.promised_by = resolved.at;
                self.due_resolution = Some(resolved.resolution);
                for odd in resolved.warnings {
                    cleaner.note(at, WarningReason::Due(odd));
                }
            }
            Err(wrong) => {
                // What stands in for it is sound, so that nothing else is said of it.
                self.promised_by = telling.occurred_at;
                found.extend(wrong);
            }
        }
    }

    pub(super) fn check(
        &self,
        at: FieldPath<'_>,
        occurred_at: Timestamp,
        checker: &mut Checker<'_>,
    ) {
        checker.form(at.field("commitment_id"), &self.commitment_id, forms::UUID);
        checker.text(at.field("promise_text"), &self.promise_text);
        checker.form(at.field("time_zone"), &self.time_zone, forms::TIME_ZONE);
        checker.id(at.field("kind_code"), &self.kind_code);
        checker.id(at.field("owner_team_id"), &self.owner_team_id);
        match &self.owner {
            None => {}
            Some(Owner::Agent(id)) => checker.required_id(at.field("owner").field("agent_id"), id),
            Some(Owner::Queue(id)) => checker.required_id(at.field("owner").field("queue_id"), id),
        }
        if checker.is_sound_within(at.field("due")) {
            self.check_due(at.field("promised_by"), occurred_at, checker);
        }
        let window = at.field("promised_not_before");
        checker.time(window, self.promised_not_before);
        if self
            .promised_not_before
            .is_some_and(|from| from > self.promised_by)
            && checker.is_sound(at.field("promised_by"))
        {
            let text = "the window begins after promised_by; give an earlier time";
            checker.add(window, Reason::Conflicting, text);
        }
        self.check_fulfilled(at.field("fulfilled_at"), checker);
        self.check_proposed(at.field("proposed_until"), checker);
        check_depends_on(at.field("depends_on"), &self.depends_on, checker);
        self.check_plan(at, checker);
        if self.recurrence.is_some() && self.fulfilled_at.is_some() {
            let text =
                "what is history does not recur; leave it out, and promise what is to come anew";
            checker.add(at.field("recurrence"), Reason::Conflicting, text);
        }
    }

    fn check_plan(&self, at: FieldPath<'_>, checker: &mut Checker<'_>) {
        checker.id(at.field("plan_id"), &self.plan_id);
        let step = at.field("step_no");
        if self.step_no > PLAN_STEPS_MAX {
            let text = "a plan has at most 1000 steps; give a smaller number";
            checker.add(step, Reason::OutOfRange, text);
        }
        if self.step_no > 0 && self.plan_id.is_empty() {
            let text = "is a step of no plan; give plan_id, too";
            checker.add(step, Reason::Conflicting, text);
        }
    }

    fn check_proposed(&self, at: FieldPath<'_>, checker: &mut Checker<'_>) {
        let Some(until) = self.proposed_until else {
            return;
        };
        let ahead = until.as_second() - checker.now.as_second();
        if !(1..=PROPOSED_DAYS_MAX * SECONDS_PER_DAY).contains(&ahead) {
            let text =
                "somebody has to confirm it within 7 days from now; give a time in that time";
            checker.add(at, Reason::OutOfRange, text);
        }
        if checker.import || self.fulfilled_at.is_some() {
            let text = "what is imported is no proposal; leave it out";
            checker.add(at, Reason::Conflicting, text);
        }
    }

    fn check_due(&self, at: FieldPath<'_>, occurred_at: Timestamp, checker: &mut Checker<'_>) {
        checker.time(at, Some(self.promised_by));
        if !checker.is_sound(at) {
            return;
        }
        if !checker.import && self.promised_by < occurred_at {
            let text = "it was due before the contact in which it was promised; only an import may \
                        say so (set import_batch), else give the time that the customer was told";
            checker.add(at, Reason::DueInPast, text);
        }
        let latest = checker.now.as_second() + DUE_DAYS_MAX * SECONDS_PER_DAY;
        if self.promised_by.as_second() > latest {
            let text = "a promise is due within 1095 days from now; give an earlier time";
            checker.add(at, Reason::OutOfRange, text);
        }
    }

    fn check_fulfilled(&self, at: FieldPath<'_>, checker: &mut Checker<'_>) {
        if self.fulfilled_at.is_some() && !checker.import {
            let text = "only an import (import_batch) may say that a promise was kept already; \
                        else record the promise and fulfil it then";
            checker.add(at, Reason::Conflicting, text);
        }
        checker.past_time(at, self.fulfilled_at);
    }
}

/// Few enough, and each once, by its id in one spelling.
fn check_depends_on(at: FieldPath<'_>, ids: &[String], checker: &mut Checker<'_>) {
    if !checker.count(at, ids.len(), DEPENDENCIES_MAX) {
        return;
    }
    for (place, id) in ids.iter().enumerate() {
        checker.required_id(at.index(place), id);
        if ids[..place].contains(id) {
            let text = "is there already; name each promise once";
            checker.add(at.index(place), Reason::Conflicting, text);
        }
    }
}
