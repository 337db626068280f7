//! Policies that changed, applied to promises that were made before.

use std::collections::BTreeSet;

use super::*;
use crate::alert::Rule;
use crate::due::{PauseReason, StageBasis, WarnStage};
use crate::setting::{FollowUpPolicy, OpenTime, TargetRule};

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn by(version: u32) -> PolicyRef {
    PolicyRef {
        policy_id: "p".to_owned(),
        version,
    }
}

/// Our own due is after so many hours of `utc`'s open time, and both dues are warned of an hour before.
fn policy(hours: i64) -> FollowUpPolicy {
    let warning = |id: &str| WarnStage {
        id: id.to_owned(),
        basis: StageBasis::BeforeDueElapsed(SignedDuration::from_hours(1)),
    };
    FollowUpPolicy {
        internal_target: Some(TargetRule::SinceMade(OpenTime {
            duration: SignedDuration::from_hours(hours),
            calendar_id: "utc".to_owned(),
        })),
        promise_stages: vec![warning("told")],
        target_stages: vec![warning("ours")],
        ..FollowUpPolicy::default()
    }
}

/// Made on a Monday at noon and told for Wednesday noon, by the first version: 8 hours, Tuesday noon.
fn followed_up() -> Commitment {
    let made_at = time("2026-03-02T12:00:00Z");
    let promised_by = time("2026-03-04T12:00:00Z");
    let told = Told {
        at: made_at,
        due: promised_by,
        told_to_customer: true,
    };
    let FollowUp {
        target,
        stages,
        expire_after,
    } = policy(8).follow_up(&by(1), told, &calendars());
    Commitment::new(Made {
        made_at,
        recorded_at: made_at,
        promised_by,
        policy: Some(by(1)),
        target,
        stages,
        expire_after,
        ..made()
    })
}

fn judged(promise: &Commitment, hours: i64, now: Timestamp) -> Retargeting {
    let policy = policy(hours);
    let judged = promise.retargeting(Some((&by(2), &policy)), now, &calendars());
    judged.unwrap()
}

/// Applies what a policy of so many hours makes of it.
fn retarget(promise: &mut Commitment, hours: i64, now: Timestamp) {
    let Retargeting::Changes(change) = judged(promise, hours, now) else {
        panic!("nothing changes");
    };
    let event = promise.retarget(*change, "admin", now);
    assert_eq!(promise.apply(&event), Folded::Applied);
    assert_eq!(judged(promise, hours, now), Retargeting::Same);
}

fn fire_all(promise: &mut Commitment, now: Timestamp) {
    while let Ok((_, event)) = promise.fire("timer", now, &calendars()) {
        promise.apply(&event);
    }
}

fn target_at(promise: &Commitment) -> Timestamp {
    promise.target.as_ref().unwrap().at
}

#[test]
fn a_policy_that_says_the_same_changes_nothing() {
    let promise = followed_up();
    let now = time("2026-03-02T15:00:00Z");
    let policy = policy(8);
    let same = promise.retargeting(Some((&by(1), &policy)), now, &calendars());
    assert_eq!(same, Ok(Retargeting::Same));
}

#[test]
fn our_own_due_moves_and_what_the_customer_was_told_stays() {
    let mut promise = followed_up();
    let now = time("2026-03-02T15:00:00Z");
    retarget(&mut promise, 4, now);
    assert_eq!(target_at(&promise), time("2026-03-02T16:00:00Z"));
    assert_eq!((promise.target_revision, promise.due_revision), (2, 1));
    assert_eq!(promise.promised_by, time("2026-03-04T12:00:00Z"));
    assert_eq!(promise.policy, Some(by(2)));
    // A new version that says the same is noted, and begins no revision.
    let policy = policy(4);
    let judged = promise.retargeting(Some((&by(3), &policy)), now, &calendars());
    let Ok(Retargeting::Changes(change)) = judged else {
        panic!("{judged:?}")
    };
    assert_eq!(change.moved, None);
    let event = promise.retarget(*change, "admin", now);
    promise.apply(&event);
    assert_eq!(
        (promise.policy.clone(), promise.target_revision),
        (Some(by(3)), 2)
    );
}

