//! Opening hours as they are told, and what may be wrong with them.

use jiff::civil::Date;

use super::hours::{Hours, TimeOfDay};
use super::opening::{Exception, OpeningHours};
use super::zone::{Day, Zone};
use crate::limits::{CALENDAR_EXCEPTIONS_MAX, HOURS_PER_DAY_MAX, LINE_BYTES_MAX};
use crate::violation::Reason;
use crate::{Cleaner, FieldPath, Violations};

/// The names of the days in fields' paths.
const DAYS: [&str; 7] = [
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
];

/// Opening hours as an administrator gives them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CalendarDraft {
    /// The IANA name of the zone whose clocks the hours are told by.
    pub time_zone: String,
    /// The hours of each day of the week, Monday first. None: closed.
    pub weekly: [Vec<HoursDraft>; 7],
    /// Dates on which it is closed, whatever the week says.
    pub closed_dates: Vec<ClosedDate>,
    /// Dates with hours of their own, in place of the week's.
    pub special_dates: Vec<SpecialDate>,
    /// From the beginning of which local date it counts; if empty, from ever.
    pub effective_from: String,
}

/// Open from one time up to, and without, another.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HoursDraft {
    /// The first moment that is open, such as `09:00`.
    pub opens: String,
    /// The first moment after it that is not, such as `24:00`.
    pub closes: String,
}

/// A date on which it is closed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ClosedDate {
    /// The date, such as `2026-12-25`.
    pub date: String,
    /// Why, such as the holiday's name. May be empty.
    pub label: String,
}

/// A date with hours of its own.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SpecialDate {
    /// The date, such as `2026-12-24`.
    pub date: String,
    /// When it is open; at least once, or it were a closed date.
    pub hours: Vec<HoursDraft>,
    /// Why. May be empty.
    pub label: String,
}

impl CalendarDraft {
    /// Puts line ends and control characters of the labels right, as people's programs send them.
    pub fn clean(&mut self, at: FieldPath<'_>, cleaner: &mut Cleaner) {
        let closed = at.field("closed_dates");
        cleaner.each(closed, &mut self.closed_dates, |one, at, cleaner| {
            cleaner.text(at.field("label"), &mut one.label);
        });
        let special = at.field("special_dates");
        cleaner.each(special, &mut self.special_dates, |one, at, cleaner| {
            cleaner.text(at.field("label"), &mut one.label);
        });
    }

    /// The hours that the draft means. `at` is the draft's own path.
    ///
    /// # Errors
    /// All that is wrong with it, field by field.
    pub fn check(&self, at: FieldPath<'_>) -> Result<OpeningHours, Violations> {
        let opening = self.read(at)?;
        let mut found = Violations::new();
        if !opening.is_open_in_every_year() {
            let text = "has a time in which it is not open for a minute in 366 days; give it hours \
                        in the week, or close fewer dates in a row";
            found.add(at.field("weekly"), Reason::CalendarExhausted, text);
        }
        found.into_result(opening)
    }

    /// As [`Self::check`], without asking whether it is ever open.
    pub(super) fn read(&self, at: FieldPath<'_>) -> Result<OpeningHours, Violations> {
        let mut found = Violations::new();
        let zone_at = at.field("time_zone");
        let zone = match self.time_zone.as_str() {
            "" => {
                found.required(zone_at);
                None
            }
            name => Zone::named(name).or_else(|| {
                unknown_zone(zone_at, &mut found);
                None
            }),
        };
        let weekly = at.field("weekly");
        let week = std::array::from_fn(|day| {
            hours(weekly.field(DAYS[day]), &self.weekly[day], &mut found)
        });
        let effective_from = match self.effective_from.as_str() {
            "" => None,
            text => read_date(at.field("effective_from"), text, &mut found),
        };
        let exceptions = self.exceptions(at, &mut found);
        match zone {
            Some(zone) if found.is_empty() => {
                Ok(OpeningHours::new(zone, week, exceptions, effective_from))
            }
            _ => Err(found),
        }
    }

