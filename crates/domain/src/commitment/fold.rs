//! From events to the promise. Total: whatever the log holds, folding it does not fail.

use jiff::Timestamp;

use super::{Change, Commitment, Event, Evidence, Lapse, Lifecycle, Made, Outcome, Rescheduled};
use crate::limits::{LAPSES_SHOWN_MAX, RESCHEDULES_SHOWN_MAX};

/// What an event did to a promise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Folded {
    /// It counts.
    Applied,
    /// It changes nothing, for every reader alike.
    Ignored(Ignored),
}

/// Why an event changes nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ignored {
    /// Another event took its place in the sequence.
    NotNext,
    /// The promise is closed.
    Closed,
    /// It speaks of another revision of the due than the one in force.
    OtherRevision,
    /// The due of this revision has lapsed already, or never can.
    NoLapse,
}

impl Commitment {
    /// The promise as it was recorded: version 1.
    pub fn new(made: Made) -> Self {
        let mut commitment = Self {
            commitment_id: made.commitment_id,
            interaction_id: made.interaction_id,
            customer_id: made.customer_id,
            customer_name: made.customer_name,
            handles: made.handles,
            made_by: made.made_by,
            team_id: made.team_id,
            site_id: made.site_id,
            kind: made.kind,
            kind_code: made.kind_code,
            promise_text: made.promise_text,
            told_to_customer: made.told_to_customer,
            promised_by: made.promised_by,
            due: made.due,
            promised_not_before: made.promised_not_before,
            time_zone: made.time_zone,
            due_revision: 1,
            owner: made.owner,
            owner_team_id: made.owner_team_id,
            priority: made.priority,
            read_back_confirmed: made.read_back_confirmed,
            lifecycle: Lifecycle::Active,
            lapses: Vec::new(),
            reschedules: Vec::new(),
            told_due: made.promised_by,
            outcome: None,
            fulfilled_at: None,
            evidence: Evidence::default(),
            customer_informed: Evidence::default(),
            closed_at: None,
            closed_by: String::new(),
            close_note: String::new(),
            made_at: made.made_at,
            recorded_at: made.recorded_at,
            imported: made.imported,
            version: 1,
        };
        if made.imported {
            commitment.begin_as_history(made.fulfilled_at, made.recorded_by);
        }
        commitment
    }

    /// Applies the next event of the promise.
    pub fn apply(&mut self, event: &Event) -> Folded {
        match self.life().ignores(event) {
            Some(ignored) => Folded::Ignored(ignored),
            None => {
                self.accept(event);
                Folded::Applied
            }
        }
    }

    /// Applies an event of which somebody else has found that it counts.
    pub fn accept(&mut self, event: &Event) {
        self.version = event.sequence;
        match &event.change {
            Change::Fulfilled {
                fulfilled_at,
                outcome,
                evidence,
                note,
            } => {
                self.fulfilled_at = Some(*fulfilled_at);
                self.evidence.clone_from(evidence);
                self.note_passed_due(*fulfilled_at, event.recorded_at);
                self.close(event, Lifecycle::Fulfilled, *outcome, note);
            }
            Change::Cancelled {
                outcome,
                customer_informed,
                reason,
            } => {
                self.customer_informed.clone_from(customer_informed);
                self.note_passed_due(event.recorded_at, event.recorded_at);
                self.close(event, Lifecycle::Cancelled, *outcome, reason);
            }
            Change::Rescheduled(moved) => {
                self.note_passed_due(event.recorded_at, event.recorded_at);
                self.take_due(moved);
            }
            Change::Lapsed(lapse) => keep(&mut self.lapses, *lapse, LAPSES_SHOWN_MAX),
        }
    }

    /// What had become of an imported promise when it was recorded.
    fn begin_as_history(&mut self, fulfilled_at: Option<Timestamp>, recorded_by: String) {
        self.note_passed_due(fulfilled_at.unwrap_or(self.recorded_at), self.recorded_at);
        if let Some(fulfilled_at) = fulfilled_at {
            self.lifecycle = Lifecycle::Fulfilled;
            self.outcome = Some(self.outcome_if_done(fulfilled_at));
            self.fulfilled_at = Some(fulfilled_at);
            self.closed_at = Some(self.recorded_at);
            self.closed_by = recorded_by;
        }
    }

    /// Notes the lapse of a promise that was open until `open_until`, unless it is known already.
    fn note_passed_due(&mut self, open_until: Timestamp, detected_at: Timestamp) {
        if self.may_lapse() && open_until > self.promised_by {
            let lapse = Lapse {
                due_revision: self.due_revision,
                lapsed_at: self.promised_by,
                // An evidence's clock may be a little ahead of ours.
                detected_at: detected_at.max(open_until),
            };
            keep(&mut self.lapses, lapse, LAPSES_SHOWN_MAX);
        }
    }

    fn take_due(&mut self, moved: &Rescheduled) {
        self.due_revision = moved.due_revision;
        self.promised_by = moved.to;
        self.promised_not_before = self.promised_not_before.filter(|from| *from <= moved.to);
        if moved.customer_informed.is_given() {
            self.told_due = moved.to;
        }
        keep(&mut self.reschedules, moved.clone(), RESCHEDULES_SHOWN_MAX);
    }

    fn close(&mut self, event: &Event, lifecycle: Lifecycle, outcome: Outcome, note: &str) {
        self.lifecycle = lifecycle;
        self.outcome = Some(outcome);
        self.closed_at = Some(event.recorded_at);
        self.closed_by.clone_from(&event.actor_id);
        note.clone_into(&mut self.close_note);
    }
}

/// Adds what came last, and lets go what is too old to be among the latest.
fn keep<T>(latest: &mut Vec<T>, last: T, count_max: usize) {
    latest.push(last);
    let too_many = latest.len().saturating_sub(count_max);
    latest.drain(..too_many);
}
