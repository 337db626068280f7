//! Secrets that change while messages go out.

use std::time::Duration;

use aftercall_proto::model::v1::{WebhookAlgorithm, WebhookDeliveryState as State};
use aftercall_proto::notify::v1::RotateWebhookKeyRequest;

use crate::receiver::Receiver;
use crate::world::{World, webhook};

#[tokio::test]
async fn the_secret_before_signs_too_until_its_time_is_over() {
    let (world, receiver) = (World::new().await, Receiver::start().await);
    let made = world.create(webhook(receiver.url())).await;
    let id = made.webhook.unwrap().webhook_id;
    let rotate = |request_id: &str, algorithm: WebhookAlgorithm| RotateWebhookKeyRequest {
        request_id: request_id.to_owned(),
        webhook_id: id.clone(),
        algorithm: algorithm.into(),
        keep_for: None,
    };
    let asked = rotate("r-1", WebhookAlgorithm::Ed25519);
    let second = world.admin().rotate_webhook_key(asked.clone()).await;
    let second = second.unwrap().into_inner();
    assert!(second.secret.starts_with("whpk_"));
    let keys = second.webhook.clone().unwrap().keys;
    assert_eq!(keys.len(), 2);
    assert_eq!(keys[0].public_key, second.secret);
    assert_eq!(
        (keys[0].expires_at, keys[1].expires_at.is_some()),
        (None, true)
    );
    // The same request gets the same answer.
    let again = world.admin().rotate_webhook_key(asked).await.unwrap();
    assert_eq!(again.into_inner(), second);

    world.happens("acme", [1]).await;
    let received = receiver.received(1).await.remove(0);
    assert_eq!(received.signatures().len(), 2);
    assert!(received.is_signed_by(&made.secret));
    assert!(received.is_signed_by_key(&second.secret));
    // What is under way has a deadline by the same clock.
    world.in_state(&id, State::Delivered, 1).await;

    world.clock.advance(Duration::from_secs(86_401));
    world.happens("acme", [2]).await;
    let received = receiver.received(2).await.remove(1);
    assert_eq!(received.signatures().len(), 1);
    assert!(!received.is_signed_by(&made.secret));
    assert!(received.is_signed_by_key(&second.secret));

    let third = rotate("r-2", WebhookAlgorithm::HmacSha256);
    let third = RotateWebhookKeyRequest {
        keep_for: Some(pbjson_types::Duration::default()),
        ..third
    };
    let third = world
        .admin()
        .rotate_webhook_key(third)
        .await
        .unwrap()
        .into_inner();
    world.happens("acme", [3]).await;
    let received = receiver.received(3).await.remove(2);
    assert_eq!(received.signatures().len(), 1);
    assert!(received.is_signed_by(&third.secret));
    world.in_state(&id, State::Delivered, 3).await;
    world.stop().await;
}

#[tokio::test]
async fn a_key_that_is_not_there_any_more_sends_nothing_and_says_so() {
    let (world, receiver) = (World::new().await, Receiver::start().await);
    let made = world.create(webhook(receiver.url())).await;
    let id = made.webhook.unwrap().webhook_id;
    let world = world.restarted_with(|with| with.key = false).await;
    world.happens("acme", [1]).await;
    let failed = world.tried(&id, 1).await;
    let failure = failed.last_attempt.unwrap().failure();
    assert_eq!(
        failure,
        aftercall_proto::model::v1::WebhookFailure::SecretSealed
    );
    assert!(receiver.so_far().is_empty());
    // It goes on when the key is back.
    let world = world.restarted().await;
    world.pass_until_due(&failed);
    world.in_state(&id, State::Delivered, 1).await;
    assert!(receiver.so_far()[0].is_signed_by(&made.secret));
    world.stop().await;
}
