//! Two clocks, pauses and stages.

use super::*;
use crate::alert::Rule;
use crate::due::{CalendarRef, Pause, PauseReason, StageBasis, Turn, WarnStage};

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn warning(id: &str, clock: Clock, basis: StageBasis, at: Timestamp) -> Stage {
    Stage {
        warning: WarnStage {
            id: id.to_owned(),
            basis,
        },
        clock,
        at,
        over: false,
    }
}

fn an_hour_before() -> StageBasis {
    StageBasis::BeforeDueElapsed(SignedDuration::from_hours(1))
}

fn pausing(until: Option<Timestamp>) -> Pausing {
    Pausing {
        until,
        reason: PauseReason::AwaitingCustomer,
        note: String::new(),
    }
}

/// Made on a Monday at noon, told for Wednesday noon; our own target is 8 hours of `utc`'s open time, which is
/// from 9 to 17 on work days: Tuesday noon. A warning an hour before each.
fn worked() -> Commitment {
    let target_at = time("2026-03-03T12:00:00Z");
    let due = time("2026-03-04T12:00:00Z");
    let hour = SignedDuration::from_hours(1);
    Commitment::new(Made {
        made_at: time("2026-03-02T12:00:00Z"),
        recorded_at: time("2026-03-02T12:00:00Z"),
        promised_by: due,
        target: Some(NewTarget {
            at: target_at,
            reckoned: Some(Reckoned {
                policy_id: "p".to_owned(),
                policy_version: 1,
                calendar: CalendarRef {
                    calendar_id: "utc".to_owned(),
                    version: 1,
                },
                duration: SignedDuration::from_hours(8),
            }),
        }),
        stages: vec![
            warning("told", Clock::Promise, an_hour_before(), due - hour),
            warning("ours", Clock::Internal, an_hour_before(), target_at - hour),
        ],
        ..made()
    })
}

/// Lets the tracker say all that it has to say by `now`.
fn fire_all(promise: &mut Commitment, now: Timestamp) -> Vec<Change> {
    let mut said = Vec::new();
    while let Ok((at, event)) = promise.fire("timer", now, &calendars()) {
        assert!(at < now);
        assert_eq!(promise.apply(&event), Folded::Applied);
        said.push(event.change);
    }
    said
}

#[test]
fn a_pause_moves_our_own_due_by_its_open_time_and_the_promise_by_nothing() {
    let mut promise = worked();
    let (from, to) = (time("2026-03-02T15:00:00Z"), time("2026-03-03T10:00:00Z"));
    let event = promise.pause(pausing(None), agent(OWNER), from, &calendars());
    apply(&mut promise, event);
    assert_eq!(promise.lifecycle, Lifecycle::Paused);
    assert!(!promise.runs(Clock::Internal) && promise.runs(Clock::Promise));
    let event = promise.resume(agent(OWNER), to, &calendars());
    apply(&mut promise, event);
    assert_eq!(promise.lifecycle, Lifecycle::Active);
    let target = promise.target.clone().unwrap();
    assert_eq!(target.at, time("2026-03-03T15:00:00Z"), "two hours and one");
    assert_eq!((target.revision, promise.due_revision), (2, 1));
    assert_eq!(promise.promised_by, time("2026-03-04T12:00:00Z"));
    assert_eq!(promise.stages[1].at, time("2026-03-03T14:00:00Z"));
    let pause = Pause {
        from,
        to: Some(to),
        reason: PauseReason::AwaitingCustomer,
        turn: Turn::Customer,
    };
    assert_eq!(promise.pauses, [pause]);

    // A second pause is reckoned with the first, and what somebody set moves by the whole pause.
    let again = time("2026-03-03T14:00:00Z");
    let event = promise.pause(pausing(None), lead(), again, &calendars());
    apply(&mut promise, event);
    let event = promise.resume(lead(), time("2026-03-03T14:30:00Z"), &calendars());
    apply(&mut promise, event);
    assert_eq!(promise.target.unwrap().at, time("2026-03-03T15:30:00Z"));
}

