//! As much of a promise as decides which of its events count.

use super::{Change, Commitment, Event, Folded, Ignored};

/// A promise's life in short. [`Commitment`] holds it all; this is what a judge keeps of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Life {
    /// How many events made it what it is.
    pub version: u64,
    /// 1 at first, one more whenever the due moves.
    pub due_revision: u32,
    /// Whether it is still to be done.
    pub is_open: bool,
    /// Whether the customer was told.
    pub told_to_customer: bool,
    /// Whether the due of the revision in force is known to have passed with the promise open.
    pub has_lapsed: bool,
}

impl Commitment {
    /// The promise's life in short.
    pub fn life(&self) -> Life {
        Life {
            version: self.version,
            due_revision: self.due_revision,
            is_open: self.is_open(),
            told_to_customer: self.told_to_customer,
            has_lapsed: self.has_lapsed(),
        }
    }
}

impl Life {
    /// Applies the next event of the promise: counts what [`Commitment::apply`] counts.
    pub fn apply(&mut self, event: &Event) -> Folded {
        if let Some(ignored) = self.ignores(event) {
            return Folded::Ignored(ignored);
        }
        self.version = event.sequence;
        match &event.change {
            Change::Fulfilled { .. } | Change::Cancelled { .. } => self.is_open = false,
            Change::Rescheduled(moved) => {
                self.due_revision = moved.due_revision;
                self.has_lapsed = false;
            }
            Change::Lapsed(_) => self.has_lapsed = true,
        }
        Folded::Applied
    }

    /// Passes over an event that only a later version understands: it takes its place in the
    /// sequence, so that those after it count.
    pub fn pass_over(&mut self, sequence: u64) -> Folded {
        match self.is_next(sequence) {
            true => self.version = sequence,
            false => return Folded::Ignored(Ignored::NotNext),
        }
        Folded::Applied
    }

    /// Whether the tracker must watch the due: the promise is open, the customer was told, and the
    /// due has not lapsed in this revision.
    pub fn may_lapse(&self) -> bool {
        self.is_open && self.told_to_customer && !self.has_lapsed
    }

    /// Why an event changes nothing; none if it counts.
    pub(super) fn ignores(&self, event: &Event) -> Option<Ignored> {
        if !self.is_next(event.sequence) {
            return Some(Ignored::NotNext);
        }
        if !self.is_open {
            return Some(Ignored::Closed);
        }
        match &event.change {
            Change::Lapsed(lapse) if lapse.due_revision != self.due_revision => {
                Some(Ignored::OtherRevision)
            }
            Change::Rescheduled(moved)
                if Some(moved.due_revision) != self.due_revision.checked_add(1) =>
            {
                Some(Ignored::OtherRevision)
            }
            Change::Lapsed(_) if !self.may_lapse() => Some(Ignored::NoLapse),
            _ => None,
        }
    }

    fn is_next(&self, sequence: u64) -> bool {
        Some(sequence) == self.version.checked_add(1)
    }
}
