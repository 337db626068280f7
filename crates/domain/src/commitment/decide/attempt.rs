//! Attempts, and what proves that a promise was kept.

use jiff::{SignedDuration, Timestamp};

use super::{Actor, Fulfil, Permission, Refusal, permitted};
use crate::commitment::attempt::{Asked, Tried};
use crate::commitment::{Attempt, AttemptResult, Change, Commitment, Event, Evidence, Priority};
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
    /// Whether it was made by messages, where no talk is asked for.
    pub by_message: bool,
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
    /// Whether it was one by messages, where no talk is asked for.
    pub by_message: bool,
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
    /// The contact in which the customer was reached: somebody's word alone does not show that.
    Contact,
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
    /// When it is not open, the actor may not say so, the time is impossible, or it would be kept by somebody's word
    /// that the customer was reached.
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
        self.tried_by((attempt, wish.by_message), actor.id, now, policy)
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
        self.tried_by((attempt, contact.by_message), actor_id, now, policy)
    }

    fn tried_by(
        &self,
        (attempt, by_message): (Attempt, bool),
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
        let before = self.tried_before();
        let (tried, often_at) = before.with(at, &self.time_zone, &asked(policy));
        let reached = policy.is_some_and(|policy| reaches(policy, &attempt, by_message));
        let is_shown = attempt.evidence.interaction_id.is_some();
        if reached && !is_shown && often_at.is_none() {
            return Err(Refusal::NotProven(Lacking::Contact));
        }
        let reached_at = (reached && is_shown).then_some(at);
        let fulfilled_at = often_at.into_iter().chain(reached_at).min();
        let change = Change::Attempted {
            attempt,
            tried,
            outcome: fulfilled_at.map(|done_at| self.outcome_if_done(done_at)),
            fulfilled_at,
        };
        Ok(self.next_event(change, actor_id, now))
    }

    /// How often the customer was tried until now. Where nobody noted when that was, the latest attempts tell it.
    fn tried_before(&self) -> Tried {
        let mut tried = self.tried.clone();
        if tried.times.is_empty() {
            tried.times = self.attempts.iter().map(|attempt| attempt.at).collect();
            tried.times.sort_unstable();
        }
        tried
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

/// What a policy asks for, of attempts that reach nobody: of one that asks for none, more than there can be.
const fn asked(policy: Option<&FulfilmentPolicy>) -> Asked {
    match policy {
        Some(FulfilmentPolicy::Attempted {
            attempts,
            min_gap,
            distinct_dayparts,
        }) => Asked {
            attempts: *attempts,
            min_gap: *min_gap,
            distinct_dayparts: *distinct_dayparts,
        },
        _ => Asked {
            attempts: u32::MAX,
            min_gap: SignedDuration::ZERO,
            distinct_dayparts: 0,
        },
    }
}

/// Whether the customer was reached, as the policy asks.
fn reaches(policy: &FulfilmentPolicy, attempt: &Attempt, by_message: bool) -> bool {
    if attempt.result != AttemptResult::Reached {
        return false;
    }
    match policy {
        FulfilmentPolicy::Reached { min_talk } => {
            by_message || attempt.talk.unwrap_or(SignedDuration::ZERO) >= *min_talk
        }
        FulfilmentPolicy::Attempted { .. } => true,
        FulfilmentPolicy::MessageDelivered
        | FulfilmentPolicy::DocumentSent
        | FulfilmentPolicy::CaseResolved
        | FulfilmentPolicy::Manual => false,
    }
}
