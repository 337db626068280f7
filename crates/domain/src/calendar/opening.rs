//! One version's opening hours, made ready for reckoning.
//!
//! Each local day has its hours: those of its date if it has some of its own, else those of its
//! weekday. Hours become instants by the zone's clocks: they begin when the clock first reaches
//! `opens`, and end when it has passed `closes` for the last time. So an hour that comes twice
//! may be in the hours of two days, or of two intervals of one: open is what is in any of them, and
//! counts once.
//!
//! On most days a local time is one instant, and each week is as long as the last one. Whole weeks
//! of such days are skipped; the others, which have hours of their own or on which the clocks are
//! changed, are listed once and walked one by one.

use std::ops::ControlFlow;

use jiff::civil::Date;

use super::hours::Hours;
use super::zone::{Day, END_S, FIRST_S, Zone};
use crate::limits::{NANOS_PER_SECOND, SECONDS_PER_DAY};

/// Any time of 366 days has to be open for so long, in nanoseconds.
const OPEN_MIN: i64 = 60 * NANOS_PER_SECOND;

/// When it is open by one version of a calendar. Instants in here are nanoseconds since the Unix epoch.
#[derive(Debug, Clone)]
pub struct OpeningHours {
    zone: Zone,
    week: [Vec<Hours>; 7],
    /// How long a week without changes is open.
    open_per_week: i64,
    /// By their days.
    exceptions: Vec<Exception>,
    /// The days that are not like those of every week, in order.
    irregular: Vec<Day>,
    effective_from: Option<Date>,
}

/// A date whose hours are its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Exception {
    pub(crate) day: Day,
    /// In order; none if it is closed.
    pub(crate) hours: Vec<Hours>,
    pub(crate) label: String,
}

/// How far a walk through open time came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Walked {
    /// How much of it was open, at most what was wanted.
    pub(crate) open: i64,
    /// When there was as much as was wanted; none if there was not.
    pub(crate) at: Option<i64>,
}

impl OpeningHours {
    /// From parts that were checked: hours and exceptions are in order.
    pub(crate) fn new(
        zone: Zone,
        week: [Vec<Hours>; 7],
        exceptions: Vec<Exception>,
        effective_from: Option<Date>,
    ) -> Self {
        let seconds: i64 = week.iter().flatten().map(|hours| hours.seconds()).sum();
        let mut irregular: Vec<Day> = exceptions.iter().map(|one| one.day).collect();
        irregular.extend(zone.days_of_change());
        irregular.sort_unstable();
        irregular.dedup();
        Self {
            zone,
            week,
            open_per_week: seconds * NANOS_PER_SECOND,
            exceptions,
            irregular,
            effective_from,
        }
    }

    /// The zone by whose clocks the hours are told.
    pub const fn zone(&self) -> &Zone {
        &self.zone
    }

    /// From the beginning of which local date they count; none for from ever.
    pub const fn effective_from(&self) -> Option<Date> {
        self.effective_from
    }

    /// The first instant at which they count; none for from ever.
    pub(super) fn effective_from_instant(&self) -> Option<i64> {
        let day = Day::of(self.effective_from?);
        Some(self.zone.instants(day.at(0)).reached() * NANOS_PER_SECOND)
    }

    /// The hours of a local day, by its clocks.
    pub(crate) fn hours_on(&self, day: Day) -> &[Hours] {
        match self.exception_on(day) {
            Some(exception) => &exception.hours,
            None => &self.week[day.weekday()],
        }
    }

    /// The exceptions on the days from `first` to `last`, both included.
    pub(super) fn exceptions_within(&self, first: Day, last: Day) -> &[Exception] {
        let index = |day| self.exceptions.partition_point(|one| one.day < day);
        &self.exceptions[index(first)..index(last.plus(1)).max(index(first))]
    }

    /// Whether the week would have the day open.
    pub(super) fn is_open_in_week(&self, day: Day) -> bool {
        !self.week[day.weekday()].is_empty()
    }

    fn exception_on(&self, day: Day) -> Option<&Exception> {
        let index = self.exceptions.binary_search_by_key(&day, |one| one.day);
        index.ok().map(|index| &self.exceptions[index])
    }

