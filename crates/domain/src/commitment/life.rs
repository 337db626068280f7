//! As much of a promise as decides which of its events count.

use jiff::Timestamp;

use super::{Change, Clock, Commitment, Event, Folded, Ignored, Lifecycle};

/// A promise's life in short. [`Commitment`] holds it all; this is what a judge keeps of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Life {
    /// How many events made it what it is.
    pub version: u64,
    /// How it stands.
    pub state: State,
    /// The promise to the customer.
    pub promise: Due,
    /// Our own due.
    pub target: Due,
}

/// How a promise stands, as far as it decides what can become of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Nobody has confirmed it.
    Proposed,
    /// To be done.
    Open,
    /// Nothing can become of it any more.
    Over,
}

/// A due of a promise, as far as it decides which lapses count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    /// 1 at first, one more whenever it moves; 0 where there never was one.
    pub revision: u32,
    /// Whether it may lapse in this revision: there is such a due, and it has not.
    pub may_lapse: bool,
}

impl From<Lifecycle> for State {
    fn from(lifecycle: Lifecycle) -> Self {
        match lifecycle {
            Lifecycle::Proposed => Self::Proposed,
            Lifecycle::Active | Lifecycle::Paused => Self::Open,
            Lifecycle::Fulfilled
            | Lifecycle::Cancelled
            | Lifecycle::Waived
            | Lifecycle::Superseded
            | Lifecycle::Expired => Self::Over,
        }
    }
}

impl Commitment {
    /// The promise's life in short.
    pub fn life(&self) -> Life {
        Life {
            version: self.version,
            state: self.lifecycle.into(),
            promise: Due {
                revision: self.due_revision,
                may_lapse: self.told_to_customer && !self.promise_lapsed,
            },
            target: Due {
                revision: self.target_revision,
                may_lapse: self.target.as_ref().is_some_and(|target| !target.lapsed),
            },
        }
    }
}

impl Event {
    /// When the promise is over by this event, which counts: when it was kept by the evidence, or else when the event was
    /// recorded. None for an event that ends no promise.
    pub fn over_at(&self) -> Option<Timestamp> {
        match &self.change {
            Change::Fulfilled { fulfilled_at, .. } => Some(*fulfilled_at),
            Change::Attempted { outcome: None, .. } => None,
            Change::Attempted {
                attempt,
                fulfilled_at,
                ..
            } => Some(fulfilled_at.unwrap_or(attempt.at)),
            Change::Dismissed { .. }
            | Change::Cancelled { .. }
            | Change::Waived { .. }
            | Change::Superseded { .. }
            | Change::Withdrawn { .. }
            | Change::Expired { .. } => Some(self.recorded_at),
            Change::Confirmed
            | Change::Rescheduled(_)
            | Change::Retargeted(_)
            | Change::Lapsed(_)
            | Change::StageReached(_)
            | Change::Paused(_)
            | Change::Resumed { .. }
            | Change::HandoverAsked(_)
            | Change::HandoverAccepted
            | Change::HandoverEnded(_)
            | Change::Reassigned { .. }
            | Change::WaiverAsked { .. }
            | Change::WaiverDeclined { .. }
            | Change::DependenciesSet { .. }
            | Change::DependencyTurned(_)
            | Change::RecurrenceEnded { .. }
            | Change::Alert(_) => None,
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
            Change::Confirmed => self.state = State::Open,
            Change::Dismissed { .. }
            | Change::Fulfilled { .. }
            | Change::Attempted {
                outcome: Some(_), ..
            }
            | Change::Cancelled { .. }
            | Change::Waived { .. }
            | Change::Superseded { .. }
            | Change::Withdrawn { .. }
            | Change::Expired { .. } => self.state = State::Over,
            Change::Rescheduled(moved) => {
                if moved.clock == Clock::Promise {
                    self.promise.move_on();
                }
                match moved.target.is_some() {
                    true => self.target.move_on(),
                    false => self.target.may_lapse = false,
                }
            }
            Change::Retargeted(change) => match &change.moved {
                None => {}
                Some(moved) if moved.target.is_some() => self.target.move_on(),
                Some(_) => self.target.may_lapse = false,
            },
            Change::Resumed { target_at, .. } => {
                if target_at.is_some() {
                    self.target.move_on();
                }
            }
            Change::Lapsed(lapse) => self.due_mut(lapse.clock).may_lapse = false,
            Change::StageReached(_)
            | Change::Attempted { outcome: None, .. }
            | Change::Paused(_)
            | Change::HandoverAsked(_)
            | Change::HandoverAccepted
            | Change::HandoverEnded(_)
            | Change::Reassigned { .. }
            | Change::Alert(_)
            | Change::DependenciesSet { .. }
            | Change::DependencyTurned(_)
            | Change::RecurrenceEnded { .. }
            | Change::WaiverAsked { .. }
            | Change::WaiverDeclined { .. } => {}
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

    /// Why an event changes nothing; none if it counts.
    pub(super) fn ignores(&self, event: &Event) -> Option<Ignored> {
        if !self.is_next(event.sequence) {
            return Some(Ignored::NotNext);
        }
        let of_proposals = matches!(
            event.change,
            Change::Confirmed | Change::Dismissed { .. } | Change::Expired { .. }
        );
        match (self.state, &event.change) {
            // A series may end after its latest promise, and that a promise was given up is an alert of its own.
            (State::Over, Change::RecurrenceEnded { .. } | Change::Alert(_)) => {}
            (State::Over, _) => return Some(Ignored::Closed),
            (State::Proposed, _) if !of_proposals => return Some(Ignored::OtherState),
            (State::Open, Change::Confirmed | Change::Dismissed { .. }) => {
                return Some(Ignored::OtherState);
            }
            _ => {}
        }
        match &event.change {
            Change::Lapsed(lapse) if lapse.due_revision != self.due(lapse.clock).revision => {
                Some(Ignored::OtherRevision)
            }
            Change::StageReached(stage) if stage.due_revision != self.due(stage.clock).revision => {
                Some(Ignored::OtherRevision)
            }
            Change::Rescheduled(moved)
                if Some(moved.due_revision) != self.due(moved.clock).revision.checked_add(1) =>
            {
                Some(Ignored::OtherRevision)
            }
            Change::Lapsed(lapse) if !self.due(lapse.clock).may_lapse => Some(Ignored::NoLapse),
            _ => None,
        }
    }

    const fn due(&self, clock: Clock) -> Due {
        match clock {
            Clock::Promise => self.promise,
            Clock::Internal => self.target,
        }
    }

    const fn due_mut(&mut self, clock: Clock) -> &mut Due {
        match clock {
            Clock::Promise => &mut self.promise,
            Clock::Internal => &mut self.target,
        }
    }

    fn is_next(&self, sequence: u64) -> bool {
        Some(sequence) == self.version.checked_add(1)
    }
}

impl Due {
    const fn move_on(&mut self) {
        self.revision = self.revision.saturating_add(1);
        self.may_lapse = true;
    }
}
