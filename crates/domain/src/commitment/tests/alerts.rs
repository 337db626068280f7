//! What needs a human, in episodes.

use super::*;
use crate::alert::{Alert, LABEL_KIND, LABEL_PRIORITY, ResolveCause, Rule, Subject};

/// Applies the event, and tells the alerts that it changed.
fn step(promise: &mut Commitment, event: Result<Event, Refusal>) -> Vec<Alert> {
    let before = promise.clone();
    apply(promise, event);
    Alert::changed(TENANT, Some(&before), promise)
}

fn fire(promise: &mut Commitment, now: Timestamp) -> Vec<Alert> {
    let event = promise
        .fire("timer", now, &calendars())
        .map(|(_, event)| event);
    step(promise, event)
}

fn lapsed() -> Commitment {
    let mut promise = Commitment::new(made());
    fire(&mut promise, at(3_601));
    promise
}

fn state(promise: &Commitment) -> &AlertState {
    &promise.alert(Rule::PromiseLapsed).unwrap().state
}

fn resolved(alert: &Alert) -> Option<ResolveCause> {
    match &alert.state {
        AlertState::Resolved(over) => Some(over.cause),
        _ => None,
    }
}

#[test]
fn an_alert_is_over_once_and_fires_again_as_the_next_episode() {
    let mut promise = Commitment::new(made());
    let [first] = &fire(&mut promise, at(3_601))[..] else {
        panic!("one alert")
    };
    assert_eq!(
        (first.episode_no, &first.state),
        (1, &AlertState::Triggered)
    );
    let Subject::Promise(subject) = &first.subject else {
        panic!("a promise's alert is about it")
    };
    assert_eq!((subject.due, subject.due_revision), (at(3_600), 1));
    assert_eq!(first.first_fired_at, at(3_601));
    assert_eq!(first.rule.as_str(), "commitment.promise_lapsed");

    let event = reschedule(&promise, move_to(at(9_000), true), lead(), at(4_000));
    let over = &step(&mut promise, event)[0];
    assert_eq!(resolved(over), Some(ResolveCause::Rescheduled));
    assert_eq!(over.alert_id, first.alert_id);

    let second = &fire(&mut promise, at(9_001))[0];
    assert_eq!((second.episode_no, second.alert_key), (2, first.alert_key));
    assert_ne!(second.alert_id, first.alert_id);
    let event = promise.fulfil(done(at(9_500)), lead(), at(9_500));
    let over = &step(&mut promise, event)[0];
    assert_eq!(resolved(over), Some(ResolveCause::Fulfilled));
}

#[test]
fn a_move_that_the_customer_was_not_told_of_ends_no_alert() {
    let mut promise = lapsed();
    let event = reschedule(&promise, move_to(at(9_000), false), lead(), at(4_000));
    assert_eq!(step(&mut promise, event), []);
    assert_eq!(state(&promise), &AlertState::Triggered);
}

#[test]
fn an_alert_goes_to_the_team_that_keeps_the_promise_and_is_labelled() {
    let lapsed = |made: Made| {
        let mut promise = Commitment::new(made);
        fire(&mut promise, at(3_601)).remove(0)
    };
    let plain = lapsed(made());
    assert_eq!(
        plain.team_id, "t-1",
        "of whoever made it, if nobody said more"
    );
    assert_eq!(plain.labels[LABEL_KIND], "call_back");
    assert_eq!(plain.labels[LABEL_PRIORITY], "p3");
    let special = lapsed(Made {
        owner_team_id: "t-2".to_owned(),
        kind_code: "loyalty_points".to_owned(),
        ..made()
    });
    assert_eq!(special.team_id, "t-2");
    assert_eq!(special.labels[LABEL_KIND], "loyalty_points");
}

#[test]
fn an_alert_follows_its_promise_to_another_owner() {
    let mut promise = lapsed();
    let wish = Reassign {
        to: Owner::Agent("ben".to_owned()),
        to_team_id: "t-2".to_owned(),
        at_once: true,
        accept_within: None,
    };
    let event = promise.reassign(wish, lead(), at(4_000));
    let moved = &step(&mut promise, event)[0];
    assert_eq!((moved.episode_no, moved.team_id.as_str()), (1, "t-2"));
}

