//! Attempts to keep a promise: what came of them, and which of them count.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::Evidence;

/// An attempt to reach the customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// When.
    pub at: Timestamp,
    /// What came of it.
    pub result: AttemptResult,
    /// How long the customer was talked to; none where nobody said.
    pub talk: Option<SignedDuration>,
    /// Where it can be looked up.
    pub evidence: Evidence,
    /// Who tried.
    pub by: String,
}

/// What came of an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AttemptResult {
    /// The customer was talked to.
    Reached,
    /// Nobody answered.
    NoAnswer,
    /// A voicemail answered.
    Voicemail,
    /// The line was busy.
    Busy,
    /// Somebody else answered.
    WrongNumber,
    /// The customer did not want to talk.
    Refused,
}

/// How often the customer was tried, as far as it counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tried {
    /// All attempts.
    pub attempts: u32,
    /// Those that came long enough after the one before.
    pub counted: u32,
    /// When the last of these was.
    pub last_counted_at: Option<Timestamp>,
    /// In which parts of the customer's day they were: a bit for each [`Daypart`].
    pub dayparts: u8,
}

/// A part of a day, by the clocks of the customer's zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Daypart {
    /// Before noon.
    Morning,
    /// From noon up to 18:00.
    Afternoon,
    /// From 18:00 on.
    Evening,
}

impl Daypart {
    /// The part of the day at an instant; of a zone that is not known, by UTC.
    pub fn of(at: Timestamp, time_zone: &str) -> Self {
        let zone = TimeZone::get(time_zone).unwrap_or(TimeZone::UTC);
        match at.to_zoned(zone).hour() {
            ..12 => Self::Morning,
            12..18 => Self::Afternoon,
            18.. => Self::Evening,
        }
    }

    const fn bit(self) -> u8 {
        match self {
            Self::Morning => 1,
            Self::Afternoon => 2,
            Self::Evening => 4,
        }
    }
}

impl Tried {
    /// The same, with one attempt more: it counts if it comes `min_gap` after the one before that counted.
    pub(super) fn with(self, at: Timestamp, daypart: Daypart, min_gap: SignedDuration) -> Self {
        let attempts = self.attempts.saturating_add(1);
        let counts = self
            .last_counted_at
            .is_none_or(|last| at.duration_since(last) >= min_gap);
        match counts {
            false => Self { attempts, ..self },
            true => Self {
                attempts,
                counted: self.counted.saturating_add(1),
                last_counted_at: Some(at),
                dayparts: self.dayparts | daypart.bit(),
            },
        }
    }

    /// In how many parts of a day the attempts were that count.
    pub const fn distinct_dayparts(self) -> u32 {
        self.dayparts.count_ones()
    }
}
