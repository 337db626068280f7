use jiff::civil::date;
use jiff::{SignedDuration, Timestamp};

use super::*;
use crate::FieldPath;
use crate::limits::{CALENDAR_EXCEPTIONS_MAX, HOURS_PER_DAY_MAX, LINE_BYTES_MAX};
use crate::violation::Reason;

pub(crate) fn hours(pairs: &[(&str, &str)]) -> Vec<HoursDraft> {
    let pairs = pairs.iter();
    pairs
        .map(|(opens, closes)| HoursDraft {
            opens: (*opens).to_owned(),
            closes: (*closes).to_owned(),
        })
        .collect()
}

/// Open at these hours, from Monday to Friday.
pub(crate) fn open_on_work_days(zone: &str, pairs: &[(&str, &str)]) -> CalendarDraft {
    let day = hours(pairs);
    CalendarDraft {
        time_zone: zone.to_owned(),
        weekly: std::array::from_fn(|weekday| if weekday < 5 { day.clone() } else { Vec::new() }),
        ..CalendarDraft::default()
    }
}

fn office(zone: &str, opens: &str, closes: &str) -> CalendarDraft {
    open_on_work_days(zone, &[(opens, closes)])
}

fn closed(draft: &mut CalendarDraft, date: &str, label: &str) {
    draft.closed_dates.push(ClosedDate {
        date: date.to_owned(),
        label: label.to_owned(),
    });
}

fn checked(draft: &CalendarDraft) -> OpeningHours {
    draft.check(FieldPath::of("calendar")).unwrap()
}

