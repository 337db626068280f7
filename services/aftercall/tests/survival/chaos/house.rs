//! What the tenant has set up: urgent promises are warned of, and their alerts are told to one after the other.

use aftercall_proto::model::v1::escalation_level::Delay;
use aftercall_proto::model::v1::escalation_target::Target;
use aftercall_proto::model::v1::setting::Body;
use aftercall_proto::model::v1::warn_stage::Basis;
use aftercall_proto::model::v1::{
    EscalationLevel, EscalationPolicy, EscalationTarget, FollowUpPolicy, Priority, PromiseFilter,
    Receiver, Setting, WarnStage, Webhook,
};
use aftercall_proto::notify::v1::CreateWebhookRequest;
use aftercall_proto::notify::v1::webhook_service_client::WebhookServiceClient;
use aftercall_proto::settings::v1::settings_service_client::SettingsServiceClient;
use aftercall_proto::settings::v1::{ChangeSettingsRequest, SettingChange};
use jiff::SignedDuration;
use pbjson_types::Duration;
use rand::rngs::StdRng;

use super::kept_back::Until;
use super::retry::ask;
use crate::cluster::roles::Doors;
use crate::requests::{DAYS, now};

/// Of which events the webhook is told, beside the messages to the receivers.
pub(super) const EVENTS: [&str; 3] = [
    "aftercall.commitment.lapsed.v1",
    "aftercall.commitment.stage_reached.v1",
    "aftercall.alert.retriggered.v1",
];
/// Who is told first, and next.
const LEVELS: [&str; 2] = ["desk", "lead"];
/// Who is told when nobody else has taken it.
pub(super) const CATCH_ALL: &str = "chief";
/// How long each level has.
const LEVEL_HAS: SignedDuration = SignedDuration::from_secs(2);
/// When somebody is warned of a promise that is due in days: so long after it was made. Of what is due before, at once.
const WARNED_AFTER: SignedDuration = SignedDuration::from_secs(2);
/// What a receiver may be told in an hour at most: else most of it would wait for a digest.
pub(super) const BUDGET: u32 = 1_000;

/// Sets it up, with a webhook to `url`, and with what is kept back for a while. Answers where that stands in the log, and
/// until when it is kept back: from when the services answer, however long they take to start.
pub(super) async fn set_up(doors: &Doors, rng: &mut StdRng, url: &str) -> (String, Until) {
    let create = CreateWebhookRequest {
        request_id: "webhook".to_owned(),
        webhook: Some(Webhook {
            url: url.to_owned(),
            event_types: EVENTS.map(str::to_owned).into(),
            ..Webhook::default()
        }),
        ..CreateWebhookRequest::default()
    };
    let made = ask(&doors.notifiers, rng, &create, async |door, request| {
        WebhookServiceClient::new(door)
            .create_webhook(request)
            .await
    });
    let (_, made) = made.await.expect("a webhook");
    let webhook_id = made.webhook.unwrap_or_default().webhook_id;
    let receivers = LEVELS.into_iter().chain([CATCH_ALL]).map(|id| {
        let receiver = Receiver {
            webhook_id: webhook_id.clone(),
            budget_per_hour: BUDGET,
            ..Receiver::default()
        };
        (id.to_owned(), Body::Receiver(receiver))
    });
    let policies = [
        ("levels".to_owned(), Body::EscalationPolicy(escalation())),
        ("urgent".to_owned(), Body::FollowUpPolicy(policy())),
    ];
    let until = Until::from(now());
    let kept_back = until.settings(&webhook_id, CATCH_ALL);
    let all = receivers.chain(policies).chain(kept_back);
    let changes = all.map(|(setting_id, body)| SettingChange {
        setting: Some(Setting {
            setting_id,
            body: Some(body),
            ..Setting::default()
        }),
        ..SettingChange::default()
    });
    let change = ChangeSettingsRequest {
        request_id: "house".to_owned(),
        changes: changes.collect(),
        ..ChangeSettingsRequest::default()
    };
    let changed = ask(&doors.notifiers, rng, &change, async |door, request| {
        SettingsServiceClient::new(door)
            .change_settings(request)
            .await
    });
    (changed.await.expect("settings").1.position, until)
}

fn escalation() -> EscalationPolicy {
    let levels = LEVELS.map(|receiver_id| EscalationLevel {
        delay: Some(Delay::Wall(span(LEVEL_HAS))),
        targets: vec![EscalationTarget {
            target: Some(Target::ReceiverId(receiver_id.to_owned())),
        }],
        ..EscalationLevel::default()
    });
    EscalationPolicy {
        levels: levels.into(),
        catch_all_receiver_id: CATCH_ALL.to_owned(),
        ..EscalationPolicy::default()
    }
}

fn policy() -> FollowUpPolicy {
    FollowUpPolicy {
        applies_to: Some(PromiseFilter {
            priorities: vec![Priority::P1.into()],
            ..PromiseFilter::default()
        }),
        promise_stages: vec![WarnStage {
            stage_id: "soon".to_owned(),
            basis: Some(Basis::BeforeDueElapsed(span(DAYS - WARNED_AFTER))),
        }],
        escalation_policy_id: "levels".to_owned(),
        ..FollowUpPolicy::default()
    }
}

pub(super) fn span(span: SignedDuration) -> Duration {
    Duration {
        seconds: span.as_secs(),
        nanos: span.subsec_nanos(),
    }
}
