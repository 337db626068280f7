//! What must hold for any bytes, for `crates/fuzz`.

use aftercall_domain::Violations;
use jiff::civil::date;
use jiff::tz::TimeZone;

use crate::holidays::{Notes, closings};

/// A feed is refused with lines of its own, or says when it is closed on the dates that are asked for. `data` is read as
/// a feed, and as the lines of its one event.
pub fn feed(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    check(&text);
    check(&format!(
        "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20260101\n{text}\nEND:VEVENT\nEND:VCALENDAR"
    ));
}

fn check(text: &str) {
    let within = date(2026, 1, 1)..date(2028, 1, 1);
    let (mut notes, mut found) = (Notes::default(), Violations::new());
    let closings = closings(text, TimeZone::UTC, &within, (&mut notes, &mut found));
    for closing in closings {
        assert!(closing.from < closing.to, "{closing:?} takes time");
        assert!(closing.to > within.start.at(0, 0, 0, 0), "{closing:?}");
        assert!(closing.from < within.end.at(0, 0, 0, 0), "{closing:?}");
    }
    let lines = text.split('\n').count();
    for violation in found.as_slice() {
        let line = violation.description.strip_prefix("line ");
        let line = line.and_then(|rest| rest.split(':').next()?.parse().ok());
        let is_there = line.is_some_and(|line| (1..=lines).contains(&line));
        assert!(is_there, "{violation:?}");
    }
}
