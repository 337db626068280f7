//! Warnings of several reasons, what a pause means for them, and the last alert of a promise.

use super::*;
use crate::alert::{Alert, ResolveCause, Resolved, Rule};
use crate::due::{CalendarRef, PauseReason, StageBasis, WarnStage};
use crate::setting::{
    Delay, EscalationLevel, EscalationPolicy, EscalationStrategy, EscalationTarget,
};

const HOUR: SignedDuration = SignedDuration::from_hours(1);
const SLIPS: &str = DEPENDENCY_STAGE;

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn stage(clock: Clock, id: &str, at: Timestamp) -> Stage {
    Stage {
        warning: WarnStage {
            id: id.to_owned(),
            basis: StageBasis::BeforeDueElapsed(SignedDuration::from_mins(10)),
        },
        clock,
        at,
        over: false,
    }
}

/// Due at 3,600, with two stages on the way; our own due is at 2,400, with a stage of its own. It waits for another
/// promise.
fn staged() -> Commitment {
    Commitment::new(Made {
        target: Some(NewTarget {
            at: at(2_400),
            reckoned: None,
        }),
        stages: vec![
            stage(Clock::Promise, "half", at(1_000)),
            stage(Clock::Internal, "ours", at(1_200)),
            stage(Clock::Promise, "near", at(1_400)),
        ],
        depends_on: vec!["c-0".to_owned()],
        ..made()
    })
}

/// Two levels of an hour each.
fn policy() -> EscalationPolicy {
    let level = EscalationLevel {
        delay: Delay::Wall(HOUR),
        targets: vec![EscalationTarget::Team("t-1".to_owned())],
        strategy: EscalationStrategy::All,
    };
    EscalationPolicy {
        levels: vec![level.clone(), level],
        catch_all_receiver_id: "duty".to_owned(),
        ..EscalationPolicy::default()
    }
}

/// Lets the tracker say all that it has to say by `now`, and tells the alerts that it changed, as they are then.
fn fire(promise: &mut Commitment, now: Timestamp) -> Vec<Alert> {
    let policy = policy();
    let by = EscalatesBy {
        policy_id: "usual",
        version: 7,
        policy: &policy,
        is_fallback: false,
    };
    let before = promise.clone();
    while let Ok((_, event)) = promise.fire_telling("timer", now, &calendars(), Some(by)) {
        assert_eq!(promise.apply(&event), Folded::Applied);
    }
    Alert::changed(TENANT, Some(&before), promise)
}

/// The other promise is to be expected then, since an event of `since`.
fn expect(promise: &mut Commitment, expected: i64, since: i64) {
    let stands = Foregoing {
        lifecycle: Lifecycle::Active,
        expected_at: at(expected),
        overdue: false,
        since: at(since),
    };
    promise.note_foregoing("c-0", stands);
    fire(promise, at(since + 1));
}

fn warning(promise: &Commitment) -> &Episode {
    promise.alert(Rule::AtRisk).unwrap()
}

/// What is warned of, and for how many reasons the warning has fired.
fn reasons(promise: &Commitment) -> (Vec<&str>, u32) {
    let warning = warning(promise);
    let stages = warning.reasons().map(|reason| &*reason.stage_id);
    (stages.collect(), warning.reason_no)
}

fn see_to(promise: &mut Commitment, rule: Rule, wish: AlertWish, now: i64) {
    let standing = Standing {
        agent: true,
        supervisor: true,
        ..Standing::default()
    };
    let sue = Actor {
        id: "sue",
        standing,
    };
    let of = (rule, promise.alert(rule).unwrap().number);
    let event = promise.handle_alert(of, wish, (sue, at(now)), &calendars());
    apply(promise, event);
}

fn acknowledge() -> AlertWish {
    AlertWish::Acknowledge {
        until: None,
        note: String::new(),
    }
}

fn pause(promise: &mut Commitment, now: Timestamp) {
    let wish = Pausing {
        until: None,
        reason: PauseReason::AwaitingCustomer,
        note: String::new(),
    };
    let event = promise.pause(wish, lead(), now, &calendars());
    apply(promise, event);
}

