//! Which alerts stand for others. That of another alert of the same subject an alert knows by itself
//! ([`Alert::inhibited_by`](crate::alert::Alert::inhibited_by)); here it is about those of a customer.

use super::Group;
use crate::alert::{Alert, Rule, Subject};
use crate::measure::SlipKind;

impl Alert {
    /// Whether an alert may be summed up by one about its customer: it is that something was not kept to them.
    pub const fn is_summed_up(&self) -> bool {
        matches!(self.rule, Rule::PromiseLapsed | Rule::TargetLapsed)
    }

    /// Whether this one, which is about a customer, says what another one of theirs does, and more: that something has to
    /// be done to keep them. While it is open, each promise that was not kept is not told beside it: those that it lists
    /// among what went wrong, whoever would be told of them; and of the others those that the same people would be told of.
    /// What is worse than it is told all the same.
    pub fn sums_up(&self, other: &Self) -> bool {
        self.rule == Rule::SaveAction
            && self.state.is_open()
            && other.is_summed_up()
            && other.severity <= self.severity
            && Group::of(self)
                .is_some_and(|group| self.lists(other) || Some(group) == Group::of(other))
    }

    /// Whether the due that another one says has passed is among what it lists.
    fn lists(&self, other: &Self) -> bool {
        let (Subject::SlipUps(all), Subject::Promise(promise)) = (&self.subject, &other.subject)
        else {
            return false;
        };
        let due_us = promise.due.as_nanosecond().div_euclid(1_000);
        all.slips.iter().any(|slip| {
            slip.kind == SlipKind::Lapse
                && slip.commitment_id == promise.commitment_id
                && i128::from(slip.at_us) == due_us
        })
    }
}
