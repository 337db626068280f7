//! Customers who reach us while we wait for them, or while somebody wants to hear of an alert later.

use super::*;
use crate::alert::Rule;
use crate::due::PauseReason;

/// A promise with a due of our own at 2,400, paused at 600 for a reason and until 3,000.
fn paused(reason: PauseReason) -> Commitment {
    let mut promise = Commitment::new(Made {
        target: Some(NewTarget {
            at: at(2_400),
            reckoned: None,
        }),
        ..made()
    });
    let wish = Pausing {
        until: Some(at(3_000)),
        reason,
        note: String::new(),
    };
    let event = promise.pause(wish, lead(), at(600), &calendars());
    apply(&mut promise, event);
    promise
}

/// A promise whose alert was snoozed at 4,000 until 4,600.
fn snoozed() -> Commitment {
    let mut promise = Commitment::new(made());
    let lapse = promise.lapse(Clock::Promise, at(3_601));
    apply(&mut promise, lapse);
    let wish = AlertWish::Snooze { until: at(4_600) };
    let of = (Rule::PromiseLapsed, 1);
    let event = promise.handle_alert(of, wish, (lead(), at(4_000)), &calendars());
    apply(&mut promise, event);
    promise
}

fn back(promise: &Commitment, began_s: i64, noticed_s: i64) -> Option<Event> {
    let back = Return {
        interaction_id: "i-2",
        began_at: at(began_s),
    };
    promise.go_on_by_return(back, ("tracker", at(noticed_s)), &calendars(), None)
}

#[test]
fn a_contact_ends_the_pause_that_waited_for_it_when_it_began_whenever_it_is_noticed() {
    let mut promise = paused(PauseReason::AwaitingCustomer);
    let event = back(&promise, 1_000, 5_000).unwrap();
    assert_eq!(promise.apply(&event), Folded::Applied);
    assert_eq!(promise.lifecycle, Lifecycle::Active);
    let Change::Resumed { cause, at: on, .. } = &event.change else {
        panic!("it goes on")
    };
    let interaction_id = "i-2".to_owned();
    assert_eq!(*cause, ResumeCause::CustomerReturned { interaction_id });
    assert_eq!(*on, at(1_000));
    assert_eq!(promise.target.as_ref().unwrap().at, at(2_800));
    assert_eq!(back(&promise, 1_000, 5_001), None, "it ended once");
    let late = Event {
        sequence: promise.version,
        ..event
    };
    assert_ne!(promise.apply(&late), Folded::Applied);
}

#[test]
fn what_began_before_the_pause_or_after_its_end_ends_none_and_nor_does_any_contact_another_pause() {
    let awaits = paused(PauseReason::AwaitingCustomer);
    for (began_s, ends) in [
        (0, false),
        (600, false),
        (601, true),
        (3_000, true),
        (3_001, false),
    ] {
        assert_eq!(back(&awaits, began_s, 9_000).is_some(), ends, "{began_s}");
    }
    for reason in [
        PauseReason::AwaitingThirdParty,
        PauseReason::CustomerRequested,
        PauseReason::ForceMajeure,
    ] {
        let promise = paused(reason);
        assert_eq!(promise.awaits_return_since(), None);
        assert_eq!(back(&promise, 1_000, 1_000), None);
    }
}

#[test]
fn only_another_contact_with_the_same_customer_makes_a_difference() {
    let promise = paused(PauseReason::AwaitingCustomer);
    let number = [telephone("+4930999001")];
    let met = |interaction_id: &str, customer_id: Option<&str>, merged: &[String]| {
        let contact = Contact {
            interaction_id,
            customer_id,
            handles: &number,
        };
        promise.is_met_by_return(contact, at(1_000), merged)
    };
    assert!(met("i-2", Some("k-1"), &[]));
    assert!(!met("i-1", Some("k-1"), &[]), "its own");
    assert!(!met("i-2", Some("k-2"), &[]));
    assert!(met("i-2", Some("k-2"), &["k-2".to_owned()]));
    assert!(met("i-2", None, &[]), "by their number");
}

#[test]
fn a_contact_lets_an_alert_go_on_that_somebody_wanted_to_hear_of_later() {
    let mut promise = snoozed();
    assert_eq!(back(&promise, 4_000, 4_100), None, "it was known then");
    assert_eq!(back(&promise, 4_601, 4_700), None, "its time is over");
    let event = back(&promise, 4_100, 4_150).unwrap();
    assert_eq!(promise.apply(&event), Folded::Applied);
    let alert = promise.alert(Rule::PromiseLapsed).unwrap();
    assert_eq!((&alert.state, alert.level), (&AlertState::Triggered, 2));
    let by = "lead".to_owned();
    assert_eq!(alert.went_on, Some(WentOn::Snoozed { by }));
    assert_eq!(back(&promise, 4_100, 4_200), None, "it goes on once");

    // Whoever sees to it goes on doing so, and of a promise that is over there is nothing to do.
    let mut promise = snoozed();
    let seen = AlertWish::Acknowledge {
        until: None,
        note: String::new(),
    };
    let of = (Rule::PromiseLapsed, 1);
    let event = promise.handle_alert(of, seen, (lead(), at(4_050)), &calendars());
    apply(&mut promise, event);
    assert_eq!(back(&promise, 4_100, 4_150), None);
    let mut promise = snoozed();
    let event = promise.fulfil(done(at(4_050)), lead(), at(4_050));
    apply(&mut promise, event);
    assert_eq!(back(&promise, 4_100, 4_150), None);
}
