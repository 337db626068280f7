mod wrong;

use std::collections::BTreeSet;
use std::ops::Range;

use aftercall_domain::Violations;
use aftercall_domain::violation::Reason;
use jiff::civil::{Date, date};
use jiff::tz::TimeZoneDatabase;
use proptest::prelude::*;

use super::*;

/// A feed with these lines in its one calendar.
fn feed(lines: &str) -> String {
    format!("BEGIN:VCALENDAR\nVERSION:2.0\n{lines}\nEND:VCALENDAR\n")
}

/// A feed with one event.
fn event(lines: &str) -> String {
    feed(&format!("BEGIN:VEVENT\n{lines}\nEND:VEVENT"))
}

fn years(from: i16, until: i16) -> Range<Date> {
    date(from, 1, 1)..date(until, 1, 1)
}

/// What a feed makes of the given years, for a calendar in Berlin.
fn read(text: &str, within: &Range<Date>) -> (Vec<Closing>, Vec<HolidaysNote>, Violations) {
    let zone = TimeZoneDatabase::bundled().get("Europe/Berlin").unwrap();
    let (mut notes, mut found) = (Notes::default(), Violations::new());
    let closings = closings(text, zone, within, (&mut notes, &mut found));
    (closings, notes.into_notes(), found)
}

/// The closings of a sound feed in 2026 and 2027, each as `FROM TO LABEL`, in order.
#[track_caller]
fn closed(text: &str) -> Vec<String> {
    let (closings, _, found) = read(text, &years(2026, 2028));
    assert!(found.is_empty(), "{found}");
    let told: BTreeSet<String> = closings
        .into_iter()
        .map(|one| format!("{} {} {}", one.from, one.to, one.label))
        .collect();
    told.into_iter().collect()
}

/// The first dates of the closings of a sound event in 2026 and 2027.
#[track_caller]
fn dates(lines: &str) -> Vec<String> {
    let closed = closed(&event(lines));
    closed.iter().map(|one| one[..10].to_owned()).collect()
}

/// What is said to be wrong with a feed.
fn wrong(text: &str) -> Vec<String> {
    let found = read(text, &years(2026, 2028)).2;
    let found = found.as_slice().iter();
    found.map(|one| one.description.clone()).collect()
}

#[test]
fn an_event_is_a_day_or_several_or_a_part_of_one() {
    for (lines, expected) in [
        (
            "DTSTART;VALUE=DATE:20261224",
            "2026-12-24T00:00:00 2026-12-25T00:00:00 ",
        ),
        // The end is no part of it.
        (
            "DTSTART;VALUE=DATE:20261224\nDTEND;VALUE=DATE:20261227\nSUMMARY:Xmas",
            "2026-12-24T00:00:00 2026-12-27T00:00:00 Xmas",
        ),
        (
            "DTSTART:20261224\nDTEND:20261224",
            "2026-12-24T00:00:00 2026-12-25T00:00:00 ",
        ),
        (
            "DTSTART;VALUE=DATE:20261224\nDURATION:P2D",
            "2026-12-24T00:00:00 2026-12-26T00:00:00 ",
        ),
        (
            "DTSTART;VALUE=DATE:20261224\nDURATION:P1W",
            "2026-12-24T00:00:00 2026-12-31T00:00:00 ",
        ),
        (
            "DTSTART:20261224T140000\nDURATION:PT3H30M",
            "2026-12-24T14:00:00 2026-12-24T17:30:00 ",
        ),
        // In New York it is six hours earlier.
        (
            "DTSTART;TZID=America/New_York:20261224T080000\nDTEND:20261224T160000Z",
            "2026-12-24T14:00:00 2026-12-24T17:00:00 ",
        ),
        (
            "DTSTART;TZID=\"Europe/Berlin\":20260701T140000\nDTEND:20260701T160000Z",
            "2026-07-01T14:00:00 2026-07-01T18:00:00 ",
        ),
        (
            "DTSTART;VALUE=DATE:20261224\nTRANSP:TRANSPARENT\nSUMMARY:Heilig\\, \\nabend",
            "2026-12-24T00:00:00 2026-12-25T00:00:00 Heilig, abend",
        ),
    ] {
        assert_eq!(closed(&event(lines)), [expected], "{lines}");
    }
}

