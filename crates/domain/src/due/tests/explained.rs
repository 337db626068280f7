use super::*;

fn told(spec: DueSpec, occurred_at: &str) -> (Resolved, Timestamp) {
    let telling = Telling {
        occurred_at: at(occurred_at),
        is_import: true,
    };
    let resolved = spec
        .resolve(FieldPath::ROOT, telling, &calendars())
        .unwrap();
    (resolved, at(occurred_at))
}

fn intervals(explained: &DueExplained) -> Vec<(String, String, u32)> {
    let intervals = explained.intervals.iter();
    intervals
        .map(|one| (one.from.to_string(), one.to.to_string(), one.version))
        .collect()
}

fn interval(from: &str, to: &str, version: u32) -> (String, String, u32) {
    (from.to_owned(), to.to_owned(), version)
}

#[test]
fn the_intervals_are_the_target() {
    let spec = DueSpec::BusinessElapsed {
        duration: 4 * HOUR,
        calendar_id: "berlin".to_owned(),
    };
    let (resolved, from) = told(spec, "2026-12-24T08:00:00Z");
    let calendars = calendars();
    let resolution = resolved.resolution.clone();
    let calendar = resolution
        .calendar
        .as_ref()
        .unwrap()
        .find(&calendars)
        .unwrap();
    let explained = resolution
        .clone()
        .explain(from, resolved.at, Some(&calendar));
    assert_eq!(
        intervals(&explained),
        [
            interval("2026-12-24T08:00:00Z", "2026-12-24T10:00:00Z", 1),
            interval("2026-12-28T08:00:00Z", "2026-12-28T10:00:00Z", 1),
        ]
    );
    assert_eq!((explained.sum, explained.at), (4 * HOUR, resolved.at));
    let labels: Vec<_> = explained.exceptions.iter().map(|one| &*one.label).collect();
    assert_eq!(labels, ["Christmas Eve", "Christmas Day"]);
    assert_eq!(
        (explained.versions, explained.resolution),
        (vec![1], resolution)
    );
}

#[test]
fn without_a_calendar_any_time_counts() {
    let (resolved, from) = told(DueSpec::Elapsed(48 * HOUR), "2026-12-24T08:00:00Z");
    let explained = resolved.resolution.explain(from, resolved.at, None);
    assert_eq!(
        intervals(&explained),
        [interval("2026-12-24T08:00:00Z", "2026-12-26T08:00:00Z", 0)]
    );
    assert_eq!(explained.sum, 48 * HOUR);
    // What was imported may have been due before.
    let (resolved, from) = told(
        DueSpec::Instant(at("2026-12-01T00:00:00Z")),
        "2026-12-24T08:00:00Z",
    );
    let explained = resolved.resolution.explain(from, resolved.at, None);
    assert_eq!(
        (explained.intervals, explained.sum),
        (vec![], SignedDuration::ZERO)
    );
}

#[test]
fn pauses_are_told_with_what_they_added() {
    let night = pause("2026-01-05T15:00:00Z", Some("2026-01-06T10:00:00Z"));
    let shared = pause("2026-01-06T09:30:00Z", Some("2026-01-06T11:00:00Z"));
    let later = pause("2026-01-06T14:00:00Z", None);
    let target = InternalTarget {
        policy_id: "policy".to_owned(),
        policy_version: 3,
        calendar: CalendarRef {
            calendar_id: "utc".to_owned(),
            version: 1,
        },
        from: at("2026-01-05T10:00:00Z"),
        duration: 8 * HOUR,
        pauses: vec![later, shared, night],
    };
    let explained = target.explain(&calendars()["utc"]).unwrap().unwrap();
    assert_eq!(explained.at, at("2026-01-06T14:00:00Z"));
    assert_eq!(
        intervals(&explained),
        [
            interval("2026-01-05T10:00:00Z", "2026-01-05T15:00:00Z", 1),
            interval("2026-01-06T11:00:00Z", "2026-01-06T14:00:00Z", 1),
        ]
    );
    assert_eq!(explained.sum, target.duration);
    let overlaps: Vec<_> = explained
        .pauses
        .iter()
        .map(|one| (one.pause, one.overlap))
        .collect();
    assert_eq!(overlaps, [(night, 3 * HOUR), (shared, HOUR)]);
}