#[test]
fn an_acknowledgement_ends_and_the_alert_goes_on_a_level_higher() {
    let mut promise = lapsed();
    let wish = |until| AlertWish::Acknowledge {
        until,
        note: "on it".to_owned(),
    };
    let handle = |promise: &Commitment, wish, actor| {
        let of = (Rule::PromiseLapsed, 1);
        promise.handle_alert(of, wish, (actor, at(4_000)), &calendars())
    };
    let crm = Actor {
        id: "crm",
        standing: Standing {
            integration: true,
            ..Standing::default()
        },
    };
    let machine = handle(&promise, wish(None), crm);
    assert_eq!(machine, Err(Refusal::NotPermitted(Permission::Acknowledge)));
    let day = SignedDuration::from_hours(24);
    let long = handle(&promise, wish(Some(at(4_001) + day)), agent("mate"));
    assert_eq!(long, Err(Refusal::SeenToOutOfRange));
    let event = handle(&promise, wish(None), agent("mate"));
    apply(&mut promise, event);
    let until = at(4_000) + SignedDuration::from_hours(4);
    assert!(matches!(state(&promise), AlertState::Acknowledged(seen) if seen.until == until));
    assert_eq!(promise.watched_until(), Some(until));
    let again = &fire(&mut promise, until + micros(1))[0];
    assert_eq!((again.episode_no, again.level), (1, 2));
    assert_eq!(again.state, AlertState::Triggered);
}

#[test]
fn what_somebody_puts_away_fires_again_after_a_day_if_it_still_holds() {
    let mut promise = lapsed();
    let close = || AlertWish::Close {
        reason: "known".to_owned(),
    };
    let of = (Rule::PromiseLapsed, 1);
    let by_lead = promise.handle_alert(of, close(), (lead(), at(4_000)), &calendars());
    assert_eq!(by_lead, Err(Refusal::NotPermitted(Permission::CloseAlert)));
    let standing = Standing {
        supervisor: true,
        ..Standing::default()
    };
    let sue = Actor {
        id: "sue",
        standing,
    };
    let event = promise.handle_alert(of, close(), (sue, at(4_000)), &calendars());
    apply(&mut promise, event);
    assert!(promise.is_open(), "the promise is as it was");
    let twice = promise.handle_alert(of, close(), (sue, at(4_001)), &calendars());
    assert_eq!(twice, Err(Refusal::AlertOver));
    let a_day_later = at(4_000) + SignedDuration::from_hours(24);
    let mut kept = promise.clone();
    let again = &fire(&mut promise, a_day_later + micros(1))[0];
    assert_eq!(
        (again.episode_no, &again.state),
        (2, &AlertState::Triggered)
    );

    let event = kept.fulfil(done(at(5_000)), lead(), at(5_000));
    apply(&mut kept, event);
    assert_eq!(kept.watched_until(), None, "there is nothing to fire for");
}

#[test]
fn a_warning_is_overtaken_by_what_it_warned_of() {
    let stage = Stage {
        warning: crate::due::WarnStage {
            id: "soon".to_owned(),
            basis: crate::due::StageBasis::BeforeDueElapsed(SignedDuration::from_mins(10)),
        },
        clock: Clock::Promise,
        at: at(3_000),
        over: false,
    };
    let mut promise = Commitment::new(Made {
        stages: vec![stage],
        ..made()
    });
    let [warning] = &fire(&mut promise, at(3_001))[..] else {
        panic!("one alert")
    };
    assert_eq!(warning.rule, Rule::AtRisk);
    let changed = fire(&mut promise, at(3_601));
    let told: Vec<_> = changed.iter().map(|it| (it.rule, resolved(it))).collect();
    let overtaken = Some(ResolveCause::Overtaken);
    assert_eq!(
        told,
        [(Rule::PromiseLapsed, None), (Rule::AtRisk, overtaken)]
    );
}
