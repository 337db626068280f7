//! Business time by the vectors that lie beside the project: named ones, each of which a similar system
//! got wrong, and random ones.

use std::path::Path;

use aftercall_domain::FieldPath;
use aftercall_domain::calendar::{Calendar, CalendarDraft, ClosedDate, HoursDraft, SpecialDate};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

/// The vectors of a file, one a line.
fn vectors(file: &str) -> Vec<Value> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared/vectors")
        .join(file);
    let text = std::fs::read_to_string(&path)
        .unwrap_or_else(|error| panic!("the vectors {} are needed: {error}", path.display()));
    let vectors: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).expect("each line is a vector"))
        .collect();
    assert!(!vectors.is_empty(), "{file} has no vectors");
    vectors
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a text")
}

fn hours(value: Option<&Value>) -> Vec<HoursDraft> {
    let Some(value) = value else {
        return Vec::new();
    };
    let list = value.as_array().expect("a list of hours").iter();
    list.map(|pair| HoursDraft {
        opens: text(&pair[0]).to_owned(),
        closes: text(&pair[1]).to_owned(),
    })
    .collect()
}

fn draft(calendar: &Value) -> CalendarDraft {
    const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
    let weekly = calendar["weekly"].as_object().expect("hours by day");
    assert!(weekly.keys().all(|day| DAYS.contains(&day.as_str())));
    let closed = calendar["closed_dates"].as_array().expect("dates").iter();
    let special = calendar["special_dates"].as_object().expect("dates").iter();
    let label = String::new();
    CalendarDraft {
        time_zone: text(&calendar["zone"]).to_owned(),
        weekly: DAYS.map(|day| hours(weekly.get(day))),
        closed_dates: closed
            .map(|date| ClosedDate {
                date: text(date).to_owned(),
                label: label.clone(),
            })
            .collect(),
        special_dates: special
            .map(|(date, value)| SpecialDate {
                date: date.clone(),
                hours: hours(Some(value)),
                label: label.clone(),
            })
            .collect(),
        effective_from: String::new(),
    }
}

fn check(vector: &Value) {
    let id = text(&vector["id"]);
    let draft = draft(&vector["calendar"]);
    let hours = match (draft.check(FieldPath::ROOT), vector.get("expect_error")) {
        (Ok(hours), None) => hours,
        (Err(found), Some(reason)) => {
            let found: Vec<_> = found
                .as_slice()
                .iter()
                .map(|one| one.reason.as_str())
                .collect();
            assert_eq!(found, [text(reason)], "{id}");
            return;
        }
        (Ok(_), Some(reason)) => panic!("{id}: taken, not {reason}"),
        (Err(found), None) => panic!("{id}: {found}"),
    };
    let calendar = Calendar::new("calendar", hours);
    let instant = |field: &str| {
        text(&vector[field])
            .parse::<Timestamp>()
            .expect("an instant")
    };
    let seconds = |field: &str| SignedDuration::from_secs(vector[field].as_i64().expect("seconds"));
    let from = instant("from");
    let (start, end, open) = match text(&vector["op"]) {
        "add" => {
            let found = calendar.add(from, seconds("duration_s"));
            assert_eq!(found, Ok(instant("expect")), "{id}");
            (from, instant("expect"), seconds("duration_s"))
        }
        "sub" => {
            let found = calendar.sub(from, seconds("duration_s"));
            assert_eq!(found, Ok(instant("expect")), "{id}");
            (instant("expect"), from, seconds("duration_s"))
        }
        "between" => {
            let to = instant("to");
            assert_eq!(calendar.between(from, to), seconds("expect_s"), "{id}");
            assert_eq!(calendar.between(to, from), -seconds("expect_s"), "{id}");
            (from, to, seconds("expect_s"))
        }
        other => panic!("{id}: {other} is no operation"),
    };
    let explained = calendar.explain(start, end);
    let intervals = explained.intervals.iter();
    let sum = intervals.fold(SignedDuration::ZERO, |sum, one| sum + one.duration());
    assert_eq!((sum, explained.open), (open, open), "{id}");
}

#[test]
fn the_named_vectors_hold() {
    vectors("business_time_named.jsonl").iter().for_each(check);
}

#[test]
fn the_random_vectors_hold() {
    vectors("business_time_random.jsonl").iter().for_each(check);
}
