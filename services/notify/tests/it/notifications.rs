//! Messages to receivers of alerts, at the webhooks that these name.

use aftercall_log::Log;
use aftercall_proto::convert::time::to_wire;
use aftercall_proto::envelope::Fact;
use aftercall_proto::event::v1::AlertsRouted;
use aftercall_proto::model::v1::{
    Notification, NotificationKind, NotifiedAlert, Webhook, WebhookDeliveryState as State,
};
use aftercall_service::seal::{Author, Sealing};
use aftercall_service::{ActorKind, Clock};
use jiff::Timestamp;

use crate::receiver::Receiver;
use crate::world::{World, webhook};

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
    let now = world.clock.now();
    let sealing = Sealing {
        by: Author {
            tenant_id,
            actor_id: "aftercall-router",
            kind: ActorKind::System,
        },
        aggregate_id: "alert-routes",
        interaction_id: "",
        customer_id: "",
        sequence: 1,
        occurred_at: now,
        recorded_at: now,
        import_batch: "",
        request: None,
    };
    let fact = Fact::AlertsRouted(AlertsRouted {
        decided_at: Some(to_wire(now)),
        notifications,
        ..AlertsRouted::default()
    });
    let record = sealing.seal(&fact).unwrap();
    world.log.append(vec![record]).await.unwrap();
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
