//! Business time on calendars at random, beside the model that reckons by hand.

use aftercall_domain::FieldPath;
use aftercall_domain::calendar::{Calendar, CalendarDraft, HoursDraft};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use crate::drafts::{Case, ZONES, case};
use crate::model::{Model, zone};

/// The calendar; none if it is never open.
fn calendar(case: &Case) -> Option<Calendar> {
    let hours = case.draft.check(FieldPath::ROOT).ok()?;
    Some(Calendar::new("calendar", hours))
}

/// Durations from nothing to some months, often whole quarters of hours, so that they end at closings.
fn duration() -> impl Strategy<Value = SignedDuration> {
    prop_oneof![
        Just(SignedDuration::ZERO),
        (1_i64..200).prop_map(|quarters| SignedDuration::from_mins(15 * quarters)),
        (0_i64..2_000_000).prop_map(SignedDuration::from_secs),
        (0_i64..100_000_000_000).prop_map(SignedDuration::from_nanos),
    ]
}

/// Every change of the clocks in sixty years, with hours that begin and end in each quarter around it.
#[test]
fn around_every_change_it_is_what_one_reckons_by_hand() {
    let quarters: Vec<_> = (0..=20)
        .map(|n| format!("{:02}:{:02}", n / 4, n % 4 * 15))
        .collect();
    let day = |odd: usize| -> Vec<HoursDraft> {
        let pairs = quarters[odd..].chunks_exact(2);
        let late = ["23:00", "23:30", "23:45", "24:00"].chunks_exact(2);
        let pairs = pairs.map(|pair| (pair[0].clone(), pair[1].clone()));
        let late = late.map(|pair| (pair[0].to_owned(), pair[1].to_owned()));
        pairs
            .chain(late)
            .map(|(opens, closes)| HoursDraft { opens, closes })
            .collect()
    };
    let start: Timestamp = "1975-01-01T00:00:00Z".parse().expect("an instant");
    for name in ZONES {
        for odd in [0, 1] {
            let draft = CalendarDraft {
                time_zone: name.to_owned(),
                weekly: std::array::from_fn(|_| day(odd)),
                ..CalendarDraft::default()
            };
            let hours = draft.check(FieldPath::ROOT).expect("the draft is right");
            let (calendar, model) = (Calendar::new(name, hours), Model::new(draft));
            for change in zone(name).following(start).take(90) {
                let around = SignedDuration::from_hours(40);
                let (from, to) = (change.timestamp() - around, change.timestamp() + around);
                let explained = calendar.explain(from, to).intervals.into_iter();
                let explained: Vec<_> = explained.map(|one| (one.from, one.to)).collect();
                assert_eq!(explained, model.within(from, to), "{name} {from}");
                assert_eq!(
                    calendar.between(from, to),
                    model.between(from, to),
                    "{name} {from}"
                );
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn it_is_what_one_reckons_by_hand(case in case(), length in duration(), elapsed in duration()) {
        let Some(calendar) = calendar(&case) else { return Ok(()) };
        let (model, from) = (Model::new(case.draft), case.from);
        if let Some(expected) = model.add(from, length) {
            prop_assert_eq!(calendar.add(from, length), Ok(expected));
        }
        if let Some(expected) = model.sub(from, length) {
            prop_assert_eq!(calendar.sub(from, length), Ok(expected));
        }
        let to = from + elapsed;
        prop_assert_eq!(calendar.between(from, to), model.between(from, to));
        let explained = calendar.explain(from, to);
        let intervals: Vec<_> = explained.intervals.iter().map(|one| (one.from, one.to)).collect();
        prop_assert_eq!(intervals, model.within(from, to));
        let is_open = model.within(from, from + SignedDuration::from_nanos(1)).len() == 1;
        prop_assert_eq!(calendar.is_open(from), is_open);
    }

    #[test]
    fn what_is_added_can_be_taken_away(case in case(), length in duration()) {
        let Some(calendar) = calendar(&case) else { return Ok(()) };
        let from = calendar.next_open(case.from).unwrap();
        let due = calendar.add(from, length).unwrap();
        prop_assert_eq!(calendar.between(from, due), length);
        prop_assert_eq!(calendar.explain(from, due).open, length);
        if length > SignedDuration::ZERO {
            prop_assert_eq!(calendar.sub(due, length), Ok(from));
            prop_assert_eq!(calendar.add(due, -length), Ok(from));
            // A moment less has not been enough.
            let before = due - SignedDuration::from_nanos(1);
            prop_assert!(calendar.between(from, before) < length);
        }
    }

    #[test]
    fn parts_make_the_whole(case in case(), lengths in (duration(), duration()), elapsed in (duration(), duration())) {
        let Some(calendar) = calendar(&case) else { return Ok(()) };
        let (from, middle) = (case.from, case.from + elapsed.0);
        let to = middle + elapsed.1;
        let parts = calendar.between(from, middle) + calendar.between(middle, to);
        prop_assert_eq!(parts, calendar.between(from, to));
        prop_assert_eq!(calendar.between(from, to) + calendar.between(to, middle), calendar.between(from, middle));
        let first = calendar.add(from, lengths.0).unwrap();
        prop_assert_eq!(calendar.add(first, lengths.1), match lengths.1 {
            // To want nothing more, at a closing, is the next opening.
            SignedDuration::ZERO => calendar.next_open(first),
            _ => calendar.add(from, lengths.0 + lengths.1),
        });
    }

    #[test]
    fn later_is_never_earlier(case in case(), length in duration(), more in duration(), elapsed in duration()) {
        let Some(calendar) = calendar(&case) else { return Ok(()) };
        let (from, later) = (case.from, case.from + elapsed);
        prop_assert!(calendar.add(from, length).unwrap() <= calendar.add(later, length).unwrap());
        prop_assert!(calendar.sub(from, length).ok() <= calendar.sub(later, length).ok());
        if length > SignedDuration::ZERO {
            prop_assert!(calendar.add(from, length).unwrap() <= calendar.add(from, length + more).unwrap());
        }
        prop_assert!(calendar.next_open(from).unwrap() >= from);
        prop_assert!(calendar.is_open(calendar.next_open(from).unwrap()));
    }
}
