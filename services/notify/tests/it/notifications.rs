//! Messages to receivers of alerts, at the webhooks that these name.

use aftercall_log::Log;
use aftercall_proto::convert::time::to_wire;
use aftercall_proto::envelope::Fact;
use aftercall_proto::event::v1::AlertsRouted;
use aftercall_proto::model::v1::setting::Body;
use aftercall_proto::model::v1::{
    self as model, CommitmentDraft, Notification, NotificationKind, NotifiedAlert, PromiseSubject,
    Setting, Webhook, WebhookDeliveryState as State,
};
use aftercall_service::Clock;
use aftercall_service::testing::{promise, setting_changed};
use jiff::Timestamp;
use uuid::Uuid;

use crate::receiver::Receiver;
use crate::world::{World, contact_id, recorded_with, webhook};

fn message(id: &str, receiver_id: &str, webhook_id: &str, now: Timestamp) -> Notification {
    Notification {
        notification_id: id.to_owned(),
        receiver_id: receiver_id.to_owned(),
        webhook_id: webhook_id.to_owned(),
        kind: NotificationKind::Triggered.into(),
        alerts: vec![NotifiedAlert {
            alert_id: "a-1".to_owned(),
            kind: NotificationKind::Triggered.into(),
            ..NotifiedAlert::default()
        }],
        alert_count: 1,
        decided_at: Some(to_wire(now)),
        ..Notification::default()
    }
}

async fn decided(world: &World, tenant_id: &str, notifications: Vec<Notification>) {
    let fact = Fact::AlertsRouted(AlertsRouted {
        decided_at: Some(to_wire(world.clock.now())),
        notifications,
        ..AlertsRouted::default()
    });
    let by = (tenant_id, "aftercall-router");
    world.said(by, ("alert-routes", 1), &fact).await;
}

#[tokio::test]
async fn a_receivers_messages_arrive_one_by_one_at_its_webhook_alone() {
    let (world, receiver) = (World::new().await, Receiver::start().await);
    let only = || vec!["aftercall.notification.v1".to_owned()];
    let of = |url| Webhook {
        event_types: only(),
        ..webhook(url)
    };
    let made = world.create(of(receiver.url())).await;
    let other = Receiver::start().await;
    world.create(of(other.url())).await;
    let id = made.webhook.unwrap().webhook_id;
    let now = world.clock.now();
    let ids = [
        "00000000-0000-8000-8000-000000000001",
        "00000000-0000-8000-8000-000000000002",
        "00000000-0000-8000-8000-000000000003",
    ];
    let messages = vec![
        message(ids[0], "ana", &id, now),
        message(ids[1], "nobody", "", now),
        message(ids[2], "lena", &id, now),
    ];
    // Whose webhook it is decides, not its id alone.
    decided(&world, "other", messages.clone()).await;
    decided(&world, "acme", messages).await;
    world.happens("acme", [1]).await;
    let mut received = receiver.received(2).await;
    received.sort_by_key(|one| one.sequence());
    let told: Vec<_> = received
        .iter()
        .map(|one| {
            assert!(one.is_signed_by(&made.secret));
            let json = one.json();
            assert_eq!(json["type"], "aftercall.notification.v1");
            assert_eq!(json["data"]["notification"]["alerts"][0]["alertId"], "a-1");
            let said = json["data"]["notification"]["receiverId"].clone();
            (one.id().to_owned(), said.as_str().unwrap().to_owned())
        })
        .collect();
    let msg = |id: &str| format!("msg_{}", id.replace('-', ""));
    assert_eq!(
        told,
        [
            (msg(ids[0]), "ana".to_owned()),
            (msg(ids[2]), "lena".to_owned()),
        ]
    );
    world.in_state(&id, State::Delivered, 2).await;
    assert!(other.so_far().is_empty());
    world.stop().await;
}

/// The words of a promise.
const WORDS: &str = "Bea calls you back on Tuesday.";

#[tokio::test]
async fn the_words_of_a_promise_are_told_to_who_may_read_them_alone() {
    let world = World::new().await;
    let now = world.clock.now();
    let draft = CommitmentDraft {
        commitment_id: promised_id(1),
        promise_text: WORDS.to_owned(),
        ..promise(now)
    };
    let contact = recorded_with("acme", 1, now, vec![draft]);
    world.log.append(vec![contact]).await.unwrap();
    for (revision, (id, personal_allowed)) in (1..).zip([("open", true), ("closed", false)]) {
        let receiver = Setting {
            setting_id: id.to_owned(),
            version: 1,
            body: Some(Body::Receiver(model::Receiver {
                personal_allowed,
                ..model::Receiver::default()
            })),
            ..Setting::default()
        };
        let record = setting_changed("acme", revision, receiver, now);
        world.log.append(vec![record]).await.unwrap();
    }
    let mut told = Vec::new();
    let mut messages = Vec::new();
    let mut endpoints = Vec::new();
    for (number, (receiver_id, webhook_allows)) in
        (1..).zip([("open", true), ("open", false), ("closed", true)])
    {
        let endpoint = Receiver::start().await;
        let made = world.create(Webhook {
            event_types: vec!["aftercall.notification.v1".to_owned()],
            personal_allowed: webhook_allows,
            ..webhook(endpoint.url())
        });
        let webhook_id = made.await.webhook.unwrap().webhook_id;
        let id = Uuid::from_u128(number).to_string();
        let mut message = message(&id, receiver_id, &webhook_id, now);
        message.receiver_version = 1;
        for alert in &mut message.alerts {
            alert.customer_id = "customer-1".to_owned();
            alert.promise = Some(PromiseSubject {
                commitment_id: promised_id(1),
                interaction_id: contact_id(1),
                ..PromiseSubject::default()
            });
        }
        messages.push(message);
        endpoints.push(endpoint);
    }
    decided(&world, "acme", messages).await;
    for endpoint in &endpoints {
        let json = endpoint.received(1).await.remove(0).json();
        let alert = &json["data"]["notification"]["alerts"][0];
        assert_eq!(alert["promise"]["commitmentId"], promised_id(1));
        told.push(alert["promiseText"].as_str().map(str::to_owned));
    }
    assert_eq!(told, [Some(WORDS.to_owned()), None, None]);
    world.stop().await;
}

fn promised_id(n: u128) -> String {
    Uuid::from_u128(0x7000 + n).to_string()
}
