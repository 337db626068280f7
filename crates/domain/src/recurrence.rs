//! Promises that recur: how a series is described, and which of its times is the next.
//!
//! A series is told by a rule of RFC 5545, followed by the clocks of a zone from the first promise's due. Each
//! occurrence is a promise of its own, and carries all that it takes to find the next one: so nothing but the latest
//! promise of a series has to be looked at.

mod rule;
#[cfg(test)]
mod tests;

use jiff::civil::DateTime;
use jiff::{SignedDuration, Timestamp};

pub use rule::{BadRule, Rule, Times, read_date, read_time};

use crate::calendar::{TimeOfDay, Zone, instant, timestamp};
use crate::due::DueSpec;
use crate::limits::{
    DUE_DAYS_MAX, NANOS_PER_SECOND, OCCURRENCES_MAX, OPEN_OCCURRENCES, OPEN_OCCURRENCES_MAX,
    RRULE_BYTES_MAX, RULE_TIMES_MAX, SECONDS_PER_DAY,
};
use crate::violation::Reason;
use crate::{FieldPath, Violations};

/// How something is promised again and again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recurrence {
    /// The rule, once it is checked without what ends it.
    pub rrule: String,
    /// By whose clocks it is followed, an IANA name.
    pub time_zone: String,
    /// What the next occurrence is made by.
    pub mode: RecurrenceMode,
    /// No occurrence is due after this; once it is checked there is one.
    pub until: Option<Timestamp>,
    /// How many times the rule has; none for no such limit.
    pub count: Option<u32>,
    /// What is made of the times that passed.
    pub catch_up: CatchUp,
    /// How many occurrences may be open at once; 0 for as usual until it is checked.
    pub max_open: u32,
}

/// What the next occurrence of a series is made by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RecurrenceMode {
    /// The end of the last one.
    Sequential,
    /// The due of the last one by the rule.
    Independent,
}

/// What is made of the times that passed before their occurrence was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum CatchUp {
    /// Nothing.
    #[default]
    Skip,
    /// One occurrence for all of them: that of the latest.
    CollapseToOne,
    /// An occurrence for each.
    All,
}

/// A promise's place in its series.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Occurrence {
    /// The series, by the id of its first promise.
    pub series_id: String,
    /// Which promise of the series it is, from 1.
    pub number: u32,
    /// Which time of the rule it is for, from 1.
    pub rule_no: u32,
    /// That time by the local clocks.
    pub local: DateTime,
    /// That time as an instant.
    pub due_at: Timestamp,
    /// How long before its due each occurrence may be kept; none for any time.
    pub window: Option<SignedDuration>,
}

/// The occurrence that follows another one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Following {
    /// The occurrence.
    pub occurrence: Occurrence,
    /// The last of the times between the two of which nothing was made; none if there was none.
    pub passed_over: Option<Timestamp>,
}

/// Why no further promise of a series is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RecurrenceEnd {
    /// Somebody said so.
    Asked,
    /// The rule has no further time.
    NoMoreTimes,
}

impl Recurrence {
    /// Checks the recurrence of a promise that is due at `due`, fills in what nobody said, and finds the promise's
    /// place in the series: the first. `time_zone` is the promise's own, `local` its due by the local clocks, where it
    /// was told so. None beside a violation.
    pub fn begin(
        &mut self,
        at: FieldPath<'_>,
        (due, told, time_zone): (Timestamp, Option<&DueSpec>, &str),
        found: &mut Violations,
    ) -> Option<Occurrence> {
        let before = found.as_slice().len();
        if self.time_zone.is_empty() {
            time_zone.clone_into(&mut self.time_zone);
        }
        let zone = zone(at.field("time_zone"), &self.time_zone, found);
        let rule = self.read_rule(at, found);
        self.check_numbers(at, found);
        let (zone, rule) = (zone?, rule?);
        zone.name().clone_into(&mut self.time_zone);
        self.settle_end(at, due, (&zone, &rule), found);
        if found.as_slice().len() > before {
            return None;
        }
        rule.text().clone_into(&mut self.rrule);
        let local = told_local(told, &zone).unwrap_or_else(|| local_of(&zone, due));
        let first = match rule.times(local, local) {
            Ok(mut times) => times.next(),
            Err(wrong) => {
                found.add(at.field("rrule"), Reason::BadRrule, wrong.to_string());
                return None;
            }
        };
        if first != Some(local) {
            let text = "has no time at which the first promise is due; let that be due at the first time of the rule, or \
                        leave out what of the rule is otherwise";
            found.add(at.field("rrule"), Reason::BadRrule, text);
            return None;
        }
        Some(Occurrence {
            series_id: String::new(),
            number: 1,
            rule_no: 1,
            local,
            due_at: due,
            window: None,
        })
    }

