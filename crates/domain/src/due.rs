//! Dues: how a customer was told when, and the instant that it means.
//!
//! A [`DueSpec`] is resolved once, from the time of the contact, and what it became is kept with it: the
//! instant, the calendar's version, the version of the time zone database, and what was decided where the
//! words left something open. Afterwards nothing moves it by itself.
//!
//! The promise to the customer has one clock, which never pauses. The internal target has another one
//! ([`InternalTarget`]): it runs in business time, and pauses. [`WarnStage`] is a time before either.
//!
//! `docs/time.md` has the rules, with examples.

mod counted;
mod explain;
mod internal;
mod odd;
mod resolve;
mod stage;
#[cfg(test)]
pub(crate) mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

pub use explain::{DueExplained, PauseExplained};
pub use internal::{InternalClock, InternalTarget, Pause, PauseReason, Turn, shares};
pub use odd::GivenDue;
pub(crate) use odd::beside;
pub use resolve::{Telling, end_of_business_day};
pub use stage::{StageBasis, WarnStage};

use crate::calendar::{Calendar, TimeOfDay, time_zone_version};

/// When something is due, as it was told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DueSpec {
    /// At an instant.
    Instant(Timestamp),
    /// At a time of a date, by the clocks of a zone.
    Local {
        /// The date.
        date: Date,
        /// The time; 24:00 is the beginning of the next date.
        time: TimeOfDay,
        /// The zone's IANA name.
        time_zone: String,
    },
    /// At the end of a date: when the next one begins.
    EndOfLocalDay {
        /// The date.
        date: Date,
        /// The zone's IANA name.
        time_zone: String,
    },
    /// So long after the contact, by any clock.
    Elapsed(SignedDuration),
    /// So much open time after the contact.
    BusinessElapsed {
        /// How much.
        duration: SignedDuration,
        /// Of which calendar.
        calendar_id: String,
    },
    /// So many business days after the contact's day. A business day is a date with open time.
    BusinessDays {
        /// How many. 0 is the contact's own day, or if it is closed, the next that is open.
        days: u32,
        /// When on that day.
        at: DayTime,
        /// By which calendar.
        calendar_id: String,
    },
    /// In a part of the day or week.
    WeekPeriod {
        /// Which part.
        part: WeekPart,
        /// By which calendar.
        calendar_id: String,
    },
}

/// A time on a business day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DayTime {
    /// At a time of the day, open or not.
    At(TimeOfDay),
    /// When it closes for the last time on that day.
    EndOfDay,
}

/// A part of a day or of a week. Each is over at an instant, which is the due: the first such one after the
/// contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum WeekPart {
    /// The end of a date's open time before noon: noon itself, where it is open then.
    Morning,
    /// The end of a date's open time from noon to 18:00: 18:00 itself, where it is open then.
    Afternoon,
    /// The last closing of a week from Monday to Sunday.
    EndOfWeek,
}

/// A version of a calendar.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CalendarRef {
    /// The calendar.
    pub calendar_id: String,
    /// Its latest version when it was used. Of those up to it, each rules from its effective date on.
    pub version: u32,
}

/// What a [`DueSpec`] means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolved {
    /// The instant.
    pub at: Timestamp,
    /// By what it was reckoned.
    pub resolution: DueResolution,
    /// What whoever promised it should know, in this order and each at most once.
    pub warnings: Vec<DueWarning>,
}

/// By what a due became an instant: kept with it, so that it can be reckoned again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueResolution {
    /// The calendar that it was reckoned by; none for those that need none.
    pub calendar: Option<CalendarRef>,
    /// The version of the time zone database, such as `2026e`.
    pub time_zone_version: String,
}

impl DueResolution {
    /// By the latest version of a calendar, or none, and the time zone database that is compiled in.
    pub fn now(calendar: Option<&Calendar>) -> Self {
        Self {
            calendar: calendar.map(CalendarRef::latest),
            time_zone_version: time_zone_version().to_owned(),
        }
    }
}

/// A due as it was told, and by what it became an instant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToldDue {
    /// What was said.
    pub spec: DueSpec,
    /// By what it was reckoned.
    pub resolution: DueResolution,
}

/// What is odd about a due. It is kept as it was told all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DueWarning {
    /// The clocks leap over the local time, or the zone left the date out.
    LocalTimeDoesNotExist,
    /// The clocks show the local time twice.
    LocalTimeExistsTwice,
    /// The calendar is closed then, and was before.
    OutsideOpenHours,
    /// Our own due is later than what the customer was told.
    TargetAfterPromise,
}

impl DueWarning {
    /// The reason as callers see it; never changes.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::LocalTimeDoesNotExist => "LOCAL_TIME_DOES_NOT_EXIST",
            Self::LocalTimeExistsTwice => "LOCAL_TIME_EXISTS_TWICE",
            Self::OutsideOpenHours => "OUTSIDE_OPEN_HOURS",
            Self::TargetAfterPromise => "TARGET_AFTER_PROMISE",
        }
    }

    /// What is odd, and by which rule it was decided.
    pub const fn description(self) -> &'static str {
        match self {
            Self::LocalTimeDoesNotExist => {
                "the clocks leap over this local time; the due is the instant of the leap"
            }
            Self::LocalTimeExistsTwice => {
                "the clocks show this local time twice; the due is the first of the two"
            }
            Self::OutsideOpenHours => {
                "nobody is there at this time by the calendar; the due is kept as it was promised"
            }
            Self::TargetAfterPromise => {
                "our own due is later than what the customer was told; both are kept"
            }
        }
    }
}

/// The calendars that there are.
pub trait Calendars {
    /// The calendar with this id, with all its versions.
    fn calendar(&self, id: &str) -> Option<&Calendar>;
}

impl Calendars for BTreeMap<String, Calendar> {
    fn calendar(&self, id: &str) -> Option<&Calendar> {
        self.get(id)
    }
}

impl Calendars for BTreeMap<String, Arc<Calendar>> {
    fn calendar(&self, id: &str) -> Option<&Calendar> {
        self.get(id).map(|calendar| &**calendar)
    }
}

impl CalendarRef {
    /// The latest version of a calendar.
    pub fn latest(calendar: &Calendar) -> Self {
        Self {
            calendar_id: calendar.id().to_owned(),
            version: calendar.version(),
        }
    }

    /// The calendar as it was at this version; none if it is not known.
    pub fn find(&self, calendars: &impl Calendars) -> Option<Calendar> {
        calendars.calendar(&self.calendar_id)?.as_of(self.version)
    }
}