#[test]
fn a_due_that_somebody_sets_in_a_pause_stands_still_since_then() {
    let mut task = Commitment::new(Made {
        made_at: time("2026-03-02T12:00:00Z"),
        recorded_at: time("2026-03-02T12:00:00Z"),
        told_to_customer: false,
        promised_by: time("2026-03-03T12:00:00Z"),
        target: Some(NewTarget {
            at: time("2026-03-03T12:00:00Z"),
            reckoned: None,
        }),
        ..made()
    });
    let event = task.pause(
        pausing(None),
        agent(OWNER),
        time("2026-03-02T15:00:00Z"),
        &calendars(),
    );
    apply(&mut task, event);
    let wish = Reschedule {
        promised_by: time("2026-03-03T10:00:00Z"),
        due: None,
        customer_informed: Evidence::default(),
        told_at: None,
        reason: "sooner".to_owned(),
        target: None,
    };
    let event = task.reschedule(
        wish,
        agent(OWNER),
        time("2026-03-02T16:00:00Z"),
        &calendars(),
    );
    apply(&mut task, event);
    let event = task.resume(agent(OWNER), time("2026-03-02T18:00:00Z"), &calendars());
    apply(&mut task, event);
    let target = task.target.unwrap();
    assert_eq!(
        target.at,
        time("2026-03-03T12:00:00Z"),
        "two hours of three"
    );
}

#[test]
fn a_promise_lapses_in_a_pause_and_our_own_due_does_not() {
    let mut promise = worked();
    let event = promise.pause(
        pausing(None),
        lead(),
        time("2026-03-02T15:00:00Z"),
        &calendars(),
    );
    apply(&mut promise, event);
    let said = fire_all(&mut promise, time("2026-03-05T12:00:00Z"));
    let lapse = Lapse {
        clock: Clock::Promise,
        due_revision: 1,
        lapsed_at: time("2026-03-04T12:00:00Z"),
        detected_at: time("2026-03-05T12:00:00Z"),
    };
    assert_eq!(said, [Change::Lapsed(lapse)]);
    assert_eq!(promise.lifecycle, Lifecycle::Paused);
    assert_eq!(
        promise.timeliness(time("2026-03-05T12:00:00Z")),
        Timeliness::Overdue
    );
}

#[test]
fn what_an_owner_may_pause_ends_by_itself_after_five_business_days() {
    let mut promise = worked();
    let now = time("2026-03-02T15:00:00Z");
    let long = time("2026-03-10T09:00:00Z");
    let tried = |until, reason| {
        let wish = Pausing {
            reason,
            ..pausing(until)
        };
        promise.pause(wish, agent(OWNER), now, &calendars()).err()
    };
    let too_long = Some(Refusal::NotPermitted(Permission::PauseSoLong));
    assert_eq!(tried(Some(long), PauseReason::AwaitingCustomer), too_long);
    assert_eq!(tried(None, PauseReason::ForceMajeure), too_long);
    let past = Some(Refusal::PauseEndOutOfRange);
    assert_eq!(tried(Some(now), PauseReason::AwaitingCustomer), past);
    let event = promise.pause(pausing(None), agent(OWNER), now, &calendars());
    apply(&mut promise, event);
    let until = time("2026-03-09T17:00:00Z");
    assert_eq!(promise.pause.as_ref().unwrap().until, Some(until));

    // The tracker was down for an hour: the pause ended when it was to end.
    let said = fire_all(&mut promise, until + SignedDuration::from_hours(1));
    let resumed = said.iter().find_map(|change| match change {
        Change::Resumed { at, target_at, .. } => Some((*at, *target_at)),
        _ => None,
    });
    let ours = time("2026-03-10T14:00:00Z");
    assert_eq!(
        resumed,
        Some((until, Some(ours))),
        "five of eight hours were left"
    );
}

