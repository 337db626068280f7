//! Business time: when it is open, and reckoning with nothing but that time.
//!
//! A [`Calendar`] has versions. Each has [`OpeningHours`]: a zone, the hours of a week, and dates that are
//! closed or have hours of their own. A version rules from the first instant of its effective date, by
//! the clocks of its own zone, until a later version does; what counts at an instant is said by the
//! version with the highest number of those that have begun. Before all of them the first one rules, so
//! that contacts that are recorded late have hours, too.
//!
//! All intervals are half-open: at the instant of closing it is closed. `docs/time.md` has the rules, with
//! examples.

mod days;
mod draft;
mod explain;
mod holidays;
mod hours;
mod opening;
#[cfg(test)]
pub(crate) mod tests;
mod zone;

use std::ops::ControlFlow;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use thiserror::Error;

pub use draft::{CalendarDraft, ClosedDate, HoursDraft, SpecialDate, read_date, read_time};
pub use explain::{ExceptionMet, Explained, Interval};
pub use holidays::{Closing, Holidays};
pub use hours::{Hours, NotATime, TimeOfDay};
pub use opening::OpeningHours;
pub use zone::{Zone, time_zone_version};

pub(crate) use draft::unknown_zone;
pub(crate) use opening::Walked;
pub(crate) use zone::{Day, Local};

use crate::limits::NANOS_PER_SECOND;
use zone::{END_S, FIRST_S};

/// The first and last nanosecond that are reckoned with.
const YEARS: (i64, i64) = (FIRST_S * NANOS_PER_SECOND, END_S * NANOS_PER_SECOND);

/// A calendar, with all its versions.
#[derive(Debug, Clone)]
pub struct Calendar {
    id: String,
    /// How many versions there were before those that are known here. They rule no time.
    forgotten: u32,
    /// Version n stands at n - 1, less those that are forgotten.
    versions: Vec<Arc<OpeningHours>>,
    /// Which version rules from when, in order. The first one rules from ever.
    reigns: Vec<Reign>,
}

#[derive(Debug, Clone)]
struct Reign {
    from: i64,
    version: u32,
    hours: Arc<OpeningHours>,
}

/// There is not as much open time as was asked for, in the years that are reckoned with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the calendar has no more open time")]
pub struct Exhausted;

impl Calendar {
    /// A calendar with its first version.
    pub fn new(id: impl Into<String>, hours: OpeningHours) -> Self {
        Self::from_version(id, 1, hours)
    }

    /// A calendar without the versions before `first`, which rule no time: `hours` is for all times that no
    /// later version takes.
    pub fn from_version(id: impl Into<String>, first: u32, hours: OpeningHours) -> Self {
        let mut calendar = Self {
            id: id.into(),
            forgotten: first.saturating_sub(1),
            versions: Vec::new(),
            reigns: Vec::new(),
        };
        calendar.revise(hours);
        calendar
    }

    /// Adds a version, and returns its number. From its effective date on it takes the place of all before it.
    pub fn revise(&mut self, hours: OpeningHours) -> u32 {
        self.push(Arc::new(hours))
    }

    fn push(&mut self, hours: Arc<OpeningHours>) -> u32 {
        let from = hours.effective_from_instant().unwrap_or(i64::MIN);
        self.versions.push(Arc::clone(&hours));
        let version = self.version();
        while self.reigns.last().is_some_and(|last| last.from >= from) {
            self.reigns.pop();
        }
        let from = if self.reigns.is_empty() {
            i64::MIN
        } else {
            from
        };
        self.reigns.push(Reign {
            from,
            version,
            hours,
        });
        version
    }