fn resume(promise: &mut Commitment, now: Timestamp) {
    let event = promise.resume(lead(), now, &calendars());
    apply(promise, event);
}

#[test]
fn each_stage_is_news_of_one_warning_and_the_later_one_of_a_clock_says_all() {
    let mut promise = staged();
    let first = fire(&mut promise, at(1_001)).remove(0);
    assert_eq!((first.episode_no, first.reason_no), (1, 1));
    let second = fire(&mut promise, at(1_201)).remove(0);
    assert_eq!((second.alert_id, second.reason_no), (first.alert_id, 2));
    fire(&mut promise, at(1_401));
    assert_eq!(reasons(&promise), (vec!["ours", "near"], 3));
    assert_eq!(warning(&promise).first_fired_at, at(1_001));
    // Our own due passes: that is said by another alert, and the promise is in danger as it was.
    fire(&mut promise, at(2_401));
    assert_eq!(reasons(&promise), (vec!["near"], 3));
    assert_eq!(warning(&promise).state, AlertState::Triggered);
    fire(&mut promise, at(3_601));
    let overtaken = AlertState::Resolved(Resolved {
        at: at(3_601),
        cause: ResolveCause::Overtaken,
    });
    assert_eq!(warning(&promise).state, overtaken);
}

#[test]
fn a_slip_is_news_beside_a_stage_and_its_end_leaves_what_the_stage_says() {
    let mut promise = staged();
    fire(&mut promise, at(1_001));
    expect(&mut promise, 5_000, 1_050);
    assert_eq!(reasons(&promise), (vec!["half", SLIPS], 2));
    expect(&mut promise, 3_600, 1_060);
    assert_eq!(reasons(&promise), (vec!["half"], 2));
    assert_eq!(warning(&promise).state, AlertState::Triggered);
    assert_eq!(promise.timeliness(at(1_070)), Timeliness::AtRisk);
    expect(&mut promise, 5_000, 1_080);
    fire(&mut promise, at(1_401));
    assert_eq!(reasons(&promise), (vec![SLIPS, "ours", "near"], 5));
    assert_eq!((warning(&promise).number, warning(&promise).level), (1, 1));
}

#[test]
fn who_took_it_hears_of_no_further_stage_but_of_danger_of_another_sort() {
    let snooze = AlertWish::Snooze { until: at(3_000) };
    for wish in [acknowledge(), snooze] {
        let mut promise = staged();
        promise.stages.retain(|stage| stage.clock == Clock::Promise);
        fire(&mut promise, at(1_001));
        see_to(&mut promise, Rule::AtRisk, wish.clone(), 1_100);
        let taken = warning(&promise).state.clone();
        fire(&mut promise, at(1_401));
        assert_eq!(warning(&promise).state, taken, "{wish:?}");
        assert_eq!(reasons(&promise), (vec!["near"], 2));
        expect(&mut promise, 5_000, 1_500);
        assert_eq!(warning(&promise).state, AlertState::Triggered);
        let escalation = warning(&promise).escalation.clone().unwrap();
        assert_eq!(escalation.goes_on_at, Some(at(1_501) + HOUR));
        assert_eq!(warning(&promise).level, 1);

        // So it is with the other clock.
        let mut promise = staged();
        fire(&mut promise, at(1_001));
        see_to(&mut promise, Rule::AtRisk, wish, 1_100);
        fire(&mut promise, at(1_201));
        assert_eq!(warning(&promise).state, AlertState::Triggered);
    }
}

#[test]
fn a_further_reason_is_told_on_the_level_that_the_warning_has() {
    let mut promise = Commitment::new(Made {
        promised_by: at(20_000),
        stages: vec![
            stage(Clock::Promise, "half", at(1_000)),
            stage(Clock::Promise, "near", at(6_000)),
        ],
        ..made()
    });
    fire(&mut promise, at(1_001));
    fire(&mut promise, at(4_602));
    assert_eq!(warning(&promise).level, 2);
    let goes_on = warning(&promise).escalation.clone();
    fire(&mut promise, at(6_001));
    assert_eq!(reasons(&promise), (vec!["near"], 2));
    assert_eq!(warning(&promise).level, 2);
    assert_eq!(warning(&promise).escalation, goes_on, "it waits as it did");
}

