//! Events: when they are, for how long, and what is said of their repetitions.

use std::collections::HashMap;

use aftercall_domain::Violations;
use aftercall_domain::limits::FEED_EVENT_DAYS_MAX;
use jiff::civil::DateTime;
use jiff::{SignedDuration, Span};

use super::feed::RawEvent;
use super::lines::{Property, wrong};
use super::times::{Clocks, Moment, read_span};

/// An event that is sound in itself.
#[derive(Debug, Clone)]
pub(super) struct Event {
    /// The line with which it begins.
    pub(super) line: usize,
    uid: String,
    pub(super) start: Moment,
    /// How long it is, by clocks that are not changed.
    pub(super) length: SignedDuration,
    pub(super) label: String,
    /// The property that says how it repeats.
    pub(super) rule: Option<Property>,
    /// When it is besides.
    pub(super) more: Vec<DateTime>,
    /// When it is not, though the rule says so.
    pub(super) except: Vec<Moment>,
    /// Which time of another event with its id it takes the place of.
    instead_of: Option<Moment>,
    is_cancelled: bool,
}

impl Event {
    /// Whether one of its times is left out.
    pub(super) fn is_excepted(&self, at: DateTime) -> bool {
        self.except.iter().any(|except| match except.is_date {
            true => except.at.date() == at.date(),
            // An exception of a whole day is told as an instant by some programs.
            false => except.at == at || self.start.is_date && except.at.date() == at.date(),
        })
    }
}

/// The events of a feed that count: those that were called off are gone, and so are the times that another event takes
/// the place of.
pub(super) fn read(raw: &[RawEvent], clocks: &Clocks, found: &mut Violations) -> Vec<Event> {
    let read = raw.iter().filter_map(|raw| event(raw, clocks, found));
    let (instead, mut events): (Vec<Event>, Vec<Event>) =
        read.partition(|event| event.instead_of.is_some());
    let mut replaced: HashMap<&str, Vec<Moment>> = HashMap::new();
    for event in &instead {
        let times = replaced.entry(&event.uid).or_default();
        times.extend(event.instead_of);
    }
    for event in &mut events {
        if let Some(times) = replaced.get(&*event.uid) {
            event.except.extend(times);
        }
    }
    events.extend(instead);
    events.retain(|event| !event.is_cancelled);
    events
}

fn event(raw: &RawEvent, clocks: &Clocks, found: &mut Violations) -> Option<Event> {
    let Some(start) = raw.property("DTSTART") else {
        let text = "the event has no DTSTART; give the day on which it is closed";
        wrong(found, raw.line, text);
        return None;
    };
    let start = clocks.moment(start, found)?;
    let length = length(raw, start, clocks, found)?;
    let mut rules = raw.all("RRULE");
    let rule = rules.next().cloned();
    if let Some(second) = rules.next() {
        let text =
            "is the second of its event, which may have one; give the other as an event of its own";
        second.wrong(found, text);
    }
    for unknown in raw.all("EXRULE") {
        unknown.wrong(found, "is not understood; give the dates as EXDATE");
    }
    let each = |name: &'static str, found: &mut Violations| -> Vec<Moment> {
        let properties = raw.all(name);
        properties
            .flat_map(|property| clocks.moments(property, found))
            .collect()
    };
    let (more, except) = (each("RDATE", found), each("EXDATE", found));
    let text = |name: &str| {
        let property = raw.property(name);
        property.map_or_else(String::new, |property| property.value.clone())
    };
    Some(Event {
        line: raw.line,
        uid: text("UID"),
        start,
        length,
        label: label(&text("SUMMARY")),
        rule,
        more: more.into_iter().map(|moment| moment.at).collect(),
        except,
        instead_of: instead_of(raw, clocks, found),
        is_cancelled: text("STATUS").eq_ignore_ascii_case("CANCELLED"),
    })
}

/// What is said of an event, on one line.
fn label(summary: &str) -> String {
    let mut summary = summary.to_owned();
    aftercall_domain::text::clean(&mut summary);
    let words: Vec<_> = summary.split_whitespace().collect();
    words.join(" ")
}

fn instead_of(raw: &RawEvent, clocks: &Clocks, found: &mut Violations) -> Option<Moment> {
    let property = raw.property("RECURRENCE-ID")?;
    if property.parameter("RANGE").is_some() {
        let text = "changes all times that follow; give them as an event of their own";
        property.wrong(found, text);
    }
    clocks.moment(property, found)
}

/// How long an event is: up to its end, which is no part of it, or for its duration; a date without either is a day.
fn length(
    raw: &RawEvent,
    start: Moment,
    clocks: &Clocks,
    found: &mut Violations,
) -> Option<SignedDuration> {
    let day = SignedDuration::from_hours(24);
    let (end, property) = match (raw.property("DTEND"), raw.property("DURATION")) {
        (Some(property), _) => (clocks.moment(property, found)?.at, property),
        (None, Some(property)) => (ending(start, property, found)?, property),
        (None, None) if start.is_date => return Some(day),
        (None, None) => return Some(SignedDuration::ZERO),
    };
    let length = end.duration_since(start.at);
    if length.is_negative() {
        property.wrong(
            found,
            "is before DTSTART; give the first day after the event",
        );
        return None;
    }
    if length > day * i32::try_from(FEED_EVENT_DAYS_MAX).unwrap_or(i32::MAX) {
        let text =
            format!("is more than {FEED_EVENT_DAYS_MAX} days after DTSTART; give several events");
        property.wrong(found, &text);
        return None;
    }
    // Some programs give a day's own date as its end.
    Some(match start.is_date && length.is_zero() {
        true => day,
        false => length,
    })
}

fn ending(start: Moment, property: &Property, found: &mut Violations) -> Option<DateTime> {
    let span: Option<Span> = read_span(&property.value);
    let end = span.and_then(|span| start.at.checked_add(span).ok());
    if end.is_none() {
        let text = "is no duration that goes forward; give one such as P1D or PT4H";
        property.wrong(found, text);
    }
    end
}