    /// The calendar as it was when `version` was its latest one; none if it has no such version. A promise
    /// that was made then is reckoned by it for ever.
    pub fn as_of(&self, version: u32) -> Option<Self> {
        let count = usize::try_from(version.checked_sub(self.forgotten)?).ok()?;
        let versions = self.versions.get(..count).filter(|some| !some.is_empty())?;
        let mut calendar = Self {
            id: self.id.clone(),
            forgotten: self.forgotten,
            versions: Vec::with_capacity(count),
            reigns: Vec::new(),
        };
        for hours in versions {
            calendar.push(Arc::clone(hours));
        }
        Some(calendar)
    }

    /// The calendar's id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The number of the latest version; the first is 1.
    pub fn version(&self) -> u32 {
        let known = u32::try_from(self.versions.len()).unwrap_or(u32::MAX);
        known.saturating_add(self.forgotten)
    }

    /// A version's hours.
    pub fn hours(&self, version: u32) -> Option<&OpeningHours> {
        let known = version.checked_sub(self.forgotten)?;
        let index = usize::try_from(known).ok()?.checked_sub(1)?;
        self.versions.get(index).map(|hours| &**hours)
    }

    /// The hours that rule at an instant.
    pub fn hours_at(&self, at: Timestamp) -> &OpeningHours {
        let at = instant(at);
        let after = self.reigns.partition_point(|reign| reign.from <= at);
        &self.reigns[after.saturating_sub(1)].hours
    }

    /// When `duration` of open time has passed since `from`. Nothing, from a time that is closed, is the next
    /// opening; and a negative duration is [`Self::sub`] of as much.
    ///
    /// # Errors
    /// [`Exhausted`] when the calendar has not so much open time.
    pub fn add(&self, from: Timestamp, duration: SignedDuration) -> Result<Timestamp, Exhausted> {
        if duration.is_negative() {
            return self.sub(from, duration.checked_neg().ok_or(Exhausted)?);
        }
        let walked = self.walk(instant(from), YEARS.1, nanoseconds(duration)?);
        walked.at.map(timestamp).ok_or(Exhausted)
    }

    /// Since when `duration` of open time has passed up to `from`. Nothing, from a time that is closed, is the
    /// last closing; and a negative duration is [`Self::add`] of as much.
    ///
    /// # Errors
    /// [`Exhausted`] when the calendar has not so much open time.
    pub fn sub(&self, from: Timestamp, duration: SignedDuration) -> Result<Timestamp, Exhausted> {
        if duration.is_negative() {
            return self.add(from, duration.checked_neg().ok_or(Exhausted)?);
        }
        let (end, want) = (instant(from), nanoseconds(duration)?);
        // Some open time at least, so that there is a closing to find.
        let (start, open) = self.back(end, want.max(1))?;
        let found = match want {
            0 => self.walk(start, end, open),
            // As much as there is too much, and from there on to what is open.
            _ => match self.walk(start, end, open - want).at {
                Some(at) => self.walk(at, end, 0),
                None => return Err(Exhausted),
            },
        };
        found.at.map(timestamp).ok_or(Exhausted)
    }

    /// How much open time lies between two instants; negative if `to` is the earlier one.
    pub fn between(&self, from: Timestamp, to: Timestamp) -> SignedDuration {
        let (from, to) = (instant(from), instant(to));
        let open = self.walk(from.min(to), from.max(to), i64::MAX).open;
        SignedDuration::from_nanos(if from <= to { open } else { -open })
    }

    /// Whether it is open at an instant. At the instant of closing it is not.
    pub fn is_open(&self, at: Timestamp) -> bool {
        let at = instant(at);
        self.walk(at, at.saturating_add(1), 0).at.is_some()
    }

    /// The first instant from `from` on that is open; `from` itself if it is.
    ///
    /// # Errors
    /// [`Exhausted`] when it never opens again.
    pub fn next_open(&self, from: Timestamp) -> Result<Timestamp, Exhausted> {
        self.add(from, SignedDuration::ZERO)
    }

