use std::sync::LazyLock;

use jiff::SignedDuration;
use proptest::prelude::*;

use super::*;

fn target(calendar: &str, from: &str, hours: i64, pauses: Vec<Pause>) -> InternalTarget {
    InternalTarget {
        policy_id: "policy".to_owned(),
        policy_version: 1,
        calendar: CalendarRef {
            calendar_id: calendar.to_owned(),
            version: 1,
        },
        from: at(from),
        duration: SignedDuration::from_hours(hours),
        pauses,
    }
}

fn clock(target: &InternalTarget) -> InternalClock {
    let calendar = target.calendar.find(&calendars()).unwrap();
    target.clock(&calendar).unwrap()
}

fn running(target_at: &str) -> InternalClock {
    InternalClock::Running {
        target_at: at(target_at),
    }
}

#[test]
fn a_pause_moves_the_target_by_the_open_time_in_it() {
    // Monday 15:00 to Tuesday 10:00 are three open hours, of nineteen.
    let unpaused = target("utc", "2026-01-05T10:00:00Z", 8, vec![]);
    assert_eq!(clock(&unpaused), running("2026-01-06T10:00:00Z"));
    let night = pause("2026-01-05T15:00:00Z", Some("2026-01-06T10:00:00Z"));
    let paused = InternalTarget {
        pauses: vec![night],
        ..unpaused.clone()
    };
    assert_eq!(clock(&paused), running("2026-01-06T13:00:00Z"));
    // A night or a weekend alone is nothing.
    let closed = pause("2026-01-05T17:00:00Z", Some("2026-01-06T09:00:00Z"));
    let paused = InternalTarget {
        pauses: vec![closed],
        ..unpaused.clone()
    };
    assert_eq!(clock(&paused), running("2026-01-06T10:00:00Z"));
    // Pauses in any order; what two of them share counts once; what is before the start or after the target, never.
    let paused = InternalTarget {
        pauses: vec![
            pause("2026-01-06T10:00:00Z", Some("2026-01-06T12:00:00Z")),
            night,
            pause("2026-01-05T16:00:00Z", Some("2026-01-06T11:00:00Z")),
            pause("2026-01-05T09:00:00Z", Some("2026-01-05T09:30:00Z")),
            pause("2026-01-06T15:30:00Z", None),
        ],
        ..unpaused
    };
    assert_eq!(clock(&paused), running("2026-01-06T15:00:00Z"));
}

#[test]
fn while_it_is_paused_it_can_not_lapse() {
    let lasting = pause("2026-01-05T15:00:00Z", None);
    let paused = target("utc", "2026-01-05T10:00:00Z", 8, vec![lasting]);
    let stands = clock(&paused);
    assert_eq!(
        stands,
        InternalClock::Paused {
            since: at("2026-01-05T15:00:00Z"),
            left: 3 * HOUR,
        }
    );
    assert_eq!(stands.lapses_at(), None);
    // A target that had passed before has passed.
    let late = pause("2026-01-06T10:00:01Z", None);
    let passed = target("utc", "2026-01-05T10:00:00Z", 8, vec![late]);
    assert_eq!(clock(&passed).lapses_at(), Some(at("2026-01-06T10:00:00Z")));
}

#[test]
fn each_share_of_the_open_time_is_somebodys() {
    let calendars = calendars();
    let (from, to) = (at("2026-01-05T10:00:00Z"), at("2026-01-07T12:00:00Z"));
    let third_party = Pause {
        turn: Turn::ThirdParty,
        ..pause("2026-01-06T09:00:00Z", Some("2026-01-06T12:00:00Z"))
    };
    let pauses = [
        third_party,
        pause("2026-01-05T15:00:00Z", Some("2026-01-06T10:00:00Z")),
        pause("2026-01-07T11:00:00Z", None),
    ];
    let shares = shares(&calendars["utc"], from, to, &pauses);
    let expected = [
        (Turn::Us, 12 * HOUR),
        (Turn::Customer, 4 * HOUR),
        (Turn::ThirdParty, 2 * HOUR),
    ];
    assert_eq!(shares, BTreeMap::from(expected));
    let total = shares
        .values()
        .fold(SignedDuration::ZERO, |sum, one| sum + *one);
    assert_eq!(total, calendars["utc"].between(from, to));
}

/// Pauses of some hours around a start, one of which may last.
fn pauses() -> impl Strategy<Value = Vec<Pause>> {
    let one = (-1_000_i64..20_000, 0_i64..3_000, 0_u8..12);
    prop::collection::vec(one, 0..6).prop_map(|all| {
        let start = at("2026-12-16T10:30:00Z");
        let minutes = SignedDuration::from_mins;
        all.into_iter()
            .map(|(from, length, lasts)| Pause {
                from: start + minutes(from),
                to: (lasts > 0).then(|| start + minutes(from + length)),
                ..pause("2026-12-16T10:30:00Z", None)
            })
            .collect()
    })
}

/// Which minutes after the start are open.
static OPEN: LazyLock<Vec<bool>> = LazyLock::new(|| {
    let calendars = calendars();
    (0..60_000)
        .map(|minute| calendars["berlin"].is_open(after(minute)))
        .collect()
});

fn after(minute: i64) -> Timestamp {
    at("2026-12-16T10:30:00Z") + SignedDuration::from_mins(minute)
}

proptest! {
    /// Minute by minute: those that are open and no pause are counted until there are enough.
    #[test]
    fn the_target_is_where_one_counts_to(minutes in 1_i64..6_000, pauses in pauses()) {
        let calendars = calendars();
        let calendar = &calendars["berlin"];
        let start = at("2026-12-16T10:30:00Z");
        let target = InternalTarget {
            duration: SignedDuration::from_mins(minutes),
            pauses: pauses.clone(),
            ..target("berlin", "2026-12-16T10:30:00Z", 0, vec![])
        };
        let paused = |at: Timestamp| {
            pauses.iter().any(|one| one.from <= at && one.to.is_none_or(|to| at < to))
        };
        let mut left = minutes;
        let counted = (0..).zip(&*OPEN).find(|&(minute, is_open)| {
            left -= i64::from(*is_open && !paused(after(minute)));
            left == 0
        });
        let clock = target.clock(calendar).unwrap();
        let expected = counted.map(|(last, _)| after(last + 1));
        prop_assert_eq!(clock.lapses_at(), expected);
        if let InternalClock::Paused { left: told, .. } = clock {
            prop_assert_eq!(told, SignedDuration::from_mins(left));
        }
        if let Some(explained) = target.explain(calendar).unwrap() {
            prop_assert_eq!(Some(explained.at), expected);
            prop_assert_eq!(explained.sum, target.duration);
            let overlaps = explained.pauses.iter().map(|one| one.overlap);
            let overlaps = overlaps.fold(SignedDuration::ZERO, |sum, one| sum + one);
            prop_assert_eq!(calendar.between(start, explained.at), target.duration + overlaps);
        }
    }
}