    /// The instants of a day's hours, in order. Those of neighbouring hours and days may overlap.
    pub(crate) fn open_on(&self, day: Day) -> impl Iterator<Item = (i64, i64)> {
        self.hours_on(day).iter().filter_map(move |hours| {
            let opens = self.zone.instants(day.at(hours.opens.second())).reached();
            let closes = self.zone.instants(day.at(hours.closes.second())).passed();
            (opens < closes).then_some((opens * NANOS_PER_SECOND, closes * NANOS_PER_SECOND))
        })
    }

    /// The local day of an instant.
    pub(crate) fn day(&self, at: i64) -> Day {
        self.zone.day(at.div_euclid(NANOS_PER_SECOND))
    }

    /// Walks from `from` until there was as much open time as is wanted, at most up to `until`. To want
    /// nothing finds the first instant that is open.
    pub(super) fn walk(&self, from: i64, until: i64, want: i64) -> Walked {
        let (first, end) = (self.day(from), self.day(until));
        let (mut day, mut covered, mut open) = (first.plus(-1), from, 0);
        while day <= end.plus(1) {
            if day > first {
                let weeks = self.weeks_alike(day, end, want - open);
                open += weeks * self.open_per_week;
                day = day.plus(7 * weeks);
            }
            for (opens, closes) in self.open_on(day) {
                let (opens, closes) = (opens.max(covered), closes.min(until));
                if opens >= closes {
                    continue;
                }
                let left = want - open;
                if left <= closes - opens {
                    return Walked {
                        open: want,
                        at: Some(opens + left),
                    };
                }
                open += closes - opens;
                covered = closes;
            }
            day = day.plus(1);
        }
        Walked { open, at: None }
    }

    /// Over how many whole weeks from `day` a walk may step at once: before `end`, with less open time than
    /// is still wanted.
    fn weeks_alike(&self, day: Day, end: Day, wanted: i64) -> i64 {
        let next = self.irregular.partition_point(|&one| one < day);
        let until = self.irregular.get(next).map_or(end, |&one| one.min(end));
        let weeks = ((until.0 - day.0) / 7).max(0);
        if weeks == 0 || self.open_per_week == 0 {
            return weeks;
        }
        weeks.min((wanted - 1).max(0) / self.open_per_week)
    }

    /// Gives each open stretch from `from` up to `until` to `visit`, in order, until it breaks. Those that
    /// touch stay two.
    pub(super) fn each_open<B>(
        &self,
        from: i64,
        until: i64,
        mut visit: impl FnMut(i64, i64) -> ControlFlow<B>,
    ) -> ControlFlow<B> {
        let (mut day, last) = (self.day(from).plus(-1), self.day(until).plus(1));
        let mut covered = from;
        while day <= last {
            for (opens, closes) in self.open_on(day) {
                let (opens, closes) = (opens.max(covered), closes.min(until));
                if opens < closes {
                    visit(opens, closes)?;
                    covered = closes;
                }
            }
            day = day.plus(1);
        }
        ControlFlow::Continue(())
    }

    /// Whether each 366 days, from when they count on, have a minute that is open. What is closed for longer
    /// begins with an exception, or it is the week itself.
    pub(super) fn is_open_in_every_year(&self) -> bool {
        let start = self
            .effective_from_instant()
            .unwrap_or(FIRST_S * NANOS_PER_SECOND);
        let begins = self.exceptions.iter().map(|one| one.day);
        let follows = self.exceptions.last().map(|one| one.day.plus(1));
        let mut before = None;
        begins
            .chain(follows)
            .filter(|&day| before.replace(day.plus(1)) != Some(day) || follows == Some(day))
            .map(|day| self.zone.instants(day.at(0)).reached() * NANOS_PER_SECOND)
            .chain([start])
            .filter(|&at| at >= start && at < END_S * NANOS_PER_SECOND)
            .all(|at| {
                let year = 366 * SECONDS_PER_DAY * NANOS_PER_SECOND;
                self.walk(at, at + year, OPEN_MIN).at.is_some()
            })
    }
}
