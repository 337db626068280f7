//! Calendars.

use aftercall_domain::calendar::{
    CalendarDraft, ClosedDate, Holidays, HoursDraft, OpeningHours, SpecialDate,
};
use aftercall_domain::limits::LINE_BYTES_MAX;
use aftercall_domain::{Cleaner, FieldPath, Violations};

use crate::model::v1 as wire;

/// Cleans the texts of a calendar that came from outside, and notes all that is wrong with it.
pub(super) fn take(
    calendar: &mut wire::Calendar,
    at: FieldPath<'_>,
    cleaner: &mut Cleaner,
    found: &mut Violations,
) {
    let name_at = at.field("display_name");
    cleaner.text(name_at, &mut calendar.display_name);
    if calendar.display_name.len() > LINE_BYTES_MAX {
        found.too_long(name_at, LINE_BYTES_MAX);
    }
    let mut draft = CalendarDraft::from(&*calendar);
    draft.clean(at, cleaner);
    if let Err(wrong) = draft.check(at) {
        found.extend(wrong);
    }
    put(calendar, draft);
}

/// The opening hours that a calendar of the log has.
///
/// # Errors
/// What is wrong with it: nothing of ours writes it so.
pub fn opening_hours(calendar: &wire::Calendar) -> Result<OpeningHours, Violations> {
    CalendarDraft::from(calendar).check(FieldPath::ROOT)
}

impl From<&wire::Calendar> for CalendarDraft {
    fn from(calendar: &wire::Calendar) -> Self {
        let week = calendar.weekly.as_ref();
        let hours = |of: fn(&wire::Week) -> &Vec<wire::Hours>| {
            week.map_or_else(Vec::new, |week| all(of(week)))
        };
        Self {
            time_zone: calendar.time_zone.clone(),
            weekly: [
                hours(|week| &week.monday),
                hours(|week| &week.tuesday),
                hours(|week| &week.wednesday),
                hours(|week| &week.thursday),
                hours(|week| &week.friday),
                hours(|week| &week.saturday),
                hours(|week| &week.sunday),
            ],
            closed_dates: calendar.closed_dates.iter().map(ClosedDate::from).collect(),
            special_dates: calendar
                .special_dates
                .iter()
                .map(SpecialDate::from)
                .collect(),
            effective_from: calendar.effective_from.clone(),
        }
    }
}

/// What the draft says, as the message says it. What people call the calendar stays.
pub fn put(calendar: &mut wire::Calendar, draft: CalendarDraft) {
    let CalendarDraft {
        time_zone,
        weekly,
        closed_dates,
        special_dates,
        effective_from,
    } = draft;
    let [
        monday,
        tuesday,
        wednesday,
        thursday,
        friday,
        saturday,
        sunday,
    ] = weekly.map(|hours| hours.into_iter().map(Into::into).collect());
    calendar.time_zone = time_zone;
    calendar.weekly = Some(wire::Week {
        monday,
        tuesday,
        wednesday,
        thursday,
        friday,
        saturday,
        sunday,
    });
    calendar.closed_dates = closed_dates.into_iter().map(Into::into).collect();
    calendar.special_dates = special_dates.into_iter().map(Into::into).collect();
    calendar.effective_from = effective_from;
}

impl From<&wire::Holidays> for Holidays {
    fn from(holidays: &wire::Holidays) -> Self {
        let (closed, special) = (&holidays.closed_dates, &holidays.special_dates);
        Self {
            closed_dates: closed.iter().map(ClosedDate::from).collect(),
            special_dates: special.iter().map(SpecialDate::from).collect(),
            reopened_dates: holidays.reopened_dates.clone(),
        }
    }
}

impl From<HoursDraft> for wire::Hours {
    fn from(HoursDraft { opens, closes }: HoursDraft) -> Self {
        Self { opens, closes }
    }
}

impl From<ClosedDate> for wire::ClosedDate {
    fn from(ClosedDate { date, label }: ClosedDate) -> Self {
        Self { date, label }
    }
}

impl From<SpecialDate> for wire::SpecialDate {
    fn from(SpecialDate { date, hours, label }: SpecialDate) -> Self {
        Self {
            date,
            hours: hours.into_iter().map(Into::into).collect(),
            label,
        }
    }
}

fn all(hours: &[wire::Hours]) -> Vec<HoursDraft> {
    let hours = hours.iter().map(|hours| HoursDraft {
        opens: hours.opens.clone(),
        closes: hours.closes.clone(),
    });
    hours.collect()
}

impl From<&wire::ClosedDate> for ClosedDate {
    fn from(date: &wire::ClosedDate) -> Self {
        Self {
            date: date.date.clone(),
            label: date.label.clone(),
        }
    }
}

impl From<&wire::SpecialDate> for SpecialDate {
    fn from(date: &wire::SpecialDate) -> Self {
        Self {
            date: date.date.clone(),
            hours: all(&date.hours),
            label: date.label.clone(),
        }
    }
}
