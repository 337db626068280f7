//! The times of an event that repeats. Rules are reckoned by a clock that is never changed: a holiday is the same date
//! everywhere.

use std::collections::BTreeSet;

use aftercall_domain::Violations;
use aftercall_domain::limits::{FEED_RULES_MAX, FEED_TIMES_MAX};
use aftercall_domain::recurrence::Rule;
use aftercall_domain::violation::Reason;
use jiff::civil::{Date, DateTime};

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
        let times = match times(&rule.value, event.start.at, end, clocks) {
            Ok(times) => times,
            Err(text) => return rule.wrong(found, &text),
        };
        for start in times {
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
            if start >= end {
                return;
            }
            starts.insert(start);
        }
    }
}

/// The times of a rule from `start` on, and not beyond `end`.
fn times(
    text: &str,
    start: DateTime,
    end: DateTime,
    clocks: &Clocks,
) -> Result<impl Iterator<Item = DateTime>, String> {
    let rule = Rule::read(text).map_err(|wrong| wrong.to_string())?;
    if rule.repeats_within_a_day() {
        let text = "repeats within a day, or by a feast that moves; give days, weeks, months, years, or dates";
        return Err(text.to_owned());
    }
    let last = match rule.until().map(|until| clocks.until(until)) {
        None => end,
        Some(None) => return Err("has an UNTIL that is no date or time; give YYYYMMDD".to_owned()),
        Some(Some(until)) if until < start => {
            return Err("has an UNTIL before DTSTART; correct one of them".to_owned());
        }
        Some(Some(until)) => until.min(end),
    };
    let count = rule.count().and_then(|count| usize::try_from(count).ok());
    let times = rule.times(start, last).map_err(|wrong| wrong.to_string())?;
    Ok(times.take(count.unwrap_or(usize::MAX)))
}
