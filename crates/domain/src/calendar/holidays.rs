//! Holidays: what a feed says of when it is closed, as dates of a calendar.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use jiff::civil::{Date, DateTime};

use super::draft::{CalendarDraft, ClosedDate, HoursDraft, SpecialDate};
use super::hours::{Hours, TimeOfDay};
use super::zone::Day;
use crate::limits::{LINE_BYTES_MAX, SECONDS_PER_DAY};

/// A time in which it is closed, by the local clocks of the calendar.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closing {
    /// Its first moment.
    pub from: DateTime,
    /// The first moment after it.
    pub to: DateTime,
    /// Why, such as the holiday's name.
    pub label: String,
}

/// What a feed says of a calendar's dates.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Holidays {
    /// Dates on which it is closed.
    pub closed_dates: Vec<ClosedDate>,
    /// Dates on which it is closed for a part of the time.
    pub special_dates: Vec<SpecialDate>,
    /// Dates that the feed said something of before, and does not any more.
    pub reopened_dates: Vec<String>,
}

/// When it is closed on a date, in seconds of the day, and why.
#[derive(Debug, Default)]
struct DayClosed {
    parts: Vec<Range<u32>>,
    labels: Vec<String>,
}

impl Holidays {
    /// How many dates it says something of.
    pub fn len(&self) -> usize {
        self.closed_dates.len() + self.special_dates.len() + self.reopened_dates.len()
    }

    /// Whether it says nothing.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl CalendarDraft {
    /// What closings make of the dates in `within`, of which the last one is not one of them: a date with no open time
    /// left is closed, one with some has hours of its own. The week's hours are what they are taken from. A closing at
    /// a time at which the week is not open changes nothing, unless it is a whole day.
    pub fn holidays(&self, closings: &[Closing], within: &Range<Date>) -> Holidays {
        let mut days: BTreeMap<Date, DayClosed> = BTreeMap::new();
        for closing in closings {
            each_day(closing, within, |date, part| {
                let day = days.entry(date).or_default();
                day.parts.push(part);
                if !closing.label.is_empty() && !day.labels.contains(&closing.label) {
                    day.labels.push(closing.label.clone());
                }
            });
        }
        let mut holidays = Holidays::default();
        for (date, DayClosed { parts, labels }) in days {
            let usual = self.usual_hours(date);
            let left = without(&usual, &parts);
            let (date, label) = (date.to_string(), joined(&labels));
            if parts.iter().any(is_whole_day) || left.is_empty() && !usual.is_empty() {
                holidays.closed_dates.push(ClosedDate { date, label });
            } else if left != usual {
                let hours = left.into_iter().map(told).collect();
                holidays
                    .special_dates
                    .push(SpecialDate { date, hours, label });
            }
        }
        holidays
    }

    /// Notes the dates that an earlier state of a feed said something of, and `now` does not, where the calendar still
    /// says of them what the feed said. Dates outside of `within` stay as they are.
    pub fn reopen(&self, before: &Holidays, now: &mut Holidays, within: &Range<Date>) {
        let kept = |date: &str| {
            now.closed_dates.iter().any(|one| one.date == date)
                || now.special_dates.iter().any(|one| one.date == date)
        };
        let is_within = |date: &str| date.parse().is_ok_and(|date| within.contains(&date));
        let closed = before.closed_dates.iter();
        let closed = closed.filter(|one| self.closed_dates.contains(one));
        let special = before.special_dates.iter();
        let special = special.filter(|one| self.special_dates.contains(one));
        let dates = closed.map(|one| &one.date);
        let dates = dates.chain(special.map(|one| &one.date));
        let gone: BTreeSet<String> = dates
            .filter(|date| is_within(date) && !kept(date))
            .cloned()
            .collect();
        now.reopened_dates = gone.into_iter().collect();
    }

    /// Takes what a feed says in place of whatever the calendar said of those dates.
    pub fn take_holidays(&mut self, holidays: &Holidays) {
        let Holidays {
            closed_dates,
            special_dates,
            reopened_dates,
        } = holidays;
        let closed = closed_dates.iter().map(|one| &one.date);
        let special = special_dates.iter().map(|one| &one.date);
        let told: BTreeSet<&String> = closed.chain(special).chain(reopened_dates).collect();
        self.closed_dates.retain(|one| !told.contains(&one.date));
        self.special_dates.retain(|one| !told.contains(&one.date));
        self.closed_dates.extend_from_slice(closed_dates);
        self.special_dates.extend_from_slice(special_dates);
        self.closed_dates
            .sort_by(|one, other| one.date.cmp(&other.date));
        self.special_dates
            .sort_by(|one, other| one.date.cmp(&other.date));
    }

    /// What the week says of a date, in order. Hours that are none, which no calendar has that was checked, are left
    /// out.
    fn usual_hours(&self, date: Date) -> Vec<Hours> {
        let drafts = &self.weekly[Day::of(date).weekday()];
        let mut hours: Vec<Hours> = drafts.iter().filter_map(read).collect();
        hours.sort_by_key(|hours| hours.opens);
        hours
    }
}