    /// What is open from `from` up to `to`, and which dates within have hours of their own.
    pub fn explain(&self, from: Timestamp, to: Timestamp) -> Explained {
        let mut explained = Explained::default();
        let (from, to) = (instant(from), instant(to));
        for (reign, start, end) in self.reigns_within(from, to) {
            let version = reign.version;
            explained.versions.push(version);
            let first = explained.intervals.len();
            let _ = reign.hours.each_open(start, end, |opens, closes| {
                let (opens, closes) = (timestamp(opens), timestamp(closes));
                explained.open += closes.duration_since(opens);
                match explained.intervals[first..].last_mut() {
                    Some(last) if last.to == opens => last.to = closes,
                    _ => explained.intervals.push(Interval {
                        from: opens,
                        to: closes,
                        version,
                    }),
                }
                ControlFlow::<()>::Continue(())
            });
            let days = (reign.hours.day(start), reign.hours.day(end - 1));
            for one in reign.hours.exceptions_within(days.0, days.1) {
                let is_closed = one.hours.is_empty();
                if is_closed && !reign.hours.is_open_in_week(one.day) {
                    continue;
                }
                explained
                    .exceptions
                    .extend(one.day.date().map(|date| ExceptionMet {
                        date,
                        label: one.label.clone(),
                        is_closed,
                        version,
                    }));
            }
        }
        explained
    }

    /// Walks from `from` until there was as much open time as is wanted, at most up to `until`. To want
    /// nothing finds the first instant that is open.
    pub(crate) fn walk(&self, from: i64, until: i64, want: i64) -> Walked {
        let mut open = 0;
        for (reign, start, end) in self.reigns_within(from, until) {
            let walked = reign.hours.walk(start, end, want - open);
            open += walked.open;
            if walked.at.is_some() {
                return Walked {
                    open,
                    at: walked.at,
                };
            }
        }
        Walked { open, at: None }
    }

    /// An instant since which, up to `end`, there are at least `want` nanoseconds of open time, and how many.
    fn back(&self, end: i64, want: i64) -> Result<(i64, i64), Exhausted> {
        // Open time is at least as long as itself. Beyond that it is a guess by what was open so far.
        let mut length = want.saturating_add(4 * 86_400 * NANOS_PER_SECOND);
        loop {
            let start = end.saturating_sub(length).max(YEARS.0);
            let open = self.walk(start, end, i64::MAX).open;
            if open >= want {
                return Ok((start, open));
            }
            if start == YEARS.0 {
                return Err(Exhausted);
            }
            let by_share = i128::from(length) * i128::from(want) / i128::from(open.max(1));
            let grown =
                by_share.clamp(length.into(), i128::from(length) * 16) + i128::from(length / 8);
            length = i64::try_from(grown).unwrap_or(i64::MAX);
        }
    }

    /// What each version rules of a time, in order.
    fn reigns_within(&self, from: i64, until: i64) -> impl Iterator<Item = (&Reign, i64, i64)> {
        let first = self
            .reigns
            .partition_point(|reign| reign.from <= from)
            .saturating_sub(1);
        let reigns = &self.reigns[first..];
        reigns.iter().enumerate().map_while(move |(index, reign)| {
            let start = reign.from.max(from);
            let end = reigns
                .get(index + 1)
                .map_or(until, |next| next.from.min(until));
            (start < end).then_some((reign, start, end))
        })
    }
}

/// As nanoseconds since the Unix epoch, within the years that are reckoned with.
pub(crate) fn instant(at: Timestamp) -> i64 {
    let nanoseconds = at.as_nanosecond().clamp(YEARS.0.into(), YEARS.1.into());
    i64::try_from(nanoseconds).unwrap_or(YEARS.1)
}

/// The instant so many nanoseconds after the Unix epoch.
pub(crate) fn timestamp(at: i64) -> Timestamp {
    Timestamp::from_nanosecond(at.into()).unwrap_or(Timestamp::MAX)
}

fn nanoseconds(duration: SignedDuration) -> Result<i64, Exhausted> {
    i64::try_from(duration.as_nanos()).map_err(|_| Exhausted)
}
