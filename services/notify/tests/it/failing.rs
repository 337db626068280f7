//! Receivers that fail, in all the ways in which they do.

use std::time::Duration;

use aftercall_proto::envelope::Fact;
use aftercall_proto::event::v1::{QueuedDelivery, WebhookQueued};
use aftercall_proto::model::v1::{
    Webhook, WebhookDelivery, WebhookDeliveryState as State, WebhookFailure,
};
use aftercall_proto::notify::v1::UpdateWebhookRequest;
use aftercall_service::Clock;

use crate::receiver::{Answer, Receiver};
use crate::world::{World, webhook};

#[tokio::test]
async fn an_answer_without_end_is_read_to_a_bound_and_its_status_counts() {
    let (world, receiver) = (World::new().await, Receiver::start().await);
    receiver.then([Answer::Endless(200)]);
    let made = world.create(webhook(receiver.url())).await.webhook.unwrap();
    world.happens("acme", [1]).await;
    let delivered = world.in_state(&made.webhook_id, State::Delivered, 1).await;
    assert_eq!(delivered[0].attempts, 1);
    // Its connection is not used again.
    world.happens("acme", [2]).await;
    world.in_state(&made.webhook_id, State::Delivered, 2).await;
    assert_eq!(receiver.connections(), 2);
    world.stop().await;
}

#[tokio::test]
async fn a_receiver_that_says_nothing_is_left_after_half_a_minute() {
    let (world, receiver) = (World::new().await, Receiver::start().await);
    receiver.then([Answer::Silence]);
    let made = world.create(webhook(receiver.url())).await.webhook.unwrap();
    world.happens("acme", [1]).await;
    receiver.received(1).await;
    world.clock.advance(Duration::from_secs(31));
    let late = world.tried(&made.webhook_id, 1).await;
    let attempt = late.last_attempt.unwrap();
    assert_eq!(attempt.failure(), WebhookFailure::Timeout);
    assert_eq!(attempt.took.unwrap().seconds, 31);
    world.pass_until_due(&late);
    world.in_state(&made.webhook_id, State::Delivered, 1).await;
    world.stop().await;
}

#[tokio::test]
async fn a_receiver_that_restarts_gets_what_it_missed() {
    let (world, mut receiver) = (World::new().await, Receiver::start().await);
    let made = world.create(webhook(receiver.url())).await.webhook.unwrap();
    world.happens("acme", [1]).await;
    world.in_state(&made.webhook_id, State::Delivered, 1).await;
    receiver.stop().await;
    world.happens("acme", [2]).await;
    let failed = loop {
        let pending = world.in_state(&made.webhook_id, State::Pending, 1).await;
        if pending[0].attempts == 1 {
            break pending[0].clone();
        }
    };
    assert_eq!(
        failed.last_attempt.unwrap().failure(),
        WebhookFailure::Connection
    );
    receiver.restart().await;
    world.pass_until_due(&failed);
    world.in_state(&made.webhook_id, State::Delivered, 2).await;
    let sequences: Vec<_> = receiver.so_far().iter().map(|one| one.sequence()).collect();
    assert_eq!(sequences, [1, 2]);
    world.stop().await;
}

#[tokio::test]
async fn a_connection_that_was_closed_while_it_was_free_costs_no_attempt() {
    let (world, receiver) = (World::new().await, Receiver::start().await);
    let made = world.create(webhook(receiver.url())).await.webhook.unwrap();
    world.happens("acme", [1]).await;
    world.in_state(&made.webhook_id, State::Delivered, 1).await;
    receiver.then([Answer::Reset]);
    world.happens("acme", [2]).await;
    let delivered = world.in_state(&made.webhook_id, State::Delivered, 2).await;
    assert!(delivered.iter().all(|one| one.attempts == 1));
    assert_eq!(receiver.connections(), 2);
    world.stop().await;
}

#[tokio::test]
async fn a_receiver_that_takes_nothing_is_not_stormed() {
    let (world, receiver) = (World::new().await, Receiver::start().await);
    receiver.always(Answer::Status(503, ""));
    let made = world.create(webhook(receiver.url())).await.webhook.unwrap();
    let began = world.clock.now().as_second();
    world.happens("acme", 0..200).await;
    receiver.received(16).await;
    // It comes back; all is delivered in the end.
    let deadline = tokio::time::Instant::now() + crate::world::PATIENCE;
    let mut delivered = 0;
    while delivered < 200 {
        assert!(
            tokio::time::Instant::now() < deadline,
            "{delivered} delivered"
        );
        if world.clock.now().as_second() > began + 10 {
            receiver.always(Answer::Status(200, ""));
        }
        world.clock.advance(Duration::from_millis(500));
        delivered = world
            .get(&made.webhook_id)
            .await
            .progress
            .unwrap()
            .delivered;
    }
    let received = receiver.so_far();
    let at_once = received
        .iter()
        .filter(|one| one.timestamp() == began)
        .count();
    // As many as are tried at once, and those that began before it was clear.
    assert!((16..=20).contains(&at_once), "{at_once}");
    let while_down = received
        .iter()
        .filter(|one| one.timestamp() <= began + 10)
        .count();
    assert!(while_down <= 24, "{while_down}");
    world.stop().await;
}