    /// The rule; none beside a violation. What ends it is moved to where it belongs.
    fn read_rule(&mut self, at: FieldPath<'_>, found: &mut Violations) -> Option<Rule> {
        let at = at.field("rrule");
        if self.rrule.is_empty() {
            found.required(at);
            return None;
        }
        if self.rrule.len() > RRULE_BYTES_MAX {
            found.too_long(at, RRULE_BYTES_MAX);
            return None;
        }
        let text = self.rrule.trim();
        let rule = match Rule::read(text.strip_prefix("RRULE:").unwrap_or(text)) {
            Ok(rule) => rule,
            Err(wrong) => {
                found.add(at, Reason::BadRrule, wrong.to_string());
                return None;
            }
        };
        if rule.repeats_within_an_hour() {
            let text = "recurs within an hour, which no promise does; give FREQ=HOURLY or a longer one, and one minute at \
                        most";
            found.add(at, Reason::BadRrule, text);
            return None;
        }
        if rule.picks_within_a_week() {
            let text = "has BYSETPOS, which picks among the days of a month or a year; name the days that are meant";
            found.add(at, Reason::BadRrule, text);
            return None;
        }
        if rule.count().is_some() || rule.until().is_some() {
            if self.count.is_some() || self.until.is_some() {
                let text = "says when it ends, as another field does, too; say it once";
                found.add(at, Reason::Conflicting, text);
                return None;
            }
            self.count = rule.count();
        }
        Some(rule)
    }

    fn check_numbers(&mut self, at: FieldPath<'_>, found: &mut Violations) {
        if self.count.is_some() && self.until.is_some() {
            let text = "says when it ends, and so does until; give one of the two";
            found.add(at.field("count"), Reason::Conflicting, text);
        }
        if self
            .count
            .is_some_and(|count| !(1..=OCCURRENCES_MAX).contains(&count))
        {
            let text =
                format!("a rule has 1 to {OCCURRENCES_MAX} times; give such a number, or until");
            found.add(at.field("count"), Reason::OutOfRange, text);
        }
        match self.max_open {
            0 => self.max_open = OPEN_OCCURRENCES,
            many if many > OPEN_OCCURRENCES_MAX => {
                let text =
                    format!("at most {OPEN_OCCURRENCES_MAX} may be open at once; give fewer");
                found.add(at.field("max_open"), Reason::OutOfRange, text);
            }
            _ => {}
        }
    }

    /// Says until when there are occurrences.
    fn settle_end(
        &mut self,
        at: FieldPath<'_>,
        due: Timestamp,
        (zone, rule): (&Zone, &Rule),
        found: &mut Violations,
    ) {
        let latest = SignedDuration::from_secs(DUE_DAYS_MAX * SECONDS_PER_DAY);
        let latest = due.checked_add(latest).unwrap_or(Timestamp::MAX);
        let (mut field, mut until) = ("until", self.until);
        if let Some(text) = rule.until() {
            field = "rrule";
            until = until_of(text, zone);
            if until.is_none() {
                let text = "has an UNTIL that is no date or time; give YYYYMMDD";
                found.add(at.field(field), Reason::BadRrule, text);
                return;
            }
        }
        if until.is_some_and(|until| until < due) {
            let text = "ends before the first promise is due; give a later time";
            found.add(at.field(field), Reason::OutOfRange, text);
        } else if until.is_some_and(|until| until > latest) {
            let text = format!(
                "ends more than {DUE_DAYS_MAX} days after the first due; give an earlier time"
            );
            found.add(at.field(field), Reason::OutOfRange, text);
        }
        self.until = Some(until.unwrap_or(latest));
    }

    /// The occurrence that follows `last`, if it is made at `now`; none if there is no further one.
    pub fn next(&self, last: &Occurrence, now: Timestamp) -> Option<Occurrence> {
        Some(self.following(last, now)?.occurrence)
    }