#[test]
fn feeds_are_taken_as_programs_write_them() {
    let plain = feed(
        "BEGIN:VTIMEZONE\nTZID:X\nBEGIN:DAYLIGHT\nDTSTART:19810329T020000\nRRULE:FREQ=YEARLY;BYHOUR=2\nEND:DAYLIGHT\n\
         END:VTIMEZONE\nBEGIN:VEVENT\nDTSTART;VALUE=DATE:20261225\nSUMMARY:Christ\n mas\nBEGIN:VALARM\n\
         DTSTART:never\nEND:VALARM\nX-ODD;A=b:c\nEND:VEVENT",
    );
    let expected = ["2026-12-25T00:00:00 2026-12-26T00:00:00 Christmas"];
    assert_eq!(closed(&plain), expected);
    assert_eq!(closed(&plain.replace('\n', "\r\n")), expected);
    assert_eq!(closed(&format!("\u{feff}{plain}")), expected);
    assert_eq!(
        closed(&plain.replace("BEGIN:VEVENT", "begin:vevent")),
        expected
    );
    let tabbed = plain.replace("Christ\n mas", "Christ\n\tmas");
    assert_eq!(closed(&tabbed), expected);
    // Two calendars in one text, and one without events.
    assert_eq!(
        closed(&format!("{plain}{}", feed("X-NAME:Empty"))),
        expected
    );
}

#[test]
fn a_rule_repeats_the_event() {
    for (lines, expected) in [
        (
            "DTSTART:20001225\nRRULE:FREQ=YEARLY",
            &["2026-12-25", "2027-12-25"][..],
        ),
        (
            "DTSTART;VALUE=DATE:20001225\nRRULE:FREQ=YEARLY;BYMONTH=12;BYMONTHDAY=25;WKST=MO",
            &["2026-12-25", "2027-12-25"],
        ),
        (
            "DTSTART:20001225\nrrule:freq=yearly;interval=2",
            &["2026-12-25"],
        ),
        // Thanksgiving, and the first Monday of May.
        (
            "DTSTART:20001123\nRRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=4TH",
            &["2026-11-26", "2027-11-25"],
        ),
        (
            "DTSTART:20000501\nRRULE:FREQ=YEARLY;BYMONTH=5;BYDAY=+1MO",
            &["2026-05-04", "2027-05-03"],
        ),
        (
            "DTSTART:20000529\nRRULE:FREQ=YEARLY;BYMONTH=5;BYDAY=-1MO",
            &["2026-05-25", "2027-05-31"],
        ),
        (
            "DTSTART:20001225\nRRULE:FREQ=YEARLY;UNTIL=20261225",
            &["2026-12-25"],
        ),
        ("DTSTART:20001225\nRRULE:FREQ=YEARLY;UNTIL=20261224", &[]),
        // The 25th has begun in Berlin at that instant.
        (
            "DTSTART:20001225\nRRULE:FREQ=YEARLY;UNTIL=20261224T230000Z",
            &["2026-12-25"],
        ),
        (
            "DTSTART:20001225\nRRULE:FREQ=YEARLY;UNTIL=20261224T225959Z",
            &[],
        ),
        (
            "DTSTART:20251225\nRRULE:FREQ=YEARLY;COUNT=2",
            &["2026-12-25"],
        ),
        // A day that most years don't have.
        ("DTSTART:20240229\nRRULE:FREQ=YEARLY", &[]),
        (
            "DTSTART:20260130\nRRULE:FREQ=MONTHLY;COUNT=3",
            &["2026-01-30", "2026-03-30", "2026-04-30"],
        ),
        (
            "DTSTART:20271227\nRRULE:FREQ=DAILY",
            &[
                "2027-12-27",
                "2027-12-28",
                "2027-12-29",
                "2027-12-30",
                "2027-12-31",
            ],
        ),
        ("DTSTART:20280101\nRRULE:FREQ=YEARLY", &[]),
        // A date that never comes.
        (
            "DTSTART:20260101\nRRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
            &[],
        ),
    ] {
        assert_eq!(dates(lines), expected, "{lines}");
    }
}

#[test]
fn some_times_are_left_out_and_others_added() {
    for (lines, expected) in [
        (
            "DTSTART:20201225\nRRULE:FREQ=YEARLY\nEXDATE;VALUE=DATE:20261225",
            &["2027-12-25"][..],
        ),
        (
            "DTSTART:20201225\nRRULE:FREQ=YEARLY\nEXDATE:20251225,20261225\nEXDATE:20271225",
            &[],
        ),
        (
            "DTSTART:20201225\nRRULE:FREQ=YEARLY\nEXDATE:20261225T000000",
            &["2027-12-25"],
        ),
        (
            "DTSTART:20201225T140000\nDURATION:PT1H\nRRULE:FREQ=YEARLY\nEXDATE:20261225T130000Z",
            &["2027-12-25"],
        ),
        (
            "DTSTART:20201225T140000\nDURATION:PT1H\nRRULE:FREQ=YEARLY\nEXDATE:20261225T140001",
            &["2026-12-25", "2027-12-25"],
        ),
        (
            "DTSTART:20201225\nRRULE:FREQ=YEARLY;UNTIL=20201225\nRDATE;VALUE=DATE:20260406,20270329",
            &["2026-04-06", "2027-03-29"],
        ),
    ] {
        assert_eq!(dates(lines), expected, "{lines}");
    }
}

