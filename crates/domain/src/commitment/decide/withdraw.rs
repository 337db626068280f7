//! Promises that nobody gave, and that are not needed any more.

use jiff::Timestamp;

use crate::commitment::{Change, Commitment, Event, Origin, Withdrawal};

impl Commitment {
    /// The call back after a dropped call is withdrawn, as the scheduler `actor_id` has noticed; none if it is no such
    /// promise, or is not open.
    pub fn withdraw(&self, cause: Withdrawal, actor_id: &str, now: Timestamp) -> Option<Event> {
        let outcome = cause.outcome();
        let change = Change::Withdrawn { cause, outcome };
        self.is_recovery()
            .then(|| self.next_event(change, actor_id, now))
    }

    /// Whether somebody is to be called back after a dropped call.
    pub(super) fn is_recovery(&self) -> bool {
        self.origin == Origin::DropRecovery && self.is_open()
    }
}
