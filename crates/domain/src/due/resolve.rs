//! From words to an instant.

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use super::{Calendars, DayTime, DueResolution, DueSpec, DueWarning, Resolved, WeekPart};
use crate::calendar::{
    Calendar, Day, Exhausted, Local, TimeOfDay, Zone, instant, timestamp, unknown_zone,
};
use crate::limits::{DUE_DAYS_MAX, NANOS_PER_SECOND, SECONDS_PER_DAY, TIME_S_MAX, TIME_S_MIN};
use crate::violation::Reason;
use crate::{FieldPath, Violations};

/// When the afternoon is over.
const EVENING: u32 = 18 * 3_600;

/// How and when a due was told.
#[derive(Debug, Clone, Copy)]
pub struct Telling {
    /// When: the time of the contact.
    pub occurred_at: Timestamp,
    /// Whether it is history that is imported: there a due may lie before its contact.
    pub is_import: bool,
}

/// What is wrong with a due, as far as it was understood.
enum Wrong {
    Field(&'static str, Reason, &'static str),
    Exhausted,
    Zone(&'static str),
    TooFar,
}

impl From<Exhausted> for Wrong {
    fn from(_: Exhausted) -> Self {
        Self::Exhausted
    }
}

/// An instant, and what was odd on the way to it.
struct Found {
    at: Timestamp,
    odd: Option<DueWarning>,
}

impl DueSpec {
    /// The instant that it means. `at` is the spec's own path.
    ///
    /// # Errors
    /// When the zone or the calendar is not known, or the due lies before the contact, more than
    /// [`DUE_DAYS_MAX`] days after it, or beyond the calendar's open time.
    pub fn resolve(
        &self,
        at: FieldPath<'_>,
        telling: Telling,
        calendars: &impl Calendars,
    ) -> Result<Resolved, Violations> {
        let at = at.field(self.name());
        let mut found = Violations::new();
        let calendar = match self.calendar_id() {
            None => None,
            Some("") => {
                found.required(at.field("calendar_id"));
                return Err(found);
            }
            Some(id) => match calendars.calendar(id) {
                Some(calendar) => Some(calendar),
                None => {
                    let text = "is no calendar of this tenant; name one that there is";
                    found.add(at.field("calendar_id"), Reason::UnknownCalendar, text);
                    return Err(found);
                }
            },
        };
        let due = match self.find(telling.occurred_at, calendar) {
            Ok(due) => due,
            Err(wrong) => {
                wrong.note(at, &mut found);
                return Err(found);
            }
        };
        check_time(at, due.at, telling, &mut found);
        let mut warnings: Vec<_> = due.odd.into_iter().collect();
        if let Some(hours) = calendar
            && !hours.is_open_until(due.at)
        {
            warnings.push(DueWarning::OutsideOpenHours);
        }
        found.into_result(Resolved {
            at: due.at,
            resolution: DueResolution::now(calendar),
            warnings,
        })
    }

    /// The same, where a local time that names no zone is meant in this one.
    #[must_use]
    pub fn in_zone(mut self, zone: &str) -> Self {
        if let Self::Local { time_zone, .. } | Self::EndOfLocalDay { time_zone, .. } = &mut self
            && time_zone.is_empty()
        {
            zone.clone_into(time_zone);
        }
        self
    }

    /// The calendar that it names.
    pub fn calendar_id(&self) -> Option<&str> {
        match self {
            Self::Instant(_)
            | Self::Local { .. }
            | Self::EndOfLocalDay { .. }
            | Self::Elapsed(_) => None,
            Self::BusinessElapsed { calendar_id, .. }
            | Self::BusinessDays { calendar_id, .. }
            | Self::WeekPeriod { calendar_id, .. } => Some(calendar_id),
        }
    }

    /// The name of the field that holds it.
    const fn name(&self) -> &'static str {
        match self {
            Self::Instant(_) => "instant",
            Self::Local { .. } => "local",
            Self::EndOfLocalDay { .. } => "end_of_local_day",
            Self::Elapsed(_) => "elapsed",
            Self::BusinessElapsed { .. } => "business_elapsed",
            Self::BusinessDays { .. } => "business_days",
            Self::WeekPeriod { .. } => "week_period",
        }
    }

