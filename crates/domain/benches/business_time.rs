//! Business time beside reckoning it day by day: `cargo xtask bench business_time`.

#[path = "../tests/it/model.rs"]
mod model;

use std::hint::black_box;
use std::time::{Duration, Instant};

use aftercall_domain::FieldPath;
use aftercall_domain::calendar::{Calendar, CalendarDraft, ClosedDate, HoursDraft};
use jiff::civil::date;
use jiff::{SignedDuration, Timestamp, ToSpan};

const MEASURED_FOR: Duration = Duration::from_millis(500);

fn main() {
    let json = std::env::args().any(|argument| argument == "--json");
    let draft = office();
    let model = model::Model::new(draft.clone());
    let hours = draft.check(FieldPath::ROOT).expect("the calendar is right");
    let calendar = Calendar::new("office", hours);
    let from: Timestamp = "2026-02-03T10:17:23Z".parse().expect("an instant");
    for (name, open_hours) in [("a day", 4), ("a month", 150), ("a year", 1_850)] {
        let length = SignedDuration::from_hours(open_hours);
        let due = calendar.add(from, length).expect("there is enough");
        assert_eq!(model.add(from, length), Some(due));
        let (start, end, length) = (black_box(from), black_box(due), black_box(length));
        let rows = [
            (
                "add",
                time(|| calendar.add(start, length)),
                time(|| model.add(start, length)),
            ),
            (
                "sub",
                time(|| calendar.sub(end, length)),
                time(|| model.sub(end, length)),
            ),
            (
                "between",
                time(|| calendar.between(start, end)),
                time(|| model.between(start, end)),
            ),
        ];
        for (operation, took, naive) in rows {
            say(json, &format!("{operation} over {name}"), took, Some(naive));
        }
        let took = time(|| calendar.explain(start, end));
        say(json, &format!("explain {name}"), took, None);
    }
    let check = time(|| draft.check(FieldPath::ROOT));
    say(json, "check a draft, and make it ready", check, None);
}

/// Prints how long something took, and how long it takes day by day.
fn say(json: bool, what: &str, took: u128, naive: Option<u128>) {
    let ratio = naive.map(|naive| took as f64 / naive as f64);
    if json {
        let (against, ratio) = match ratio {
            Some(ratio) => ("\"day by day\"", format!("{ratio:.4}")),
            None => ("null", "null".to_owned()),
        };
        println!(
            "{{\"name\":\"business_time: {what}\",\"value\":{took},\"unit\":\"ns\",\"against\":{against},\
             \"ratio\":{ratio}}}"
        );
        return;
    }
    let beside = ratio.map_or_else(String::new, |ratio| format!("  {ratio:.4} of day by day"));
    println!("{what:40} {took:>10} ns{beside}");
}

/// Nanoseconds for one of them.
#[expect(
    clippy::disallowed_methods,
    reason = "a benchmark of pure functions owns no clock"
)]
fn time<T>(mut work: impl FnMut() -> T) -> u128 {
    let started = Instant::now();
    let mut times = 0;
    while started.elapsed() < MEASURED_FOR {
        for _ in 0..8 {
            black_box(work());
        }
        times += 8;
    }
    started.elapsed().as_nanos() / times
}

/// Two intervals on five days of the week, and twelve holidays a year.
fn office() -> CalendarDraft {
    let day = [("09:00", "12:30"), ("13:30", "18:00")].map(|(opens, closes)| HoursDraft {
        opens: opens.to_owned(),
        closes: closes.to_owned(),
    });
    let mut draft = CalendarDraft {
        time_zone: "Europe/Berlin".to_owned(),
        weekly: std::array::from_fn(|weekday| {
            if weekday < 5 {
                day.to_vec()
            } else {
                Vec::new()
            }
        }),
        ..CalendarDraft::default()
    };
    for month in 0..120 {
        let date = date(2020, 1, 6) + (month * 30).days();
        draft.closed_dates.push(ClosedDate {
            date: date.to_string(),
            label: "a holiday".to_owned(),
        });
    }
    draft
}
