//! Who keeps a promise.

use jiff::{SignedDuration, Timestamp};

use super::{Actor, Permission, Refusal, permitted};
use crate::commitment::{Change, Commitment, Event, Handover, HandoverEnd, Owner};

/// Gives a promise to somebody else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reassign {
    /// Who is to keep it.
    pub to: Owner,
    /// Their team; may be empty.
    pub to_team_id: String,
    /// Whether it is theirs at once, without being asked.
    pub at_once: bool,
    /// How long they have to accept it, if they are asked; none for as long as it takes.
    pub accept_within: Option<SignedDuration>,
}

impl Commitment {
    /// Somebody else is to keep it. A queue accepts at once, and so does who gives it to themselves.
    ///
    /// # Errors
    /// When it is not open, is theirs already, or the actor may not.
    pub fn reassign(
        &self,
        wish: Reassign,
        actor: Actor<'_>,
        now: Timestamp,
    ) -> Result<Event, Refusal> {
        self.check_open()?;
        let takes = matches!(&wish.to, Owner::Agent(id) if id == actor.id);
        let nobodys = self.owner.is_none();
        let may = self.is_owned_or_led_by(actor) || nobodys && takes && actor.standing.agent;
        permitted(may, Permission::Reassign)?;
        let asked = self.handover.as_ref();
        if self.owner.as_ref() == Some(&wish.to) || asked.is_some_and(|asked| asked.to == wish.to) {
            return Err(Refusal::AlreadyTheirs);
        }
        let accepts = takes || matches!(wish.to, Owner::Queue(_));
        let change = match accepts || wish.at_once {
            true => {
                permitted(accepts || actor.leads(), Permission::ReassignAtOnce)?;
                Change::Reassigned {
                    to: wish.to,
                    to_team_id: wish.to_team_id,
                }
            }
            false => Change::HandoverAsked(Handover {
                to: wish.to,
                to_team_id: wish.to_team_id,
                asked_by: actor.id.to_owned(),
                asked_at: now,
                until: wish
                    .accept_within
                    .and_then(|within| now.checked_add(within).ok()),
            }),
        };
        Ok(self.next_event(change, actor.id, now))
    }

    /// Who was asked keeps it from now on.
    ///
    /// # Errors
    /// When nobody, or somebody else, was asked.
    pub fn accept_handover(&self, actor: Actor<'_>, now: Timestamp) -> Result<Event, Refusal> {
        self.check_open()?;
        let handover = self.handover.as_ref().ok_or(Refusal::NoHandover)?;
        permitted(is_asked(handover, actor), Permission::Accept)?;
        Ok(self.next_event(Change::HandoverAccepted, actor.id, now))
    }

    /// It stays with its owner.
    ///
    /// # Errors
    /// When nobody was asked, or the actor has no part in it.
    pub fn end_handover(&self, actor: Actor<'_>, now: Timestamp) -> Result<Event, Refusal> {
        self.check_open()?;
        let handover = self.handover.as_ref().ok_or(Refusal::NoHandover)?;
        let asked = is_asked(handover, actor);
        let may = asked || handover.asked_by == actor.id || self.is_owned_or_led_by(actor);
        permitted(may, Permission::Accept)?;
        let end = match asked {
            true => HandoverEnd::Declined,
            false => HandoverEnd::Withdrawn,
        };
        Ok(self.next_event(Change::HandoverEnded(end), actor.id, now))
    }
}

fn is_asked(handover: &Handover, actor: Actor<'_>) -> bool {
    matches!(&handover.to, Owner::Agent(id) if id == actor.id)
}