#[test]
fn an_owner_may_wait_for_the_customer_for_five_business_days_in_all() {
    let mut promise = worked();
    let pause = |promise: &Commitment, until, actor, now: &str| {
        promise.pause(pausing(until), actor, time(now), &calendars())
    };
    let event = pause(&promise, None, agent(OWNER), "2026-03-02T15:00:00Z");
    apply(&mut promise, event);
    fire_all(&mut promise, time("2026-03-10T09:00:00Z"));
    assert_eq!(promise.lifecycle, Lifecycle::Active);

    // Two hours and five days of eight are used up; until the fifth day after this one there are six such days.
    let again = Err(Refusal::NotPermitted(Permission::PauseAgain));
    let (now, longest) = ("2026-03-10T09:00:00Z", time("2026-03-10T15:00:00Z"));
    let too_long = Some(longest + micros(1));
    assert_eq!(pause(&promise, too_long, agent(OWNER), now), again);
    let event = pause(&promise, None, agent(OWNER), now);
    apply(&mut promise, event);
    assert_eq!(promise.pause.as_ref().unwrap().until, Some(longest));
    fire_all(&mut promise, time("2026-03-10T15:30:00Z"));

    let now = "2026-03-10T15:30:00Z";
    let soon = Some(time("2026-03-10T15:31:00Z"));
    assert_eq!(pause(&promise, soon, agent(OWNER), now), again);
    assert!(pause(&promise, soon, lead(), now).is_ok());
}

#[test]
fn without_a_calendar_an_owner_may_wait_for_the_customer_for_a_week_in_all() {
    let mut promise = Commitment::new(made());
    let day = SignedDuration::from_hours(24);
    let event = promise.pause(
        pausing(Some(at(60) + day * 3)),
        agent(OWNER),
        at(60),
        &calendars(),
    );
    apply(&mut promise, event);
    let on = at(60) + day * 2;
    let event = promise.resume(agent(OWNER), on, &calendars());
    apply(&mut promise, event);
    let event = promise.pause(pausing(None), agent(OWNER), on, &calendars());
    apply(&mut promise, event);
    let until = promise.pause.as_ref().unwrap().until;
    assert_eq!(until, Some(on + day * 5), "two days of seven are used up");
}

#[test]
fn an_acknowledgement_counts_for_four_open_hours_unless_it_says_until_when() {
    let mut promise = worked();
    let now = time("2026-03-06T17:00:00Z");
    fire_all(&mut promise, now);
    let acknowledged = |until| {
        let wish = AlertWish::Acknowledge {
            until,
            note: String::new(),
        };
        let by = (agent("mate"), now);
        let event = promise.handle_alert((Rule::PromiseLapsed, 1), wish, by, &calendars());
        event.map(|event| match event.change {
            Change::Alert(step) => step.what.leaves("mate", now),
            other => panic!("{other:?}"),
        })
    };
    let seen = |until: &str| {
        AlertState::Acknowledged(Acknowledged {
            by: "mate".to_owned(),
            at: now,
            until: time(until),
            note: String::new(),
        })
    };
    assert_eq!(acknowledged(None), Ok(seen("2026-03-09T13:00:00Z")));
    let tonight = "2026-03-06T21:00:00Z";
    assert_eq!(acknowledged(Some(time(tonight))), Ok(seen(tonight)));
    let over_a_day = Some(time("2026-03-07T17:00:01Z"));
    assert_eq!(acknowledged(over_a_day), Err(Refusal::SeenToOutOfRange));
}

#[test]
fn stages_are_reached_in_order_and_not_once_their_due_has_passed() {
    let mut promise = worked();
    let stage = |change: &Change| match change {
        Change::StageReached(reached) => Some(reached.stage_id.clone()),
        _ => None,
    };
    assert_eq!(promise.watched_until(), Some(time("2026-03-03T11:00:00Z")));
    let now = time("2026-03-03T11:30:00Z");
    assert_eq!(promise.timeliness(now), Timeliness::OnTrack);
    let said = fire_all(&mut promise, now);
    assert_eq!(
        said.iter().map(stage).collect::<Vec<_>>(),
        [Some("ours".to_owned())]
    );
    assert_eq!(promise.timeliness(now), Timeliness::AtRisk);

    // After downtime the warning before the promise is void, because the promise has lapsed.
    let said = fire_all(&mut promise, time("2026-03-04T13:00:00Z"));
    let lapsed = |change: &Change| match change {
        Change::Lapsed(lapse) => Some(lapse.clock),
        _ => None,
    };
    let clocks: Vec<_> = said.iter().map(lapsed).collect();
    assert_eq!(clocks, [Some(Clock::Internal), Some(Clock::Promise)]);
    assert_eq!(promise.watched_until(), promise.expires_at());
}

