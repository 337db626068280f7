//! From what was said of a time to a due.

use jiff::Timestamp;
use jiff::civil::Date;

use super::when::{Clock, Day, When};
use crate::calendar::{Day as LocalDay, TimeOfDay, Zone, instant};
use crate::due::{DayTime, DueSpec, WeekPart};
use crate::limits::{NANOS_PER_SECOND, SECONDS_PER_DAY};

/// The last day of a week's work, where no calendar says it: Friday.
const LAST_WORKDAY: i64 = 4;

/// When and where something was said.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// When.
    pub told_at: Timestamp,
    /// By whose clocks.
    pub zone: &'a Zone,
    /// By which calendar open days are counted; without one they are Monday to Friday.
    pub calendar_id: Option<&'a str>,
}

impl When {
    /// The due that it means; none where there is no such day.
    ///
    /// A day without a time is over at its end. `In the morning` is over at noon, `in the afternoon` at 18:00. A week's work
    /// is over on Friday, or by the calendar when it closes for the last time.
    pub fn due(self, place: Place<'_>) -> Option<DueSpec> {
        let (day, clock) = match self {
            Self::After(time) => return Some(DueSpec::Elapsed(time)),
            Self::On { day, clock } => (day, clock),
        };
        match (day, clock, place.calendar_id) {
            (Some(Day::Business(days)), clock, Some(id)) => Some(business(days, clock, id)),
            (Some(Day::In(0)), Some(Clock::Closing), Some(id)) => Some(business(0, clock, id)),
            (Some(Day::EndOfWeek(0)), None, Some(id)) => Some(DueSpec::WeekPeriod {
                part: WeekPart::EndOfWeek,
                calendar_id: id.to_owned(),
            }),
            (Some(day), clock, _) => local(place.zone, place.date(day)?, clock),
            (None, clock, _) => {
                let today = place.today();
                let is_over = clock.is_some_and(|clock| clock.ends() <= place.second_of_day());
                local(place.zone, today.plus(i64::from(is_over)).date()?, clock)
            }
        }
    }
}

impl Clock {
    /// The second of the day at which it is over.
    const fn ends(self) -> u32 {
        match self {
            Self::At(time) => time.second(),
            Self::Morning => TimeOfDay::NOON.second(),
            Self::Afternoon => 18 * 3_600,
            Self::Evening | Self::Closing => TimeOfDay::END.second(),
        }
    }
}

fn business(days: u32, clock: Option<Clock>, calendar_id: &str) -> DueSpec {
    let at = match clock {
        None | Some(Clock::Closing) => DayTime::EndOfDay,
        Some(clock) => time(clock).map_or(DayTime::EndOfDay, DayTime::At),
    };
    DueSpec::BusinessDays {
        days,
        at,
        calendar_id: calendar_id.to_owned(),
    }
}

fn time(clock: Clock) -> Option<TimeOfDay> {
    let second = clock.ends();
    TimeOfDay::new(second / 3_600, second / 60 % 60, second % 60)
}

/// A date by the clocks of a zone, at a time or at its end.
fn local(zone: &Zone, date: Date, clock: Option<Clock>) -> Option<DueSpec> {
    let time_zone = zone.name().to_owned();
    Some(match clock {
        None | Some(Clock::Evening | Clock::Closing) => DueSpec::EndOfLocalDay { date, time_zone },
        Some(clock) => DueSpec::Local {
            date,
            time: time(clock)?,
            time_zone,
        },
    })
}

impl Place<'_> {
    fn second(&self) -> i64 {
        instant(self.told_at).div_euclid(NANOS_PER_SECOND)
    }

    /// The local day on which it was said.
    fn today(&self) -> LocalDay {
        self.zone.day(self.second())
    }

    /// What the clocks showed then, in seconds since the day's beginning.
    fn second_of_day(&self) -> u32 {
        let second = self.zone.local(self.second()).rem_euclid(SECONDS_PER_DAY);
        u32::try_from(second).unwrap_or(0)
    }

    fn date(&self, day: Day) -> Option<Date> {
        let today = self.today();
        let weekday = i64::try_from(today.weekday()).unwrap_or(0);
        let monday = today.plus(-weekday);
        let offset = |weekday: jiff::civil::Weekday| i64::from(weekday.to_monday_zero_offset());
        match day {
            Day::In(days) => today.plus(days.into()).date(),
            Day::Business(days) => after_workdays(today, days).date(),
            Day::Weekday(said) => {
                let ahead = (offset(said) - weekday).rem_euclid(7);
                today.plus(if ahead == 0 { 7 } else { ahead }).date()
            }
            Day::OfNextWeek(said) => monday.plus(7 + offset(said)).date(),
            Day::EndOfWeek(weeks) => {
                // On a weekend, this week's work is the one to come.
                let passed = i64::from(weeks == 0 && weekday > LAST_WORKDAY);
                let weeks = i64::from(weeks) + passed;
                monday.plus(7 * weeks + LAST_WORKDAY).date()
            }
            Day::EndOfMonth(months) => {
                let months = jiff::Span::new().months(i64::from(months));
                let date = today.date()?.first_of_month().checked_add(months).ok()?;
                Some(date.last_of_month())
            }
            Day::Date { month, day } => {
                let today = today.date()?;
                let of = |year: i16| Date::new(year, month, day).ok();
                let this = of(today.year()).filter(|date| *date >= today);
                this.or_else(|| of(today.year().checked_add(1)?))
            }
        }
    }
}

/// The day after so many days from Monday to Friday.
fn after_workdays(today: LocalDay, days: u32) -> LocalDay {
    let (mut day, mut left) = (today, days);
    while left > 0 {
        day = day.plus(1);
        let is_workday = i64::try_from(day.weekday()).is_ok_and(|day| day <= LAST_WORKDAY);
        left -= u32::from(is_workday);
    }
    day
}