#[test]
fn a_due_of_ours_that_has_lapsed_moves_ahead_only() {
    let mut promise = followed_up();
    let now = time("2026-03-03T13:00:00Z");
    fire_all(&mut promise, now);
    assert!(promise.has_lapsed(Clock::Internal));
    retarget(&mut promise, 4, now);
    assert!(promise.has_lapsed(Clock::Internal), "the fact stays");
    assert_eq!(
        (target_at(&promise), promise.target_revision),
        (time("2026-03-03T12:00:00Z"), 1)
    );
    let late = promise.alert(Rule::TargetLapsed).unwrap();
    assert_eq!(late.state, AlertState::Triggered);

    retarget(&mut promise, 12, now);
    assert_eq!(
        (target_at(&promise), promise.target_revision),
        (time("2026-03-03T16:00:00Z"), 2)
    );
    let late = promise.alert(Rule::TargetLapsed).unwrap();
    assert!(matches!(late.state, AlertState::Resolved(_)));
    fire_all(&mut promise, time("2026-03-03T17:00:00Z"));
    let lapses: Vec<_> = promise
        .lapses
        .iter()
        .map(|lapse| lapse.due_revision)
        .collect();
    assert_eq!(lapses, [1, 2]);
}

#[test]
fn pauses_that_are_over_are_reckoned_with() {
    let mut promise = followed_up();
    let pause = Pausing {
        until: None,
        reason: PauseReason::AwaitingCustomer,
        note: String::new(),
    };
    let began = time("2026-03-02T14:00:00Z");
    let paused = promise.pause(pause, lead(), began, &calendars());
    apply(&mut promise, paused);
    let ended = time("2026-03-03T10:00:00Z");
    let resumed = promise.resume(lead(), ended, &calendars());
    apply(&mut promise, resumed);
    // Three hours until Monday's closing and one on Tuesday.
    assert_eq!(target_at(&promise), time("2026-03-03T16:00:00Z"));
    retarget(&mut promise, 7, ended);
    assert_eq!(target_at(&promise), time("2026-03-03T15:00:00Z"));
    let ours = promise
        .stages
        .iter()
        .find(|stage| stage.clock == Clock::Internal);
    assert_eq!(ours.unwrap().at, time("2026-03-03T14:00:00Z"));
}

#[test]
fn what_somebody_moved_by_hand_stays_until_the_customer_is_told_anew() {
    let mut promise = followed_up();
    let now = time("2026-03-02T13:00:00Z");
    let moved = reschedule(
        &promise,
        move_to(time("2026-03-03T09:30:00Z"), false),
        lead(),
        now,
    );
    apply(&mut promise, moved);
    assert_eq!(judged(&promise, 4, now), Retargeting::MovedByHand);
    let told = time("2026-03-05T12:00:00Z");
    let moved = reschedule(&promise, move_to(told, true), lead(), now);
    apply(&mut promise, moved);
    // From then on it is reckoned from when they were told.
    retarget(&mut promise, 4, now);
    assert_eq!(target_at(&promise), time("2026-03-02T17:00:00Z"));
    assert_eq!((promise.promised_by, promise.due_revision), (told, 2));
}

#[test]
fn a_warning_that_was_given_is_not_given_again() {
    let mut promise = followed_up();
    let now = time("2026-03-04T11:30:00Z");
    fire_all(&mut promise, now);
    let given = promise.alert(Rule::AtRisk).cloned();
    retarget(&mut promise, 4, now);
    fire_all(&mut promise, now);
    assert_eq!(promise.alert(Rule::AtRisk).cloned(), given);
    assert_eq!(promise.warned, BTreeSet::from([Clock::Promise]));
}

#[test]
fn without_a_policy_there_is_no_due_of_ours_and_no_warning() {
    let mut promise = followed_up();
    let now = time("2026-03-02T15:00:00Z");
    let judged = promise.retargeting(None, now, &calendars());
    let Ok(Retargeting::Changes(change)) = judged else {
        panic!("{judged:?}")
    };
    let event = promise.retarget(*change, "admin", now);
    assert_eq!(promise.apply(&event), Folded::Applied);
    assert_eq!(
        (&promise.policy, &promise.target, promise.stages.len()),
        (&None, &None, 0)
    );
    assert_eq!(
        promise.retargeting(None, now, &calendars()),
        Ok(Retargeting::Same)
    );
    fire_all(&mut promise, time("2026-03-04T13:00:00Z"));
    assert!(promise.has_lapsed(Clock::Promise), "the promise stands");
    let done = promise.fulfil(done(now), lead(), time("2026-03-04T14:00:00Z"));
    apply(&mut promise, done);
    let closed = promise.retargeting(None, now, &calendars());
    assert_eq!(closed, Err(Refusal::AlreadyClosed));
}