#[test]
fn what_was_put_away_holds_when_a_later_reason_is_gone() {
    let mut promise = staged();
    fire(&mut promise, at(1_001));
    let close = AlertWish::Close {
        reason: "known".to_owned(),
    };
    see_to(&mut promise, Rule::AtRisk, close, 1_010);
    expect(&mut promise, 5_000, 1_050);
    assert_eq!(warning(&promise).number, 2);
    assert_eq!(reasons(&promise), (vec!["half", SLIPS], 1));
    expect(&mut promise, 3_600, 1_060);
    assert_eq!(reasons(&promise), (vec!["half"], 1));
    assert!(warning(&promise).state.is_open());
}

#[test]
fn each_clock_is_warned_of_by_itself() {
    let mut promise = staged();
    fire(&mut promise, at(1_201));
    pause(&mut promise, at(1_300));
    resume(&mut promise, at(1_350));
    // Our own due moved, and the promise is half an hour before its own.
    assert_eq!(reasons(&promise), (vec!["half"], 2));
    assert_eq!(promise.timeliness(at(1_351)), Timeliness::AtRisk);

    let mut promise = staged();
    fire(&mut promise, at(1_201));
    let event = reschedule(&promise, move_to(at(3_000), false), lead(), at(1_300));
    apply(&mut promise, event);
    assert_eq!(reasons(&promise), (vec!["half"], 2));
    assert_eq!(promise.timeliness(at(1_301)), Timeliness::AtRisk);
}

#[test]
fn a_warning_of_our_own_due_alone_stands_still_with_it() {
    let paused = |promise: &Commitment| Alert::of(TENANT, promise, warning(promise)).paused;
    let mut promise = staged();
    promise
        .stages
        .retain(|stage| stage.clock == Clock::Internal);
    fire(&mut promise, at(1_201));
    assert!(!paused(&promise));
    pause(&mut promise, at(1_300));
    assert!(paused(&promise));
    // Its level is over long before the promise is.
    let mut still = promise.clone();
    still.promised_by = at(90_000);
    assert_eq!(fire(&mut still, at(80_000)), []);
    assert_eq!(warning(&still).state, AlertState::Triggered);
    assert_eq!(still.watched_until(), Some(at(90_000)));
    // Once our own due goes on it is another one, and warned of anew.
    resume(&mut promise, at(1_500));
    assert!(!paused(&promise) && !warning(&promise).state.is_open());
    assert_eq!(promise.target.as_ref().unwrap().at, at(2_600));
    fire(&mut promise, at(2_001));
    assert_eq!(warning(&promise).number, 2);

    // The promise to the customer never stands still.
    let mut promise = staged();
    fire(&mut promise, at(1_201));
    pause(&mut promise, at(1_300));
    assert!(!paused(&promise));
    fire(&mut promise, at(1_401));
    assert_eq!(reasons(&promise), (vec!["ours", "near"], 3));
    assert!(!paused(&promise));
}

