//! Attempts, and what proves that a promise was kept.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::limits::ATTEMPTS_COUNTED_MAX;
use crate::setting::FulfilmentPolicy;

/// An attempt that was made in a contact.
fn tried(result: AttemptResult, at: Timestamp, talk_s: Option<i64>) -> Attempting {
    Attempting {
        evidence: told(true),
        ..in_words(result, at, talk_s)
    }
}

/// The same, as somebody says without naming one.
fn in_words(result: AttemptResult, at: Timestamp, talk_s: Option<i64>) -> Attempting {
    Attempting {
        at: Some(at),
        result,
        talk: talk_s.map(SignedDuration::from_secs),
        by_message: false,
        evidence: Evidence::default(),
    }
}

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// Tries again and again, by a policy; tells after how many attempts the promise was kept.
fn kept_after(policy: &FulfilmentPolicy, attempts: &[Attempting]) -> Option<usize> {
    let mut promise = Commitment::new(Made {
        made_at: time("2026-03-02T06:00:00Z"),
        promised_by: time("2026-03-06T12:00:00Z"),
        time_zone: "Europe/Berlin".to_owned(),
        ..made()
    });
    for (number, wish) in attempts.iter().enumerate() {
        let now = wish.at.unwrap();
        let event = promise.attempt(wish.clone(), agent(OWNER), now, Some(policy));
        apply(&mut promise, event);
        if !promise.is_open() {
            assert_eq!(promise.outcome, Some(Outcome::Kept));
            assert_eq!(promise.fulfilled_at, Some(now));
            return Some(number + 1);
        }
    }
    assert_eq!(promise.tried.attempts as usize, attempts.len());
    None
}

#[test]
fn a_voicemail_reaches_nobody_and_counts_as_an_attempt() {
    let policy = FulfilmentPolicy::Reached {
        min_talk: SignedDuration::from_secs(30),
    };
    let at = |minute: &str| time(&format!("2026-03-02T10:{minute}:00Z"));
    let all = [
        tried(AttemptResult::Voicemail, at("00"), Some(60)),
        tried(AttemptResult::Reached, at("10"), None),
        tried(AttemptResult::Reached, at("20"), Some(29)),
    ];
    assert_eq!(kept_after(&policy, &all), None);
    let mut enough = all.to_vec();
    enough.push(tried(AttemptResult::Reached, at("30"), Some(30)));
    assert_eq!(kept_after(&policy, &enough), Some(4));
}

#[test]
fn attempts_count_with_a_gap_and_in_different_parts_of_the_customers_day() {
    let policy = FulfilmentPolicy::Attempted {
        attempts: 3,
        min_gap: SignedDuration::from_hours(2),
        distinct_dayparts: 2,
    };
    let no_answer = |at: &str| tried(AttemptResult::NoAnswer, time(at), None);
    let mornings = [
        no_answer("2026-03-02T07:00:00Z"),
        no_answer("2026-03-02T08:59:59Z"),
        no_answer("2026-03-02T09:00:00Z"),
        no_answer("2026-03-03T08:00:00Z"),
    ];
    assert_eq!(
        kept_after(&policy, &mornings),
        None,
        "three, all in mornings"
    );
    let mut all = mornings.to_vec();
    // Noon in Berlin.
    all.push(no_answer("2026-03-03T11:00:00Z"));
    assert_eq!(kept_after(&policy, &all), Some(5));
    let reached = [tried(
        AttemptResult::Reached,
        time("2026-03-02T08:00:00Z"),
        None,
    )];
    assert_eq!(kept_after(&policy, &reached), Some(1));
}

#[test]
fn what_a_policy_asks_for_is_asked_for() {
    let promise = Commitment::new(made());
    let message = Evidence {
        interaction_id: None,
        message_id: Some("<1@mail.example>".to_owned()),
    };
    let wish = |evidence: Evidence, note: &str| Fulfil {
        fulfilled_at: None,
        evidence,
        note: note.to_owned(),
    };
    let none = Evidence::default;
    let zero = SignedDuration::ZERO;
    let lacks = |policy: FulfilmentPolicy, wish: Fulfil, actor| {
        promise.check_proof(&wish, actor, at(10), &policy).err()
    };
    let lacking = |what| Some(Refusal::NotProven(what));
    let reached = FulfilmentPolicy::Reached { min_talk: zero };
    let noted = || wish(none(), "done");
    assert_eq!(
        lacks(reached, noted(), agent(OWNER)),
        lacking(Lacking::Reached)
    );
    assert_eq!(
        lacks(reached, noted(), lead()),
        None,
        "a lead may, with a note"
    );
    let sent = FulfilmentPolicy::DocumentSent;
    assert_eq!(
        lacks(sent, noted(), agent(OWNER)),
        lacking(Lacking::Message)
    );
    assert_eq!(lacks(sent, wish(message, ""), agent(OWNER)), None);
    let resolved = FulfilmentPolicy::CaseResolved;
    assert_eq!(
        lacks(resolved, noted(), agent(OWNER)),
        lacking(Lacking::Evidence)
    );
    let manual = FulfilmentPolicy::Manual;
    assert_eq!(
        lacks(manual, wish(none(), ""), agent(OWNER)),
        lacking(Lacking::Note)
    );
    assert_eq!(lacks(manual, noted(), agent(OWNER)), None);
    let urgent = Commitment::new(Made {
        priority: Priority::P1,
        ..made()
    });
    let late = urgent.check_proof(&noted(), agent(OWNER), at(4_000), &manual);
    assert_eq!(late, Err(Refusal::NotPermitted(Permission::FulfilUrgent)));
}

