//! Attempts to keep a promise: what came of them, and which of them count.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::Evidence;
use crate::limits::ATTEMPTS_COUNTED_MAX;

/// How many sets of parts of a day there are.
const DAYPART_SETS: usize = 8;

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

/// How often the customer was tried, as far as it counts. It follows from when the attempts were, whichever of them was
/// told first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Tried {
    /// All attempts.
    pub attempts: u32,
    /// As many of them as there can be far enough from each other.
    pub counted: u32,
    /// When the last of these was.
    pub last_counted_at: Option<Timestamp>,
    /// In which parts of the customer's day they were: a bit for each [`Daypart`].
    pub dayparts: u8,
    /// When the attempts were, the earliest first: at most [`ATTEMPTS_COUNTED_MAX`], of more without those that are
    /// closest to others. None where nobody noted it.
    pub times: Vec<Timestamp>,
}

/// What a policy asks for, of attempts that reach nobody.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked {
    /// How many.
    pub(super) attempts: u32,
    /// How far from each other.
    pub(super) min_gap: SignedDuration,
    /// In how many parts of a day.
    pub(super) distinct_dayparts: u32,
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
        Self::by(at, &zone(time_zone))
    }

    fn by(at: Timestamp, zone: &TimeZone) -> Self {
        match zone.to_datetime(at).hour() {
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
    /// The same with one attempt more, and when what a policy asks for was done, if it was. More attempts never make
    /// less of it: so it does not matter which of them is told first.
    pub(super) fn with(
        &self,
        at: Timestamp,
        time_zone: &str,
        asked: &Asked,
    ) -> (Self, Option<Timestamp>) {
        let mut times = self.times.clone();
        times.insert(times.partition_point(|time| *time <= at), at);
        thin(&mut times);
        let zone = zone(time_zone);
        let chains = chains(&times, &zone, asked.min_gap);
        let mut tried = Self {
            attempts: self.attempts.saturating_add(1),
            ..Self::default()
        };
        let (mut worth, mut done_at) = ((0, 0, 0), None);
        for (at, sizes) in times.iter().zip(&chains) {
            for (dayparts, size) in (0_u8..).zip(sizes).filter(|(_, size)| **size > 0) {
                let enough = (*size).min(asked.attempts);
                let distinct = dayparts.count_ones();
                if enough == asked.attempts && distinct >= asked.distinct_dayparts {
                    done_at = done_at.or(Some(*at));
                }
                // What a policy asks for is among those of enough attempts in the most parts of a day.
                if (enough, distinct, *size) > worth {
                    worth = (enough, distinct, *size);
                    (tried.counted, tried.dayparts) = (*size, dayparts);
                    tried.last_counted_at = Some(*at);
                }
            }
        }
        tried.times = times;
        (tried, done_at)
    }
}

/// A zone; one that is not known is UTC.
fn zone(name: &str) -> TimeZone {
    TimeZone::get(name).unwrap_or(TimeZone::UTC)
}

/// Leaves out the times that are closest to those beside them, if there are too many: how many are far from each other
/// hardly changes by that.
fn thin(times: &mut Vec<Timestamp>) {
    while times.len() > ATTEMPTS_COUNTED_MAX {
        let threes = times.windows(3);
        let spans = threes.map(|three| three[2].duration_since(three[0]));
        let Some((before, _)) = spans.enumerate().min_by_key(|(_, span)| *span) else {
            return;
        };
        times.remove(before + 1);
    }
}

/// For each of the times, which are in order: how many of them there can be up to it, and with it, that are at least
/// `min_gap` from each other, for each set of parts of the day in which they are.
fn chains(
    times: &[Timestamp],
    zone: &TimeZone,
    min_gap: SignedDuration,
) -> Vec<[u32; DAYPART_SETS]> {
    let mut chains: Vec<[u32; DAYPART_SETS]> = Vec::with_capacity(times.len());
    // The most of all that came long enough before the one at hand, of which there are `far`.
    let (mut before, mut far) = ([0_u32; DAYPART_SETS], 0);
    for (index, at) in times.iter().enumerate() {
        while far < index && at.duration_since(times[far]) >= min_gap {
            for (most, size) in before.iter_mut().zip(chains[far]) {
                *most = size.max(*most);
            }
            far += 1;
        }
        let own = usize::from(Daypart::by(*at, zone).bit());
        let mut sizes = [0_u32; DAYPART_SETS];
        sizes[own] = 1;
        for (dayparts, size) in before.iter().enumerate().filter(|(_, size)| **size > 0) {
            let with = &mut sizes[dayparts | own];
            *with = (*with).max(size.saturating_add(1));
        }
        chains.push(sizes);
    }
    chains
}
