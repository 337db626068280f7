//! Whoever subscribes is told of everything that counts, from a place on.

use std::collections::BTreeSet;

use aftercall_log::Log;
use aftercall_proto::convert::time::to_wire;
use aftercall_proto::event::v1::Event;
use aftercall_proto::notify::v1::{SubscribeEventsRequest, SubscribeEventsResponse};
use aftercall_service::{Clock, Role};
use tonic::{Code, Streaming};

use crate::receiver::Receiver;
use crate::world::{PATIENCE, World, contact_id, fields, reason, recorded, webhook};

type Answers = Streaming<SubscribeEventsResponse>;

async fn subscribe(world: &World, request: SubscribeEventsRequest) -> Answers {
    let answer = world.events("acme").subscribe_events(request).await;
    let mut answers = answer.unwrap().into_inner();
    // It says at once that it lives, and where it is.
    let begun = answers.message().await.unwrap().unwrap();
    assert!(begun.event.is_none() && !begun.resume_token.is_empty());
    answers
}

/// The next event.
async fn next(answers: &mut Answers) -> (Event, SubscribeEventsResponse) {
    let waited = tokio::time::timeout(PATIENCE, async {
        loop {
            let answer = answers.message().await.unwrap().unwrap();
            if let Some(event) = answer.event.clone() {
                return (event, answer);
            }
        }
    });
    waited.await.expect("an event")
}

async fn contacts(answers: &mut Answers, count: usize) -> BTreeSet<String> {
    let mut contacts = BTreeSet::new();
    for _ in 0..count {
        contacts.insert(next(answers).await.0.aggregate_id);
    }
    assert_eq!(contacts.len(), count, "none comes twice");
    contacts
}

fn ids(numbers: impl IntoIterator<Item = u64>) -> BTreeSet<String> {
    numbers.into_iter().map(contact_id).collect()
}

#[tokio::test]
async fn all_that_counts_is_told_from_the_first_event_on_and_then_as_it_happens() {
    let world = World::new().await;
    world.happens("other", [50]).await;
    world.happens("acme", 0..3).await;
    // Recorded again by somebody who did not know of the first: it does not count.
    world.happens("acme", [1]).await;
    let mut answers = subscribe(&world, SubscribeEventsRequest::default()).await;
    assert_eq!(contacts(&mut answers, 3).await, ids(0..3));
    world.happens("other", [51]).await;
    world.happens("acme", [3]).await;
    let (event, answer) = next(&mut answers).await;
    assert_eq!(event.aggregate_id, contact_id(3));
    assert_eq!(answer.event_type, "aftercall.interaction.recorded.v1");
    assert!(event.fact().unwrap().is_some() && !answer.position.is_empty());
}

#[tokio::test]
async fn whoever_goes_on_misses_nothing_and_gets_nothing_twice() {
    let world = World::new().await;
    world.happens("acme", 0..20).await;
    let (mut told, mut token) = (Vec::new(), String::new());
    // Each time the connection breaks after some events.
    while told.len() < 20 {
        let request = SubscribeEventsRequest {
            resume_token: token.clone(),
            ..SubscribeEventsRequest::default()
        };
        let mut answers = subscribe(&world, request).await;
        for _ in 0..3.min(20 - told.len()) {
            let (event, answer) = next(&mut answers).await;
            told.push(event.aggregate_id);
            token = answer.resume_token;
        }
    }
    assert_eq!(told.iter().cloned().collect::<BTreeSet<_>>(), ids(0..20));
    assert_eq!(told.len(), 20);
    // A process that is started anew takes the place of the one before.
    let world = world.restarted().await;
    let request = SubscribeEventsRequest {
        resume_token: token,
        ..SubscribeEventsRequest::default()
    };
    let mut answers = subscribe(&world, request).await;
    world.happens("acme", [20]).await;
    assert_eq!(contacts(&mut answers, 1).await, ids([20]));
}

#[tokio::test]
async fn a_subscription_begins_where_it_is_asked_to_and_tells_what_it_is_asked_for() {
    let world = World::new().await;
    let now = world.clock.now();
    world.happens("acme", 0..2).await;
    let later = now + std::time::Duration::from_secs(60);
    world.clock.advance_to(later);
    let mut record = recorded("acme", 2, later);
    record.recorded_at_us = later.as_microsecond();
    world.log.append(vec![record]).await.unwrap();
    let since = SubscribeEventsRequest {
        recorded_since: Some(to_wire(later)),
        ..SubscribeEventsRequest::default()
    };
    assert_eq!(
        contacts(&mut subscribe(&world, since).await, 1).await,
        ids([2])
    );
    let from_now = SubscribeEventsRequest {
        from_now: true,
        ..SubscribeEventsRequest::default()
    };
    let mut from_now = subscribe(&world, from_now).await;
    let customer = SubscribeEventsRequest {
        customer_id: "customer-1".to_owned(),
        ..SubscribeEventsRequest::default()
    };
    assert_eq!(
        contacts(&mut subscribe(&world, customer).await, 1).await,
        ids([1])
    );
    let contact = SubscribeEventsRequest {
        interaction_id: contact_id(0),
        event_types: vec!["aftercall.interaction.*".to_owned()],
        ..SubscribeEventsRequest::default()
    };
    assert_eq!(
        contacts(&mut subscribe(&world, contact).await, 1).await,
        ids([0])
    );
    // Nobody is told of what others are told.
    let receiver = Receiver::start().await;
    world.create(webhook(receiver.url())).await;
    world.happens("acme", [3]).await;
    receiver.received(1).await;
    world.happens("acme", [4]).await;
    assert_eq!(contacts(&mut from_now, 2).await, ids([3, 4]));
}

#[tokio::test]
async fn what_is_asked_wrongly_is_named() {
    let world = World::new().await;
    let request = SubscribeEventsRequest {
        from_now: true,
        recorded_since: Some(to_wire(world.clock.now())),
        event_types: vec!["aftercall.*".to_owned(), "Interaction Recorded".to_owned()],
        ..SubscribeEventsRequest::default()
    };
    let error = world.events("acme").subscribe_events(request).await;
    let error = error.unwrap_err();
    let named = |field: &str, reason: &str| (field.to_owned(), reason.to_owned());
    assert_eq!(
        fields(&error),
        [
            named("event_types[1]", "MALFORMED"),
            named("from_now", "CONFLICTING")
        ]
    );
    let request = SubscribeEventsRequest {
        resume_token: "nonsense".to_owned(),
        ..SubscribeEventsRequest::default()
    };
    let error = world.events("acme").subscribe_events(request).await;
    assert_eq!(error.unwrap_err().code(), Code::InvalidArgument);
    let agent = world.events_by(&[Role::Agent]);
    let request = SubscribeEventsRequest::default();
    let error = agent.clone().subscribe_events(request).await.unwrap_err();
    assert_eq!(reason(&error), "ROLE_REQUIRED");
    assert!(world.log.partitions() > 1);
}
