//! The times of an event that repeats. Rules are reckoned by a clock that is never changed: a holiday is the same date
//! everywhere.

use std::collections::BTreeSet;

use aftercall_domain::Violations;
use aftercall_domain::limits::{FEED_RULES_MAX, FEED_TIMES_MAX};
use aftercall_domain::violation::Reason;
use chrono::DateTime as RuleTime;
use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use rrule::{RRule, RRuleSet, Tz, Unvalidated};

use super::event::Event;
use super::lines::Property;
use super::times::Clocks;

/// What the rules of a feed may still make, all together.
#[derive(Debug)]
pub(super) struct Budget {
    rules: usize,
    times: usize,
}

impl Default for Budget {
    fn default() -> Self {
        Self {
            rules: FEED_RULES_MAX,
            times: FEED_TIMES_MAX,
        }
    }
}

impl Budget {
    /// When an event begins, before `until`. Notes a rule that can't be followed.
    pub(super) fn starts(
        &mut self,
        event: &Event,
        clocks: &Clocks,
        until: Date,
        found: &mut Violations,
    ) -> BTreeSet<DateTime> {
        let mut starts: BTreeSet<DateTime> = event.more.iter().copied().collect();
        match &event.rule {
            None => {
                starts.insert(event.start.at);
            }
            Some(rule) => self.follow(rule, (event, clocks), until, (&mut starts, found)),
        }
        starts.retain(|start| !event.is_excepted(*start));
        starts
    }

    fn follow(
        &mut self,
        rule: &Property,
        (event, clocks): (&Event, &Clocks),
        until: Date,
        (starts, found): (&mut BTreeSet<DateTime>, &mut Violations),
    ) {
        if self.rules == 0 {
            let text = format!(
                "line {}: is one rule too many; at most {FEED_RULES_MAX} are taken: give dates instead",
                rule.line
            );
            // Said once: the next ones have nothing left, either.
            if self.times > 0 {
                found.add("feed", Reason::TooMany, text);
            }
            self.times = 0;
            return;
        }
        self.rules -= 1;
        let end = until.at(0, 0, 0, 0);
        if event.start.at >= end {
            return;
        }
        let set = match set(&rule.value, event.start.at, end, clocks) {
            Ok(set) => set,
            Err(text) => return rule.wrong(found, &text),
        };
        for time in &set.limit() {
            if self.times == 0 {
                let text = format!(
                    "line {}: makes more times than are taken, which are {FEED_TIMES_MAX} of all rules together; let it \
                     begin later, or repeat less often",
                    rule.line
                );
                found.add("feed", Reason::TooMany, text);
                return;
            }
            self.times -= 1;
            match civil(time) {
                Some(start) if start < end => starts.insert(start),
                _ => return,
            };
        }
    }
}

/// A rule, ready to be followed from `start`, and not beyond `end`.
fn set(text: &str, start: DateTime, end: DateTime, clocks: &Clocks) -> Result<RRuleSet, String> {
    const REMEDY: &str = "give one such as FREQ=YEARLY, as RFC 5545 has it";
    if !text.is_ascii() {
        return Err(format!("has letters that no rule has; {REMEDY}"));
    }
    let (mut parts, mut ends) = (Vec::new(), None);
    for part in text.split(';').filter(|part| !part.is_empty()) {
        let (name, value) = part.split_once('=').unwrap_or((part, ""));
        match (&*name.to_ascii_uppercase(), &*value.to_ascii_uppercase()) {
            ("UNTIL", _) => {
                let until = clocks.until(value);
                let wrong = || "has an UNTIL that is no date or time; give YYYYMMDD".to_owned();
                ends = Some(until.ok_or_else(wrong)?);
            }
            ("FREQ", "SECONDLY" | "MINUTELY" | "HOURLY")
            | ("BYHOUR" | "BYMINUTE" | "BYSECOND" | "BYEASTER", _) => {
                let text = "repeats within a day, or by a feast that moves; give days, weeks, months, years, or dates";
                return Err(text.to_owned());
            }
            ("INTERVAL", "0") => return Err(format!("repeats after nothing; {REMEDY}")),
            _ => parts.push(part),
        }
    }
    let counts = parts
        .iter()
        .any(|part| part.to_ascii_uppercase().starts_with("COUNT="));
    let last = match (ends, counts) {
        (Some(_), true) => return Err("has COUNT and UNTIL; give one of them".to_owned()),
        (Some(until), false) if until < start => {
            return Err("has an UNTIL before DTSTART; correct one of them".to_owned());
        }
        (Some(until), false) => Some(until.min(end)),
        (None, false) => Some(end),
        // A rule that counts can't end otherwise.
        (None, true) => None,
    };
    let rule: RRule<Unvalidated> = parts
        .join(";")
        .parse()
        .map_err(|error| format!("is no rule: {error}; {REMEDY}"))?;
    let rule = match last {
        Some(last) => rule.until(rule_time(last).ok_or("is out of range")?),
        None => rule,
    };
    let start = rule_time(start).ok_or("is out of range")?;
    rule.build(start)
        .map_err(|error| format!("can't be followed: {error}; {REMEDY}"))
}

fn rule_time(at: DateTime) -> Option<RuleTime<Tz>> {
    let at = TimeZone::UTC.to_timestamp(at).ok()?;
    let at = RuleTime::from_timestamp(at.as_second(), 0)?;
    Some(at.with_timezone(&Tz::UTC))
}

fn civil(at: RuleTime<Tz>) -> Option<DateTime> {
    let at = Timestamp::from_second(at.timestamp()).ok()?;
    Some(TimeZone::UTC.to_datetime(at))
}