/// Who leads may say so with a note, but an attempt has none.
#[test]
fn a_word_that_the_customer_was_reached_keeps_nothing() {
    let promise = Commitment::new(made());
    let word = |talk_s| in_words(AttemptResult::Reached, at(20), Some(talk_s));
    let by = |policy: &FulfilmentPolicy, wish, actor| {
        let event = promise.attempt(wish, actor, at(30), Some(policy));
        event.map(|event| {
            let mut promise = promise.clone();
            promise.apply(&event);
            (promise.is_open(), promise.tried.counted)
        })
    };
    let reached = FulfilmentPolicy::Reached {
        min_talk: SignedDuration::from_secs(60),
    };
    let lacking = Err(Refusal::NotProven(Lacking::Contact));
    assert_eq!(by(&reached, word(600), agent(OWNER)), lacking);
    assert_eq!(by(&reached, word(600), lead()), lacking);
    assert_eq!(by(&reached, word(59), agent(OWNER)), Ok((true, 1)));
    let message = Attempting {
        evidence: Evidence {
            interaction_id: None,
            message_id: Some("<1@mail.example>".to_owned()),
        },
        ..word(600)
    };
    assert_eq!(by(&reached, message, agent(OWNER)), lacking);
    let shown = tried(AttemptResult::Reached, at(20), Some(60));
    assert_eq!(by(&reached, shown, agent(OWNER)), Ok((false, 1)));
    assert_eq!(by(&often(2, 0, 0), word(0), agent(OWNER)), lacking);
    assert_eq!(
        by(&often(1, 0, 0), word(0), agent(OWNER)),
        Ok((false, 1)),
        "as one attempt it is enough"
    );
    assert_eq!(
        by(&FulfilmentPolicy::Manual, word(600), agent(OWNER)),
        Ok((true, 1))
    );
}

/// The half hours since the first midnight.
fn half_hour(no: i64) -> Timestamp {
    time("2026-03-02T00:00:00Z") + SignedDuration::from_mins(30 * no)
}

fn often(attempts: u32, gap_h: i64, distinct_dayparts: u32) -> FulfilmentPolicy {
    FulfilmentPolicy::Attempted {
        attempts,
        min_gap: SignedDuration::from_hours(gap_h),
        distinct_dayparts,
    }
}

/// A promise once these attempts were told, in this order, as far as it was not kept before.
fn told_of(policy: &FulfilmentPolicy, due: i64, times: &[Timestamp]) -> Commitment {
    let mut promise = Commitment::new(Made {
        made_at: half_hour(0),
        promised_by: half_hour(due),
        time_zone: "Europe/Berlin".to_owned(),
        ..made()
    });
    for time in times {
        if promise.is_open() {
            let wish = in_words(AttemptResult::NoAnswer, *time, None);
            let event = promise.attempt(wish, agent(OWNER), half_hour(5_000), Some(policy));
            apply(&mut promise, event);
        }
    }
    promise
}

#[test]
fn an_attempt_counts_by_when_it_was_made_and_not_by_when_it_was_told() {
    let promise = told_of(&often(20, 0, 0), 100, &[half_hour(22), half_hour(18)]);
    assert_eq!((promise.tried.attempts, promise.tried.counted), (2, 2));
    let promise = told_of(&often(20, 3, 0), 100, &[22, 18, 16, 24].map(half_hour));
    assert_eq!((promise.tried.attempts, promise.tried.counted), (4, 2));
    assert_eq!(promise.tried.last_counted_at, Some(half_hour(22)));
}

#[test]
fn a_promise_is_kept_when_the_last_attempt_that_it_takes_was_made_whichever_is_told_last() {
    for order in [[18, 22, 26], [26, 22, 18], [22, 26, 18]] {
        let times = order.map(half_hour);
        for (due, outcome) in [(26, Outcome::Kept), (25, Outcome::KeptLate)] {
            let promise = told_of(&often(3, 1, 0), due, &times);
            assert_eq!(promise.outcome, Some(outcome), "{order:?}");
            assert_eq!(promise.fulfilled_at, Some(half_hour(26)), "{order:?}");
        }
    }
}

