use jiff::civil::date;

use super::*;
use crate::violation::Reason;

/// A Wednesday, 11:30 in Berlin.
const WEDNESDAY: &str = "2026-12-16T10:30:00Z";

fn telling(occurred_at: &str) -> Telling {
    Telling {
        occurred_at: at(occurred_at),
        is_import: false,
    }
}

fn resolve(spec: &DueSpec, occurred_at: &str) -> Resolved {
    let at = FieldPath::of("due");
    spec.resolve(at, telling(occurred_at), &calendars())
        .unwrap()
}

fn due(spec: &DueSpec, occurred_at: &str) -> (Timestamp, Vec<DueWarning>) {
    let resolved = resolve(spec, occurred_at);
    (resolved.at, resolved.warnings)
}

fn refused(spec: &DueSpec, occurred_at: &str) -> Vec<(String, Reason)> {
    let at = FieldPath::of("due");
    let found = spec
        .resolve(at, telling(occurred_at), &calendars())
        .unwrap_err();
    let found = found.as_slice().iter();
    found.map(|one| (one.field.clone(), one.reason)).collect()
}

fn local(day: Date, clock: &str, zone: &str) -> DueSpec {
    DueSpec::Local {
        date: day,
        time: time(clock),
        time_zone: zone.to_owned(),
    }
}

fn end_of(day: Date, zone: &str) -> DueSpec {
    DueSpec::EndOfLocalDay {
        date: day,
        time_zone: zone.to_owned(),
    }
}

fn business(hours: i64, calendar: &str) -> DueSpec {
    DueSpec::BusinessElapsed {
        duration: SignedDuration::from_hours(hours),
        calendar_id: calendar.to_owned(),
    }
}

fn days(days: u32, at: DayTime, calendar: &str) -> DueSpec {
    DueSpec::BusinessDays {
        days,
        at,
        calendar_id: calendar.to_owned(),
    }
}

fn part(part: WeekPart, calendar: &str) -> DueSpec {
    DueSpec::WeekPeriod {
        part,
        calendar_id: calendar.to_owned(),
    }
}

#[test]
fn a_local_time_is_its_zones() {
    use DueWarning::{LocalTimeDoesNotExist, LocalTimeExistsTwice};
    let told = "2026-01-02T00:00:00Z";
    let new_york = "America/New_York";
    for (spec, expected, warnings) in [
        (
            local(date(2026, 6, 1), "17:00", "Europe/Berlin"),
            "2026-06-01T15:00:00Z",
            vec![],
        ),
        (
            local(date(2026, 6, 1), "24:00", "Asia/Kathmandu"),
            "2026-06-01T18:15:00Z",
            vec![],
        ),
        (
            local(date(2026, 3, 8), "02:30", new_york),
            "2026-03-08T07:00:00Z",
            vec![LocalTimeDoesNotExist],
        ),
        (
            local(date(2026, 3, 8), "03:00", new_york),
            "2026-03-08T07:00:00Z",
            vec![],
        ),
        (
            local(date(2026, 11, 1), "01:30", new_york),
            "2026-11-01T05:30:00Z",
            vec![LocalTimeExistsTwice],
        ),
        (
            local(date(2026, 11, 1), "02:00", new_york),
            "2026-11-01T07:00:00Z",
            vec![],
        ),
        (
            end_of(date(2026, 6, 1), "Europe/Berlin"),
            "2026-06-01T22:00:00Z",
            vec![],
        ),
        (
            end_of(date(2026, 10, 24), "Atlantic/Azores"),
            "2026-10-25T00:00:00Z",
            vec![LocalTimeExistsTwice],
        ),
    ] {
        assert_eq!(due(&spec, told), (at(expected), warnings), "{spec:?}");
    }
    // Midnight itself was leapt over, and the day after that date had none; Samoa left a date out.
    let leapt = end_of(date(2018, 11, 3), "America/Sao_Paulo");
    assert_eq!(
        due(&leapt, "2018-11-01T00:00:00Z"),
        (at("2018-11-04T03:00:00Z"), vec![])
    );
    for spec in [
        end_of(date(2011, 12, 30), "Pacific/Apia"),
        local(date(2011, 12, 30), "12:00", "Pacific/Apia"),
    ] {
        let expected = (at("2011-12-30T10:00:00Z"), vec![LocalTimeDoesNotExist]);
        assert_eq!(due(&spec, "2011-12-28T00:00:00Z"), expected);
    }
}

