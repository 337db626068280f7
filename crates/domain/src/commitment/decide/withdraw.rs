//! Promises that nobody gave, and that are not needed any more.

use jiff::Timestamp;

use crate::commitment::{Change, Commitment, Contact, Event, Origin, Withdrawal};

impl Commitment {
    /// Whether a contact in which the customer reached out shows that they were back before they were called back
    /// after a dropped call: it is one with them, and began when the dropped one was over. `merged` are those who are
    /// one with the customer.
    pub fn is_met_by_return(
        &self,
        contact: Contact<'_>,
        began_at: Timestamp,
        merged: &[String],
    ) -> bool {
        self.is_recovery()
            && contact.interaction_id != self.interaction_id
            && began_at >= self.made_at
            && self.is_with_customer(contact, merged)
    }

    /// The call back after a dropped call is withdrawn, as the scheduler `actor_id` has noticed; none if it is no such
    /// promise, or is not open.
    pub fn withdraw(&self, cause: Withdrawal, actor_id: &str, now: Timestamp) -> Option<Event> {
        let outcome = cause.outcome();
        let change = Change::Withdrawn { cause, outcome };
        self.is_recovery()
            .then(|| self.next_event(change, actor_id, now))
    }

    /// Whether somebody is to be called back after a dropped call.
    fn is_recovery(&self) -> bool {
        self.origin == Origin::DropRecovery && self.is_open()
    }
}
