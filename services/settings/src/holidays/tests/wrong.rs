//! What is wrong with a feed is told by its line.

use super::*;

/// What is wrong with a feed is one thing, told by its line with a remedy.
#[track_caller]
fn assert_told(text: &str, line: usize, told: &str) {
    let wrong = wrong(text);
    assert_eq!(wrong.len(), 1, "{text}: {wrong:?}");
    assert!(
        wrong[0].starts_with(&format!("line {line}: ")),
        "{text}: {wrong:?}"
    );
    assert!(wrong[0].contains(told), "{text}: {wrong:?}");
}

#[test]
fn what_is_no_whole_feed_is_told_by_its_line() {
    for (text, line, told) in [
        (String::new(), 1, "is no iCalendar text"),
        ("<!doctype html>\n".to_owned(), 1, "send the feed itself"),
        (
            "BEGIN:VEVENT\nEND:VEVENT\n".to_owned(),
            1,
            "is no iCalendar text",
        ),
        (
            "BEGIN:VCALENDAR\nBEGIN:VEVENT\nDTSTART:20261225\n".to_owned(),
            2,
            "cut off",
        ),
        ("BEGIN:VCALENDAR\n".to_owned(), 1, "cut off"),
        (
            "BEGIN:VCALENDAR\nBEGIN:VEVENT\nEND:VCALENDAR\n".to_owned(),
            3,
            "ends VCALENDAR, and VEVENT of line 2",
        ),
        (
            format!("{}END:VCALENDAR\n", feed("")),
            5,
            "is no iCalendar text",
        ),
        (format!("{}more\n", feed("")), 5, "is no iCalendar text"),
    ] {
        assert_told(&text, line, told);
    }
}

#[test]
fn a_wrong_time_is_told_by_its_line() {
    for (text, line, told) in [
        (event("SUMMARY:no day"), 3, "has no DTSTART"),
        (event("DTSTART:20261225\nSUMMARY"), 5, "is no property"),
        (event("DTSTART:20261325"), 4, "DTSTART is no date or time"),
        (event("DTSTART:2026-12-25"), 4, "give YYYYMMDD"),
        (event("DTSTART:18991225"), 4, "1900 to 2199"),
        (event("DTSTART:20261225T250000"), 4, "is no date or time"),
        (
            event("DTSTART:20261225\nDTEND:+0261226"),
            5,
            "DTEND is no date",
        ),
        (
            event("DTSTART;TZID=Mitteleuropa:20261225T100000"),
            4,
            "such as Europe/Berlin",
        ),
        (
            event("DTSTART:20261225\nDTEND:20261224"),
            5,
            "DTEND is before DTSTART",
        ),
        (
            event("DTSTART:20261225\nDTEND:20281225"),
            5,
            "more than 366 days",
        ),
        (event("DTSTART:20261225\nDURATION:-P1D"), 5, "P1D or PT4H"),
        (event("DTSTART:20261225\nDURATION:a day"), 5, "P1D or PT4H"),
        (
            event("DTSTART:20261225\nDURATION:P99999999Y"),
            5,
            "P1D or PT4H",
        ),
    ] {
        assert_told(&text, line, told);
    }
}

#[test]
fn a_wrong_rule_is_told_by_its_line() {
    for (text, line, told) in [
        (
            event("DTSTART:20261225\nRRULE:FREQ=NEVER"),
            5,
            "RRULE is no rule",
        ),
        (
            event("DTSTART:20261225\nRRULE:yearly"),
            5,
            "RRULE is no rule",
        ),
        (
            event("DTSTART:20261225\nRRULE:FREQ=YEARLY;BYDAY=1\u{20ac}x"),
            5,
            "letters that no rule has",
        ),
        (
            event("DTSTART:20261225\nRRULE:FREQ=YEARLY;BYDAY=XX"),
            5,
            "RRULE is no rule",
        ),
        (
            event("DTSTART:20261225\nRRULE:FREQ=YEARLY;INTERVAL=0"),
            5,
            "repeats after nothing",
        ),
        (
            event("DTSTART:20261225\nRRULE:FREQ=HOURLY"),
            5,
            "give days, weeks",
        ),
        (
            event("DTSTART:20261225\nRRULE:FREQ=DAILY;BYHOUR=3"),
            5,
            "give days, weeks",
        ),
        (
            event("DTSTART:20261225\nRRULE:FREQ=YEARLY;UNTIL=soon"),
            5,
            "UNTIL that is no date",
        ),
        (
            event("DTSTART:20261225\nRRULE:FREQ=YEARLY;UNTIL=20251225"),
            5,
            "UNTIL before DTSTART",
        ),
        (
            event("DTSTART:20261225\nRRULE:FREQ=YEARLY;UNTIL=20271225;COUNT=2"),
            5,
            "COUNT and UNTIL",
        ),
    ] {
        assert_told(&text, line, told);
    }
}

#[test]
fn what_a_rule_may_not_have_beside_it_is_told_by_its_line() {
    for (text, line, told) in [
        (
            event("DTSTART:20261225\nRRULE:FREQ=YEARLY\nRRULE:FREQ=DAILY"),
            6,
            "is the second",
        ),
        (
            event("DTSTART:20261225\nEXRULE:FREQ=YEARLY"),
            5,
            "give the dates as EXDATE",
        ),
        (
            event("DTSTART:20261225\nRRULE:FREQ=YEARLY\nEXDATE:tomorrow"),
            6,
            "EXDATE is no date",
        ),
        (
            event("DTSTART:20261225\nRDATE;VALUE=PERIOD:20261225T1/PT1H"),
            5,
            "has a period",
        ),
        (
            event("DTSTART:20261225\nRECURRENCE-ID;RANGE=THISANDFUTURE:20261225"),
            5,
            "times that follow",
        ),
    ] {
        assert_told(&text, line, told);
    }
}

#[test]
fn all_that_is_wrong_is_told_at_once() {
    let lines = "BEGIN:VEVENT\nDTSTART:x\nEND:VEVENT\nBEGIN:VEVENT\nEND:VEVENT\nBEGIN:VEVENT\nDTSTART:20261225\nfolly\n\
                 RRULE:x\nEND:VEVENT";
    let lines: Vec<_> = wrong(&feed(lines))
        .iter()
        .map(|one| one.split(':').next().unwrap().to_owned())
        .collect();
    assert_eq!(lines, ["line 10", "line 4", "line 6", "line 11"]);
}
