//! What stands for what was not kept to a customer, one by one.

use super::*;

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
    let heard = |number: u128| {
        let mut all = world.sent.iter().flat_map(|sent| &sent.alerts);
        all.any(|(id, _)| id.as_u128() == number)
    };
    assert_eq!([1, 2, 3, 4, 5].map(heard), [true, true, true, true, false]);
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
