//! Calling back after a dropped call.

use super::*;
use crate::commitment::Ignored;

/// To call back by 900, after a contact that was cut off at 0.
fn recovery() -> Commitment {
    Commitment::new(Made {
        origin: Origin::DropRecovery,
        told_to_customer: false,
        promised_by: at(900),
        target: Some(NewTarget {
            at: at(900),
            reckoned: None,
        }),
        ..made()
    })
}

fn back(seconds: i64) -> Withdrawal {
    Withdrawal::CustomerReturned {
        interaction_id: "i-2".to_owned(),
        at: at(seconds),
    }
}

#[test]
fn who_is_back_first_satisfies_it_and_a_due_that_passed_before_stays_a_lapse() {
    // When the customer was back, when we heard of it, and how many dues had passed then.
    for (returned, noticed, lapses) in [(300, 310, 0), (900, 5_000, 0), (901, 5_000, 1)] {
        let mut promise = recovery();
        let event = promise.withdraw(back(returned), "tracker", at(noticed));
        let event = event.unwrap();
        assert_eq!(promise.apply(&event), Folded::Applied);
        assert_eq!(promise.lifecycle, Lifecycle::Cancelled);
        assert_eq!(promise.outcome, Some(Outcome::SatisfiedByCustomerReturn));
        assert_eq!(promise.evidence.interaction_id.as_deref(), Some("i-2"));
        assert_eq!(promise.closed_at, Some(at(noticed)));
        assert_eq!(promise.fulfilled_at, None);
        assert_eq!(promise.lapses.len(), lapses, "{returned}");
        // It is withdrawn once.
        assert_eq!(promise.withdraw(back(400), "tracker", at(6_000)), None);
        let late = Event {
            sequence: 3,
            ..event
        };
        assert_eq!(promise.apply(&late), Folded::Ignored(Ignored::Closed));
    }
}

#[test]
fn what_was_no_drop_counts_as_nothing_and_its_alert_is_over() {
    let mut promise = recovery();
    let lapse = promise.lapse(Clock::Internal, at(901)).unwrap();
    promise.apply(&lapse);
    assert!(promise.alerts[0].state.is_open());
    let event = promise.withdraw(Withdrawal::NoDrop, "tracker", at(1_000));
    promise.apply(&event.unwrap());
    assert_eq!(promise.outcome, Some(Outcome::NotApplicable));
    assert_eq!(promise.close_note, Withdrawal::NoDrop.note());
    assert_eq!(promise.evidence, Evidence::default());
    assert!(!promise.alerts[0].state.is_open());
}

#[test]
fn what_somebody_gave_is_never_withdrawn() {
    let promise = Commitment::new(made());
    assert_eq!(promise.withdraw(back(10), "tracker", at(20)), None);
    let contact = of_customer("i-2", Some("k-1"), &[]);
    assert!(!promise.is_met_by_return(contact, at(10), &[]));
}

fn of_customer<'a>(
    interaction_id: &'a str,
    customer_id: Option<&'a str>,
    handles: &'a [Handle],
) -> Contact<'a> {
    Contact {
        interaction_id,
        customer_id,
        handles,
    }
}

#[test]
fn the_customer_is_back_by_a_contact_of_theirs_that_began_when_the_dropped_one_was_over() {
    let promise = recovery();
    let merged = ["k-2".to_owned()];
    let (own, other) = ([telephone("030999001")], [telephone("+4930999002")]);
    for (contact, began, is_back) in [
        (of_customer("i-2", Some("k-1"), &[]), 300, true),
        (of_customer("i-2", Some("k-1"), &[]), 0, true),
        (of_customer("i-2", Some("k-1"), &[]), -1, false),
        (of_customer("i-1", Some("k-1"), &[]), 300, false),
        (of_customer("i-2", Some("k-2"), &[]), 300, true),
        (of_customer("i-2", Some("k-3"), &own), 300, false),
        (of_customer("i-2", None, &own), 300, true),
        (of_customer("i-2", None, &other), 300, false),
    ] {
        let is_met = promise.is_met_by_return(contact, at(began), &merged);
        assert_eq!(is_met, is_back, "{contact:?} at {began}");
    }
}
