//! The internal target: our own clock, in business time, which pauses.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};

use super::CalendarRef;
use super::counted::Counted;
use crate::calendar::{Calendar, Exhausted, instant, timestamp};

/// By when we want it done, by a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InternalTarget {
    /// The policy.
    pub policy_id: String,
    /// Its version.
    pub policy_version: u32,
    /// The calendar whose open time counts.
    pub calendar: CalendarRef,
    /// Since when it runs.
    pub from: Timestamp,
    /// How much open time there is for it.
    pub duration: SignedDuration,
    /// When it stood still.
    pub pauses: Vec<Pause>,
}

/// A time in which the internal clock stands still.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pause {
    /// Its first instant.
    pub from: Timestamp,
    /// When it was over; none while it lasts.
    pub to: Option<Timestamp>,
    /// Why.
    pub reason: PauseReason,
    /// Whose turn it was.
    pub turn: Turn,
}

/// Why a clock stands still.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PauseReason {
    /// The customer has to do something first.
    AwaitingCustomer,
    /// Somebody else has to.
    AwaitingThirdParty,
    /// The customer wants us to wait.
    CustomerRequested,
    /// Nobody can do anything.
    ForceMajeure,
}

/// Who has to act.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Turn {
    /// We.
    Us,
    /// The customer.
    Customer,
    /// Somebody else.
    ThirdParty,
    /// A machine.
    System,
}

/// How an internal target stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InternalClock {
    /// It runs, or has run out: it is to be done by then.
    Running {
        /// The target, all pauses reckoned in.
        target_at: Timestamp,
    },
    /// It stands still, and can't lapse.
    Paused {
        /// Since when.
        since: Timestamp,
        /// How much open time is left when it goes on.
        left: SignedDuration,
    },
}

impl Turn {
    /// Whose turn it is while a clock stands still for a reason.
    pub const fn of(reason: PauseReason) -> Self {
        match reason {
            PauseReason::AwaitingCustomer | PauseReason::CustomerRequested => Self::Customer,
            PauseReason::AwaitingThirdParty => Self::ThirdParty,
            PauseReason::ForceMajeure => Self::System,
        }
    }
}

impl InternalTarget {
    /// How the target stands. A pause moves it by the open time that lies in the pause; one that begins after
    /// the target moves nothing. `calendar` is the one that [`Self::calendar`] names, at its version.
    ///
    /// # Errors
    /// [`Exhausted`] when the calendar has not so much open time.
    pub fn clock(&self, calendar: &Calendar) -> Result<InternalClock, Exhausted> {
        let want = i64::try_from(self.duration.as_nanos()).map_err(|_| Exhausted)?;
        let counted = Counted::new(calendar, &self.pauses);
        let walked = counted.walk(instant(self.from), instant(Timestamp::MAX), want.max(0));
        if let Some(at) = walked.at {
            let target_at = timestamp(at);
            return Ok(InternalClock::Running { target_at });
        }
        let lasting = self.pauses.iter().filter(|pause| pause.to.is_none());
        let since = lasting.map(|pause| pause.from).min().ok_or(Exhausted)?;
        let left = SignedDuration::from_nanos(want - walked.open);
        Ok(InternalClock::Paused { since, left })
    }
}

impl InternalClock {
    /// When it lapses if nothing is done; none while it stands still.
    pub const fn lapses_at(self) -> Option<Timestamp> {
        match self {
            Self::Running { target_at } => Some(target_at),
            Self::Paused { .. } => None,
        }
    }
}

/// Whose turn it was in the open time from `from` up to `to`. In pauses it is the pause's, of several that of
/// the one that began first; else it is ours. Together they are all of the open time.
pub fn shares(
    calendar: &Calendar,
    from: Timestamp,
    to: Timestamp,
    pauses: &[Pause],
) -> BTreeMap<Turn, SignedDuration> {
    let mut sorted: Vec<&Pause> = pauses.iter().collect();
    sorted.sort_by_key(|pause| pause.from);
    let mut shares = BTreeMap::new();
    let mut give = |turn, from: Timestamp, to: Timestamp| {
        if from < to {
            *shares.entry(turn).or_insert(SignedDuration::ZERO) += calendar.between(from, to);
        }
    };
    let mut given = from;
    for pause in sorted {
        let begins = pause.from.max(given).min(to);
        let ends = pause.to.unwrap_or(to).max(begins).min(to);
        give(Turn::Us, given, begins);
        give(pause.turn, begins, ends);
        given = ends;
    }
    give(Turn::Us, given, to);
    shares
}
