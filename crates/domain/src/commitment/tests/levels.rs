//! Alerts that nobody takes, level after level.

use super::*;
use crate::alert::Rule;
use crate::setting::{
    Delay, EscalationLevel, EscalationPolicy, EscalationStrategy, EscalationTarget, OpenTime,
};

const HOUR: SignedDuration = SignedDuration::from_hours(1);

/// Two levels, told twice: one waits by any clock, the other in the open time of a calendar that may not be.
fn policy() -> EscalationPolicy {
    let level = |delay| EscalationLevel {
        delay,
        targets: vec![EscalationTarget::Team("t-1".to_owned())],
        strategy: EscalationStrategy::All,
    };
    EscalationPolicy {
        levels: vec![
            level(Delay::Wall(HOUR)),
            level(Delay::Business(OpenTime {
                duration: HOUR + HOUR,
                calendar_id: "gone".to_owned(),
            })),
        ],
        num_loops: 1,
        catch_all_receiver_id: "duty".to_owned(),
        ..EscalationPolicy::default()
    }
}

fn fire(promise: &mut Commitment, now: Timestamp) {
    let policy = policy();
    let by = EscalatesBy {
        policy_id: "usual",
        version: 7,
        policy: &policy,
        is_fallback: false,
    };
    let fired = promise.fire_telling("timer", now, &calendars(), Some(by));
    apply(promise, fired.map(|(_, event)| event));
}

fn episode(promise: &Commitment) -> &Episode {
    promise.alert(Rule::PromiseLapsed).unwrap()
}

#[test]
fn a_level_waits_its_time_and_after_the_last_one_nothing_does() {
    let mut promise = Commitment::new(made());
    let mut now = at(3_601);
    fire(&mut promise, now);
    for (level, waits) in [(1, 1), (2, 2), (3, 1), (4, 2)] {
        let fired = episode(&promise);
        let escalation = fired.escalation.clone().unwrap();
        assert_eq!((fired.level, escalation.exhausted), (level, false));
        assert_eq!(escalation.policy_version, 7);
        let goes_on_at = now + HOUR * waits;
        assert_eq!(escalation.goes_on_at, Some(goes_on_at));
        assert_eq!(promise.watched_until(), Some(goes_on_at));
        let early = promise.fire("timer", goes_on_at, &calendars());
        assert_eq!(early, Err(Refusal::NotYetDue));
        now = goes_on_at + micros(1);
        fire(&mut promise, now);
        assert_eq!(episode(&promise).went_on, Some(WentOn::Untaken));
    }
    let exhausted = episode(&promise).escalation.clone().unwrap();
    assert!(exhausted.exhausted && exhausted.goes_on_at.is_none());
    assert_eq!(episode(&promise).level, 5);
}

#[test]
fn whose_time_was_over_is_known_and_what_nobody_is_told_of_stays() {
    let mut promise = Commitment::new(made());
    fire(&mut promise, at(3_601));
    let wish = AlertWish::Acknowledge {
        until: None,
        note: String::new(),
    };
    let of = (Rule::PromiseLapsed, 1);
    let event = promise.handle_alert(of, wish, (agent("mate"), at(4_000)), &calendars());
    apply(&mut promise, event);
    let until = at(4_000) + SignedDuration::from_hours(4);
    assert_eq!(
        promise.watched_until(),
        Some(until),
        "its level waits no more"
    );
    fire(&mut promise, until + micros(1));
    let by = "mate".to_owned();
    assert_eq!(episode(&promise).went_on, Some(WentOn::Acknowledged { by }));
    assert_eq!(episode(&promise).level, 2);

    let mut untold = Commitment::new(made());
    let fired = untold.fire("timer", at(3_601), &calendars());
    apply(&mut untold, fired.map(|(_, event)| event));
    assert_eq!(episode(&untold).escalation, None);
    let level = untold
        .timers()
        .find(|(_, timer)| matches!(timer, Timer::Alert(_)));
    assert_eq!(level, None);
}

#[test]
fn what_is_noticed_long_after_its_time_was_noticed_late() {
    for (noticed_at, late) in [(3_601, false), (3_900, false), (3_901, true)] {
        let mut promise = Commitment::new(made());
        fire(&mut promise, at(noticed_at));
        assert_eq!(episode(&promise).late, late, "{noticed_at}");
    }
}
