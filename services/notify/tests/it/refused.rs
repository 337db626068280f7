//! What is refused, with a reason and a remedy.

use aftercall_proto::model::v1::Webhook;
use aftercall_proto::notify::v1::{CreateWebhookRequest, GetWebhookRequest};
use aftercall_service::Role;
use tonic::Code;

use crate::world::{With, World, fields, reason, webhook};

#[tokio::test]
async fn without_a_key_no_webhook_is_made() {
    let with = With {
        key: false,
        ..With::default()
    };
    let world = World::with(with).await;
    let request = CreateWebhookRequest {
        request_id: "r-1".to_owned(),
        webhook: Some(webhook("http://127.0.0.1:9/")),
        ..CreateWebhookRequest::default()
    };
    let error = world.admin().create_webhook(request).await.unwrap_err();
    assert_eq!(error.code(), Code::FailedPrecondition);
    assert_eq!(reason(&error), "SECRETS_KEY_MISSING");
    assert!(
        error.message().contains("notify.secrets_key_file"),
        "{error}"
    );
    world.stop().await;
}

#[tokio::test]
async fn each_thing_that_is_wrong_is_named() {
    let world = World::new().await;
    let cases: [(Webhook, &str, &str); 6] = [
        (
            webhook("https://10.0.0.1/"),
            "webhook.url",
            "PRIVATE_ADDRESS",
        ),
        (
            webhook("https://[::ffff:169.254.169.254]/"),
            "webhook.url",
            "PRIVATE_ADDRESS",
        ),
        (webhook("ftp://crm.example/"), "webhook.url", "MALFORMED"),
        (with_types(&[]), "webhook.event_types", "REQUIRED"),
        (
            with_types(&["*", "aftercall.*.v1"]),
            "webhook.event_types[1]",
            "MALFORMED",
        ),
        (
            with_types(&["aftercall.webhook.*"]),
            "webhook.event_types[0]",
            "UNKNOWN_VALUE",
        ),
    ];
    for (webhook, field, expected) in cases {
        let request = CreateWebhookRequest {
            request_id: "r-1".to_owned(),
            webhook: Some(webhook),
            ..CreateWebhookRequest::default()
        };
        let error = world.admin().create_webhook(request).await.unwrap_err();
        assert_eq!(reason(&error), "INVALID_REQUEST");
        assert_eq!(fields(&error), [(field.to_owned(), expected.to_owned())]);
    }
    world.stop().await;
}

fn with_types(types: &[&str]) -> Webhook {
    Webhook {
        event_types: types.iter().map(|text| (*text).to_owned()).collect(),
        ..webhook("https://crm.example/")
    }
}

#[tokio::test]
async fn another_tenants_webhook_is_not_there() {
    let world = World::new().await;
    let made = world.create(webhook("http://127.0.0.1:9/")).await;
    let request = GetWebhookRequest {
        webhook_id: made.webhook.unwrap().webhook_id,
        latest: true,
        ..GetWebhookRequest::default()
    };
    let mut other = world.client_of("other", &[Role::TenantAdmin]);
    let error = other.get_webhook(request.clone()).await.unwrap_err();
    assert_eq!(reason(&error), "WEBHOOK_NOT_FOUND");
    let mut agent = world.client_with(&[Role::Agent]);
    let error = agent.get_webhook(request).await.unwrap_err();
    assert_eq!(reason(&error), "ROLE_REQUIRED");
    world.stop().await;
}
