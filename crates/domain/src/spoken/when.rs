//! When something was promised, as it was said.

use jiff::SignedDuration;
use jiff::civil::Weekday;

use super::pattern::{Captured, Pattern};
use super::rules::{Means, TIMES};
use super::token::Token;
use crate::calendar::TimeOfDay;

/// When something was promised, as it was said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum When {
    /// So long after it was said: `within two hours`.
    After(SignedDuration),
    /// On a day, by a time of it: `tomorrow by five`. At least one of the two.
    On {
        /// The day; none where only a time was said: the next such time.
        day: Option<Day>,
        /// The time; none for the whole day.
        clock: Option<Clock>,
    },
}

/// A day, as people say it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Day {
    /// So many days later; 0 is today.
    In(u32),
    /// So many open days later.
    Business(u32),
    /// The next such day, not today: `on Tuesday`.
    Weekday(Weekday),
    /// Such a day of the next week, which begins on Monday: `next Tuesday`.
    OfNextWeek(Weekday),
    /// The end of a week's work; 0 is this week.
    EndOfWeek(u32),
    /// The last day of a month; 0 is this month.
    EndOfMonth(u32),
    /// The next such date.
    Date {
        /// From 1.
        month: i8,
        /// From 1.
        day: i8,
    },
}

/// A time of a day, as people say it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Clock {
    /// At this time.
    At(TimeOfDay),
    /// Before noon.
    Morning,
    /// Before 18:00.
    Afternoon,
    /// Before the day is over.
    Evening,
    /// Before it closes for the day.
    Closing,
}

/// What a clause says of the time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Told {
    /// The time; none where it was only said that it will be soon.
    pub(super) when: Option<When>,
    /// The rule that found it.
    pub(super) rule: &'static str,
}

/// Whether something is done at once, while the customer waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Timing {
    /// Nothing is said of it.
    Unsaid,
    /// At once.
    AtOnce,
    /// Later.
    Later(Told),
}

/// What some words say of the time.
pub(super) fn timing(tokens: &[Token]) -> Timing {
    let (mut after, mut day, mut clock) = (None, None, None);
    let (mut rule, mut soon, mut at_once) = (None, None, false);
    let mut at = 0;
    while at < tokens.len() {
        let Some((one, captured)) = longest(tokens, at) else {
            at += 1;
            continue;
        };
        at = captured.end.max(at + 1);
        let said = one.means.said(&captured);
        match said {
            Said::Nothing => continue,
            Said::AtOnce => at_once = true,
            Said::Soon => {
                soon.get_or_insert(one.code);
            }
            Said::After(time) => {
                after.get_or_insert(time);
            }
            Said::On(on, by) => {
                day = day.or(on);
                clock = clock.or(by);
            }
        }
        if matches!(said, Said::After(_) | Said::On(..)) {
            rule.get_or_insert(one.code);
        }
    }
    let when = match (after, day, clock) {
        (Some(time), ..) => Some(When::After(time)),
        (None, None, None) => None,
        (None, day, clock) => Some(When::On { day, clock }),
    };
    match (rule.filter(|_| when.is_some()), soon) {
        (Some(rule), _) => Timing::Later(Told { when, rule }),
        (None, _) if at_once => Timing::AtOnce,
        (None, Some(rule)) => Timing::Later(Told { when: None, rule }),
        (None, None) => Timing::Unsaid,
    }
}

/// The rule whose words stand at a place; of several the one with the most words, of equal ones the first.
fn longest(tokens: &[Token], at: usize) -> Option<(&'static Time, Captured)> {
    let mut best: Option<(&Time, Captured)> = None;
    for one in TIMES.iter() {
        for pattern in &one.says {
            let Some(captured) = pattern.at(tokens, at) else {
                continue;
            };
            if best
                .as_ref()
                .is_none_or(|(_, other)| captured.end > other.end)
            {
                best = Some((one, captured));
            }
        }
    }
    best
}

/// A rule of times, ready to be used.
#[derive(Debug)]
pub(super) struct Time {
    pub(super) code: &'static str,
    pub(super) means: Means,
    pub(super) says: Vec<Pattern>,
}

/// What the words of one rule say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Said {
    Nothing,
    AtOnce,
    Soon,
    After(SignedDuration),
    On(Option<Day>, Option<Clock>),
}

impl Means {
    fn said(self, captured: &Captured) -> Said {
        let number = captured.number.unwrap_or(1);
        let seconds = |unit: i64| Said::After(SignedDuration::from_secs(i64::from(number) * unit));
        let day = |day| Said::On(Some(day), captured.part);
        match self {
            Self::Nothing => Said::Nothing,
            Self::AtOnce => Said::AtOnce,
            Self::Soon => Said::Soon,
            Self::Minutes => seconds(60),
            Self::HalfHour => Said::After(SignedDuration::from_mins(30)),
            Self::Hours => seconds(3_600),
            Self::Days => day(Day::In(number)),
            Self::BusinessDays => day(Day::Business(number)),
            Self::Weeks => day(Day::In(number.saturating_mul(7))),
            Self::Months => day(Day::In(number.saturating_mul(30))),
            Self::Day(on) => day(on),
            Self::Clock(clock) => Said::On(None, Some(clock)),
            Self::Both(on, clock) => Said::On(Some(on), Some(clock)),
            Self::AtClock => captured
                .clock
                .map_or(Said::Nothing, |time| Said::On(None, Some(Clock::At(time)))),
            Self::Weekday => captured
                .weekday
                .map_or(Said::Nothing, |weekday| day(Day::Weekday(weekday))),
            Self::WeekdayOfNextWeek => captured
                .weekday
                .map_or(Said::Nothing, |weekday| day(Day::OfNextWeek(weekday))),
            Self::Date => match captured.month.zip(captured.ordinal) {
                Some((month, of_month)) => day(Day::Date {
                    month,
                    day: of_month,
                }),
                None => Said::Nothing,
            },
        }
    }
}