    fn find(&self, told_at: Timestamp, calendar: Option<&Calendar>) -> Result<Found, Wrong> {
        match (self, calendar) {
            (Self::Instant(at), _) => Ok(Found { at: *at, odd: None }),
            (
                Self::Local {
                    date,
                    time,
                    time_zone,
                },
                _,
            ) => local(&zone(time_zone)?, *date, *time),
            (Self::EndOfLocalDay { date, time_zone }, _) => end_of_day(&zone(time_zone)?, *date),
            (Self::Elapsed(duration), _) => {
                check_duration("", *duration)?;
                let at = told_at.checked_add(*duration).map_err(|_| Wrong::TooFar)?;
                Ok(Found { at, odd: None })
            }
            (Self::BusinessElapsed { duration, .. }, Some(calendar)) => {
                check_duration("duration", *duration)?;
                let at = calendar.add(told_at, *duration)?;
                Ok(Found { at, odd: None })
            }
            (Self::BusinessDays { days, at, .. }, Some(calendar)) => {
                business_days(calendar, told_at, *days, *at)
            }
            (Self::WeekPeriod { part, .. }, Some(calendar)) => week_part(calendar, told_at, *part),
            (
                Self::BusinessElapsed { .. } | Self::BusinessDays { .. } | Self::WeekPeriod { .. },
                None,
            ) => Err(Wrong::Exhausted),
        }
    }
}

impl Wrong {
    fn note(self, at: FieldPath<'_>, found: &mut Violations) {
        match self {
            Self::Field("", reason, text) => found.add(at, reason, text),
            Self::Field(name, reason, text) => found.add(at.field(name), reason, text),
            Self::Zone(name) => unknown_zone(at.field(name), found),
            Self::TooFar => too_far(at, found),
            Self::Exhausted => {
                let text = "has less open time than this needs; give less, or another calendar";
                found.add(at.field("calendar_id"), Reason::CalendarExhausted, text);
            }
        }
    }
}

fn too_far(at: FieldPath<'_>, found: &mut Violations) {
    let text = "a promise is due within 1095 days from its contact; give an earlier time";
    found.add(at, Reason::OutOfRange, text);
}

fn check_time(at: FieldPath<'_>, due: Timestamp, telling: Telling, found: &mut Violations) {
    if !(TIME_S_MIN..TIME_S_MAX).contains(&due.as_second()) {
        let text = "is out of range; give a time between the years 1970 and 2200";
        found.add(at, Reason::OutOfRange, text);
    } else if due < telling.occurred_at && !telling.is_import {
        let text = "it was due before the contact in which it was promised; only an import may \
                    say so (set import_batch), else give the time that the customer was told";
        found.add(at, Reason::DueInPast, text);
    } else if due.duration_since(telling.occurred_at) > horizon() {
        too_far(at, found);
    }
}

fn check_duration(name: &'static str, duration: SignedDuration) -> Result<(), Wrong> {
    if duration.is_negative() {
        let text = "is negative; give how long after the contact it is due";
        Err(Wrong::Field(name, Reason::OutOfRange, text))
    } else if duration > horizon() {
        Err(Wrong::TooFar)
    } else {
        Ok(())
    }
}

fn horizon() -> SignedDuration {
    SignedDuration::from_secs(DUE_DAYS_MAX * SECONDS_PER_DAY)
}

fn zone(name: &str) -> Result<Zone, Wrong> {
    if name.is_empty() {
        let text = "is required; give a name such as Europe/Berlin";
        return Err(Wrong::Field("time_zone", Reason::Required, text));
    }
    Zone::named(name).ok_or(Wrong::Zone("time_zone"))
}

fn local(zone: &Zone, date: Date, time: TimeOfDay) -> Result<Found, Wrong> {
    Ok(reached(zone.instants(day(date)?.at(time.second()))))
}

/// The end of a date is the beginning of the next one, which no leap changes; but a date that was left out
/// has none.
fn end_of_day(zone: &Zone, date: Date) -> Result<Found, Wrong> {
    let day = day(date)?;
    let (start, end) = (zone.instants(day.at(0)), zone.instants(day.plus(1).at(0)));
    let Found { at, odd } = reached(end);
    let odd = match odd {
        _ if start.reached() == end.reached() => Some(DueWarning::LocalTimeDoesNotExist),
        Some(DueWarning::LocalTimeDoesNotExist) => None,
        odd => odd,
    };
    Ok(Found { at, odd })
}

