//! Copies of the data send nothing.

use std::sync::Arc;
use std::time::Duration;

use aftercall_log::{Log, LogId, MemoryLog, Position};
use aftercall_proto::model::v1::{WebhookDeliveryState as State, WebhookFailure};
use aftercall_proto::notify::v1::{TestWebhookRequest, UpdateWebhookRequest};

use crate::receiver::Receiver;
use crate::world::{With, World, webhook};

/// The same records in a log of its own, as a restore makes it.
async fn copy(log: &MemoryLog) -> Arc<MemoryLog> {
    let copy = MemoryLog::new(LogId([8; 16]), log.partitions());
    for partition in 0..log.partitions() {
        let from = Position {
            partition,
            offset: 0,
        };
        let mut reader = log.reader(&[from]).unwrap();
        let entries = reader.next(10_000, usize::MAX, Duration::ZERO).unwrap();
        let records = entries.into_iter().map(|entry| entry.record);
        copy.append(records.collect()).await.unwrap();
    }
    Arc::new(copy)
}

#[tokio::test]
async fn a_copy_records_its_deliveries_as_suppressed_until_somebody_takes_the_webhook_over() {
    let (world, receiver) = (World::new().await, Receiver::start().await);
    let made = world.create(webhook(receiver.url())).await.webhook.unwrap();
    let id = made.webhook_id;
    let clock = world.clock.clone();
    let log = copy(&*world.stop().await).await;
    let world = World::with(With {
        log,
        clock,
        ..With::default()
    });
    let world = world.await;
    world.happens("acme", 0..20).await;
    let suppressed = world.in_state(&id, State::Suppressed, 20).await;
    for one in &suppressed {
        let attempt = one.last_attempt.unwrap();
        assert_eq!(attempt.failure(), WebhookFailure::Environment);
    }
    let test = TestWebhookRequest {
        webhook_id: id.clone(),
        ..TestWebhookRequest::default()
    };
    let tested = world.admin().test_webhook(test).await.unwrap().into_inner();
    assert!(!tested.delivered);
    assert_eq!(
        tested.attempt.unwrap().failure(),
        WebhookFailure::Environment
    );
    assert_eq!(receiver.connections(), 0);
    // A change alone does not take it over.
    let change = |request_id: &str, take_over| UpdateWebhookRequest {
        request_id: request_id.to_owned(),
        webhook_id: id.clone(),
        webhook: Some(webhook(receiver.url())),
        take_over,
        ..UpdateWebhookRequest::default()
    };
    world
        .admin()
        .update_webhook(change("r-1", false))
        .await
        .unwrap();
    world.happens("acme", [20]).await;
    world.in_state(&id, State::Suppressed, 21).await;
    assert_eq!(receiver.connections(), 0);
    world
        .admin()
        .update_webhook(change("r-2", true))
        .await
        .unwrap();
    world.happens("acme", [21]).await;
    world.in_state(&id, State::Delivered, 1).await;
    assert_eq!(receiver.so_far().len(), 1);
    world.stop().await;
}

#[tokio::test]
async fn the_same_data_under_another_configuration_is_mute_too() {
    let named = |name: &str| {
        let mut with = With::default();
        with.config.environment = Some(name.to_owned());
        with
    };
    let (world, receiver) = (
        World::with(named("production")).await,
        Receiver::start().await,
    );
    let made = world.create(webhook(receiver.url())).await.webhook.unwrap();
    assert_eq!(made.environment, "production");
    let staging = named("staging").config;
    let world = world.restarted_with(|with| with.config = staging).await;
    world.happens("acme", [1]).await;
    world.in_state(&made.webhook_id, State::Suppressed, 1).await;
    let production = named("production").config;
    let world = world.restarted_with(|with| with.config = production).await;
    world.happens("acme", [2]).await;
    world.in_state(&made.webhook_id, State::Delivered, 1).await;
    assert_eq!(receiver.connections(), 1);
    world.stop().await;
}

#[tokio::test]
async fn what_stands_on_a_copy_is_mute_whatever_is_asked_of_it_and_takes_the_others_place_with_what_is_new()
 {
    let (world, receiver) = (World::new().await, Receiver::start().await);
    let made = world.create(webhook(receiver.url())).await.webhook.unwrap();
    let id = made.webhook_id;
    let log = Arc::clone(&world.log);
    let copy = world.restarted_with(|with| with.log = Arc::new(log.as_a_copy()));
    let copy = copy.await;
    copy.happens("acme", 0..20).await;
    copy.in_state(&id, State::Suppressed, 20).await;
    let test = TestWebhookRequest {
        webhook_id: id.clone(),
        ..TestWebhookRequest::default()
    };
    let tested = copy.admin().test_webhook(test).await.unwrap().into_inner();
    assert!(!tested.delivered);
    assert!(
        tested.description.contains("log take-over"),
        "{}",
        tested.description
    );
    // Neither taking the webhook over alone nor making another one has the copy speak.
    let change = UpdateWebhookRequest {
        request_id: "r-1".to_owned(),
        webhook_id: id.clone(),
        webhook: Some(webhook(receiver.url())),
        take_over: true,
        ..UpdateWebhookRequest::default()
    };
    copy.admin().update_webhook(change).await.unwrap();
    let second = webhook(format!("{}/second", receiver.url()));
    let second = copy.create(second).await.webhook.unwrap().webhook_id;
    copy.happens("acme", [20]).await;
    copy.in_state(&id, State::Suppressed, 21).await;
    copy.in_state(&second, State::Suppressed, 1).await;
    assert_eq!(receiver.connections(), 0);

    let first = copy.restarted_with(|with| with.log = log).await;
    first.happens("acme", [21]).await;
    first.in_state(&id, State::Delivered, 1).await;
    first.in_state(&second, State::Delivered, 1).await;
    first.in_state(&id, State::Suppressed, 21).await;
    assert_eq!(receiver.so_far().len(), 2);
    first.stop().await;
}

#[tokio::test]
async fn a_copy_that_is_named_tells_what_is_told_under_that_name() {
    let (world, receiver) = (World::new().await, Receiver::start().await);
    let made = world.create(webhook(receiver.url())).await.webhook.unwrap();
    let log = Arc::clone(&world.log);
    let copy = world.restarted_with(|with| {
        with.config.environment = Some(log.id().to_string());
        with.log = Arc::new(log.as_a_copy());
    });
    let copy = copy.await;
    copy.happens("acme", [1]).await;
    copy.in_state(&made.webhook_id, State::Delivered, 1).await;
    assert_eq!(receiver.so_far().len(), 1);
    copy.stop().await;
}