    /// As [`Self::next`], with what was passed over on the way there.
    pub fn following(&self, last: &Occurrence, now: Timestamp) -> Option<Following> {
        let zone = Zone::named(&self.time_zone)?;
        let rule = Rule::read(&self.rrule).ok()?;
        let until = self.until.unwrap_or(last.due_at);
        // A clock that is put back shows a later time before the end.
        let end = local_of(&zone, until).checked_add(SignedDuration::from_hours(24));
        let times = rule.times(last.local, end.ok()?).ok()?;
        let mut next = last.clone();
        let (mut passed_over, mut missed) = (None, None);
        for local in times.take(RULE_TIMES_MAX) {
            if local <= next.local {
                continue;
            }
            next.rule_no = next.rule_no.saturating_add(1);
            next.local = local;
            let due_at = instant_of(&zone, local);
            if self.count.is_some_and(|count| next.rule_no > count) || due_at > until {
                break;
            }
            if due_at <= next.due_at {
                // The clocks leap over both.
                continue;
            }
            next.due_at = due_at;
            let found = Following {
                occurrence: numbered(next.clone(), last),
                passed_over,
            };
            match self.catch_up {
                CatchUp::All => return Some(found),
                _ if due_at >= now => return Some(missed.unwrap_or(found)),
                CatchUp::CollapseToOne => missed = Some(found),
                CatchUp::Skip => {}
            }
            passed_over = Some(due_at);
        }
        missed
    }
}

impl Occurrence {
    /// Its due, as people say it.
    pub fn due(&self, time_zone: &str) -> Option<DueSpec> {
        let part = |part: i8| u32::from(part.unsigned_abs());
        let (hour, minute) = (part(self.local.hour()), part(self.local.minute()));
        Some(DueSpec::Local {
            date: self.local.date(),
            time: TimeOfDay::new(hour, minute, part(self.local.second()))?,
            time_zone: time_zone.to_owned(),
        })
    }
}

fn numbered(next: Occurrence, last: &Occurrence) -> Occurrence {
    Occurrence {
        number: last.number.saturating_add(1),
        ..next
    }
}

fn zone(at: FieldPath<'_>, name: &str, found: &mut Violations) -> Option<Zone> {
    if name.is_empty() {
        let text =
            "is required, unless the promise has a time_zone; give a name such as Europe/Berlin";
        found.add(at, Reason::Required, text);
        return None;
    }
    let zone = Zone::named(name);
    if zone.is_none() {
        crate::calendar::unknown_zone(at, found);
    }
    zone
}

/// The local time that was told, where it was told by these clocks: one that they leap over is not what they show then.
fn told_local(told: Option<&DueSpec>, zone: &Zone) -> Option<DateTime> {
    let (date, second, time_zone) = match told? {
        DueSpec::Local {
            date,
            time,
            time_zone,
        } => (date, time.second().into(), time_zone),
        DueSpec::EndOfLocalDay { date, time_zone } => (date, SECONDS_PER_DAY, time_zone),
        _ => return None,
    };
    if Zone::named(time_zone)?.name() != zone.name() {
        return None;
    }
    let second = SignedDuration::from_secs(second);
    date.at(0, 0, 0, 0).checked_add(second).ok()
}

/// What the clocks show at an instant, to the second.
fn local_of(zone: &Zone, at: Timestamp) -> DateTime {
    let local = zone.local(instant(at).div_euclid(NANOS_PER_SECOND));
    let since = SignedDuration::from_secs(local);
    let epoch = jiff::civil::date(1970, 1, 1).at(0, 0, 0, 0);
    epoch.saturating_add(since)
}

/// When the clocks show a time: as dues that are told by local clocks are reckoned.
fn instant_of(zone: &Zone, local: DateTime) -> Timestamp {
    let epoch = jiff::civil::date(1970, 1, 1).at(0, 0, 0, 0);
    let local = local.duration_since(epoch).as_secs();
    timestamp(zone.instants(local).reached() * NANOS_PER_SECOND)
}

/// The end of a rule: a date to its last second, a local time, or an instant.
fn until_of(text: &str, zone: &Zone) -> Option<Timestamp> {
    match text.strip_suffix('Z') {
        Some(utc) => jiff::tz::TimeZone::UTC.to_timestamp(read_time(utc)?).ok(),
        None => {
            let date = read_date(text).map(|date| date.at(23, 59, 59, 0));
            Some(instant_of(zone, date.or_else(|| read_time(text))?))
        }
    }
}