#[test]
fn open_time_is_the_calendars() {
    let resolved = resolve(&business(3, "berlin"), WEDNESDAY);
    assert_eq!(resolved.at, at("2026-12-16T14:30:00Z"));
    let calendar = resolved.resolution.calendar.unwrap();
    assert_eq!(
        (calendar.calendar_id.as_str(), calendar.version),
        ("berlin", 1)
    );
    assert_eq!(resolved.resolution.time_zone_version, time_zone_version());
    // Over Christmas; and until closing time, which is no odd time to be done by.
    assert_eq!(
        due(&business(4, "berlin"), "2026-12-24T08:00:00Z"),
        (at("2026-12-28T10:00:00Z"), vec![])
    );
    assert_eq!(
        due(&business(5, "berlin"), "2026-12-16T11:00:00Z").0,
        at("2026-12-17T09:00:00Z")
    );
    assert_eq!(
        due(&business(4, "berlin"), "2026-12-16T11:00:00Z"),
        (at("2026-12-16T16:00:00Z"), vec![])
    );
    let elapsed = DueSpec::Elapsed(48 * HOUR);
    assert_eq!(
        due(&elapsed, WEDNESDAY),
        (at("2026-12-18T10:30:00Z"), vec![])
    );
}

#[test]
fn business_days_are_days_with_open_time() {
    use DayTime::{At, EndOfDay};
    let at_four = At(time("16:00"));
    for (spec, told, expected, warnings) in [
        (
            days(1, EndOfDay, "berlin"),
            WEDNESDAY,
            "2026-12-17T16:00:00Z",
            vec![],
        ),
        (
            days(3, at_four, "berlin"),
            WEDNESDAY,
            "2026-12-21T15:00:00Z",
            vec![],
        ),
        (
            days(0, EndOfDay, "berlin"),
            WEDNESDAY,
            "2026-12-16T16:00:00Z",
            vec![],
        ),
        // From a Saturday: the next day that is open is day 0, and day 1.
        (
            days(0, EndOfDay, "berlin"),
            "2026-12-19T10:00:00Z",
            "2026-12-21T16:00:00Z",
            vec![],
        ),
        (
            days(1, EndOfDay, "berlin"),
            "2026-12-19T10:00:00Z",
            "2026-12-21T16:00:00Z",
            vec![],
        ),
        // A short day, and then Christmas.
        (
            days(1, EndOfDay, "berlin"),
            "2026-12-23T10:00:00Z",
            "2026-12-24T10:00:00Z",
            vec![],
        ),
        (
            days(2, EndOfDay, "berlin"),
            "2026-12-23T10:00:00Z",
            "2026-12-28T16:00:00Z",
            vec![],
        ),
    ] {
        assert_eq!(
            due(&spec, told),
            (at(expected), warnings),
            "{spec:?} {told}"
        );
    }
}

#[test]
fn a_time_of_a_business_day_may_be_outside_its_hours() {
    use DayTime::{At, EndOfDay};
    let at_four = At(time("16:00"));
    let outside = vec![DueWarning::OutsideOpenHours];
    for (spec, told, expected, warnings) in [
        // As promised, though nobody is there.
        (
            days(1, at_four, "berlin"),
            "2026-12-23T10:00:00Z",
            "2026-12-24T15:00:00Z",
            outside.clone(),
        ),
        (
            days(1, At(time("12:30")), "berlin"),
            WEDNESDAY,
            "2026-12-17T11:30:00Z",
            outside,
        ),
        (
            days(1, EndOfDay, "always"),
            WEDNESDAY,
            "2026-12-17T23:00:00Z",
            vec![],
        ),
    ] {
        assert_eq!(
            due(&spec, told),
            (at(expected), warnings),
            "{spec:?} {told}"
        );
    }
}