/// Tells each date of a closing, and the seconds of the day in which it is closed.
fn each_day(closing: &Closing, within: &Range<Date>, mut tell: impl FnMut(Date, Range<u32>)) {
    let mut date = closing.from.date().max(within.start);
    while date <= closing.to.date() && date < within.end {
        let start = if date == closing.from.date() {
            second(closing.from)
        } else {
            0
        };
        let end = if date == closing.to.date() {
            second(closing.to)
        } else {
            TimeOfDay::END.second()
        };
        if start < end {
            tell(date, start..end);
        }
        match date.tomorrow() {
            Ok(next) => date = next,
            Err(_) => return,
        }
    }
}

fn second(at: DateTime) -> u32 {
    let (hour, minute, second) = (at.hour(), at.minute(), at.second());
    u32::from(hour.unsigned_abs()) * 3_600
        + u32::from(minute.unsigned_abs()) * 60
        + u32::from(second.unsigned_abs())
}

fn is_whole_day(part: &Range<u32>) -> bool {
    i64::from(part.end - part.start) == SECONDS_PER_DAY
}

/// What is left of hours without some parts of the day.
fn without(hours: &[Hours], closed: &[Range<u32>]) -> Vec<Hours> {
    let mut left = hours.to_vec();
    for part in closed {
        let pieces = left.into_iter().flat_map(|Hours { opens, closes }| {
            let (opens, closes) = (opens.second(), closes.second());
            let before = opens..closes.min(part.start);
            let after = opens.max(part.end)..closes;
            [before, after]
        });
        left = pieces.filter_map(hours_of).collect();
    }
    left
}

fn hours_of(range: Range<u32>) -> Option<Hours> {
    let time = |second: u32| TimeOfDay::new(second / 3_600, second / 60 % 60, second % 60);
    let (opens, closes) = (time(range.start)?, time(range.end)?);
    (opens < closes).then_some(Hours { opens, closes })
}

fn read(draft: &HoursDraft) -> Option<Hours> {
    let (opens, closes) = (draft.opens.parse().ok()?, draft.closes.parse().ok()?);
    (opens < closes).then_some(Hours { opens, closes })
}

fn told(Hours { opens, closes }: Hours) -> HoursDraft {
    HoursDraft {
        opens: opens.to_string(),
        closes: closes.to_string(),
    }
}

