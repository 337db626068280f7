//! Attempts, and what proves that a promise was kept.

use super::*;
use crate::setting::FulfilmentPolicy;

fn tried(result: AttemptResult, at: Timestamp, talk_s: Option<i64>) -> Attempting {
    Attempting {
        at: Some(at),
        result,
        talk: talk_s.map(SignedDuration::from_secs),
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
