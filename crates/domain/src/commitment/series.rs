//! Promises that recur: what a promise knows of its series, and what follows it.
//!
//! Each occurrence is a promise of its own, and what becomes of one is no event of another. So whoever folds all of a
//! series notes beside its latest promise how the series stands ([`Series`]); where that means that the next one is to be
//! made, or that there is none, the tracker makes it, or says so.

use jiff::Timestamp;

use super::{Commitment, Timer};
use crate::due::DueResolution;
use crate::interaction::CommitmentDraft;
use crate::recurrence::{Following, Occurrence, Recurrence, RecurrenceMode};

/// The series of a promise.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Series {
    /// How it recurs.
    pub recurrence: Recurrence,
    /// The promise's place in it.
    pub occurrence: Occurrence,
    /// The promise that is the next one, where whoever folds both has noted it.
    pub next_id: Option<String>,
    /// How many promises of the series are open, as was noted beside the latest one.
    pub open: u32,
    /// When one of as many as may be open ended last, so that there was room for another one; noted beside the latest
    /// one.
    pub room_since: Option<Timestamp>,
    /// Whether no further one is made; noted beside the latest one.
    pub ended: bool,
}

impl Series {
    /// The series of a promise of which nothing else is known yet.
    pub(super) const fn new(recurrence: Recurrence, occurrence: Occurrence) -> Self {
        Self {
            recurrence,
            occurrence,
            next_id: None,
            open: 0,
            room_since: None,
            ended: false,
        }
    }
}

impl Commitment {
    /// Since when the next promise of its series is to be made; none if it is not, or not yet.
    pub(super) fn recurs_at(&self) -> Option<Timestamp> {
        let series = self.series.as_ref()?;
        // What nobody confirmed was never promised.
        if series.ended || series.next_id.is_some() || self.proposed_until.is_some() {
            return None;
        }
        match series.recurrence.mode {
            RecurrenceMode::Sequential => self.closed_at.filter(|_| self.lifecycle.is_over()),
            RecurrenceMode::Independent => {
                let has_room = series.open < series.recurrence.max_open;
                let due_at = Some(series.occurrence.due_at);
                due_at.max(series.room_since).filter(|_| has_room)
            }
        }
    }

    /// The next promise of its series and since when it was to be made, if that is what the tracker has to say first at
    /// `now`. It has no id yet.
    pub fn recurs(&self, now: Timestamp) -> Option<(Timestamp, CommitmentDraft)> {
        let series = self.series.as_ref()?;
        let (at, Timer::Recurrence) = self.timer_at(now)? else {
            return None;
        };
        let Following {
            occurrence,
            passed_over,
        } = series.recurrence.following(&series.occurrence, now)?;
        // Until a time was passed over, the next promise was to be one of that. What is made for a time that has passed
        // was to be made by then.
        let made_at = passed_over.map_or(at, |passed| passed.max(at));
        let made_at = made_at.min(occurrence.due_at);
        Some((made_at, self.again(series, occurrence)))
    }

    /// No further promise of its series is made.
    pub(super) fn end_series(&mut self) {
        if let Some(series) = &mut self.series {
            series.ended = true;
        }
    }

    /// What is promised again: all of it but what was of this time alone.
    fn again(&self, series: &Series, occurrence: Occurrence) -> CommitmentDraft {
        let from = occurrence.window;
        let from = from.and_then(|window| occurrence.due_at.checked_sub(window).ok());
        let due = occurrence.due(&series.recurrence.time_zone);
        CommitmentDraft {
            commitment_id: String::new(),
            kind: self.kind,
            kind_code: self.kind_code.clone(),
            promise_text: self.promise_text.clone(),
            told_to_customer: self.told_to_customer,
            promised_by: occurrence.due_at,
            due_resolution: due.is_some().then(|| DueResolution::now(None)),
            due,
            promised_not_before: from,
            time_zone: self.time_zone.clone(),
            owner: self.owner.clone(),
            owner_team_id: self.owner_team_id.clone(),
            priority: Some(self.priority),
            read_back_confirmed: self.read_back_confirmed,
            fulfilled_at: None,
            proposed_until: None,
            policy: None,
            target: None,
            stages: Vec::new(),
            expire_after: None,
            depends_on: Vec::new(),
            origin: self.origin,
            finding: None,
            recurrence: Some(series.recurrence.clone()),
            occurrence: Some(occurrence),
            plan_id: String::new(),
            step_no: 0,
        }
    }
}
