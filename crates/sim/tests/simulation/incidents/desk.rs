//! The desk's histories, as the set has them.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use flate2::read::MultiGzDecoder;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use serde::Deserialize;

/// Since 1970, in UTC: the set tells minutes, and no zone.
pub(super) type Minute = i64;

/// An incident, as far as its clock goes.
#[derive(Debug, Deserialize)]
pub(super) struct Incident {
    pub(super) id: String,
    pub(super) customer: Option<String>,
    opened_at: String,
    /// From 1, at once, to 4.
    pub(super) priority: String,
    pub(super) reopen_count: usize,
    pub(super) label_made_sla: bool,
    /// When, in which state from then on, and what does not matter here.
    events: Vec<(String, String, String, u32, u32)>,
}

/// Whose turn it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    /// The desk's.
    Ours,
    /// The caller's.
    Callers,
    /// Somebody else's.
    Others,
    /// It is resolved.
    Done,
}

impl State {
    fn of(word: &str) -> Self {
        match word {
            "awaiting-user-info" => Self::Callers,
            "awaiting-vendor" | "awaiting-problem" | "awaiting-evidence" => Self::Others,
            "resolved" | "closed" => Self::Done,
            // Also a state that the set calls -100: nobody says that anybody waited.
            _ => Self::Ours,
        }
    }

    pub(super) const fn waits(self) -> bool {
        matches!(self, Self::Callers | Self::Others)
    }
}

impl Incident {
    pub(super) fn opened_at(&self) -> Minute {
        minute(&self.opened_at)
    }

    /// In which state it was from when on, in order, up to when it was resolved for the last time.
    pub(super) fn course(&self) -> Vec<(Minute, State)> {
        let opened_at = self.opened_at();
        let mut course = vec![(opened_at, State::Ours)];
        let mut events: Vec<_> = self
            .events
            .iter()
            .map(|(at, word, ..)| (minute(at).max(opened_at), State::of(word)))
            .collect();
        // One history is out of order.
        events.sort_by_key(|(at, _)| *at);
        for (at, state) in events {
            if course.last().is_some_and(|(_, last)| *last != state) {
                course.push((at, state));
            }
        }
        course
    }

    /// Whether it ended, and waited or was reopened on the way.
    pub(super) fn is_eventful(&self) -> bool {
        let course = self.course();
        let ended = course
            .last()
            .is_some_and(|(_, state)| *state == State::Done);
        ended && (self.reopen_count > 0 || course.iter().any(|(_, state)| state.waits()))
    }
}

/// All incidents of the set, packed or not.
pub(super) fn read(path: &Path) -> Vec<Incident> {
    let file = File::open(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let is_packed = path.extension().is_some_and(|extension| extension == "gz");
    let bytes: Box<dyn Read> = match is_packed {
        true => Box::new(MultiGzDecoder::new(file)),
        false => Box::new(file),
    };
    let lines: Vec<String> = BufReader::new(bytes)
        .lines()
        .collect::<Result<_, _>>()
        .expect("lines of text");
    parse(lines.iter().map(String::as_str))
}

pub(super) fn parse<'a>(lines: impl Iterator<Item = &'a str>) -> Vec<Incident> {
    lines
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect()
}

pub(super) fn instant(minute: Minute) -> Timestamp {
    Timestamp::from_second(60 * minute).expect("a minute of our days")
}

fn minute(local: &str) -> Minute {
    let local: DateTime = local.parse().expect("a local time");
    let at = TimeZone::UTC
        .to_timestamp(local)
        .expect("a time of our days");
    at.as_second().div_euclid(60)
}