#[test]
fn a_pause_in_closed_hours_lets_the_level_wait_as_long_as_it_had_to() {
    let reckoned = Reckoned {
        policy_id: "p".to_owned(),
        policy_version: 1,
        calendar: CalendarRef {
            calendar_id: "utc".to_owned(),
            version: 1,
        },
        duration: SignedDuration::from_hours(14),
    };
    let made_at = time("2026-03-02T12:00:00Z");
    let warned_at = time("2026-03-03T16:30:00Z");
    let mut promise = Commitment::new(Made {
        made_at,
        recorded_at: made_at,
        promised_by: time("2026-03-06T12:00:00Z"),
        target: Some(NewTarget {
            at: time("2026-03-04T10:00:00Z"),
            reckoned: Some(reckoned),
        }),
        stages: vec![stage(Clock::Internal, "ours", warned_at)],
        ..made()
    });
    let noticed_at = warned_at + SignedDuration::from_secs(1);
    fire(&mut promise, noticed_at);
    let goes_on_at =
        |promise: &Commitment| warning(promise).escalation.as_ref().unwrap().goes_on_at;
    assert_eq!(goes_on_at(&promise), Some(noticed_at + HOUR));
    pause(&mut promise, time("2026-03-03T17:00:00Z"));
    assert_eq!(fire(&mut promise, time("2026-03-03T18:59:00Z")), []);
    resume(&mut promise, time("2026-03-03T19:00:00Z"));
    assert_eq!(goes_on_at(&promise), Some(noticed_at + HOUR * 3));
    assert_eq!((warning(&promise).number, warning(&promise).level), (1, 1));
    fire(&mut promise, noticed_at + HOUR * 3 + micros(1));
    assert_eq!(warning(&promise).level, 2);
}

/// Given up after 90 days.
fn given_up(mut promise: Commitment) -> Commitment {
    let late = promise.due_at().max(promise.recorded_at);
    let over = late + SignedDuration::from_hours(24 * 90);
    fire(&mut promise, over);
    fire(&mut promise, over + micros(1));
    assert_eq!(promise.lifecycle, Lifecycle::Expired);
    promise
}

#[test]
fn that_a_promise_was_given_up_is_an_alert_of_its_own_which_outlives_it() {
    let mut promise = given_up(Commitment::new(made()));
    let lapsed = &promise.alert(Rule::PromiseLapsed).unwrap().state;
    assert!(matches!(lapsed, AlertState::Resolved(over) if over.cause == ResolveCause::Expired));
    let last = promise.alert(Rule::Expired).unwrap();
    assert_eq!((last.level, &last.state), (2, &AlertState::Triggered));
    assert!(!last.late);
    let began = last.first_fired_at;
    assert_eq!(promise.watched_until(), Some(began + HOUR));
    let life = promise.life();

    // It can be taken, and goes on, and ends when somebody puts it away.
    let seconds = began.duration_since(at(0)).as_secs();
    see_to(&mut promise, Rule::Expired, acknowledge(), seconds + 60);
    let until = promise.watched_until().unwrap();
    fire(&mut promise, until + micros(1));
    let last = promise.alert(Rule::Expired).unwrap();
    assert_eq!((last.level, &last.state), (3, &AlertState::Triggered));
    assert!(last.escalation.as_ref().unwrap().exhausted);
    let close = AlertWish::Close {
        reason: "talked to the customer".to_owned(),
    };
    let seconds = until.duration_since(at(0)).as_secs();
    see_to(&mut promise, Rule::Expired, close, seconds + 60);
    assert_eq!(promise.watched_until(), None);
    assert_eq!(promise.version, life.version + 3);
}

#[test]
fn what_was_no_promise_or_was_history_is_given_up_in_silence() {
    let mut proposal = Commitment::new(Made {
        proposed_until: Some(at(1_000)),
        ..made()
    });
    assert_eq!(fire(&mut proposal, at(1_001)), []);
    assert_eq!(proposal.lifecycle, Lifecycle::Expired);
    let history = Commitment::new(Made {
        imported: true,
        recorded_at: at(1_000_000),
        ..made()
    });
    assert_eq!(given_up(history).alerts, []);

    // So it was with every promise before there was such an alert.
    let mut promise = Commitment::new(made());
    fire(&mut promise, at(3_601));
    let event = Event {
        sequence: 3,
        recorded_at: at(9_000_000),
        actor_id: "timer".to_owned(),
        escalation: None,
        change: Change::Expired {
            outcome: Outcome::Broken,
            expired_at: at(9_000_000),
            alert_level: None,
        },
    };
    apply(&mut promise, Ok(event));
    assert_eq!(promise.alert(Rule::Expired), None);
}

