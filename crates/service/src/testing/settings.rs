//! Settings as callers give them, and as a log holds them.

use aftercall_log::Record;
use aftercall_proto::envelope::Fact;
use aftercall_proto::event::v1::{SettingsChanged, WebhookChanged};
use aftercall_proto::model::v1::internal_target_rule::Rule;
use aftercall_proto::model::v1::setting::Body;
use aftercall_proto::model::v1::{Hours, InternalTargetRule, OpenTime, Setting, Webhook, Week};
use jiff::Timestamp;
use pbjson_types::Duration;

use super::sealed;
use crate::ActorKind;
use crate::seal::Author;

/// A setting as callers give it.
pub fn setting(setting_id: &str, body: Body) -> Setting {
    Setting {
        setting_id: setting_id.to_owned(),
        body: Some(body),
        ..Setting::default()
    }
}

/// That a webhook was made or changed, as the service says that tells other systems.
pub fn webhook_changed(webhook_id: &str, version: u64, disabled: bool) -> Fact {
    let webhook = Webhook {
        webhook_id: webhook_id.to_owned(),
        version,
        disabled,
        ..Webhook::default()
    };
    Fact::WebhookChanged(Box::new(WebhookChanged {
        webhook: Some(webhook),
        ..WebhookChanged::default()
    }))
}

/// Open from one time until another, from Monday to Friday.
pub fn work_week(opens: &str, closes: &str) -> Week {
    let day = vec![Hours {
        opens: opens.to_owned(),
        closes: closes.to_owned(),
    }];
    Week {
        monday: day.clone(),
        tuesday: day.clone(),
        wednesday: day.clone(),
        thursday: day.clone(),
        friday: day,
        ..Week::default()
    }
}

/// Never closed.
pub fn open_week() -> Week {
    let week = work_week("00:00", "24:00");
    Week {
        saturday: week.monday.clone(),
        sunday: week.monday.clone(),
        ..week
    }
}

/// To be done so many open hours after it was promised.
pub fn since_made(hours: i64, calendar_id: &str) -> InternalTargetRule {
    let open = OpenTime {
        duration: Some(Duration {
            seconds: hours * 3_600,
            nanos: 0,
        }),
        calendar_id: calendar_id.to_owned(),
    };
    InternalTargetRule {
        rule: Some(Rule::SinceMade(open)),
    }
}

/// The log's record by which a tenant's settings change for the `revision`th time.
///
/// # Panics
/// When the setting is larger than the log's records may be.
pub fn setting_changed(tenant_id: &str, revision: u64, setting: Setting, now: Timestamp) -> Record {
    let by = Author {
        tenant_id,
        actor_id: "admin",
        kind: ActorKind::Supervisor,
    };
    let changed = SettingsChanged {
        settings: vec![setting],
    };
    let fact = Fact::SettingsChanged(Box::new(changed));
    sealed(by, ("settings", revision), now, &fact)
}
