//! From a wish to an event, or to the reason why not.

use jiff::{SignedDuration, Timestamp};

use super::{Change, Commitment, Event, Evidence, Lapse, Outcome, Owner, Rescheduled};
use crate::limits::{CLOCK_SKEW_S_MAX, DUE_DAYS_MAX, RESCHEDULES_MAX};

/// How long after recording it an agent may still take a promise back.
const TAKE_BACK_FOR: SignedDuration = SignedDuration::from_mins(15);

/// How often the due may move before a team lead has to agree.
const RESCHEDULES_BY_OWNER_MAX: u32 = 2;

/// Who wants something, and what the credentials say that they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Actor<'a> {
    /// The actor's id; an agent's is what promises name as their owner.
    pub id: &'a str,
    /// The roles that matter here.
    pub standing: Standing,
}

/// The roles that matter to promises.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Standing {
    /// Keeps promises of their own.
    pub agent: bool,
    /// Leads a team.
    pub team_lead: bool,
    /// Leads a site; may do what a team lead may.
    pub supervisor: bool,
    /// Another system, such as the CRM.
    pub integration: bool,
}

/// Says that a promise was kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fulfil {
    /// When it was done, by the evidence; none for now.
    pub fulfilled_at: Option<Timestamp>,
    /// Where it was done.
    pub evidence: Evidence,
    /// How. Personal.
    pub note: String,
}

/// Calls a promise off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cancel {
    /// Where the customer let us off.
    pub customer_informed: Evidence,
    /// Why. Personal.
    pub reason: String,
}

/// Moves a promise's due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reschedule {
    /// The new due.
    pub promised_by: Timestamp,
    /// Where the customer was told.
    pub customer_informed: Evidence,
    /// Why. Personal.
    pub reason: String,
}

/// What an actor lacks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permission {
    /// To be the owner, a team lead, a supervisor or an integration.
    Fulfil,
    /// To be a team lead or supervisor; or the owner, with the contact in which the customer was
    /// told; or, for 15 minutes after recording it, the owner or the agent who made it.
    Cancel,
    /// To be the owner, a team lead or a supervisor.
    Reschedule,
    /// To be a team lead or supervisor, because the due has passed.
    RescheduleAfterLapse,
    /// To be a team lead or supervisor, because the due has moved twice already.
    RescheduleAgain,
}

/// Why a wish is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The promise is closed.
    AlreadyClosed,
    /// The actor may not do this.
    NotPermitted(Permission),
    /// It can't have been done in the future.
    FulfilledInFuture,
    /// It can't have been done before it was promised.
    FulfilledBeforeMade,
    /// The due has moved [`RESCHEDULES_MAX`] times.
    MovedTooOften,
    /// The new due must lie ahead.
    DueNotAhead,
    /// The new due is more than [`DUE_DAYS_MAX`] days ahead.
    DueTooFar,
    /// The due has not passed.
    NotYetDue,
    /// The lapse of this due is known already.
    AlreadyLapsed,
    /// The customer was never told, so there is nothing to lapse.
    NeverTold,
}

impl Commitment {
    /// The promise was kept.
    ///
    /// # Errors
    /// When it is closed, the actor may not say so, or the evidence's time is impossible.
    pub fn fulfil(&self, wish: Fulfil, actor: Actor<'_>, now: Timestamp) -> Result<Event, Refusal> {
        self.check_open()?;
        let Standing {
            team_lead,
            supervisor,
            integration,
            ..
        } = actor.standing;
        if !(self.is_owned_by(actor) || team_lead || supervisor || integration) {
            return Err(Refusal::NotPermitted(Permission::Fulfil));
        }
        // The caller's clock may be ahead of ours, so that it was made a moment after our now.
        let fulfilled_at = wish.fulfilled_at.unwrap_or(now.max(self.made_at));
        if fulfilled_at.duration_since(now) > SignedDuration::from_secs(CLOCK_SKEW_S_MAX) {
            return Err(Refusal::FulfilledInFuture);
        }
        if fulfilled_at < self.made_at {
            return Err(Refusal::FulfilledBeforeMade);
        }
        let change = Change::Fulfilled {
            fulfilled_at,
            outcome: self.outcome_if_done(fulfilled_at),
            evidence: wish.evidence,
            note: wish.note,
        };
        Ok(self.next_event(change, actor.id, now))
    }