#[test]
fn parts_of_the_week_end_with_the_open_time_in_them() {
    use WeekPart::{Afternoon, EndOfWeek, Morning};
    for (spec, told, expected) in [
        // Noon is the end of the morning, the last closing that of the afternoon.
        (part(Morning, "berlin"), WEDNESDAY, "2026-12-16T11:00:00Z"),
        (
            part(Morning, "berlin"),
            "2026-12-16T11:00:00Z",
            "2026-12-17T11:00:00Z",
        ),
        (
            part(Morning, "utc"),
            "2026-12-18T15:00:00Z",
            "2026-12-21T12:00:00Z",
        ),
        (
            part(Morning, "early"),
            "2026-12-18T05:00:00Z",
            "2026-12-18T11:00:00Z",
        ),
        (part(Afternoon, "berlin"), WEDNESDAY, "2026-12-16T16:00:00Z"),
        (
            part(Afternoon, "berlin"),
            "2026-12-16T16:00:00Z",
            "2026-12-17T16:00:00Z",
        ),
        (part(Afternoon, "always"), WEDNESDAY, "2026-12-16T17:00:00Z"),
        // A short day has no afternoon, and Christmas neither.
        (
            part(Afternoon, "berlin"),
            "2026-12-24T08:00:00Z",
            "2026-12-28T16:00:00Z",
        ),
        (part(EndOfWeek, "berlin"), WEDNESDAY, "2026-12-18T16:00:00Z"),
        (
            part(EndOfWeek, "berlin"),
            "2026-12-21T08:00:00Z",
            "2026-12-24T10:00:00Z",
        ),
        (
            part(EndOfWeek, "berlin"),
            "2026-12-19T08:00:00Z",
            "2026-12-24T10:00:00Z",
        ),
        (part(EndOfWeek, "always"), WEDNESDAY, "2026-12-20T23:00:00Z"),
    ] {
        assert_eq!(due(&spec, told), (at(expected), vec![]), "{spec:?} {told}");
    }
}

#[test]
fn what_can_not_be_a_due_is_refused() {
    use Reason::{DueInPast, OutOfRange, Required, UnknownTimeZone};
    let far = 24 * 1_095 * HOUR;
    let instant = |at: Timestamp| DueSpec::Instant(at);
    let told = at(WEDNESDAY);
    let moment = SignedDuration::from_nanos(1);
    for (spec, field, reason) in [
        (instant(told - moment), "instant", DueInPast),
        (instant(told + far + moment), "instant", OutOfRange),
        (instant(Timestamp::MAX), "instant", OutOfRange),
        (DueSpec::Elapsed(-moment), "elapsed", OutOfRange),
        (DueSpec::Elapsed(far + moment), "elapsed", OutOfRange),
        (DueSpec::Elapsed(SignedDuration::MAX), "elapsed", OutOfRange),
        (
            local(date(2026, 12, 15), "12:00", "UTC"),
            "local",
            DueInPast,
        ),
        (
            local(date(2026, 12, 18), "12:00", ""),
            "local.time_zone",
            Required,
        ),
        (
            local(date(2026, 12, 18), "12:00", "Mars/Olympus"),
            "local.time_zone",
            UnknownTimeZone,
        ),
        (
            end_of(date(2026, 12, 18), "CEST"),
            "end_of_local_day.time_zone",
            UnknownTimeZone,
        ),
        (
            local(date(9999, 12, 31), "24:00", "UTC"),
            "local.date",
            OutOfRange,
        ),
        (
            end_of(date(-9999, 1, 1), "UTC"),
            "end_of_local_day.date",
            OutOfRange,
        ),
    ] {
        assert_refused(&spec, field, reason);
    }
}

fn assert_refused(spec: &DueSpec, field: &str, reason: Reason) {
    let expected = [(format!("due.{field}"), reason)];
    assert_eq!(refused(spec, WEDNESDAY), expected, "{spec:?}");
}

