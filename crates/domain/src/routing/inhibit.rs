//! Which alerts stand for others. That of another alert of the same subject an alert knows by itself
//! ([`Alert::inhibited_by`](crate::alert::Alert::inhibited_by)); here it is about those of a customer.

use super::Group;
use crate::alert::{Alert, Rule};

impl Alert {
    /// Whether an alert may be summed up by one about its customer: it is that something was not kept to them.
    pub const fn is_summed_up(&self) -> bool {
        matches!(self.rule, Rule::PromiseLapsed | Rule::TargetLapsed)
    }

    /// Whether this one, which is about a customer, says what another one of theirs does, and more: that something has to
    /// be done to keep them. While it is open, whoever is told of it need not hear of each promise that was not kept. What
    /// is worse than it, or is told to others, they hear of all the same.
    pub fn sums_up(&self, other: &Self) -> bool {
        let group = Group::of(self);
        self.rule == Rule::SaveAction
            && self.state.is_open()
            && other.is_summed_up()
            && group.is_some()
            && group == Group::of(other)
            && other.severity <= self.severity
    }
}