/// All that is wrong with a draft, as fields and reasons.
fn wrong(draft: &CalendarDraft) -> Vec<(String, Reason)> {
    let found = draft.check(FieldPath::of("calendar")).unwrap_err();
    let found = found.as_slice().iter();
    found.map(|one| (one.field.clone(), one.reason)).collect()
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

const HOUR: SignedDuration = SignedDuration::from_hours(1);

#[test]
fn what_is_wrong_is_said_field_by_field() {
    let mut draft = office("Mars/Olympus", "09:00", "17:00");
    draft.weekly[0] = hours(&[("09:00", "12:00"), ("11:59", "13:00"), ("14:00", "14:00")]);
    draft.weekly[5] = hours(&[("22:00", "06:00"), ("9:00", "24:01"), ("", "")]);
    closed(&mut draft, "2026-02-29", "");
    closed(&mut draft, "2026-12-25T00:00", "");
    closed(&mut draft, "1969-12-31", "");
    closed(&mut draft, "", &"x".repeat(LINE_BYTES_MAX + 1));
    closed(&mut draft, "2026-12-24", "");
    draft.special_dates.push(SpecialDate {
        date: "2026-12-24".to_owned(),
        ..SpecialDate::default()
    });
    draft.effective_from = "tomorrow".to_owned();
    let field = |name: &str| format!("calendar.{name}");
    assert_eq!(
        wrong(&draft),
        [
            (field("time_zone"), Reason::UnknownTimeZone),
            (field("weekly.monday[2].closes"), Reason::Conflicting),
            (field("weekly.monday[1]"), Reason::Overlapping),
            (field("weekly.saturday[0].closes"), Reason::Conflicting),
            (field("weekly.saturday[1].opens"), Reason::Malformed),
            (field("weekly.saturday[1].closes"), Reason::Malformed),
            (field("weekly.saturday[2].opens"), Reason::Required),
            (field("weekly.saturday[2].closes"), Reason::Required),
            (field("effective_from"), Reason::Malformed),
            (field("closed_dates[0].date"), Reason::Malformed),
            (field("closed_dates[1].date"), Reason::Malformed),
            (field("closed_dates[2].date"), Reason::OutOfRange),
            (field("closed_dates[3].label"), Reason::TooLong),
            (field("closed_dates[3].date"), Reason::Required),
            (field("special_dates[0].hours"), Reason::Required),
            (field("special_dates[0].date"), Reason::Conflicting),
        ]
    );
}

#[test]
fn lists_are_bounded() {
    let mut draft = office("UTC", "09:00", "17:00");
    draft.weekly[2] = vec![HoursDraft::default(); HOURS_PER_DAY_MAX + 1];
    let first = date(2030, 1, 1);
    for days in 0..=CALENDAR_EXCEPTIONS_MAX {
        let date = first + SignedDuration::from_hours(48 * days as i64);
        closed(&mut draft, &date.to_string(), "");
    }
    assert_eq!(
        wrong(&draft),
        [
            ("calendar.weekly.wednesday".to_owned(), Reason::TooMany),
            ("calendar.closed_dates".to_owned(), Reason::TooMany),
        ]
    );
    draft.weekly[2].clear();
    draft.closed_dates.pop();
    checked(&draft);
}

#[test]
fn what_is_never_open_is_refused() {
    let refused = [("calendar.weekly".to_owned(), Reason::CalendarExhausted)];
    let mut draft = office("UTC", "09:00", "17:00");
    draft.weekly = Default::default();
    assert_eq!(wrong(&draft), refused);
    // Less than a minute in a year, and just one.
    draft.special_dates = (0..100)
        .map(|year| SpecialDate {
            date: date(2000 + year, 2, 28).to_string(),
            hours: hours(&[("12:00", "12:00:59")]),
            label: String::new(),
        })
        .collect();
    assert_eq!(wrong(&draft), refused);
    draft.weekly[6] = hours(&[("12:00:00", "12:00:59")]);
    checked(&draft);
    // Closed for a year and a day in a row, and for a day less.
    let mut draft = office("Europe/Berlin", "00:00", "24:00");
    draft.weekly[5] = hours(&[("00:00", "24:00")]);
    draft.weekly[6] = hours(&[("00:00", "24:00")]);
    for days in 0..366 {
        let date = date(2027, 1, 1) + SignedDuration::from_hours(24 * days);
        closed(&mut draft, &date.to_string(), "");
    }
    assert_eq!(wrong(&draft), refused);
    // It counts only when that time is over, almost.
    draft.effective_from = "2027-01-02".to_owned();
    checked(&draft);
    draft.effective_from.clear();
    draft.closed_dates.pop();
    checked(&draft);
}

#[test]
fn a_calendar_without_open_time_is_exhausted() {
    let mut draft = office("UTC", "09:00", "17:00");
    draft.weekly = Default::default();
    let never = Calendar::new("never", draft.read(FieldPath::ROOT).unwrap());
    let from = at("2026-01-01T00:00:00Z");
    for duration in [
        SignedDuration::ZERO,
        HOUR,
        SignedDuration::MAX,
        SignedDuration::MIN,
    ] {
        assert_eq!(never.add(from, duration), Err(Exhausted));
        assert_eq!(never.sub(from, duration), Err(Exhausted));
    }
    assert!(!never.is_open(from));
    assert_eq!(
        never.between(Timestamp::MIN, Timestamp::MAX),
        SignedDuration::ZERO
    );
    let office = Calendar::new("office", checked(&office("UTC", "09:00", "17:00")));
    assert_eq!(office.add(from, SignedDuration::MAX), Err(Exhausted));
    assert_eq!(office.add(Timestamp::MAX, HOUR), Err(Exhausted));
    assert_eq!(office.sub(Timestamp::MIN, HOUR), Err(Exhausted));
    assert_eq!(
        office.add(from, SignedDuration::from_hours(500_000)),
        Err(Exhausted)
    );
}

#[test]
fn the_working_is_shown() {
    let mut draft = office("Europe/Berlin", "09:00", "17:00");
    closed(&mut draft, "2026-12-25", "Christmas Day");
    closed(&mut draft, "2026-12-26", "Boxing Day");
    closed(&mut draft, "2027-01-01", "New Year");
    draft.special_dates.push(SpecialDate {
        date: "2026-12-24".to_owned(),
        hours: hours(&[("09:00", "12:00"), ("12:00", "13:00")]),
        label: "Christmas Eve".to_owned(),
    });
    let calendar = Calendar::new("office", checked(&draft));
    let from = at("2026-12-24T09:30:00Z");
    let due = calendar.add(from, 3 * HOUR).unwrap();
    assert_eq!(due, at("2026-12-28T08:30:00Z"));
    let explained = calendar.explain(from, due);
    let interval = |from, to| Interval {
        from: at(from),
        to: at(to),
        version: 1,
    };
    assert_eq!(
        explained.intervals,
        [
            interval("2026-12-24T09:30:00Z", "2026-12-24T12:00:00Z"),
            interval("2026-12-28T08:00:00Z", "2026-12-28T08:30:00Z"),
        ]
    );
    assert_eq!((explained.open, explained.versions), (3 * HOUR, vec![1]));
    // Boxing Day is a Saturday: nothing was lost by it.
    let met: Vec<_> = explained
        .exceptions
        .iter()
        .map(|one| (one.label.as_str(), one.is_closed))
        .collect();
    assert_eq!(met, [("Christmas Eve", false), ("Christmas Day", true)]);
}

#[test]
fn each_version_rules_from_its_date_on() {
    let mut calendar = Calendar::new("office", checked(&office("UTC", "09:00", "17:00")));
    let mut longer = office("UTC", "09:00", "19:00");
    longer.effective_from = "2026-06-03".to_owned();
    assert_eq!(calendar.revise(checked(&longer)), 2);
    // Monday to Thursday: two days of the first version, two of the second.
    let (from, to) = (at("2026-06-01T00:00:00Z"), at("2026-06-05T00:00:00Z"));
    assert_eq!(calendar.between(from, to), 36 * HOUR);
    let due = calendar.add(from, 17 * HOUR).unwrap();
    assert_eq!(due, at("2026-06-03T10:00:00Z"));
    assert_eq!(calendar.sub(due, 17 * HOUR), Ok(at("2026-06-01T09:00:00Z")));
    let explained = calendar.explain(from, due);
    assert_eq!(
        (explained.versions, explained.open),
        (vec![1, 2], 17 * HOUR)
    );
    assert_eq!(
        explained
            .intervals
            .iter()
            .map(|one| one.version)
            .collect::<Vec<_>>(),
        [1, 1, 2]
    );

    // A third one that begins before the second: the second never rules.
    let mut shorter = office("UTC", "09:00", "10:00");
    shorter.effective_from = "2026-06-02".to_owned();
    assert_eq!(calendar.revise(checked(&shorter)), 3);
    assert_eq!(calendar.between(from, to), 11 * HOUR);
    // Whoever was promised something before goes on as before.
    assert_eq!(calendar.as_of(2).unwrap().between(from, to), 36 * HOUR);
    assert_eq!(calendar.as_of(1).unwrap().between(from, to), 32 * HOUR);
    assert!(calendar.as_of(0).is_none() && calendar.as_of(4).is_none());
    assert_eq!(calendar.as_of(3).unwrap().version(), 3);
}

#[test]
fn a_version_begins_by_its_own_clocks() {
    let mut first = office("America/New_York", "00:00", "24:00");
    first.effective_from = "2026-01-05".to_owned();
    let mut calendar = Calendar::new("office", checked(&first));
    // Before its date the first version rules all the same.
    let before = at("2025-12-01T12:00:00Z");
    assert!(calendar.is_open(before));
    let mut moved = office("Asia/Tokyo", "09:00", "10:00");
    moved.effective_from = "2026-06-03".to_owned();
    calendar.revise(checked(&moved));
    // Wednesday begins in Tokyo at 15:00 UTC of Tuesday.
    let tuesday = at("2026-06-02T10:00:00Z");
    assert_eq!(
        calendar.between(tuesday, at("2026-06-03T00:00:00Z")),
        5 * HOUR
    );
    assert_eq!(
        calendar.hours_at(at("2026-06-02T14:59:59Z")).zone().name(),
        "America/New_York"
    );
    assert_eq!(
        calendar.hours_at(at("2026-06-02T15:00:00Z")).zone().name(),
        "Asia/Tokyo"
    );
    assert_eq!(
        calendar.add(tuesday, 5 * HOUR),
        Ok(at("2026-06-02T15:00:00Z"))
    );
    assert_eq!(
        calendar.add(tuesday, 6 * HOUR),
        Ok(at("2026-06-03T01:00:00Z"))
    );
}
