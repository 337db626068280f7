//! Attempts, and what proves that a promise was kept.

use jiff::{SignedDuration, Timestamp};

use super::{Actor, Fulfil, Permission, Refusal, permitted};
use crate::commitment::{
    Attempt, AttemptResult, Change, Commitment, Daypart, Event, Evidence, Priority, Tried,
};
use crate::limits::CLOCK_SKEW_S_MAX;
use crate::setting::FulfilmentPolicy;

/// Says that the customer was tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempting {
    /// When; none for now.
    pub at: Option<Timestamp>,
    /// What came of it.
    pub result: AttemptResult,
    /// How long the customer was talked to; none where nobody knows.
    pub talk: Option<SignedDuration>,
    /// Where it can be looked up.
    pub evidence: Evidence,
}

/// A contact that says of itself that it followed the promise up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FollowingUp {
    /// The contact.
    pub interaction_id: String,
    /// When it began.
    pub at: Timestamp,
    /// What came of it.
    pub result: AttemptResult,
    /// How long the customer was talked to; none where nobody knows.
    pub talk: Option<SignedDuration>,
    /// The agent whose contact it is; may be empty.
    pub agent_id: String,
}

/// What a policy asks for, and what was not given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lacking {
    /// The customer has to be reached: attempts say so.
    Reached,
    /// The customer has to be reached or tried often enough: attempts say so.
    Attempts,
    /// A message that was delivered, or with which the document was sent.
    Message,
    /// A contact or message in which the case was resolved.
    Evidence,
    /// A note of how it was done.
    Note,
}

impl Commitment {
    /// The customer was tried. If that is what the policy asks for, the promise is kept by it.
    ///
    /// # Errors
    /// When it is not open, the actor may not say so, or the time is impossible.
    pub fn attempt(
        &self,
        wish: Attempting,
        actor: Actor<'_>,
        now: Timestamp,
        policy: Option<&FulfilmentPolicy>,
    ) -> Result<Event, Refusal> {
        self.check_open()?;
        let standing = actor.standing;
        let may = standing.agent || actor.leads() || standing.integration;
        permitted(may, Permission::Attempt)?;
        let attempt = Attempt {
            at: wish.at.unwrap_or(now.max(self.made_at)),
            result: wish.result,
            talk: wish.talk,
            evidence: wish.evidence,
            by: actor.id.to_owned(),
        };
        self.tried_by(attempt, actor.id, now, policy)
    }

    /// A contact with the customer followed it up, as the scheduler `actor_id` has noticed.
    ///
    /// # Errors
    /// When the promise is not open, or the contact's time is impossible.
    pub fn follow_up(
        &self,
        contact: FollowingUp,
        actor_id: &str,
        now: Timestamp,
        policy: Option<&FulfilmentPolicy>,
    ) -> Result<Event, Refusal> {
        self.check_open()?;
        let attempt = Attempt {
            at: contact.at,
            result: contact.result,
            talk: contact.talk,
            evidence: Evidence {
                interaction_id: Some(contact.interaction_id),
                message_id: None,
            },
            by: contact.agent_id,
        };
        self.tried_by(attempt, actor_id, now, policy)
    }

    fn tried_by(
        &self,
        attempt: Attempt,
        actor_id: &str,
        now: Timestamp,
        policy: Option<&FulfilmentPolicy>,
    ) -> Result<Event, Refusal> {
        let at = attempt.at;
        if at.duration_since(now) > SignedDuration::from_secs(CLOCK_SKEW_S_MAX) {
            return Err(Refusal::AttemptedInFuture);
        }
        if at < self.made_at {
            return Err(Refusal::AttemptedBeforeMade);
        }
        let min_gap = match policy {
            Some(FulfilmentPolicy::Attempted { min_gap, .. }) => *min_gap,
            _ => SignedDuration::ZERO,
        };
        let daypart = Daypart::of(at, &self.time_zone);
        let tried = self.tried.with(at, daypart, min_gap);
        let fulfils = policy.is_some_and(|policy| is_enough(policy, &attempt, tried));
        let change = Change::Attempted {
            attempt,
            tried,
            outcome: fulfils.then(|| self.outcome_if_done(at)),
        };
        Ok(self.next_event(change, actor_id, now))
    }

    /// Whether what is given proves that the promise was kept, as its policy asks. Who leads a team may say so
    /// with a note, whatever the policy asks.
    ///
    /// # Errors
    /// What is lacking, or that an overdue promise of the highest priority takes a team lead.
    pub fn check_proof(
        &self,
        wish: &Fulfil,
        actor: Actor<'_>,
        now: Timestamp,
        policy: &FulfilmentPolicy,
    ) -> Result<(), Refusal> {
        let noted = !wish.note.is_empty();
        if actor.leads() && noted {
            return Ok(());
        }
        let lacking = |given: bool, lacking| match given {
            true => Ok(()),
            false => Err(Refusal::NotProven(lacking)),
        };
        match policy {
            FulfilmentPolicy::Reached { .. } => lacking(false, Lacking::Reached),
            FulfilmentPolicy::Attempted { .. } => lacking(false, Lacking::Attempts),
            FulfilmentPolicy::MessageDelivered | FulfilmentPolicy::DocumentSent => {
                lacking(wish.evidence.message_id.is_some(), Lacking::Message)
            }
            FulfilmentPolicy::CaseResolved => lacking(wish.evidence.is_given(), Lacking::Evidence),
            FulfilmentPolicy::Manual => {
                let late = self.timeliness(now) == crate::commitment::Timeliness::Overdue;
                let urgent = late && self.priority == Priority::P1;
                permitted(!urgent, Permission::FulfilUrgent)?;
                lacking(noted, Lacking::Note)
            }
        }
    }
}

/// Whether the customer was reached, or tried, as the policy asks.
fn is_enough(policy: &FulfilmentPolicy, attempt: &Attempt, tried: Tried) -> bool {
    let reached = attempt.result == AttemptResult::Reached;
    match *policy {
        FulfilmentPolicy::Reached { min_talk } => {
            reached && attempt.talk.unwrap_or(SignedDuration::ZERO) >= min_talk
        }
        FulfilmentPolicy::Attempted {
            attempts,
            distinct_dayparts,
            ..
        } => {
            let often = tried.counted >= attempts;
            reached || often && tried.distinct_dayparts() >= distinct_dayparts
        }
        FulfilmentPolicy::MessageDelivered
        | FulfilmentPolicy::DocumentSent
        | FulfilmentPolicy::CaseResolved
        | FulfilmentPolicy::Manual => false,
    }
}
