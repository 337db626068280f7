//! What stands for what was not kept to a customer, one by one.

use super::*;
use crate::alert::SlipUpsSubject;
use crate::measure::{Slip, SlipKind};

fn of(customer_id: &str, alert: Alert) -> Alert {
    Alert {
        customer_id: Some(customer_id.to_owned()),
        ..alert
    }
}

/// That something has to be done to keep a customer.
fn saving(number: u128, fired_at: i64, customer_id: &str) -> Alert {
    Alert {
        rule: Rule::SaveAction,
        ..of(customer_id, alert(number, fired_at, Severity::High))
    }
}

/// The same, for people of another team, and with the due of another alert's promise among what went wrong.
fn listing(number: u128, fired_at: i64, lapsed: &Alert) -> Alert {
    let Subject::Promise(promise) = &lapsed.subject else {
        panic!("it is about a promise");
    };
    let slip = Slip {
        kind: SlipKind::Lapse,
        at_us: promise.due.as_microsecond(),
        interaction_id: promise.interaction_id.clone(),
        commitment_id: promise.commitment_id.clone(),
    };
    Alert {
        team_id: "keepers".to_owned(),
        subject: Subject::SlipUps(SlipUpsSubject {
            customer_id: "ada".to_owned(),
            slips: vec![slip],
            window_until: at(1_000_000),
        }),
        ..saving(number, fired_at, "ada")
    }
}

/// Whether somebody was told of an alert.
fn heard(world: &World, number: u128) -> bool {
    let mut all = world.sent.iter().flat_map(|sent| &sent.alerts);
    all.any(|(id, _)| id.as_u128() == number)
}

fn by_saving(number: u128) -> [(String, Why); 1] {
    let alert_id = Some(Uuid::from_u128(number));
    let by = Rule::SaveAction;
    [(String::new(), Why::Inhibition { by, alert_id })]
}

fn close(alert: &mut Alert) {
    alert.state = AlertState::Closed {
        by: "sue".to_owned(),
        at: at(0),
        reason: "we talked".to_owned(),
    };
}

#[test]
fn while_a_customer_has_to_be_kept_their_lapses_are_not_told_one_by_one() {
    let mut world = World::new(house());
    world.put(of("ada", alert(1, 0, Severity::High)));
    world.put(saving(2, 5, "ada"));
    world.put(of("bea", alert(3, 0, Severity::High)));
    let told = world.round(36);
    // Of the one alert about Ada, and of Bea's promise.
    assert_eq!(told.notifications.len(), 2);
    for message in &told.notifications {
        let mut of: Vec<_> = message.alerts.iter().map(|(id, _)| id.as_u128()).collect();
        of.sort_unstable();
        assert_eq!(of, [2, 3]);
    }
    assert_eq!(world.why(1), by_saving(2));
    // Somebody who sees to it sees to the promises, too, and these stay kept back on each level.
    world.change(2, |alert| {
        alert.state = AlertState::Snoozed {
            by: "ann".to_owned(),
            at: None,
            until: at(10_000),
        };
    });
    world.change(1, |alert| alert.level = 2);
    assert_eq!(world.round(100).notifications, []);
    assert_eq!(world.why(1), by_saving(2));
    // When that is put away, what still fires is told.
    world.change(2, close);
    let told = world.round(200);
    assert_eq!(
        World::said(&told),
        [("r-lea", NotificationKind::Triggered, 1)]
    );
    assert_eq!(world.round(201), Round::default());
}

#[test]
fn what_is_worse_of_another_sort_or_for_others_is_told_all_the_same() {
    let mut world = World::new(house());
    world.put(saving(1, 0, "ada"));
    let worse = of("ada", alert(2, 0, Severity::Critical));
    let warning = Alert {
        rule: Rule::AtRisk,
        ..of("ada", alert(3, 0, Severity::High))
    };
    let others = Alert {
        team_id: "shop".to_owned(),
        ..of("ada", alert(4, 0, Severity::High))
    };
    world.put(worse);
    world.put(warning);
    world.put(others);
    world.put(of("ada", alert(5, 0, Severity::Warning)));
    world.round(30);
    let told = [1, 2, 3, 4, 5].map(|number| heard(&world, number));
    assert_eq!(told, [true, true, true, true, false]);
    assert_eq!(world.why(5), by_saving(1));
}

#[test]
fn what_is_kept_back_by_a_silence_stands_for_nothing() {
    let mut world = World::new(house());
    world.put(saving(1, 0, "ada"));
    world.put(of("ada", alert(2, 0, Severity::High)));
    world.round(30);
    assert_eq!(world.why(2), by_saving(1));
    let of_saving = Silence {
        matchers: vec![LabelMatcher {
            label: "rule".to_owned(),
            values: vec![Rule::SaveAction.as_str().to_owned()],
            excluded: false,
        }],
        ..silence(0, 10_000)
    };
    world.change(1, |alert| {
        let rule = Rule::SaveAction.as_str().to_owned();
        alert.labels.insert("rule".to_owned(), rule);
    });
    world.house.silences.insert("s".to_owned(), of_saving);
    let told = world.round(60);
    let heard = told.notifications.iter().flat_map(|it| &it.alerts);
    assert!(heard.clone().count() > 0);
    assert!(heard.clone().all(|(id, _)| id.as_u128() == 2));
}

#[test]
fn what_it_lists_is_not_told_beside_it_whoever_would_be_told() {
    let lapsed = of("ada", alert(1, 0, Severity::High));
    let mut world = World::new(house());
    world.put(lapsed.clone());
    world.put(listing(2, 0, &lapsed));
    // Another promise of theirs, and what is as bad as can be, are no part of it.
    world.put(of("ada", alert(3, 0, Severity::High)));
    let worse = of("ada", alert(4, 0, Severity::Critical));
    world.put(listing(5, 0, &worse));
    world.put(worse);
    world.round(30);
    let told = [1, 2, 3, 4, 5].map(|number| heard(&world, number));
    assert_eq!(told, [false, true, true, true, true]);
    assert_eq!(world.why(1), by_saving(2));
    // Nor is another due of the same promise.
    world.change(1, |alert| {
        let Subject::Promise(promise) = &mut alert.subject else {
            panic!("it is about a promise");
        };
        promise.due = at(50);
    });
    world.round(60);
    assert!(heard(&world, 1));
}

#[test]
fn what_reaches_nobody_stands_for_nothing() {
    let lapsed = of("ada", alert(1, 0, Severity::High));
    let mut unheard = listing(2, 0, &lapsed);
    unheard.escalation.as_mut().unwrap().policy_id = "saving".to_owned();
    let gone = EscalationPolicy {
        catch_all_receiver_id: "gone".to_owned(),
        ..EscalationPolicy::default()
    };
    let mut world = World::new(house());
    let name = ("saving".to_owned(), 1);
    world.house.escalations.insert(name, gone);
    world.put(lapsed);
    world.put(unheard);
    world.round(30);
    assert_eq!([1, 2].map(|number| heard(&world, number)), [true, false]);
    assert_eq!(world.why(2), [(String::new(), Why::NoReceiver)]);
}
