//! How soon customers go on with what was cut off is what their tenant had set then.

use aftercall_proto::insight::v1::{AggregateRequest, Measures};
use aftercall_proto::model::v1::CallTerms;
use pbjson_types::Duration;

use crate::fixture::{Caller, Events, Service, contact};
use crate::saving::gave_up;

/// Whoever is back within so many seconds goes on with it.
fn back_within(seconds: i64) -> CallTerms {
    CallTerms {
        policy_id: "calls".to_owned(),
        policy_version: 1,
        back_within: Some(Duration { seconds, nanos: 0 }),
        ..CallTerms::default()
    }
}

async fn total(client: &mut Caller) -> Measures {
    let answer = client.aggregate(AggregateRequest::default()).await;
    answer.unwrap().total.unwrap()
}

#[tokio::test]
async fn a_contact_is_gone_on_with_as_was_set_when_it_was_recorded() {
    let (events, views) = (Events::new(2), tempfile::tempdir().unwrap());
    let lost = |n: u64, customer: &str| {
        let call = contact(n, 5_000).reason("billing").customer(customer);
        call.trouble(None, 60).dropped()
    };
    let back = |n: u64, at: i64, customer: &str| {
        let call = contact(n, at).reason("billing");
        call.customer(customer).record(&events);
    };
    // Half an hour later, by an hour and by the usual ten minutes.
    let hour = back_within(3_600);
    lost(1, "patient").record_by(Some(&hour), &events);
    back(2, 3_200, "patient");
    lost(3, "usual").record(&events);
    back(4, 3_200, "usual");
    // Two minutes later, by one.
    lost(5, "hasty").record_by(Some(&back_within(60)), &events);
    back(6, 4_820, "hasty");
    let service = Service::start(&events, views.path()).await;
    let all = total(&mut service.client()).await;
    assert_eq!((all.contacts, all.redialled, all.repeats), (6, 1, 2));
    service.stop().await;
}

#[tokio::test]
async fn a_call_keeps_what_was_set_when_it_was_told_of_first() {
    let (events, views) = (Events::new(2), tempfile::tempdir().unwrap());
    let hour = back_within(3_600);
    for (n, customer, first, later) in [
        (1, "before", Some(&hour), None),
        (3, "after", None, Some(&hour)),
    ] {
        let [started, queued, ended] = gave_up(n, (5_000, 100), customer);
        events.tell_by(first, [started]);
        events.tell_by(later, [queued, ended]);
        let back = contact(n + 1, 3_000).reason("billing").customer(customer);
        back.queued(3_000, 2_900).record(&events);
    }
    let service = Service::start(&events, views.path()).await;
    let all = total(&mut service.client()).await;
    // What the first of both waited is one wait; the other one began anew.
    assert_eq!((all.queue_wait_contacts, all.waited_contacts), (4, 3));
    service.stop().await;
}
