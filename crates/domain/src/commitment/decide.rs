//! From a wish to an event, or to the reason why not.

use jiff::{SignedDuration, Timestamp};

use super::{Change, Commitment, Event, Evidence, Lifecycle, Outcome, Owner};
use crate::limits::CLOCK_SKEW_S_MAX;

mod alert;
mod attempt;
mod begin;
mod depend;
mod due;
mod fire;
mod letting_go;
mod owner;
mod recur;
mod reopen;
mod retarget;
mod returned;
mod withdraw;

pub use alert::AlertWish;
pub use attempt::{Attempting, FollowingUp, Lacking};
pub use due::{Pausing, Reschedule};
pub use letting_go::Supersede;
pub use owner::Reassign;
pub use retarget::Retargeting;
pub use returned::Return;

/// How long after recording it an agent may still take a promise back.
const TAKE_BACK_FOR: SignedDuration = SignedDuration::from_mins(15);

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
    /// Watches over what the law requires.
    pub compliance_officer: bool,
}

impl Actor<'_> {
    /// Whether they lead a team or a site.
    const fn leads(&self) -> bool {
        self.standing.team_lead || self.standing.supervisor
    }
}

/// Nothing if it holds, else what the actor lacks.
const fn permitted(holds: bool, permission: Permission) -> Result<(), Refusal> {
    match holds {
        true => Ok(()),
        false => Err(Refusal::NotPermitted(permission)),
    }
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
    /// To be the owner, a team lead or a supervisor.
    Pause,
    /// To be a team lead or supervisor, because of the pause's reason or length.
    PauseSoLong,
    /// To be a team lead or supervisor, because of how long it has waited for the customer before.
    PauseAgain,
    /// To be the owner, a team lead or a supervisor.
    Reassign,
    /// To be a team lead or supervisor, because nobody is asked.
    ReassignAtOnce,
    /// To be the one who is asked to keep it; to refuse it, also the one who asked, the owner or a team lead.
    Accept,
    /// To be the owner, a team lead or a supervisor.
    AskWaiver,
    /// To be a supervisor; for what a regulator requires, a compliance officer.
    Waive,
    /// To be another than the one who asked for it.
    WaiveOnesOwn,
    /// To be the owner, a team lead, a supervisor or an integration.
    Supersede,
    /// To be an agent, a team lead, a supervisor or an integration.
    Confirm,
    /// To be a team lead or supervisor, because a promise of the highest priority is overdue.
    FulfilUrgent,
    /// To be an agent, a team lead, a supervisor or an integration.
    Attempt,
    /// To be an agent, a team lead or a supervisor.
    Acknowledge,
    /// To be a supervisor.
    CloseAlert,
    /// To be a team lead or supervisor.
    Reopen,
    /// To be the owner, a team lead or a supervisor.
    Depend,
    /// To be the owner of the latest promise, a team lead or a supervisor.
    EndRecurrence,
}

/// Why a wish is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// The promise is closed.
    AlreadyClosed,
    /// It is only proposed: it has to be confirmed first.
    NotConfirmed,
    /// It is no proposal.
    NotProposed,
    /// The actor may not do this.
    NotPermitted(Permission),
    /// It can't have been done in the future.
    FulfilledInFuture,
    /// It can't have been done before it was promised.
    FulfilledBeforeMade,
    /// The dues have moved [`RESCHEDULES_MAX`](crate::limits::RESCHEDULES_MAX) times.
    MovedTooOften,
    /// The new due must lie ahead.
    DueNotAhead,
    /// The new due is more than [`DUE_DAYS_MAX`](crate::limits::DUE_DAYS_MAX) days ahead.
    DueTooFar,
    /// Nothing is due.
    NotYetDue,
    /// An attempt can't have been made in the future.
    AttemptedInFuture,
    /// An attempt can't have been made before it was promised.
    AttemptedBeforeMade,
    /// The policy asks for more than what was given.
    NotProven(Lacking),
    /// It is paused already.
    AlreadyPaused,
    /// It is not paused.
    NotPaused,
    /// It was paused [`PAUSES_MAX`](crate::limits::PAUSES_MAX) times.
    PausedTooOften,
    /// The pause's end must lie ahead, within [`DUE_DAYS_MAX`](crate::limits::DUE_DAYS_MAX) days.
    PauseEndOutOfRange,
    /// It is theirs already, or somebody has been asked already.
    AlreadyTheirs,
    /// Nobody is asked to take it.
    NoHandover,
    /// Somebody has asked already to let it go.
    WaiverPending,
    /// Nobody has asked to let it go.
    NoWaiver,
    /// A promise can't take its own place.
    SupersededByItself,
    /// It has not ended, so that it can't be taken up again.
    NotOver,
    /// It was taken up again already.
    Reopened,
    /// It ended more than [`REOPEN_DAYS_MAX`](crate::limits::REOPEN_DAYS_MAX) days ago.
    ReopenTooLate,
    /// It is promised once.
    NotRecurring,
    /// No further promise of its series is made already.
    RecurrenceOver,
    /// There is no such episode of the alert, or it is over.
    AlertOver,
    /// Somebody sees to an alert until a time that lies ahead, within a day.
    SeenToOutOfRange,
    /// An alert is put off to a time that lies ahead, within a day.
    SnoozeOutOfRange,
}

impl Commitment {
    /// The promise was kept.
    ///
    /// # Errors
    /// When it is closed, the actor may not say so, or the evidence's time is impossible.
    pub fn fulfil(&self, wish: Fulfil, actor: Actor<'_>, now: Timestamp) -> Result<Event, Refusal> {
        self.check_open()?;
        if !(self.is_owned_or_led_by(actor) || actor.standing.integration) {
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
            (true, true) => Outcome::ReleasedByCustomer,
            _ => self.outcome_if_not_done(),
        };
        let change = Change::Cancelled {
            outcome,
            customer_informed: wish.customer_informed,
            reason: wish.reason,
        };
        Ok(self.next_event(change, actor.id, now))
    }

    fn check_open(&self) -> Result<(), Refusal> {
        match self.lifecycle {
            Lifecycle::Active | Lifecycle::Paused => Ok(()),
            Lifecycle::Proposed => Err(Refusal::NotConfirmed),
            _ => Err(Refusal::AlreadyClosed),
        }
    }

    /// Whether `actor` keeps the promise, or leads those who do.
    fn is_owned_or_led_by(&self, actor: Actor<'_>) -> bool {
        actor.leads() || self.is_owned_by(actor)
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
        if actor.leads() {
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
            escalation: None,
            change,
        }
    }
}
