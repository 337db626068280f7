//! Processes that end, take over, and believe to hold the same.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use aftercall_log::Log;
use aftercall_proto::model::v1::WebhookDeliveryState as State;

use crate::receiver::{Answer, Receiver};
use crate::world::{With, World, webhook};

#[tokio::test]
async fn what_was_under_way_is_sent_again_under_the_same_id_and_what_was_taken_is_not() {
    let (world, receiver) = (World::new().await, Receiver::start().await);
    let made = world.create(webhook(receiver.url())).await.webhook.unwrap();
    world.happens("acme", [1]).await;
    world.in_state(&made.webhook_id, State::Delivered, 1).await;
    receiver.then([Answer::Silence]);
    world.happens("acme", [2]).await;
    receiver.received(2).await;
    let world = world.restarted().await;
    let delivered = world.in_state(&made.webhook_id, State::Delivered, 2).await;
    assert!(delivered.iter().all(|one| one.attempts == 1));
    let received = receiver.received(3).await;
    assert_eq!(received.len(), 3);
    assert_eq!(received[1].id(), received[2].id());
    assert_ne!(received[0].id(), received[1].id());
    // It goes on where it was.
    world.happens("acme", [3]).await;
    assert_eq!(receiver.received(4).await[3].sequence(), 3);
    world.stop().await;
}

#[tokio::test]
async fn a_restart_between_attempts_neither_loses_nor_hurries_them() {
    let (world, receiver) = (World::new().await, Receiver::start().await);
    receiver.then([Answer::Status(500, ""), Answer::Status(500, "")]);
    let made = world.create(webhook(receiver.url())).await.webhook.unwrap();
    world.happens("acme", [1]).await;
    let failed = world.tried(&made.webhook_id, 1).await;
    let world = world.restarted().await;
    assert_eq!(world.tried(&made.webhook_id, 1).await, failed);
    world.pass_until_due(&failed);
    let failed = world.tried(&made.webhook_id, 2).await;
    let due = failed.next_attempt_at.unwrap().seconds;
    let tried = failed.last_attempt.unwrap().attempted_at.unwrap().seconds;
    assert!(due - tried >= 300);
    let world = world.restarted().await;
    // Nothing is sent before it is due: what comes next is the next attempt.
    world.clock.advance(std::time::Duration::from_secs(200));
    assert_eq!(world.tried(&made.webhook_id, 2).await, failed);
    world.pass_until_due(&failed);
    let delivered = world.in_state(&made.webhook_id, State::Delivered, 1).await;
    assert_eq!(delivered[0].attempts, 3);
    assert!(receiver.so_far()[2].timestamp() >= due);
    world.stop().await;
}

#[tokio::test]
async fn what_happens_while_nobody_runs_is_sent_after_the_start() {
    let (world, receiver) = (World::new().await, Receiver::start().await);
    let made = world.create(webhook(receiver.url())).await.webhook.unwrap();
    let (clock, log) = (world.clock.clone(), world.stop().await);
    let now = aftercall_service::Clock::now(&clock);
    let records = (0..5).map(|n| crate::world::recorded("acme", n, now));
    log.append(records.collect()).await.unwrap();
    let world = World::with(With {
        log,
        clock,
        ..With::default()
    });
    let world = world.await;
    let delivered = world.in_state(&made.webhook_id, State::Delivered, 5).await;
    assert_eq!(delivered.len(), 5);
    world.stop().await;
}

#[tokio::test]
async fn two_that_believe_to_hold_the_same_give_each_event_one_number_and_one_id() {
    let (one, receiver) = (World::new().await, Receiver::start().await);
    let other = World::with(With {
        log: Arc::new(one.log.of_another_process()),
        clock: one.clock.clone(),
        ..With::default()
    });
    let other = other.await;
    let made = one.create(webhook(receiver.url())).await.webhook.unwrap();
    for batch in 0..10 {
        one.happens("acme", batch * 10..batch * 10 + 10).await;
    }
    one.in_state(&made.webhook_id, State::Delivered, 100).await;
    let mut names = BTreeMap::new();
    for received in receiver.received(100).await {
        let of = received.json()["data"]["eventId"]
            .as_str()
            .unwrap()
            .to_owned();
        let name = (received.sequence(), received.id().to_owned());
        let known: &mut BTreeSet<_> = names.entry(of).or_default();
        known.insert(name);
    }
    assert_eq!(names.len(), 100);
    assert!(names.values().all(|known| known.len() == 1), "{names:#?}");
    let sequences = names.values().flatten().map(|(sequence, _)| *sequence);
    let sequences: BTreeSet<_> = sequences.collect();
    assert_eq!(sequences, (1..=100).collect());
    other.stop().await;
    one.stop().await;
}

#[tokio::test]
async fn who_takes_a_tenant_over_goes_on() {
    let (one, receiver) = (World::new().await, Receiver::start().await);
    let log = Arc::new(one.log.of_another_process());
    log.assign("webhooks", []);
    let other = World::with(With {
        log: Arc::clone(&log),
        clock: one.clock.clone(),
        ..With::default()
    });
    let other = other.await;
    let made = one.create(webhook(receiver.url())).await.webhook.unwrap();
    one.happens("acme", 0..3).await;
    one.in_state(&made.webhook_id, State::Delivered, 3).await;
    assert_eq!(receiver.so_far().len(), 3);
    one.log.assign("webhooks", []);
    one.happens("acme", 3..6).await;
    log.assign("webhooks", 0..log.partitions());
    other.in_state(&made.webhook_id, State::Delivered, 6).await;
    // What was under way when it was taken away may come twice, under the same id.
    let received = receiver.received(6).await;
    let ids: BTreeSet<_> = received.iter().map(|one| one.id()).collect();
    assert_eq!(ids.len(), 6);
    other.stop().await;
    one.stop().await;
}
