//! Proposals: what may have been promised.

use jiff::Timestamp;

use super::{Actor, Permission, Refusal, permitted};
use crate::commitment::{Change, Commitment, Event, Lifecycle};

impl Commitment {
    /// It was promised.
    ///
    /// # Errors
    /// When it is no proposal, or the actor may not say so.
    pub fn confirm(&self, actor: Actor<'_>, now: Timestamp) -> Result<Event, Refusal> {
        self.check_proposed(actor)?;
        Ok(self.next_event(Change::Confirmed, actor.id, now))
    }

    /// It was not promised.
    ///
    /// # Errors
    /// When it is no proposal, or the actor may not say so.
    pub fn dismiss(
        &self,
        reason: String,
        actor: Actor<'_>,
        now: Timestamp,
    ) -> Result<Event, Refusal> {
        self.check_proposed(actor)?;
        Ok(self.next_event(Change::Dismissed { reason }, actor.id, now))
    }

    fn check_proposed(&self, actor: Actor<'_>) -> Result<(), Refusal> {
        match self.lifecycle {
            Lifecycle::Proposed => {}
            over if over.is_over() => return Err(Refusal::AlreadyClosed),
            _ => return Err(Refusal::NotProposed),
        }
        let standing = actor.standing;
        let may = standing.agent || standing.integration || actor.leads();
        permitted(may, Permission::Confirm)
    }
}