    /// The promise is called off.
    ///
    /// # Errors
    /// When it is closed, or the actor may not call it off.
    pub fn cancel(&self, wish: Cancel, actor: Actor<'_>, now: Timestamp) -> Result<Event, Refusal> {
        self.check_open()?;
        let informed = wish.customer_informed.is_given();
        if !self.may_be_cancelled_by(actor, informed, now) {
            return Err(Refusal::NotPermitted(Permission::Cancel));
        }
        let outcome = match (self.told_to_customer, informed) {
            (false, _) => Outcome::NotApplicable,
            (true, true) => Outcome::ReleasedByCustomer,
            (true, false) => Outcome::Broken,
        };
        let change = Change::Cancelled {
            outcome,
            customer_informed: wish.customer_informed,
            reason: wish.reason,
        };
        Ok(self.next_event(change, actor.id, now))
    }

    /// The promise's due moves.
    ///
    /// # Errors
    /// When it is closed, the actor may not move it, it has moved too often, or the new due isn't one.
    pub fn reschedule(
        &self,
        wish: Reschedule,
        actor: Actor<'_>,
        now: Timestamp,
    ) -> Result<Event, Refusal> {
        self.check_open()?;
        let after_lapse = self.has_lapsed() || self.may_lapse() && now > self.promised_by;
        let leads = actor.standing.team_lead || actor.standing.supervisor;
        let lacks = match leads {
            true => None,
            false if !self.is_owned_by(actor) => Some(Permission::Reschedule),
            false if after_lapse => Some(Permission::RescheduleAfterLapse),
            false if self.moves() >= RESCHEDULES_BY_OWNER_MAX => Some(Permission::RescheduleAgain),
            false => None,
        };
        if let Some(permission) = lacks {
            return Err(Refusal::NotPermitted(permission));
        }
        if self.moves() >= RESCHEDULES_MAX {
            return Err(Refusal::MovedTooOften);
        }
        if wish.promised_by <= now {
            return Err(Refusal::DueNotAhead);
        }
        if wish.promised_by.duration_since(now) > SignedDuration::from_hours(24 * DUE_DAYS_MAX) {
            return Err(Refusal::DueTooFar);
        }
        let change = Change::Rescheduled(Rescheduled {
            due_revision: self.due_revision.saturating_add(1),
            from: self.promised_by,
            to: wish.promised_by,
            reason: wish.reason,
            customer_informed: wish.customer_informed,
            after_lapse,
            by: actor.id.to_owned(),
            at: now,
        });
        Ok(self.next_event(change, actor.id, now))
    }

    /// The due has passed, as the scheduler `actor_id` sees at `now`.
    ///
    /// # Errors
    /// When there is nothing to lapse, or not yet, or not again.
    pub fn lapse(&self, actor_id: &str, now: Timestamp) -> Result<Event, Refusal> {
        self.check_open()?;
        if !self.told_to_customer {
            return Err(Refusal::NeverTold);
        }
        if self.has_lapsed() {
            return Err(Refusal::AlreadyLapsed);
        }
        if now <= self.promised_by {
            return Err(Refusal::NotYetDue);
        }
        let change = Change::Lapsed(Lapse {
            due_revision: self.due_revision,
            lapsed_at: self.promised_by,
            detected_at: now,
        });
        Ok(self.next_event(change, actor_id, now))
    }

    fn check_open(&self) -> Result<(), Refusal> {
        match self.is_open() {
            true => Ok(()),
            false => Err(Refusal::AlreadyClosed),
        }
    }

    /// Whether `actor` keeps the promise. What a queue owns, every agent may work off.
    fn is_owned_by(&self, actor: Actor<'_>) -> bool {
        actor.standing.agent
            && match &self.owner {
                Some(Owner::Agent(id)) => id == actor.id,
                Some(Owner::Queue(_)) => true,
                None => false,
            }
    }

    fn may_be_cancelled_by(&self, actor: Actor<'_>, informed: bool, now: Timestamp) -> bool {
        if actor.standing.team_lead || actor.standing.supervisor {
            return true;
        }
        let owned = self.is_owned_by(actor);
        let made = actor.standing.agent && !actor.id.is_empty() && self.made_by == actor.id;
        owned && informed
            || (owned || made) && now.duration_since(self.recorded_at) <= TAKE_BACK_FOR
    }

    fn next_event(&self, change: Change, actor_id: &str, now: Timestamp) -> Event {
        Event {
            sequence: self.version.saturating_add(1),
            recorded_at: now,
            actor_id: actor_id.to_owned(),
            change,
        }
    }
}