fn day(date: Date) -> Result<Day, Wrong> {
    if (1970..2200).contains(&date.year()) {
        return Ok(Day::of(date));
    }
    let text = "is out of range; give a date in the years 1970 to 2199";
    Err(Wrong::Field("date", Reason::OutOfRange, text))
}

fn reached(local: Local) -> Found {
    let odd = match local {
        Local::Once(_) => None,
        Local::Twice(..) => Some(DueWarning::LocalTimeExistsTwice),
        Local::Never(_) => Some(DueWarning::LocalTimeDoesNotExist),
    };
    let at = timestamp(local.reached() * NANOS_PER_SECOND);
    Found { at, odd }
}

/// The days from the contact's own one up to the horizon.
fn days_ahead(calendar: &Calendar, told_at: Timestamp) -> impl Iterator<Item = Day> {
    let today = calendar.day(told_at);
    (0..=DUE_DAYS_MAX + 7).map(move |days| today.plus(days))
}

fn business_days(
    calendar: &Calendar,
    told_at: Timestamp,
    days: u32,
    at: DayTime,
) -> Result<Found, Wrong> {
    if i64::from(days) > DUE_DAYS_MAX {
        return Err(Wrong::TooFar);
    }
    let before = usize::from(days > 0);
    let mut open = days_ahead(calendar, told_at)
        .skip(before)
        .filter(|&day| calendar.open_on(day).next().is_some());
    let ahead = usize::try_from(days).unwrap_or(usize::MAX);
    let day = open
        .nth(ahead.saturating_sub(before))
        .ok_or(Wrong::TooFar)?;
    match at {
        DayTime::At(time) => Ok(reached(calendar.local_on(day, time.second()))),
        DayTime::EndOfDay => {
            let closes = calendar.open_on(day).map(|(_, closes)| closes).max();
            let at = closes.map(timestamp).ok_or(Wrong::Exhausted)?;
            Ok(Found { at, odd: None })
        }
    }
}

/// When the last open time of a business day is over, counted as [`DueSpec::BusinessDays`] counts from `from`; none
/// if there are not so many.
pub fn end_of_business_day(calendar: &Calendar, from: Timestamp, days: u32) -> Option<Timestamp> {
    let found = business_days(calendar, from, days, DayTime::EndOfDay);
    found.ok().map(|found| found.at)
}

fn week_part(calendar: &Calendar, told_at: Timestamp, part: WeekPart) -> Result<Found, Wrong> {
    let ends = match part {
        WeekPart::Morning => part_of_day(calendar, told_at, 0, TimeOfDay::NOON.second()),
        WeekPart::Afternoon => part_of_day(calendar, told_at, TimeOfDay::NOON.second(), EVENING),
        WeekPart::EndOfWeek => end_of_week(calendar, told_at),
    };
    let at = ends.map(timestamp).ok_or(Wrong::Exhausted)?;
    Ok(Found { at, odd: None })
}

/// The first end after `told_at` of a date's open time between two of its local times.
fn part_of_day(calendar: &Calendar, told_at: Timestamp, from: u32, to: u32) -> Option<i64> {
    let told_at = instant(told_at);
    days_ahead(calendar, timestamp(told_at)).find_map(|day| {
        let begins = calendar.local_on(day, from).reached() * NANOS_PER_SECOND;
        let ends = calendar.local_on(day, to).reached() * NANOS_PER_SECOND;
        let open = calendar.open_on(day);
        open.filter(|&(opens, closes)| opens.max(begins) < closes.min(ends))
            .map(|(_, closes)| closes.min(ends))
            .max()
            .filter(|&end| end > told_at)
    })
}

/// The first last closing of a week that is after `told_at`.
fn end_of_week(calendar: &Calendar, told_at: Timestamp) -> Option<i64> {
    let today = calendar.day(told_at);
    let told_at = instant(told_at);
    let monday = today.plus(-i64::try_from(today.weekday()).unwrap_or(0));
    (0..=DUE_DAYS_MAX / 7 + 1).find_map(|week| {
        let days = (0..7).map(|day| monday.plus(7 * week + day));
        days.flat_map(|day| calendar.open_on(day))
            .map(|(_, closes)| closes)
            .max()
            .filter(|&end| end > told_at)
    })
}