/// Several reasons in one label, as far as they fit.
fn joined(labels: &[String]) -> String {
    let mut text = labels.join(", ");
    let end = text.floor_char_boundary(LINE_BYTES_MAX);
    text.truncate(end);
    text
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    fn hours(pairs: &[(&str, &str)]) -> Vec<HoursDraft> {
        let pairs = pairs.iter();
        pairs
            .map(|(opens, closes)| HoursDraft {
                opens: (*opens).to_owned(),
                closes: (*closes).to_owned(),
            })
            .collect()
    }

    /// Open with a break at noon, on weekdays.
    fn office() -> CalendarDraft {
        let day = hours(&[("09:00", "12:00"), ("13:00", "17:00")]);
        CalendarDraft {
            time_zone: "UTC".to_owned(),
            weekly: std::array::from_fn(|weekday| match weekday {
                0..5 => day.clone(),
                _ => Vec::new(),
            }),
            ..CalendarDraft::default()
        }
    }

    fn closing(from: &str, to: &str, label: &str) -> Closing {
        Closing {
            from: from.parse().unwrap(),
            to: to.parse().unwrap(),
            label: label.to_owned(),
        }
    }

    fn closed(date: &str, label: &str) -> ClosedDate {
        ClosedDate {
            date: date.to_owned(),
            label: label.to_owned(),
        }
    }

    fn special(date: &str, pairs: &[(&str, &str)], label: &str) -> SpecialDate {
        SpecialDate {
            date: date.to_owned(),
            hours: hours(pairs),
            label: label.to_owned(),
        }
    }

    fn year() -> Range<Date> {
        date(2026, 1, 1)..date(2027, 1, 1)
    }

    #[test]
    fn days_are_closed_and_parts_of_days_have_hours_of_their_own() {
        let closings = [
            // Thursday to Saturday, and the end is no day of it.
            closing("2026-12-24T00:00", "2026-12-27T00:00", "Christmas"),
            // Two reasons for one day, and one said twice.
            closing("2026-12-25T00:00", "2026-12-26T00:00", "Inventory"),
            closing("2026-12-25T00:00", "2026-12-26T00:00", "Christmas"),
            closing("2026-03-02T12:30", "2026-03-02T15:00", "Works meeting"),
            closing("2026-03-03T08:00", "2026-03-03T18:00", "Outing"),
            // At noon and on a Sunday nobody is there anyway.
            closing("2026-03-04T12:00", "2026-03-04T13:00", "Lunch"),
            closing("2026-03-08T10:00", "2026-03-08T11:00", "Cleaning"),
            closing("2026-03-15T00:00", "2026-03-16T00:00", "Sunday fair"),
            // From an afternoon to the next morning.
            closing("2026-06-01T16:00", "2026-06-02T10:00", "Move"),
            // Outside of what is asked for, at both ends.
            closing("2025-12-30T00:00", "2026-01-02T00:00", "New year"),
            closing("2026-12-31T00:00", "2027-01-03T00:00", "New year"),
        ];
        let holidays = office().holidays(&closings, &year());
        let expected = [
            closed("2026-01-01", "New year"),
            closed("2026-03-03", "Outing"),
            closed("2026-03-15", "Sunday fair"),
            closed("2026-12-24", "Christmas"),
            closed("2026-12-25", "Christmas, Inventory"),
            closed("2026-12-26", "Christmas"),
            closed("2026-12-31", "New year"),
        ];
        assert_eq!(holidays.closed_dates, expected);
        let expected = [
            special(
                "2026-03-02",
                &[("09:00", "12:00"), ("15:00", "17:00")],
                "Works meeting",
            ),
            special(
                "2026-06-01",
                &[("09:00", "12:00"), ("13:00", "16:00")],
                "Move",
            ),
            special(
                "2026-06-02",
                &[("10:00", "12:00"), ("13:00", "17:00")],
                "Move",
            ),
        ];
        assert_eq!(holidays.special_dates, expected);
    }

    #[test]
    fn a_feed_takes_the_place_of_what_was_said_of_its_dates_and_of_nothing_else() {
        let mut calendar = office();
        calendar.closed_dates = vec![closed("2026-07-14", "Ours"), closed("2026-12-25", "Xmas")];
        calendar.special_dates = vec![special("2026-12-24", &[("09:00", "12:00")], "Eve")];
        let holidays = Holidays {
            closed_dates: vec![
                closed("2026-12-24", "Christmas Eve"),
                closed("2026-05-01", "May"),
            ],
            special_dates: vec![special("2026-12-31", &[("09:00", "11:00")], "Eve")],
            reopened_dates: vec!["2026-12-25".to_owned()],
        };
        calendar.take_holidays(&holidays);
        let expected = [
            closed("2026-05-01", "May"),
            closed("2026-07-14", "Ours"),
            closed("2026-12-24", "Christmas Eve"),
        ];
        assert_eq!(calendar.closed_dates, expected);
        assert_eq!(calendar.special_dates, holidays.special_dates);
        // Once more, nothing changes.
        let once = calendar.clone();
        calendar.take_holidays(&holidays);
        assert_eq!(calendar, once);
    }

    #[test]
    fn a_date_that_a_feed_takes_back_is_open_again_unless_somebody_changed_it() {
        let before = Holidays {
            closed_dates: vec![
                closed("2025-06-01", "Past"),
                closed("2026-06-01", "Moved"),
                closed("2026-06-02", "Renamed"),
                closed("2026-06-03", "Stays"),
            ],
            special_dates: vec![special("2026-06-04", &[("09:00", "11:00")], "Short")],
            reopened_dates: vec!["2026-01-01".to_owned()],
        };
        let mut calendar = office();
        calendar.take_holidays(&before);
        calendar.closed_dates[2].label = "By hand".to_owned();
        let mut now = Holidays {
            closed_dates: vec![closed("2026-06-03", "Stays")],
            ..Holidays::default()
        };
        calendar.reopen(&before, &mut now, &year());
        assert_eq!(now.reopened_dates, ["2026-06-01", "2026-06-04"]);
    }

    proptest! {
        /// Minute by minute: open where the week is and no closing.
        #[test]
        fn hours_are_those_of_the_week_without_the_closings(
            parts in proptest::collection::vec((0_u32..1_440, 0_u32..1_440), 1..5),
        ) {
            let day = |minute: u32| date(2026, 3, 2).at(0, 0, 0, 0)
                .checked_add(jiff::SignedDuration::from_mins(minute.into())).unwrap();
            let closings: Vec<_> = parts.iter().map(|(one, other)| Closing {
                from: day(*one.min(other)),
                to: day(*one.max(other)),
                label: String::new(),
            }).collect();
            let holidays = office().holidays(&closings, &year());
            let usual = office().usual_hours(date(2026, 3, 2));
            let left: Vec<Hours> = match (holidays.closed_dates.len(), holidays.special_dates.first()) {
                (1, None) => Vec::new(),
                (0, Some(special)) => special.hours.iter().filter_map(read).collect(),
                (0, None) => usual.clone(),
                other => panic!("{other:?}"),
            };
            let within = |hours: &[Hours], second: u32| hours.iter().any(|one| {
                (one.opens.second()..one.closes.second()).contains(&second)
            });
            for minute in 0..1_440 {
                let is_closed = parts.iter().any(|(one, other)| (*one.min(other)..*one.max(other)).contains(&minute));
                let is_open = within(&usual, minute * 60) && !is_closed;
                prop_assert_eq!(within(&left, minute * 60), is_open, "minute {}", minute);
            }
        }
    }
}