#[test]
fn what_an_earlier_version_said_of_a_next_warning_is_of_the_one_that_goes_on() {
    let mut promise = staged();
    fire(&mut promise, at(1_001));
    expect(&mut promise, 5_000, 1_050);
    expect(&mut promise, 3_600, 1_060);
    fire(&mut promise, at(1_201));
    // It took the warning for over when the slip was, and the stage for the next episode.
    let step = AlertStep {
        rule: Rule::AtRisk,
        episode_no: 2,
        what: AlertWhat::Acknowledged {
            until: at(3_000),
            note: String::new(),
        },
    };
    let event = Event {
        sequence: promise.version + 1,
        recorded_at: at(1_250),
        actor_id: "mate".to_owned(),
        escalation: None,
        change: Change::Alert(step),
    };
    apply(&mut promise, Ok(event));
    let taken = &warning(&promise).state;
    assert!(matches!(taken, AlertState::Acknowledged(seen) if seen.by == "mate"));
}

/// The same as [`fire`], as an earlier version noted it: nothing of it was news where the promise was warned of already.
fn fire_as_before(promise: &mut Commitment, now: Timestamp) {
    while let Ok((_, mut event)) = promise.fire("timer", now, &calendars()) {
        match &mut event.change {
            Change::StageReached(reached) => reached.is_news = false,
            Change::DependencyTurned(turn) => turn.is_news = false,
            _ => {}
        }
        assert_eq!(promise.apply(&event), Folded::Applied);
    }
}

#[test]
fn what_an_earlier_version_noted_is_a_reason_and_no_news() {
    let mut promise = staged();
    fire_as_before(&mut promise, at(1_001));
    see_to(&mut promise, Rule::AtRisk, acknowledge(), 1_100);
    // Of another sort: whoever took the alert was not disturbed by it then, and is not now.
    fire_as_before(&mut promise, at(1_201));
    assert_eq!(reasons(&promise), (vec!["half", "ours"], 1));
    let taken = warning(&promise);
    assert!(matches!(taken.state, AlertState::Acknowledged(_)));
    assert_eq!(taken.escalation, None);
    // What comes from now on is.
    fire(&mut promise, at(1_401));
    assert_eq!(reasons(&promise), (vec!["ours", "near"], 2));
}

#[test]
fn a_warning_that_nothing_told_is_told_from_the_next_stage_on_that_finds_something() {
    let mut promise = staged();
    while let Ok((_, event)) = promise.fire("timer", at(1_001), &calendars()) {
        assert_eq!(promise.apply(&event), Folded::Applied);
    }
    assert_eq!(warning(&promise).escalation, None);
    fire(&mut promise, at(1_201));
    let told = warning(&promise);
    let by = told.escalation.as_ref().unwrap();
    assert_eq!((&*by.policy_id, told.level), ("usual", 1));
    assert_eq!(by.goes_on_at, Some(at(1_201) + HOUR));
    // By what it is told then, it is told on: a further stage does not begin its level anew.
    fire(&mut promise, at(1_401));
    let by = warning(&promise).escalation.as_ref().unwrap();
    assert_eq!(by.goes_on_at, Some(at(1_201) + HOUR));
}

#[test]
fn no_contact_ends_what_an_earlier_version_put_to_rest() {
    let mut promise = staged();
    fire(&mut promise, at(1_001));
    pause(&mut promise, at(1_002));
    assert_eq!(promise.awaits_return_since(), Some(at(1_002)));
    promise.pause.as_mut().unwrap().ends_by_return = false;
    assert_eq!(promise.awaits_return_since(), None);
    let snooze = |ends_by_return| AlertWhat::Snoozed {
        until: at(9_000),
        ends_by_return,
    };
    for (ends_by_return, since) in [(true, Some(at(1_003))), (false, None)] {
        let mut snoozed = promise.clone();
        let alert = &mut snoozed.alerts[0];
        alert.state = snooze(ends_by_return).leaves("sue", at(1_003));
        assert_eq!(snoozed.awaits_return_since(), since);
    }
}
