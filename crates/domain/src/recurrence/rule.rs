//! Recurrence rules of RFC 5545: read, and followed from a first time. They are followed by a clock that is never
//! changed; which instant a time is, is for those to say who know the zone.

use chrono::DateTime as RuleTime;
use jiff::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use rrule::{RRule, RRuleSetIter, Tz, Unvalidated};
use thiserror::Error;

/// The years of which times are taken.
const YEARS: std::ops::Range<i16> = 1900..2200;

const REMEDY: &str = "give one such as FREQ=YEARLY, as RFC 5545 has it";

/// A rule, as far as it can be checked without its first time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// The rule without what ends it.
    text: String,
    until: Option<String>,
    count: Option<u32>,
    within_an_hour: bool,
    within_a_day: bool,
    picks_within_a_week: bool,
}

/// What is wrong with a rule, and the remedy.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct BadRule(String);

impl Rule {
    /// Reads a rule such as `FREQ=WEEKLY;BYDAY=MO`.
    ///
    /// # Errors
    /// When it is none, or one that can't be followed.
    pub fn read(text: &str) -> Result<Self, BadRule> {
        if !text.is_ascii() {
            let text = format!("has letters that no rule has; {REMEDY}");
            return Err(BadRule(text));
        }
        let (mut parts, mut until, mut count) = (Vec::new(), None, None);
        let (mut within_an_hour, mut within_a_day) = (false, false);
        let (mut picks, mut is_long) = (false, false);
        for part in text.split(';').filter(|part| !part.is_empty()) {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            let (name, value) = (name.to_ascii_uppercase(), value.to_ascii_uppercase());
            match (&*name, &*value) {
                ("UNTIL", _) => {
                    until = Some(value);
                    continue;
                }
                ("COUNT", value) => {
                    let wrong = || BadRule(format!("has a COUNT that is no number; {REMEDY}"));
                    count = Some(value.parse().map_err(|_| wrong())?);
                    continue;
                }
                ("INTERVAL", "0") => {
                    return Err(BadRule(format!("repeats after nothing; {REMEDY}")));
                }
                ("BYEASTER", _) => {
                    let text =
                        "repeats by a feast that moves; give days, weeks, months, years, or dates";
                    return Err(BadRule(text.to_owned()));
                }
                ("FREQ", "SECONDLY" | "MINUTELY") | ("BYSECOND", _) => within_an_hour = true,
                ("BYMINUTE", minutes) if minutes.contains(',') => within_an_hour = true,
                ("FREQ", "HOURLY") | ("BYHOUR" | "BYMINUTE", _) => within_a_day = true,
                ("FREQ", "MONTHLY" | "YEARLY") => is_long = true,
                ("BYSETPOS", _) => picks = true,
                _ => {}
            }
            parts.push(part);
        }
        if until.is_some() && count.is_some() {
            let text = "has COUNT and UNTIL; give one of them";
            return Err(BadRule(text.to_owned()));
        }
        let rule = Self {
            text: parts.join(";"),
            until,
            count,
            within_an_hour,
            within_a_day: within_a_day || within_an_hour,
            picks_within_a_week: picks && !is_long,
        };
        rule.parsed()?;
        Ok(rule)
    }

    /// The rule without what ends it.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The date or time that is its last one at most, as it stands there.
    pub fn until(&self) -> Option<&str> {
        self.until.as_deref()
    }

    /// How many times it has.
    pub const fn count(&self) -> Option<u32> {
        self.count
    }

    /// Whether it may have two times within one hour.
    pub const fn repeats_within_an_hour(&self) -> bool {
        self.within_an_hour
    }

    /// Whether it may have two times on one day.
    pub const fn repeats_within_a_day(&self) -> bool {
        self.within_a_day
    }

    /// Whether it picks among the times of a week, a day or an hour: which those are depends on where it is followed
    /// from.
    pub const fn picks_within_a_week(&self) -> bool {
        self.picks_within_a_week
    }

    /// Its times from `start` on, which it may or may not be, and not after `last`; as if nothing else ended it.
    ///
    /// # Errors
    /// When it can't be followed from there.
    pub fn times(&self, start: DateTime, last: DateTime) -> Result<Times, BadRule> {
        let out_of_range = || BadRule("is out of range".to_owned());
        let last = rule_time(last.max(start)).ok_or_else(out_of_range)?;
        let start = rule_time(start).ok_or_else(out_of_range)?;
        let set = self.parsed()?.until(last).build(start);
        let set = set.map_err(|error| BadRule(format!("can't be followed: {error}; {REMEDY}")))?;
        // The library gives up after so many steps without a time.
        let set = set.limit();
        Ok(Times((&set).into_iter()))
    }

    fn parsed(&self) -> Result<RRule<Unvalidated>, BadRule> {
        let rule = self.text.parse();
        rule.map_err(|error| BadRule(format!("is no rule: {error}; {REMEDY}")))
    }
}

/// The times of a rule, in order.
#[derive(Debug)]
pub struct Times(RRuleSetIter);

impl Iterator for Times {
    type Item = DateTime;

    fn next(&mut self) -> Option<DateTime> {
        let at = Timestamp::from_second(self.0.next()?.timestamp()).ok()?;
        Some(TimeZone::UTC.to_datetime(at))
    }
}

fn rule_time(at: DateTime) -> Option<RuleTime<Tz>> {
    let at = TimeZone::UTC.to_timestamp(at).ok()?;
    let at = RuleTime::from_timestamp(at.as_second(), 0)?;
    Some(at.with_timezone(&Tz::UTC))
}

/// A date as iCalendar has it, such as `20270329`.
pub fn read_date(text: &str) -> Option<Date> {
    let [year, month, day] = digits(text, &[4, 2, 2])?;
    let date = Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?);
    date.ok().filter(|date| YEARS.contains(&date.year()))
}

/// A date and time as iCalendar has it, such as `20270329T090000`.
pub fn read_time(text: &str) -> Option<DateTime> {
    let (date, time) = text.split_once(['T', 't'])?;
    let [hour, minute, second] = digits(time, &[2, 2, 2])?;
    let small = |part: i16| i8::try_from(part).ok();
    // A leap second is taken as the second before it.
    let second = small(second)?.min(59);
    let time = Time::new(small(hour)?, small(minute)?, second, 0).ok()?;
    Some(read_date(date)?.to_datetime(time))
}

/// The numbers of a text that has nothing but digits, so many for each.
fn digits<const N: usize>(text: &str, lengths: &[usize; N]) -> Option<[i16; N]> {
    let whole = text.len() == lengths.iter().sum::<usize>();
    if !whole || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let mut rest = text;
    let mut numbers = [0; N];
    for (number, length) in numbers.iter_mut().zip(lengths) {
        let (part, left) = rest.split_at(*length);
        *number = part.parse().ok()?;
        rest = left;
    }
    Some(numbers)
}