#[test]
fn what_a_calendar_can_not_reckon_is_refused() {
    use Reason::{CalendarExhausted, DueInPast, OutOfRange, Required, UnknownCalendar};
    for (spec, field, reason) in [
        (
            business(-1, "berlin"),
            "business_elapsed.duration",
            OutOfRange,
        ),
        (business(20_000, "berlin"), "business_elapsed", OutOfRange),
        (business(1, ""), "business_elapsed.calendar_id", Required),
        (
            business(1, "vienna"),
            "business_elapsed.calendar_id",
            UnknownCalendar,
        ),
        (
            days(u32::MAX, DayTime::EndOfDay, "berlin"),
            "business_days",
            OutOfRange,
        ),
        (
            days(900, DayTime::EndOfDay, "berlin"),
            "business_days",
            OutOfRange,
        ),
        (
            days(0, DayTime::At(time("11:29")), "berlin"),
            "business_days",
            DueInPast,
        ),
        (
            part(WeekPart::Afternoon, "early"),
            "week_period.calendar_id",
            CalendarExhausted,
        ),
    ] {
        assert_refused(&spec, field, reason);
    }
}

#[test]
fn at_its_contact_and_at_the_horizon_it_is_a_due() {
    let far = 24 * 1_095 * HOUR;
    let instant = |at: Timestamp| DueSpec::Instant(at);
    let told = at(WEDNESDAY);
    assert_eq!(due(&instant(told), WEDNESDAY).0, told);
    assert_eq!(due(&instant(told + far), WEDNESDAY).0, told + far);
    // History may be what it was.
    let told = Telling {
        is_import: true,
        ..telling(WEDNESDAY)
    };
    let before = instant(at("2020-01-01T00:00:00Z"));
    let resolved = before
        .resolve(FieldPath::of("due"), told, &calendars())
        .unwrap();
    assert_eq!(resolved.at, at("2020-01-01T00:00:00Z"));
}

#[test]
fn whoever_has_time_until_it_closes_has_open_time() {
    let calendars = calendars();
    for (due, is_open) in [
        ("2026-12-16T11:30:00Z", false),
        ("2026-12-16T15:30:00Z", true),
        ("2026-12-16T16:00:00Z", true),
        ("2026-12-16T16:00:00.000000001Z", false),
        ("2026-12-17T08:00:00Z", true),
        ("2026-12-17T07:59:59.999999999Z", false),
        ("2026-12-19T11:00:00Z", false),
    ] {
        assert_eq!(calendars["berlin"].is_open_until(at(due)), is_open, "{due}");
        let spec = DueSpec::Instant(at(due));
        // It names no calendar: nobody knows here when somebody is there.
        let resolved = resolve(&spec, WEDNESDAY);
        assert_eq!((resolved.at, resolved.warnings), (at(due), Vec::new()));
        assert_eq!(resolved.resolution.calendar, None);
    }
}

#[test]
fn a_date_is_the_versions_that_rules_it() {
    let mut calendars = calendars();
    let mut closing_early = office("Europe/Berlin", &[("09:00", "10:00")]);
    closing_early.effective_from = "2026-12-18".to_owned();
    calendars
        .get_mut("berlin")
        .unwrap()
        .revise(checked(&closing_early));
    let resolve = |spec: DueSpec| {
        let at = FieldPath::ROOT;
        spec.resolve(at, telling(WEDNESDAY), &calendars).unwrap()
    };
    let resolved = resolve(days(1, DayTime::EndOfDay, "berlin"));
    assert_eq!(resolved.at, at("2026-12-17T16:00:00Z"));
    // The version that is known, whether or not it rules by then.
    assert_eq!(resolved.resolution.calendar.as_ref().unwrap().version, 2);
    assert_eq!(
        resolve(days(2, DayTime::EndOfDay, "berlin")).at,
        at("2026-12-18T09:00:00Z")
    );
    assert_eq!(
        resolve(part(WeekPart::EndOfWeek, "berlin")).at,
        at("2026-12-18T09:00:00Z")
    );
    // A later change moves nothing: it is found by the version that was used.
    let pinned = resolved
        .resolution
        .calendar
        .unwrap()
        .find(&calendars)
        .unwrap();
    assert_eq!(pinned.version(), 2);
}