    fn exceptions(&self, at: FieldPath<'_>, found: &mut Violations) -> Vec<Exception> {
        let (closed, special) = (at.field("closed_dates"), at.field("special_dates"));
        let len = self.closed_dates.len() + self.special_dates.len();
        if len > CALENDAR_EXCEPTIONS_MAX {
            let text = format!(
                "and special_dates have {len} dates; at most {CALENDAR_EXCEPTIONS_MAX} are taken: leave \
                 out those that are long past"
            );
            found.add(closed, Reason::TooMany, text);
            return Vec::new();
        }
        let mut exceptions = Vec::with_capacity(len);
        for (index, ClosedDate { date, label }) in self.closed_dates.iter().enumerate() {
            let at = closed.index(index);
            exceptions.extend(
                exception(at, date, label, Vec::new(), found).map(|one| (one, at.to_string())),
            );
        }
        for (
            index,
            SpecialDate {
                date,
                hours: open,
                label,
            },
        ) in self.special_dates.iter().enumerate()
        {
            let at = special.index(index);
            if open.is_empty() {
                let text = "is empty; say when it is open, or name the date in closed_dates";
                found.add(at.field("hours"), Reason::Required, text);
            }
            let open = hours(at.field("hours"), open, found);
            exceptions
                .extend(exception(at, date, label, open, found).map(|one| (one, at.to_string())));
        }
        exceptions.sort_by_key(|(one, _)| one.day);
        for pair in exceptions.windows(2) {
            let [(one, first), (other, second)] = pair else {
                continue;
            };
            if one.day == other.day {
                let text = format!("is the date of {first}, too; name each date once");
                found.add(format!("{second}.date"), Reason::Conflicting, text);
            }
        }
        exceptions.into_iter().map(|(one, _)| one).collect()
    }
}

fn exception(
    at: FieldPath<'_>,
    text: &str,
    label: &str,
    hours: Vec<Hours>,
    found: &mut Violations,
) -> Option<Exception> {
    if label.len() > LINE_BYTES_MAX {
        found.too_long(at.field("label"), LINE_BYTES_MAX);
    }
    let day = Day::of(read_date(at.field("date"), text, found)?);
    let label = label.to_owned();
    Some(Exception { day, hours, label })
}

/// Reads a date, in the years that are taken.
pub fn read_date(at: FieldPath<'_>, text: &str, found: &mut Violations) -> Option<Date> {
    if text.is_empty() {
        found.required(at);
        return None;
    }
    // The library also takes other forms, such as times with zones, of which it drops all but the date.
    match text.parse::<Date>() {
        Ok(date) if date.to_string() != text => {}
        Ok(date) if (1970..2200).contains(&date.year()) => return Some(date),
        Ok(_) => {
            let text = "is out of range; give a date in the years 1970 to 2199";
            found.add(at, Reason::OutOfRange, text);
            return None;
        }
        Err(_) => {}
    }
    let text = "is no date; give YYYY-MM-DD, and a day that its month has";
    found.add(at, Reason::Malformed, text);
    None
}

/// The hours of one day, in order. Those that touch stay two.
fn hours(at: FieldPath<'_>, drafts: &[HoursDraft], found: &mut Violations) -> Vec<Hours> {
    if drafts.len() > HOURS_PER_DAY_MAX {
        found.too_many(at, drafts.len(), HOURS_PER_DAY_MAX);
        return Vec::new();
    }
    let mut read = Vec::with_capacity(drafts.len());
    for (index, HoursDraft { opens, closes }) in drafts.iter().enumerate() {
        let at = at.index(index);
        let opens = read_time(at.field("opens"), opens, found);
        let closes_at = at.field("closes");
        let (Some(opens), Some(closes)) = (opens, read_time(closes_at, closes, found)) else {
            continue;
        };
        if opens < closes {
            read.push((index, Hours { opens, closes }));
        } else {
            let text = "is not after opens; give a later time, and for a shift over midnight two \
                        intervals: one up to 24:00, and one from 00:00 on the next day";
            found.add(closes_at, Reason::Conflicting, text);
        }
    }
    read.sort_by_key(|(_, hours)| hours.opens);
    for pair in read.windows(2) {
        let [(first, one), (second, other)] = pair else {
            continue;
        };
        if other.opens < one.closes {
            let text = format!("overlaps with [{first}]; join the two, or correct one of them");
            found.add(at.index(*second), Reason::Overlapping, text);
        }
    }
    read.into_iter().map(|(_, hours)| hours).collect()
}

/// Reads a time of day.
pub fn read_time(at: FieldPath<'_>, text: &str, found: &mut Violations) -> Option<TimeOfDay> {
    if text.is_empty() {
        found.required(at);
        return None;
    }
    match text.parse::<TimeOfDay>() {
        Ok(time) => Some(time),
        Err(wrong) => {
            found.add(at, Reason::Malformed, wrong.to_string());
            None
        }
    }
}

/// Notes the name of a zone that there is not.
pub(crate) fn unknown_zone(at: FieldPath<'_>, found: &mut Violations) {
    let text = "is no zone of the IANA time zone database; give a name such as Europe/Berlin";
    found.add(at, Reason::UnknownTimeZone, text);
}
