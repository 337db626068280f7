//! What a contact shows that somebody names as evidence, and what it does not.

use jiff::{SignedDuration, Timestamp};

use super::{AttemptResult, Attempting, Commitment, Fulfil};
use crate::interaction::Reach;
use crate::limits::CLOCK_SKEW_S_MAX;

/// A contact with the promise's customer that is named as evidence, as it is recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// Its id.
    pub interaction_id: String,
    /// When it began.
    pub began_at: Timestamp,
    /// When it was over, with the work after it; none where nobody said that.
    pub over_at: Option<Timestamp>,
    /// When it was recorded, by our clock.
    pub recorded_at: Timestamp,
    /// Whether it reached the customer.
    pub reach: Reach,
    /// How long the customer was talked to, as far as it tells.
    pub talk: Option<SignedDuration>,
}

/// Why a contact does not show what somebody says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotShown {
    /// The customer was told in the contact in which it was promised.
    ToldWhenMade,
    /// The customer was told in a contact that did not begin after it was promised.
    ToldBefore,
    /// The customer was told in a contact that lies ahead.
    ToldAhead,
    /// It was done in the contact in which it was promised, and nobody says when.
    DoneWhenMade,
    /// It was done in a contact that began before it was promised, and nobody says when.
    DoneInEarlier,
    /// It was done before the contact in which it was done.
    DoneBeforeContact,
    /// It was done after the contact in which it was done.
    DoneAfterContact,
    /// The customer was tried in the contact in which it was promised.
    TriedWhenMade,
    /// The customer was tried in a contact that began before it was promised.
    TriedBefore,
    /// The attempt was made before the contact in which it was made.
    TriedBeforeContact,
    /// The attempt was made after the contact in which it was made.
    TriedAfterContact,
    /// The customer was reached, by a contact in which a voicemail answered.
    NobodyReached,
    /// The customer was reached, by a contact in which they did not answer a person of ours.
    NobodyAnswered,
    /// The customer was talked to for longer than in the contact.
    TalkedLess,
}

/// Nothing if it holds, else why not.
const fn shows(holds: bool, if_not: NotShown) -> Result<(), NotShown> {
    match holds {
        true => Ok(()),
        false => Err(if_not),
    }
}

impl Commitment {
    /// Whether the customer can have been told in a contact that the promise is called off, or is due at another time:
    /// it began after the promise was made. The contact in which it was promised tells of it as it was.
    ///
    /// # Errors
    /// Why not.
    pub fn check_told(&self, contact: &Shown, now: Timestamp) -> Result<(), NotShown> {
        shows(!self.was_made_in(contact), NotShown::ToldWhenMade)?;
        shows(contact.began_at > self.made_at, NotShown::ToldBefore)?;
        let ahead = contact.began_at.duration_since(now);
        let has_begun = ahead <= SignedDuration::from_secs(CLOCK_SKEW_S_MAX);
        shows(has_begun, NotShown::ToldAhead)
    }

    /// What is said of a promise that was kept in a contact: when that was follows from the contact, or lies within it.
    /// In the contact in which it was promised it is kept only if somebody says when.
    ///
    /// # Errors
    /// When it can't have been done then in that contact.
    pub fn fulfilled_in(&self, wish: Fulfil, contact: &Shown) -> Result<Fulfil, NotShown> {
        let is_own = self.was_made_in(contact);
        let is_earlier = is_own || contact.began_at < self.made_at;
        let at = match wish.fulfilled_at {
            Some(at) => at,
            None if is_own => return Err(NotShown::DoneWhenMade),
            None if is_earlier => return Err(NotShown::DoneInEarlier),
            None => contact.began_at,
        };
        shows(at >= contact.began_at, NotShown::DoneBeforeContact)?;
        // A contact that was there before the promise was not still there once it had been recorded.
        let recorded_at = contact.recorded_at.max(contact.began_at);
        let over_at = contact.over_at.or(is_earlier.then_some(recorded_at));
        let is_within = over_at.is_none_or(|over_at| at <= over_at);
        shows(is_within, NotShown::DoneAfterContact)?;
        Ok(Fulfil {
            fulfilled_at: Some(at),
            ..wish
        })
    }

    /// What is said of an attempt that was made in a contact: when that was and how long the customer was talked to
    /// follow from the contact, as far as it tells, and what came of it does not contradict it.
    ///
    /// # Errors
    /// When it can't have been made so in that contact.
    pub fn attempted_in(&self, wish: Attempting, contact: &Shown) -> Result<Attempting, NotShown> {
        shows(!self.was_made_in(contact), NotShown::TriedWhenMade)?;
        shows(contact.began_at >= self.made_at, NotShown::TriedBefore)?;
        let at = wish.at.unwrap_or(contact.began_at);
        shows(at >= contact.began_at, NotShown::TriedBeforeContact)?;
        let is_within = contact.over_at.is_none_or(|over_at| at <= over_at);
        shows(is_within, NotShown::TriedAfterContact)?;
        let is_reached = wish.result == AttemptResult::Reached;
        match contact.reach {
            Reach::Voicemail if is_reached => return Err(NotShown::NobodyReached),
            Reach::Unanswered if is_reached => return Err(NotShown::NobodyAnswered),
            _ => {}
        }
        let length = contact
            .over_at
            .map(|over_at| over_at.duration_since(contact.began_at));
        let longest = contact.talk.or(length);
        let is_longer = wish.talk.zip(longest).is_some_and(|(said, it)| said > it);
        shows(!is_longer, NotShown::TalkedLess)?;
        Ok(Attempting {
            at: Some(at),
            talk: contact.talk.or(wish.talk),
            by_message: contact.reach == Reach::ByMessage,
            ..wish
        })
    }

    fn was_made_in(&self, contact: &Shown) -> bool {
        contact.interaction_id == self.interaction_id
    }
}