#[test]
fn a_task_of_which_nobody_was_told_lapses_by_our_own_clock() {
    let due = at(3_600);
    let mut task = Commitment::new(Made {
        told_to_customer: false,
        target: Some(NewTarget {
            at: due,
            reckoned: None,
        }),
        ..made()
    });
    let said = fire_all(&mut task, at(3_601));
    assert!(matches!(&said[..], [Change::Lapsed(lapse)] if lapse.clock == Clock::Internal));
    assert_eq!(task.timeliness(at(3_601)), Timeliness::Overdue);
    let event = reschedule(&task, move_to(at(9_000), false), lead(), at(4_000));
    apply(&mut task, event);
    assert_eq!((task.due_at(), task.promised_by), (at(9_000), at(9_000)));
    assert!(task.reschedules[0].after_lapse);
    assert_eq!(task.timeliness(at(4_001)), Timeliness::OnTrack);
}

#[test]
fn a_move_after_its_stage_warns_anew() {
    let mut promise = worked();
    fire_all(&mut promise, time("2026-03-04T11:30:00Z"));
    let to = time("2026-03-06T12:00:00Z");
    let event = reschedule(
        &promise,
        move_to(to, true),
        lead(),
        time("2026-03-04T11:40:00Z"),
    );
    apply(&mut promise, event);
    let told = &promise.stages[0];
    assert_eq!((told.at, told.over), (time("2026-03-06T11:00:00Z"), false));
    assert_eq!(
        promise.timeliness(time("2026-03-04T11:50:00Z")),
        Timeliness::OnTrack
    );
}

#[test]
fn what_is_overdue_for_too_long_is_given_up() {
    let mut promise = Commitment::new(made());
    fire_all(&mut promise, at(3_601));
    let after = SignedDuration::from_hours(24 * 90);
    assert!(fire_all(&mut promise, at(3_600) + after).is_empty());
    fire_all(&mut promise, at(3_601) + after);
    assert_eq!(promise.lifecycle, Lifecycle::Expired);
    assert_eq!(promise.outcome, Some(Outcome::Broken));
    assert_eq!(promise.watched_until(), None);
}

#[test]
fn what_came_overdue_with_an_import_is_in_view_as_long_as_any_other() {
    let years_later = at(3 * 365 * 86_400);
    let mut promise = Commitment::new(Made {
        imported: true,
        recorded_at: years_later,
        ..made()
    });
    let in_view = SignedDuration::from_hours(24 * 90);
    assert!(fire_all(&mut promise, years_later + in_view).is_empty());
    assert_eq!(promise.timeliness(years_later), Timeliness::Overdue);
    let second = SignedDuration::from_secs(1);
    fire_all(&mut promise, years_later + in_view + second);
    assert_eq!(promise.lifecycle, Lifecycle::Expired);
}

#[test]
fn a_customer_reaches_out_because_of_the_due_that_passed_last_for_a_month_or_until_it_is_done() {
    const DAY_S: i64 = 86_400;
    let mut promise = Commitment::new(made());
    let lapse = promise.lapse(Clock::Promise, at(3_601));
    apply(&mut promise, lapse);
    assert_eq!(promise.broken_before(at(3_600)), None, "it had not passed");
    assert_eq!(promise.broken_before(at(3_601)), Some(at(3_600)));
    let in_a_year = at(365 * DAY_S);
    assert_eq!(promise.broken_before(in_a_year), Some(at(3_600)));
    let late = promise.fulfil(done(at(3_700)), agent(OWNER), at(3_700));
    apply(&mut promise, late);
    let month = at(3_600 + 30 * DAY_S);
    assert_eq!(promise.broken_before(month), Some(at(3_600)));
    assert_eq!(promise.broken_before(month + micros(1)), None);
}
