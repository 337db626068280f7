use super::*;
use crate::Violations;
use crate::violation::Reason;

fn stage(basis: StageBasis) -> WarnStage {
    WarnStage {
        id: "stage".to_owned(),
        basis,
    }
}

fn business(duration: SignedDuration, calendar: &str) -> StageBasis {
    StageBasis::BeforeDueBusiness {
        duration,
        calendar_id: calendar.to_owned(),
    }
}

fn percent(percent: u8, calendar: &str) -> StageBasis {
    StageBasis::PercentBusiness {
        percent,
        calendar_id: calendar.to_owned(),
    }
}

#[test]
fn a_stage_is_a_time_before_the_due() {
    use StageBasis::{BeforeDueElapsed, PercentElapsed};
    let calendars = calendars();
    // Monday noon to Wednesday 10:00: 14 open hours.
    let (from, due) = (at("2026-01-05T12:00:00Z"), at("2026-01-07T10:00:00Z"));
    for (basis, expected) in [
        (BeforeDueElapsed(2 * HOUR), "2026-01-07T08:00:00Z"),
        (
            BeforeDueElapsed(SignedDuration::MAX),
            "2026-01-05T12:00:00Z",
        ),
        (PercentElapsed(50), "2026-01-06T11:00:00Z"),
        (PercentElapsed(100), "2026-01-07T10:00:00Z"),
        // One open hour before is the opening, not the closing of the day before.
        (business(HOUR, "utc"), "2026-01-07T09:00:00Z"),
        (business(2 * HOUR, "utc"), "2026-01-06T16:00:00Z"),
        (business(14 * HOUR, "utc"), "2026-01-05T12:00:00Z"),
        (business(50 * HOUR, "utc"), "2026-01-05T12:00:00Z"),
        (percent(50, "utc"), "2026-01-06T11:00:00Z"),
        (percent(75, "utc"), "2026-01-06T14:30:00Z"),
        (percent(100, "utc"), "2026-01-07T10:00:00Z"),
    ] {
        let reached = stage(basis.clone()).instant(from, due, &[], &calendars);
        assert_eq!(reached, Some(at(expected)), "{basis:?}");
    }
    let unknown = stage(percent(50, "vienna")).instant(from, due, &[], &calendars);
    assert_eq!(unknown, None);
}

#[test]
fn in_pauses_business_time_stands_still() {
    let calendars = calendars();
    // 8 open hours from Monday 10:00, with three of them paused: Tuesday 13:00.
    let (from, due) = (at("2026-01-05T10:00:00Z"), at("2026-01-06T13:00:00Z"));
    let pauses = [pause("2026-01-05T15:00:00Z", Some("2026-01-06T10:00:00Z"))];
    for (basis, expected) in [
        (percent(50, "utc"), "2026-01-05T14:00:00Z"),
        (percent(75, "utc"), "2026-01-06T11:00:00Z"),
        (business(HOUR, "utc"), "2026-01-06T12:00:00Z"),
        // When it goes on, not when it stood still.
        (business(3 * HOUR, "utc"), "2026-01-06T10:00:00Z"),
        (business(4 * HOUR, "utc"), "2026-01-05T14:00:00Z"),
    ] {
        let reached = stage(basis.clone()).instant(from, due, &pauses, &calendars);
        assert_eq!(reached, Some(at(expected)), "{basis:?}");
    }
}

#[test]
fn what_is_no_stage_is_refused() {
    use StageBasis::{BeforeDueElapsed, PercentElapsed};
    let wrong = |stage: WarnStage| {
        let mut found = Violations::new();
        stage.check(FieldPath::of("stages"), &mut found);
        let found = found.as_slice().iter();
        found
            .map(|one| (one.field.clone(), one.reason))
            .collect::<Vec<_>>()
    };
    for (basis, field, reason) in [
        (
            BeforeDueElapsed(SignedDuration::ZERO),
            "before_due_elapsed",
            Reason::OutOfRange,
        ),
        (
            BeforeDueElapsed(SignedDuration::MAX),
            "before_due_elapsed",
            Reason::OutOfRange,
        ),
        (PercentElapsed(0), "percent_elapsed", Reason::OutOfRange),
        (PercentElapsed(101), "percent_elapsed", Reason::OutOfRange),
        (
            percent(101, "utc"),
            "percent_business.percent",
            Reason::OutOfRange,
        ),
        (
            percent(1, ""),
            "percent_business.calendar_id",
            Reason::Required,
        ),
        (
            business(-HOUR, "utc"),
            "before_due_business.duration",
            Reason::OutOfRange,
        ),
    ] {
        assert_eq!(wrong(stage(basis)), [(format!("stages.{field}"), reason)]);
    }
    assert_eq!(wrong(stage(percent(100, "utc"))), []);
    let nameless = WarnStage {
        id: String::new(),
        basis: PercentElapsed(50),
    };
    assert_eq!(
        wrong(nameless),
        [("stages.stage_id".to_owned(), Reason::Required)]
    );
}
