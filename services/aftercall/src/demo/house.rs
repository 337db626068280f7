//! How the fictional company keeps an eye on promises: its opening hours, who is warned, and who is told next; and what
//! its customers call things.

use aftercall_client::Client;
use aftercall_proto::convert::due::duration_to_wire;
use aftercall_proto::model::v1::escalation_level::Delay;
use aftercall_proto::model::v1::escalation_target::Target;
use aftercall_proto::model::v1::setting::Body;
use aftercall_proto::model::v1::warn_stage::Basis;
use aftercall_proto::model::v1::{
    Calendar, ClosedDate, CommitmentKind, EscalationLevel, EscalationPolicy, EscalationTarget,
    FollowUpPolicy, Hours, Priority, PromiseFilter, Receiver, Setting, SynonymGroup, Synonyms,
    WarnStage, Webhook, Week,
};
use aftercall_proto::notify::v1::CreateWebhookRequest;
use aftercall_proto::settings::v1::{ChangeSettingsRequest, SettingChange};
use jiff::civil::Weekday;
use jiff::{SignedDuration, ToSpan};

use super::month::zone;
use super::receiver;
use super::tour::now;

/// The calendar of the opening hours.
pub(super) const HOURS: &str = "opening-hours";
/// How long before its due somebody is warned of an urgent promise.
pub(super) const WARNED_BEFORE: SignedDuration = SignedDuration::from_secs(4);
/// How long the desk has before the lead is told.
pub(super) const DESK_HAS: SignedDuration = SignedDuration::from_secs(3);

/// Within which time who was cut off is called back.
pub(super) const CALLED_BACK_WITHIN: SignedDuration = SignedDuration::from_mins(10);

/// Sets all of it up, with `receiver` as where alerts are told. Answers where that stands in the log.
pub(super) async fn set_up(
    client: &Client,
    receiver: &receiver::Receiver,
) -> anyhow::Result<String> {
    let create = CreateWebhookRequest {
        request_id: "demo-webhook".to_owned(),
        webhook: Some(Webhook {
            display_name: "The team's chat".to_owned(),
            url: receiver.url.clone(),
            event_types: vec!["aftercall.notification.v1".to_owned()],
            ..Webhook::default()
        }),
        ..CreateWebhookRequest::default()
    };
    let made = client.call(create).await?;
    receiver.agree(&made.secret)?;
    let webhook_id = made.webhook.unwrap_or_default().webhook_id;
    let told_at = |display_name: &str| {
        Body::Receiver(Receiver {
            display_name: display_name.to_owned(),
            webhook_id: webhook_id.clone(),
            ..Receiver::default()
        })
    };
    let settings = [
        (HOURS, Body::Calendar(calendar()?)),
        ("desk", told_at("Who is at the desk")),
        ("lead", told_at("Who leads the shift")),
        ("urgent", Body::EscalationPolicy(escalation())),
        ("urgent-promises", Body::FollowUpPolicy(policy())),
        ("called-back", Body::FollowUpPolicy(called_back())),
        ("words", Body::Synonyms(synonyms())),
    ];
    let changes = settings.into_iter().map(|(id, body)| SettingChange {
        setting: Some(Setting {
            setting_id: id.to_owned(),
            body: Some(body),
            ..Setting::default()
        }),
        ..SettingChange::default()
    });
    let change = ChangeSettingsRequest {
        request_id: "demo-house".to_owned(),
        changes: changes.collect(),
        reason: "how promises are kept in view, and what customers say".to_owned(),
    };
    Ok(client.call(change).await?.position)
}

/// Open from Monday to Friday, but for the next of these days after today: the stock is counted then.
fn calendar() -> anyhow::Result<Calendar> {
    let today = now().to_zoned(zone()).date();
    let mut counting = today.checked_add(1.day())?;
    while matches!(counting.weekday(), Weekday::Saturday | Weekday::Sunday) {
        counting = counting.checked_add(1.day())?;
    }
    let open = || {
        vec![Hours {
            opens: "08:00".to_owned(),
            closes: "18:00".to_owned(),
        }]
    };
    Ok(Calendar {
        display_name: "When we are open".to_owned(),
        time_zone: zone().iana_name().unwrap_or("UTC").to_owned(),
        weekly: Some(Week {
            monday: open(),
            tuesday: open(),
            wednesday: open(),
            thursday: open(),
            friday: open(),
            ..Week::default()
        }),
        closed_dates: vec![ClosedDate {
            date: counting.to_string(),
            label: "Stocktaking".to_owned(),
        }],
        ..Calendar::default()
    })
}

/// The desk first, then the lead.
fn escalation() -> EscalationPolicy {
    let level = |receiver_id: &str, has: SignedDuration| EscalationLevel {
        delay: Some(Delay::Wall(duration_to_wire(has))),
        targets: vec![EscalationTarget {
            target: Some(Target::ReceiverId(receiver_id.to_owned())),
        }],
        ..EscalationLevel::default()
    };
    EscalationPolicy {
        display_name: "The desk, then the lead".to_owned(),
        levels: vec![
            level("desk", DESK_HAS),
            level("lead", SignedDuration::from_mins(10)),
        ],
        catch_all_receiver_id: "lead".to_owned(),
        ..EscalationPolicy::default()
    }
}

/// What is most urgent is warned of before its due.
fn policy() -> FollowUpPolicy {
    FollowUpPolicy {
        display_name: "Urgent promises".to_owned(),
        applies_to: Some(PromiseFilter {
            priorities: vec![Priority::P1.into()],
            ..PromiseFilter::default()
        }),
        promise_stages: vec![WarnStage {
            stage_id: "soon".to_owned(),
            basis: Some(Basis::BeforeDueElapsed(duration_to_wire(WARNED_BEFORE))),
        }],
        escalation_policy_id: "urgent".to_owned(),
        ..FollowUpPolicy::default()
    }
}

/// Who was cut off is called back.
fn called_back() -> FollowUpPolicy {
    FollowUpPolicy {
        display_name: "Calls that were cut off".to_owned(),
        position: 1,
        applies_to: Some(PromiseFilter {
            kinds: vec![CommitmentKind::CallBack.into()],
            told_to_customer: Some(false),
            ..PromiseFilter::default()
        }),
        call_back_within: Some(duration_to_wire(CALLED_BACK_WITHIN)),
        ..FollowUpPolicy::default()
    }
}

/// Words of customers, and those of the solutions.
fn synonyms() -> Synonyms {
    let group = |words: [&str; 2]| SynonymGroup {
        words: words.map(str::to_owned).to_vec(),
    };
    Synonyms {
        display_name: "What customers say".to_owned(),
        groups: vec![group(["lamp", "light"]), group(["amber", "orange"])],
        ..Synonyms::default()
    }
}
