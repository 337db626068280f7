//! Promises that are let go, or that another one takes the place of.

use jiff::Timestamp;

use super::{Actor, Permission, Refusal, permitted};
use crate::commitment::{Change, Commitment, Event};

/// Says that another promise took the place of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Supersede {
    /// The other one.
    pub by_commitment_id: String,
    /// Why. Personal.
    pub reason: String,
}

impl Commitment {
    /// Somebody wants to let it go; somebody else has to agree.
    ///
    /// # Errors
    /// When it is not open, somebody has asked already, or the actor may not.
    pub fn ask_waiver(
        &self,
        reason: String,
        actor: Actor<'_>,
        now: Timestamp,
    ) -> Result<Event, Refusal> {
        self.check_open()?;
        permitted(self.is_owned_or_led_by(actor), Permission::AskWaiver)?;
        if self.waiver.is_some() {
            return Err(Refusal::WaiverPending);
        }
        Ok(self.next_event(Change::WaiverAsked { reason }, actor.id, now))
    }

    /// It is let go: somebody asked, and another one agrees.
    ///
    /// # Errors
    /// When it is not open, nobody has asked, or the actor may not, or is who asked.
    pub fn waive(
        &self,
        reason: String,
        actor: Actor<'_>,
        now: Timestamp,
    ) -> Result<Event, Refusal> {
        self.check_open()?;
        permitted(self.may_be_waived_by(actor), Permission::Waive)?;
        let waiver = self.waiver.as_ref().ok_or(Refusal::NoWaiver)?;
        permitted(waiver.by != actor.id, Permission::WaiveOnesOwn)?;
        let change = Change::Waived {
            asked_by: waiver.by.clone(),
            reason,
        };
        Ok(self.next_event(change, actor.id, now))
    }

    /// It is not let go.
    ///
    /// # Errors
    /// When it is not open, nobody has asked, or the actor neither decides nor asked.
    pub fn decline_waiver(
        &self,
        reason: String,
        actor: Actor<'_>,
        now: Timestamp,
    ) -> Result<Event, Refusal> {
        self.check_open()?;
        let waiver = self.waiver.as_ref().ok_or(Refusal::NoWaiver)?;
        let may = waiver.by == actor.id || self.may_be_waived_by(actor);
        permitted(may, Permission::Waive)?;
        Ok(self.next_event(Change::WaiverDeclined { reason }, actor.id, now))
    }

    /// Another promise took its place.
    ///
    /// # Errors
    /// When it is not open, it is itself, or the actor may not.
    pub fn supersede(
        &self,
        wish: Supersede,
        actor: Actor<'_>,
        now: Timestamp,
    ) -> Result<Event, Refusal> {
        self.check_open()?;
        let may = self.is_owned_or_led_by(actor) || actor.standing.integration;
        permitted(may, Permission::Supersede)?;
        if wish.by_commitment_id == self.commitment_id {
            return Err(Refusal::SupersededByItself);
        }
        let change = Change::Superseded {
            by_commitment_id: wish.by_commitment_id,
            reason: wish.reason,
        };
        Ok(self.next_event(change, actor.id, now))
    }

    const fn may_be_waived_by(&self, actor: Actor<'_>) -> bool {
        match self.kind.is_regulatory() {
            true => actor.standing.compliance_officer,
            false => actor.standing.supervisor,
        }
    }
}