/// How many times are kept is bounded, and a promise is kept by many attempts all the same.
#[test]
fn attempts_count_however_many_there_are() {
    let every_four_hours: Vec<_> = (0..400).map(|no| half_hour(8 * no)).collect();
    let promise = told_of(&often(20, 24, 0), 5_000, &every_four_hours);
    assert!(!promise.is_open());
    assert!(promise.tried.times.len() <= ATTEMPTS_COUNTED_MAX);
    assert!((115..130).contains(&promise.tried.attempts));
}

/// As an earlier version wrote it, an attempt says neither when those before it were nor when the promise was kept.
#[test]
fn what_an_earlier_version_said_of_attempts_still_counts() {
    let policy = often(3, 0, 0);
    let mut promise = told_of(&policy, 100, &[half_hour(22), half_hour(18)]);
    promise.tried.counted = 1;
    promise.tried.times.clear();
    let wish = in_words(AttemptResult::NoAnswer, half_hour(20), None);
    let mut event = promise
        .attempt(wish, agent(OWNER), half_hour(30), Some(&policy))
        .unwrap();
    let mut kept = promise.clone();
    apply(&mut kept, Ok(event.clone()));
    assert_eq!(kept.fulfilled_at, Some(half_hour(22)));
    let Change::Attempted { fulfilled_at, .. } = &mut event.change else {
        panic!("an attempt")
    };
    *fulfilled_at = None;
    apply(&mut promise, Ok(event));
    assert_eq!(promise.fulfilled_at, Some(half_hour(20)));
}

/// Of all sets of attempts that are far enough from each other: how many there are in each, and in how many parts of a
/// day.
fn all_apart(times: &[Timestamp], min_gap: SignedDuration) -> Vec<(u32, u32)> {
    let sets = (0..1_u32 << times.len()).filter_map(|set| {
        let numbered = times.iter().enumerate();
        let chosen = numbered.filter(|(no, _)| (set >> no) & 1 == 1);
        let mut chosen: Vec<Timestamp> = chosen.map(|(_, at)| *at).collect();
        chosen.sort_unstable();
        let mut pairs = chosen.windows(2);
        let apart = pairs.all(|pair| pair[1].duration_since(pair[0]) >= min_gap);
        let dayparts = chosen.iter().map(|at| Daypart::of(*at, "Europe/Berlin"));
        let dayparts: BTreeSet<_> = dayparts.collect();
        apart.then_some((set.count_ones(), dayparts.len() as u32))
    });
    sets.collect()
}

/// Attempts, and the same in another order.
fn orders() -> impl Strategy<Value = (Vec<Timestamp>, Vec<Timestamp>)> {
    let times = prop::collection::vec((0_i64..150).prop_map(half_hour), 1..9);
    times.prop_flat_map(|times| (Just(times.clone()), Just(times).prop_shuffle()))
}

proptest! {
    #[test]
    fn attempts_count_the_same_in_whatever_order_they_are_told((one, other) in orders(), gap_h in 0_i64..12) {
        let policy = often(20, gap_h, 0);
        let (first, second) = (told_of(&policy, 100, &one), told_of(&policy, 100, &other));
        prop_assert_eq!(&first.tried, &second.tried);
        let most = all_apart(&one, SignedDuration::from_hours(gap_h)).into_iter().max();
        let tried = &first.tried;
        prop_assert_eq!(Some((tried.counted, tried.dayparts.count_ones())), most);
    }

    #[test]
    fn whether_attempts_are_enough_does_not_depend_on_their_order(
        (one, other) in orders(),
        gap_h in 0_i64..12,
        (attempts, dayparts) in (1_u32..5).prop_flat_map(|attempts| (Just(attempts), 0..=attempts.min(3))),
    ) {
        let enough = |times: &[Timestamp]| {
            let sets = all_apart(times, SignedDuration::from_hours(gap_h));
            sets.into_iter().any(|(size, parts)| size >= attempts && parts >= dayparts)
        };
        let policy = often(attempts, gap_h, dayparts);
        for order in [one, other] {
            let promise = told_of(&policy, 100, &order);
            prop_assert_eq!(promise.is_open(), !enough(&order));
            // It is kept by those that were told until then, when the last of them was made that it took.
            let mut told = order[..promise.tried.attempts as usize].to_vec();
            told.sort_unstable();
            let took = (1..=told.len()).find(|count| enough(&told[..*count]));
            prop_assert_eq!(promise.fulfilled_at, took.map(|count| told[count - 1]));
        }
    }
}
