//! What arrives, of what, and when again.

use std::time::Duration;

use aftercall_log::Log;
use aftercall_proto::model::v1::{
    Webhook, WebhookDeliveryState as State, WebhookFailure, WebhookFormat,
};

use crate::receiver::{Answer, Receiver};
use crate::world::{WORDS, World, contact_id, webhook};

#[tokio::test]
async fn what_is_recorded_arrives_numbered_and_signed_and_says_nothing_personal() {
    let (world, receiver) = (World::new().await, Receiver::start().await);
    world.happens("acme", [100]).await;
    let made = world.create(webhook(receiver.url())).await;
    let id = made.webhook.unwrap().webhook_id;
    world.happens("other", [0]).await;
    world.happens("acme", 0..3).await;
    let mut received = receiver.received(3).await;
    received.sort_by_key(|one| one.sequence());
    let sequences: Vec<_> = received.iter().map(|one| one.sequence()).collect();
    assert_eq!(sequences, [1, 2, 3]);
    for one in &received {
        assert_eq!(one.path, "/hooks");
        assert_eq!(one.header("content-type"), "application/json");
        assert!(one.is_signed_by(&made.secret), "{one:?}");
        assert!(!String::from_utf8_lossy(&one.body).contains(WORDS));
        let json = one.json();
        assert_eq!(json["type"], "aftercall.interaction.recorded.v1");
        assert_eq!(json["data"]["tenantId"], "acme");
        assert_eq!(json["data"]["aggregate"], "interaction");
    }
    let mut contacts: Vec<_> = received
        .iter()
        .map(|one| {
            one.json()["data"]["aggregateId"]
                .as_str()
                .unwrap()
                .to_owned()
        })
        .collect();
    contacts.sort();
    assert_eq!(contacts, [0, 1, 2].map(contact_id));
    let delivered = world.in_state(&id, State::Delivered, 3).await;
    assert_eq!(delivered[0].last_attempt.unwrap().http_status, 204);
    let progress = world.get(&id).await.progress.unwrap();
    assert_eq!((progress.last_sequence, progress.pending), (3, 0));
    assert_eq!((progress.delivered, progress.dead), (3, 0));
    // The log holds the secret under seal.
    let log = world.stop().await;
    let secret = made.secret.trim_start_matches("whsec_");
    for partition in 0..log.partitions() {
        let from = aftercall_log::Position {
            partition,
            offset: 0,
        };
        let mut reader = log.reader(&[from]).unwrap();
        for entry in reader.next(1_000, usize::MAX, Duration::ZERO).unwrap() {
            let body = entry.record.body;
            assert!(
                !body
                    .windows(secret.len())
                    .any(|part| part == secret.as_bytes())
            );
        }
    }
}

#[tokio::test]
async fn a_webhook_that_may_have_personal_data_gets_all_of_it_as_a_cloud_event_too() {
    let (world, receiver) = (World::new().await, Receiver::start().await);
    let made = world
        .create(Webhook {
            personal_allowed: true,
            format: WebhookFormat::CloudEvent.into(),
            event_types: vec!["aftercall.interaction.*".to_owned()],
            ..webhook(receiver.url())
        })
        .await;
    world.happens("acme", [5]).await;
    let received = receiver.received(1).await.remove(0);
    assert_eq!(
        received.header("content-type"),
        "application/cloudevents+json"
    );
    assert!(received.is_signed_by(&made.secret));
    let json = received.json();
    assert_eq!(json["specversion"], "1.0");
    assert_eq!(json["source"], "/t/acme/recorder");
    assert_eq!(json["subject"], format!("interaction/{}", contact_id(5)));
    let said = &json["data"]["event"]["interaction"];
    assert_eq!(said["handling"]["summary"], WORDS);
    assert_eq!(said["interactionId"], contact_id(5));
    world.stop().await;
}

#[tokio::test]
async fn what_is_not_taken_is_sent_again_later_under_the_same_id() {
    let (world, receiver) = (World::new().await, Receiver::start().await);
    let made = world.create(webhook(receiver.url())).await;
    let id = made.webhook.unwrap().webhook_id;
    receiver.then([
        Answer::Reset,
        Answer::Garbage,
        Answer::Status(429, "retry-after: 7200\r\n"),
        Answer::Status(302, "location: http://127.0.0.1:1/\r\n"),
        Answer::Status(500, ""),
    ]);
    world.happens("acme", [1]).await;
    // At least the pause, and at most a fifth more.
    let pauses = [5, 300, 7_200, 7_200, 18_000];
    let failures = [
        WebhookFailure::Connection,
        WebhookFailure::MalformedAnswer,
        WebhookFailure::Status,
        WebhookFailure::Redirect,
        WebhookFailure::Status,
    ];
    for (count, (pause, failure)) in (1..).zip(pauses.into_iter().zip(failures)) {
        let arrived = receiver.received(count).await;
        assert_eq!(arrived.len(), count);
        let failed = world.tried(&id, u32::try_from(count).unwrap()).await;
        assert_eq!(failed.last_attempt.unwrap().failure(), failure);
        let now = jiff::Timestamp::from_second(
            failed.last_attempt.unwrap().attempted_at.unwrap().seconds,
        );
        let due = failed.next_attempt_at.unwrap().seconds - now.unwrap().as_second();
        assert!(
            (pause..=pause + pause / 5 + 1).contains(&due),
            "{count}: {due}"
        );
        world
            .clock
            .advance(Duration::from_secs(due.unsigned_abs() + 1));
    }
    let received = receiver.received(6).await;
    assert!(received.iter().all(|one| one.id() == received[0].id()));
    assert!(received.iter().all(|one| one.is_signed_by(&made.secret)));
    assert_ne!(
        received[0].header("webhook-timestamp"),
        received[5].header("webhook-timestamp")
    );
    let delivered = world.in_state(&id, State::Delivered, 1).await;
    assert_eq!(delivered[0].attempts, 6);
    world.stop().await;
}