#[tokio::test]
async fn a_receiver_that_is_gone_is_told_nothing_more_until_it_is_put_back_into_use() {
    let (world, receiver) = (World::new().await, Receiver::start().await);
    receiver.always(Answer::Status(410, ""));
    let made = world.create(webhook(receiver.url())).await.webhook.unwrap();
    let id = made.webhook_id;
    world.happens("acme", [1]).await;
    let dead = world.in_state(&id, State::Dead, 1).await.remove(0);
    assert_eq!(dead.last_attempt.unwrap().failure(), WebhookFailure::Gone);
    let disabled = loop {
        let webhook = world.get(&id).await.webhook.unwrap();
        if webhook.disabled {
            break webhook;
        }
        tokio::task::yield_now().await;
    };
    assert!(disabled.gone);
    assert_eq!(disabled.changed_by, "aftercall-notify");
    world.happens("acme", [2]).await;
    receiver.always(Answer::Status(200, ""));
    let back = UpdateWebhookRequest {
        request_id: "back".to_owned(),
        webhook_id: id.clone(),
        webhook: Some(webhook(receiver.url())),
        expected_version: disabled.version,
        ..UpdateWebhookRequest::default()
    };
    let back = world
        .admin()
        .update_webhook(back)
        .await
        .unwrap()
        .into_inner();
    let back = back.webhook.unwrap();
    assert!(!back.disabled && !back.gone);
    world.happens("acme", [3]).await;
    let delivered = world.in_state(&id, State::Delivered, 1).await;
    // What happened while it was out of use is not sent, for nobody asked for that.
    assert_eq!(delivered[0].aggregate_id, crate::world::contact_id(3));
    assert_eq!(delivered[0].sequence, 2);
    assert_eq!(receiver.so_far().len(), 2);
    world.stop().await;
}

#[tokio::test]
async fn what_is_found_for_a_webhook_that_is_out_of_use_is_not_queued() {
    let (world, receiver) = (World::new().await, Receiver::start().await);
    let made = world.create(webhook(receiver.url())).await.webhook.unwrap();
    let off = UpdateWebhookRequest {
        request_id: "off".to_owned(),
        webhook_id: made.webhook_id.clone(),
        webhook: Some(Webhook {
            disabled: true,
            ..webhook(receiver.url())
        }),
        ..UpdateWebhookRequest::default()
    };
    world.admin().update_webhook(off).await.unwrap();
    // By a process that does not know yet that it is out of use.
    let fact = Fact::WebhookQueued(WebhookQueued {
        deliveries: vec![QueuedDelivery {
            delivery: Some(WebhookDelivery {
                sequence: 1,
                message_id: "msg_1".to_owned(),
                ..WebhookDelivery::default()
            }),
            ..QueuedDelivery::default()
        }],
        through: Vec::new(),
    });
    let by = ("acme", "aftercall-notify");
    world.said(by, (&made.webhook_id, 1), &fact).await;
    let queued = world.deliveries(&made.webhook_id, State::Unspecified).await;
    assert_eq!(queued, []);
    world.stop().await;
}

#[tokio::test]
async fn who_comes_back_may_ask_for_what_happened_meanwhile() {
    let (world, receiver) = (World::new().await, Receiver::start().await);
    let made = world.create(webhook(receiver.url())).await.webhook.unwrap();
    let change = |request_id: &str, disabled, catch_up| UpdateWebhookRequest {
        request_id: request_id.to_owned(),
        webhook_id: made.webhook_id.clone(),
        webhook: Some(Webhook {
            disabled,
            ..webhook(receiver.url())
        }),
        catch_up,
        ..UpdateWebhookRequest::default()
    };
    let off = world
        .admin()
        .update_webhook(change("off", true, false))
        .await;
    assert!(off.unwrap().into_inner().webhook.unwrap().disabled);
    world.happens("acme", 1..4).await;
    world
        .admin()
        .update_webhook(change("on", false, true))
        .await
        .unwrap();
    let delivered = world.in_state(&made.webhook_id, State::Delivered, 3).await;
    assert_eq!(delivered.len(), 3);
    world.stop().await;
}

#[tokio::test]
async fn a_clock_that_is_set_back_holds_nothing_up() {
    let (world, receiver) = (World::new().await, Receiver::start().await);
    let made = world.create(webhook(receiver.url())).await.webhook.unwrap();
    world.happens("acme", 0..20).await;
    world.taken(&made.webhook_id, 20).await;
    let hour = jiff::SignedDuration::from_hours(1);
    world.clock.jump_to(world.clock.now() - hour);
    world.happens("acme", 20..40).await;
    while world
        .get(&made.webhook_id)
        .await
        .progress
        .unwrap()
        .last_sequence
        < 40
    {
        tokio::task::yield_now().await;
    }
    world.clock.advance(Duration::from_secs(11));
    world.taken(&made.webhook_id, 40).await;
    assert_eq!(receiver.so_far().len(), 40);
    world.stop().await;
}
