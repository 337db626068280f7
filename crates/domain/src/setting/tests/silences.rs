//! Times in which some alerts are not told.

use std::collections::BTreeMap;

use super::*;

const NOW: &str = "2026-01-05T12:00:00Z";

fn matcher(label: &str, values: &[&str], excluded: bool) -> LabelMatcher {
    LabelMatcher {
        label: label.to_owned(),
        values: ids(values),
        excluded,
    }
}

fn silence(starts_at: Option<&str>, ends_at: Option<&str>) -> Silence {
    Silence {
        matchers: vec![matcher("kind", &["call_back"], false)],
        starts_at: starts_at.map(at),
        ends_at: ends_at.map(at),
        reason: "the telephones are being replaced".to_owned(),
        created_by: String::new(),
    }
}

/// What is wrong with its times now.
fn begun(mut silence: Silence) -> (Silence, Vec<(String, Reason)>) {
    let mut found = Violations::new();
    silence.begin((None, "lead"), at(NOW), FieldPath::ROOT, &mut found);
    (silence, noted(&found))
}

#[test]
fn a_silence_says_what_why_and_until_when() {
    use Reason::{Conflicting, Endless, Required, TooLong, TooMany};
    let end = Some("2026-01-06T12:00:00Z");
    assert_eq!(wrong(Body::Silence(silence(None, end))), []);
    assert_wrong(Body::Silence(silence(None, None)), "ends_at", Endless);
    let with = |matchers| {
        Body::Silence(Silence {
            matchers,
            ..silence(None, end)
        })
    };
    assert_wrong(with(Vec::new()), "matchers", Required);
    assert_wrong(
        with(vec![matcher("a", &["b"], true)]),
        "matchers",
        Conflicting,
    );
    let nothing = vec![matcher("a", &["b"], false), matcher("c", &[], true)];
    assert_wrong(with(nothing), "matchers[1].values", Required);
    assert_wrong(
        with(vec![matcher("", &["b"], false)]),
        "matchers[0].label",
        Required,
    );
    assert_wrong(
        with(vec![matcher("a", &["b", "b"], false)]),
        "matchers[0].values[1]",
        Conflicting,
    );
    assert_wrong(
        with(vec![matcher("a", &["b"], false); 21]),
        "matchers",
        TooMany,
    );
    let why = |reason: &str| {
        Body::Silence(Silence {
            reason: reason.to_owned(),
            ..silence(None, end)
        })
    };
    assert_wrong(why(" "), "reason", Required);
    assert_wrong(why(&"r".repeat(513)), "reason", TooLong);
}

#[test]
fn it_begins_when_it_is_made_and_ends_within_30_days() {
    use Reason::{Conflicting, OutOfRange};
    let (made, wrong) = begun(silence(None, Some("2026-02-04T12:00:00Z")));
    assert_eq!(wrong, []);
    assert_eq!((made.starts_at, &*made.created_by), (Some(at(NOW)), "lead"));
    let (later, wrong) = begun(silence(
        Some("2026-03-01T00:00:00Z"),
        Some("2026-03-02T00:00:00Z"),
    ));
    assert_eq!(
        (later.starts_at, wrong),
        (Some(at("2026-03-01T00:00:00Z")), vec![])
    );
    for (starts_at, ends_at, field, reason) in [
        (None, "2026-02-04T12:00:01Z", "ends_at", OutOfRange),
        (None, NOW, "ends_at", OutOfRange),
        (
            Some("2026-01-07T00:00:00Z"),
            "2026-01-07T00:00:00Z",
            "ends_at",
            Conflicting,
        ),
        (
            Some("2025-12-20T00:00:00Z"),
            "2026-01-20T00:00:00Z",
            "ends_at",
            OutOfRange,
        ),
        (
            Some("2029-01-07T00:00:00Z"),
            "2029-01-08T00:00:00Z",
            "starts_at",
            OutOfRange,
        ),
    ] {
        let wrong = begun(silence(starts_at, Some(ends_at))).1;
        assert_eq!(
            wrong,
            [(field.to_owned(), reason)],
            "{starts_at:?} to {ends_at}"
        );
    }
}

#[test]
fn whoever_changes_it_later_did_not_make_it() {
    let before = begun(silence(None, Some("2026-01-06T00:00:00Z"))).0;
    let mut changed = silence(
        before.starts_at.map(|at| at.to_string()).as_deref(),
        Some("2026-01-07T00:00:00Z"),
    );
    let mut found = Violations::new();
    let now = at("2026-01-05T18:00:00Z");
    changed.begin((Some(&before), "admin"), now, FieldPath::ROOT, &mut found);
    assert_eq!((noted(&found), &*changed.created_by), (vec![], "lead"));
    assert_eq!(changed.starts_at, before.starts_at);
}

#[test]
fn it_mutes_what_fits_all_of_its_matchers_while_it_lasts() {
    let labels = |pairs: &[(&str, &str)]| -> BTreeMap<_, _> {
        let pairs = pairs.iter();
        pairs
            .map(|(label, value)| ((*label).to_owned(), (*value).to_owned()))
            .collect()
    };
    let silence = Silence {
        matchers: vec![
            matcher("kind", &["call_back", "refund"], false),
            matcher("priority", &["p1"], true),
        ],
        ..silence(Some(NOW), Some("2026-01-06T12:00:00Z"))
    };
    for (pairs, is_muted) in [
        (&[("kind", "call_back"), ("priority", "p2")][..], true),
        (&[("kind", "refund")][..], true),
        (&[("kind", "refund"), ("priority", "p1")][..], false),
        (&[("kind", "other")][..], false),
        (&[][..], false),
    ] {
        assert_eq!(
            silence.mutes(&labels(pairs), at(NOW)),
            is_muted,
            "{pairs:?}"
        );
    }
    for (instant, is_muted) in [
        ("2026-01-05T11:59:59Z", false),
        ("2026-01-06T11:59:59Z", true),
        ("2026-01-06T12:00:00Z", false),
    ] {
        let muted = silence.mutes(&labels(&[("kind", "refund")]), at(instant));
        assert_eq!(muted, is_muted, "{instant}");
    }
}
