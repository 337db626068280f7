//! The desk's calendars, and a policy for each priority.

use aftercall_proto::model::v1::setting::Body;
use aftercall_proto::model::v1::{Calendar, FollowUpPolicy, PromiseFilter};
use aftercall_proto::settings::v1::SettingChange;
use aftercall_service::testing::{open_week, setting, since_made, work_week};

use super::super::reckon::target;
use super::priority;

const ALWAYS: &str = "always";
const WEEKDAYS: &str = "weekdays";

/// Calendars first: policies name them.
pub(super) fn all() -> Vec<SettingChange> {
    let weekdays = work_week("08:00", "18:00");
    let calendars = [(ALWAYS, open_week()), (WEEKDAYS, weekdays)];
    let calendars = calendars.map(|(id, weekly)| {
        let calendar = Calendar {
            time_zone: "UTC".to_owned(),
            weekly: Some(weekly),
            ..Calendar::default()
        };
        change(id, Body::Calendar(calendar))
    });
    let policies = ["1", "2", "3", "4"].map(|number| {
        let target = target(number);
        let calendar_id = if target.on_weekdays { WEEKDAYS } else { ALWAYS };
        let policy = FollowUpPolicy {
            applies_to: Some(PromiseFilter {
                priorities: vec![priority(number).into()],
                ..PromiseFilter::default()
            }),
            internal_target: Some(since_made(target.hours, calendar_id)),
            ..FollowUpPolicy::default()
        };
        let id = format!("priority-{number}");
        change(&id, Body::FollowUpPolicy(policy))
    });
    calendars.into_iter().chain(policies).collect()
}

fn change(id: &str, body: Body) -> SettingChange {
    SettingChange {
        setting: Some(setting(id, body)),
        ..SettingChange::default()
    }
}
