//! A series of promises ends.

use jiff::Timestamp;

use super::{Actor, Permission, Refusal, permitted};
use crate::commitment::{Change, Commitment, Event, Lifecycle};
use crate::recurrence::RecurrenceEnd;

impl Commitment {
    /// No promise of its series follows it: of the latest one, which may have ended.
    ///
    /// # Errors
    /// When it does not recur, its series has ended, or the actor may not say so.
    pub fn end_recurrence(
        &self,
        reason: String,
        actor: Actor<'_>,
        now: Timestamp,
    ) -> Result<Event, Refusal> {
        let series = self.series.as_ref().ok_or(Refusal::NotRecurring)?;
        if self.lifecycle == Lifecycle::Proposed {
            return Err(Refusal::NotConfirmed);
        }
        if series.ended || self.proposed_until.is_some() {
            return Err(Refusal::RecurrenceOver);
        }
        permitted(self.is_owned_or_led_by(actor), Permission::EndRecurrence)?;
        let cause = RecurrenceEnd::Asked;
        let change = Change::RecurrenceEnded { cause, reason };
        Ok(self.next_event(change, actor.id, now))
    }
}
