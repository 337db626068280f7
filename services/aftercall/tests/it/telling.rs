//! An agent does not call back as promised: they are told of it by their own webhook, and while that is not in use,
//! somebody else is.

use std::sync::mpsc::Receiver as Messages;
use std::time::Duration;

use aftercall::config::Config;
use aftercall_client::Client;
use aftercall_proto::alerts::v1::{ExplainAlertRequest, TestRouteRequest};
use aftercall_proto::model::v1::escalation_level::Delay;
use aftercall_proto::model::v1::escalation_target::Target;
use aftercall_proto::model::v1::owner::Owner as Keeper;
use aftercall_proto::model::v1::receiver::Who;
use aftercall_proto::model::v1::setting::Body;
use aftercall_proto::model::v1::{
    AlertSeverity, EscalationLevel, EscalationOwner, EscalationPolicy, EscalationTarget, Owner,
    Priority, Receiver, RouteReason, Webhook,
};
use aftercall_proto::notify::v1::{CreateWebhookRequest, UpdateWebhookRequest};
use aftercall_proto::recorder::v1::RecordInteractionRequest;
use aftercall_proto::settings::v1::{ChangeSettingsRequest, SettingChange};
use aftercall_service::testing::{contact, promise, setting};
use aftercall_service::{Clock, ManualClock};
use jiff::SignedDuration;
use serde_json::Value;
use tempfile::TempDir;

use crate::app::{beside_an_app_by, config};
use crate::webhooks::{Message, receiver};

/// Who keeps the promise.
const AGENT: &str = "agent-1";

/// A configuration by which this machine is sent to.
fn sending(data: &TempDir) -> Config {
    let mut config = config(data);
    let key = data.path().join("secrets.key");
    std::fs::write(&key, "0123456789abcdef".repeat(4)).unwrap();
    config.notify.secrets_key_file = Some(key);
    config.notify.private_networks = vec!["127.0.0.0/8".to_owned().try_into().unwrap()];
    config
}

fn owner() -> Option<Owner> {
    let keeper = Keeper::AgentId(AGENT.to_owned());
    Some(Owner {
        owner: Some(keeper),
    })
}

/// A webhook that is told of alerts alone.
async fn hook(client: &Client, url: &str) -> Webhook {
    let create = CreateWebhookRequest {
        request_id: "webhook".to_owned(),
        webhook: Some(Webhook {
            url: url.to_owned(),
            event_types: vec!["aftercall.notification.v1".to_owned()],
            ..Webhook::default()
        }),
        ..CreateWebhookRequest::default()
    };
    let made = client.call(create).await.unwrap();
    made.webhook.unwrap()
}

/// All alerts are told to whoever should act; the chief, by mail, has what reaches nobody.
async fn set_up(client: &Client, webhook_id: &str) {
    let agent = Receiver {
        who: Some(Who::AgentId(AGENT.to_owned())),
        webhook_id: webhook_id.to_owned(),
        ..Receiver::default()
    };
    let chief = Receiver {
        mail_address: "chief@example.com".to_owned(),
        ..Receiver::default()
    };
    let target = Target::Owner(EscalationOwner {});
    let owners = EscalationPolicy {
        levels: vec![EscalationLevel {
            delay: Some(Delay::Wall(pbjson_types::Duration {
                seconds: 600,
                nanos: 0,
            })),
            targets: vec![EscalationTarget {
                target: Some(target),
            }],
            ..EscalationLevel::default()
        }],
        catch_all_receiver_id: "chief".to_owned(),
        fallback: true,
        ..EscalationPolicy::default()
    };
    let settings = [
        ("agent", Body::Receiver(agent)),
        ("chief", Body::Receiver(chief)),
        ("owners", Body::EscalationPolicy(owners)),
    ];
    let changes = settings.map(|(id, body)| SettingChange {
        setting: Some(setting(id, body)),
        ..SettingChange::default()
    });
    let change = ChangeSettingsRequest {
        request_id: "house".to_owned(),
        changes: changes.into(),
        ..ChangeSettingsRequest::default()
    };
    client.call(change).await.unwrap();
}

/// What is most urgent, promised within an hour.
async fn promised(client: &Client, clock: &ManualClock) {
    let mut urgent = promise(clock.now() + SignedDuration::from_hours(1));
    urgent.priority = Priority::P1.into();
    urgent.owner = owner();
    let mut call = contact(clock.now());
    call.commitments = vec![urgent];
    call.no_follow_up_promised = false;
    let request = RecordInteractionRequest {
        interaction: Some(call),
        ..RecordInteractionRequest::default()
    };
    client.call(request).await.unwrap();
}

async fn next(messages: &Messages<Message>) -> Value {
    loop {
        if let Ok((_, body)) = messages.try_recv() {
            return body;
        }
        tokio::task::yield_now().await;
    }
}

async fn story(client: &Client, clock: &ManualClock) {
    let (url, messages) = receiver(Vec::new());
    let webhook = hook(client, &url).await;
    set_up(client, &webhook.webhook_id).await;
    promised(client, clock).await;
    clock.advance(Duration::from_secs(3_601));
    let told = next(&messages).await["data"]["notification"].clone();
    assert_eq!(told["receiverId"], "agent");
    let alert = &told["alerts"][0];
    assert_eq!(alert["owner"]["agentId"], AGENT);
    let explain = ExplainAlertRequest {
        alert_id: alert["alertId"].as_str().unwrap().to_owned(),
        latest: true,
        ..ExplainAlertRequest::default()
    };
    let why = client.call(explain).await.unwrap();
    assert_eq!(why.verdicts[0].reason(), RouteReason::Told);
    // The promise has no policy, so nothing else says by what it is told.
    let by = why.alert.unwrap().escalation.unwrap();
    assert!(by.by_fallback, "{by:?}");

    let update = UpdateWebhookRequest {
        request_id: "off".to_owned(),
        webhook_id: webhook.webhook_id.clone(),
        webhook: Some(Webhook {
            disabled: true,
            ..webhook.clone()
        }),
        ..UpdateWebhookRequest::default()
    };
    client.call(update).await.unwrap();
    let test = TestRouteRequest {
        severity: AlertSeverity::High.into(),
        escalation_policy_id: "owners".to_owned(),
        owner: owner(),
        latest: true,
        ..TestRouteRequest::default()
    };
    let tried = client.call(test).await.unwrap();
    let idle = &tried.verdicts[0];
    assert_eq!(idle.reason(), RouteReason::WebhookNotInUse);
    assert_eq!(idle.receiver_id, "agent");
    assert_eq!(idle.by, webhook.webhook_id);
    assert_eq!(tried.notifications[0].receiver_id, "chief");
    assert!(tried.notifications[0].by_mail);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_breaks_a_promise_hears_of_it_and_else_somebody_does() {
    let data = TempDir::new().unwrap();
    beside_an_app_by(&sending(&data), |client, clock| async move {
        let told = tokio::time::timeout(Duration::from_secs(120), story(&client, &clock)).await;
        told.expect("the story should come to its end");
    })
    .await;
}
