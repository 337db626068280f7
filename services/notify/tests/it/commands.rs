//! Making, changing and listing webhooks.

use aftercall_proto::model::v1::{Webhook, WebhookAlgorithm, WebhookFormat};
use aftercall_proto::notify::v1::{
    CreateWebhookRequest, ListWebhookDeliveriesRequest, ListWebhooksRequest, UpdateWebhookRequest,
};
use aftercall_service::Clock;
use aftercall_service::testing::is_complete;
use tonic::Code;

use crate::world::{World, reason, webhook};

#[tokio::test]
async fn the_same_request_makes_one_webhook_and_is_told_its_secret_again() {
    let world = World::new().await;
    let asked = CreateWebhookRequest {
        request_id: "r-1".to_owned(),
        webhook: Some(webhook("https://crm.example/")),
        algorithm: WebhookAlgorithm::Unspecified.into(),
    };
    let first = world.admin().create_webhook(asked.clone()).await.unwrap();
    let again = world.admin().create_webhook(asked.clone()).await.unwrap();
    let first = first.into_inner();
    assert_eq!(again.into_inner(), first);
    assert!(first.secret.starts_with("whsec_"));
    let made = first.webhook.unwrap();
    assert_eq!((made.version, &*made.changed_by), (1, "admin-1"));
    assert_eq!(made.format(), WebhookFormat::Standard);
    assert_eq!(made.keys[0].algorithm(), WebhookAlgorithm::HmacSha256);
    // Nobody else, and no other answer, is told it.
    let got = world.get(&made.webhook_id).await;
    assert_eq!(got.webhook.as_ref(), Some(&made));
    assert!(!format!("{got:?}").contains(first.secret.trim_start_matches("whsec_")));
    let other = CreateWebhookRequest {
        webhook: Some(webhook("https://other.example/")),
        ..asked
    };
    let error = world.admin().create_webhook(other).await.unwrap_err();
    assert_eq!(reason(&error), "REQUEST_ID_REUSED");
    world.stop().await;
}

#[tokio::test]
async fn a_change_names_the_version_that_it_is_of() {
    let world = World::new().await;
    let made = world
        .create(webhook("https://crm.example/"))
        .await
        .webhook
        .unwrap();
    let change = |request_id: &str, expected_version, name: &str| UpdateWebhookRequest {
        request_id: request_id.to_owned(),
        webhook_id: made.webhook_id.clone(),
        webhook: Some(Webhook {
            display_name: name.to_owned(),
            // What a caller can't say is not read.
            version: 99,
            environment: "elsewhere".to_owned(),
            keys: Vec::new(),
            gone: true,
            ..webhook("https://crm.example/v2")
        }),
        expected_version,
        ..UpdateWebhookRequest::default()
    };
    let second = world
        .admin()
        .update_webhook(change("r-1", 1, "two"))
        .await
        .unwrap();
    let second = second.into_inner().webhook.unwrap();
    assert_eq!((second.version, &*second.display_name), (2, "two"));
    assert_eq!(second.url, "https://crm.example/v2");
    assert_eq!(second.keys, made.keys);
    assert_eq!(second.environment, made.environment);
    assert!(!second.gone);
    let error = world
        .admin()
        .update_webhook(change("r-2", 1, "three"))
        .await;
    let error = error.unwrap_err();
    assert_eq!(
        (error.code(), &*reason(&error)),
        (Code::Aborted, "VERSION_MISMATCH")
    );
    let unknown = UpdateWebhookRequest {
        webhook_id: "none".to_owned(),
        ..change("r-3", 0, "four")
    };
    let error = world.admin().update_webhook(unknown).await.unwrap_err();
    assert_eq!(reason(&error), "WEBHOOK_NOT_FOUND");
    world.stop().await;
}

#[tokio::test]
async fn lists_go_over_pages() {
    let world = World::new().await;
    let mut made = Vec::new();
    for n in 0..5 {
        let one = world
            .create(webhook(format!("https://crm-{n}.example/")))
            .await;
        made.push(one.webhook.unwrap());
    }
    made.sort_by(|a, b| a.webhook_id.cmp(&b.webhook_id));
    let mut request = ListWebhooksRequest {
        page_size: 2,
        latest: true,
        ..ListWebhooksRequest::default()
    };
    let mut listed = Vec::new();
    loop {
        let page = world.admin().list_webhooks(request.clone()).await.unwrap();
        let page = page.into_inner();
        assert!(page.webhooks.len() <= 2);
        let is_first = request.page_token.is_empty();
        assert_eq!(page.complete_through_at.is_some(), is_first);
        listed.extend(page.webhooks);
        if page.next_page_token.is_empty() {
            break;
        }
        request.page_token = page.next_page_token;
    }
    assert_eq!(listed, made);
    world.stop().await;
}

#[tokio::test]
async fn answers_say_by_position_and_time_how_far_they_are_complete() {
    let world = World::new().await;
    let made = world.create(webhook("https://crm.example/")).await;
    let webhook_id = made.webhook.unwrap().webhook_id;
    let one = world.get(&webhook_id).await;
    let request = ListWebhooksRequest {
        latest: true,
        ..ListWebhooksRequest::default()
    };
    let listed = world.admin().list_webhooks(request).await.unwrap();
    let request = ListWebhookDeliveriesRequest {
        webhook_id,
        latest: true,
        ..ListWebhookDeliveriesRequest::default()
    };
    let delivered = world.admin().list_webhook_deliveries(request).await;
    let (listed, delivered) = (listed.into_inner(), delivered.unwrap().into_inner());
    for (position, time) in [
        (one.complete_through, one.complete_through_at),
        (listed.complete_through, listed.complete_through_at),
        (delivered.complete_through, delivered.complete_through_at),
    ] {
        let is_told = is_complete(&position, time.as_ref(), world.clock.now());
        assert!(is_told, "{position} {time:?}");
    }
    world.stop().await;
}
