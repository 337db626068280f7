//! What a promise waits for.

use jiff::Timestamp;

use super::{Actor, Permission, Refusal, permitted};
use crate::commitment::{Change, Commitment, Event};

impl Commitment {
    /// It waits for other promises from now on. That they are there, and don't wait for this one, is for those to see
    /// who have them all.
    ///
    /// # Errors
    /// When it is not open, or the actor may not say so.
    pub fn depend_on(
        &self,
        commitment_ids: Vec<String>,
        actor: Actor<'_>,
        now: Timestamp,
    ) -> Result<Event, Refusal> {
        self.check_open()?;
        permitted(self.is_owned_or_led_by(actor), Permission::Depend)?;
        Ok(self.next_event(Change::DependenciesSet { commitment_ids }, actor.id, now))
    }
}
