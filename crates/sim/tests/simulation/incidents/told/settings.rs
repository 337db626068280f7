//! The desk's calendars, and a policy for each priority.

use aftercall_proto::model::v1::{
    Calendar, FollowUpPolicy, Hours, InternalTargetRule, OpenTime, PromiseFilter, Setting, Week,
    internal_target_rule, setting,
};
use aftercall_proto::settings::v1::SettingChange;
use pbjson_types::Duration;

use super::super::reckon::target;
use super::priority;

const ALWAYS: &str = "always";
const WEEKDAYS: &str = "weekdays";

/// Calendars first: policies name them.
pub(super) fn all() -> Vec<SettingChange> {
    let always = week("00:00", "24:00", true);
    let weekdays = week("08:00", "18:00", false);
    let calendars = [(ALWAYS, always), (WEEKDAYS, weekdays)];
    let calendars = calendars.map(|(id, weekly)| {
        let calendar = Calendar {
            time_zone: "UTC".to_owned(),
            weekly: Some(weekly),
            ..Calendar::default()
        };
        change(id, setting::Body::Calendar(calendar))
    });
    let policies = ["1", "2", "3", "4"].map(|number| {
        let target = target(number);
        let open = OpenTime {
            duration: Some(Duration {
                seconds: 3_600 * target.hours,
                nanos: 0,
            }),
            calendar_id: if target.on_weekdays { WEEKDAYS } else { ALWAYS }.to_owned(),
        };
        let policy = FollowUpPolicy {
            applies_to: Some(PromiseFilter {
                priorities: vec![priority(number).into()],
                ..PromiseFilter::default()
            }),
            internal_target: Some(InternalTargetRule {
                rule: Some(internal_target_rule::Rule::SinceMade(open)),
            }),
            ..FollowUpPolicy::default()
        };
        let id = format!("priority-{number}");
        change(&id, setting::Body::FollowUpPolicy(policy))
    });
    calendars.into_iter().chain(policies).collect()
}

fn week(opens: &str, closes: &str, with_weekend: bool) -> Week {
    let day = vec![Hours {
        opens: opens.to_owned(),
        closes: closes.to_owned(),
    }];
    let weekend = if with_weekend {
        day.clone()
    } else {
        Vec::new()
    };
    Week {
        monday: day.clone(),
        tuesday: day.clone(),
        wednesday: day.clone(),
        thursday: day.clone(),
        friday: day,
        saturday: weekend.clone(),
        sunday: weekend,
    }
}

fn change(id: &str, body: setting::Body) -> SettingChange {
    SettingChange {
        setting: Some(Setting {
            setting_id: id.to_owned(),
            body: Some(body),
            ..Setting::default()
        }),
        ..SettingChange::default()
    }
}