#[test]
fn an_event_takes_the_place_of_a_time_of_another_and_those_called_off_are_gone() {
    let series =
        "BEGIN:VEVENT\nUID:1\nDTSTART:20201225\nRRULE:FREQ=YEARLY\nSUMMARY:Old\nEND:VEVENT";
    let moved =
        "BEGIN:VEVENT\nUID:1\nRECURRENCE-ID:20261225\nDTSTART:20261228\nSUMMARY:New\nEND:VEVENT";
    let both = feed(&format!("{series}\n{moved}"));
    let expected = [
        "2026-12-28T00:00:00 2026-12-29T00:00:00 New",
        "2027-12-25T00:00:00 2027-12-26T00:00:00 Old",
    ];
    assert_eq!(closed(&both), expected);
    // Whichever comes first.
    assert_eq!(closed(&feed(&format!("{moved}\n{series}"))), expected);
    assert_eq!(
        closed(&both.replace("SUMMARY:New", "STATUS:CANCELLED")),
        expected[1..]
    );
    assert_eq!(closed(&both.replace("UID:1\nREC", "UID:2\nREC")).len(), 3);
    assert_eq!(
        closed(&event("DTSTART:20261225\nSTATUS:cancelled")),
        [""; 0]
    );
}

#[test]
fn what_is_left_out_is_noted() {
    let lines = "BEGIN:VEVENT\nDTSTART:20261225T100000\nSUMMARY:Nothing\nEND:VEVENT\nBEGIN:VEVENT\nDTSTART:20200101\n\
                 END:VEVENT\nBEGIN:VEVENT\nDTSTART:20300101\nRRULE:FREQ=YEARLY\nEND:VEVENT";
    let (closings, notes, found) = read(&feed(lines), &years(2026, 2028));
    assert!(
        closings.is_empty() && found.is_empty(),
        "{closings:?} {found}"
    );
    let notes: Vec<_> = notes.iter().map(|note| (note.line, &*note.text)).collect();
    let expected = [
        (3, "\"Nothing\" takes no time, and is left out"),
        (
            0,
            "2 events are not on a date from 2026-01-01 up to 2028-01-01, and left out",
        ),
    ];
    assert_eq!(notes, expected);
}

#[test]
fn of_many_notes_the_rest_is_counted() {
    let none = "BEGIN:VEVENT\nDTSTART:20261225T100000\nEND:VEVENT\n".repeat(60);
    let notes = read(&feed(&none), &years(2026, 2028)).1;
    assert_eq!(notes.len(), FEED_NOTES_MAX);
    assert_eq!(notes[FEED_NOTES_MAX - 1].text, "there are 11 notes more");
}

#[test]
fn what_a_feed_makes_is_bounded() {
    let most = |text: &str| {
        let found = read(text, &years(2026, 2028)).2;
        let found: Vec<_> = found.as_slice().iter().map(|one| one.reason).collect();
        assert_eq!(found, [Reason::TooMany]);
    };
    let one = "BEGIN:VEVENT\nDTSTART:20261225\nEND:VEVENT\n";
    most(&feed(&one.repeat(5_001)));
    assert_eq!(wrong(&feed(&one.repeat(5_000))), [""; 0]);
    let yearly = "BEGIN:VEVENT\nDTSTART:20201225\nRRULE:FREQ=YEARLY\nEND:VEVENT\n";
    most(&feed(&yearly.repeat(201)));
    most(&feed(&yearly.repeat(299)));
    assert_eq!(wrong(&feed(&yearly.repeat(200))), [""; 0]);
    let daily = "BEGIN:VEVENT\nDTSTART:19010101\nRRULE:FREQ=DAILY\nEND:VEVENT\n";
    most(&feed(&daily.repeat(5)));
}

proptest! {
    /// A yearly rule is the same day of each year that has it.
    #[test]
    fn a_yearly_rule_is_the_same_date_in_the_years_that_have_it(
        (year, month, day) in (1990_i16..2026, 1_i8..=12, 1_i8..=31),
        interval in 1_i16..5,
        last in 2026_i16..2040,
    ) {
        let Ok(start) = Date::new(year, month, day) else { return Ok(()) };
        let text = event(&format!(
            "DTSTART:{}\nRRULE:FREQ=YEARLY;INTERVAL={interval};UNTIL={last}1231",
            start.strftime("%Y%m%d")
        ));
        let (closings, _, found) = read(&text, &years(2026, 2040));
        prop_assert!(found.is_empty(), "{}", found);
        let made: Vec<Date> = closings.iter().map(|one| one.from.date()).collect();
        let expected: Vec<Date> = (year..2040)
            .step_by(usize::try_from(interval).unwrap())
            .filter(|year| (2026..=last).contains(year))
            .filter_map(|year| Date::new(year, month, day).ok())
            .collect();
        prop_assert_eq!(made, expected);
    }
}
