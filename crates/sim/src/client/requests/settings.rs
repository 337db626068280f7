//! The few states in which the settings of a simulation may be.

use aftercall_proto::model::v1::{
    Calendar, CustomerAttempted, EscalationLevel, EscalationPolicy, EscalationTarget,
    FollowUpPolicy, FulfilmentPolicy, Hours, InternalTargetRule, OpenTime, Receiver, Setting,
    WarnStage, Week, escalation_level, escalation_target, fulfilment_policy, internal_target_rule,
    receiver, setting, warn_stage,
};
use aftercall_proto::settings::v1::{ChangeSettingsRequest, SettingChange};
use pbjson_types::Duration;

use super::request_id;

const ALWAYS: &str = "always";
const OFFICE: &str = "office";
const POLICY: &str = "policy";
const ESCALATION: &str = "escalation";
const RECEIVERS: [&str; 2] = ["first", "second"];

/// Each brings its calendars along, so that it does not matter which there were.
pub(crate) fn change(state: u8, request: u16) -> ChangeSettingsRequest {
    let policy = match state {
        0 => policy(before_due(10, ALWAYS), &[5], None),
        1 => policy(since_made(27 * 60, ALWAYS), &[30, 10], None),
        2 => policy(before_due(20, OFFICE), &[15], Some(1)),
        3 => policy(since_made(9 * 60, OFFICE), &[], Some(2)),
        _ => policy(before_due(60, ALWAYS), &[120], None),
    };
    let body = setting::Body::FollowUpPolicy(policy);
    // The last state is that there is no policy.
    let retired = state == 4;
    let receivers = [0, 1].map(|number| (RECEIVERS[number], receiver(number), false));
    let changes = [
        (
            ALWAYS,
            setting::Body::Calendar(calendar("00:00", "24:00", true)),
            false,
        ),
        (
            OFFICE,
            setting::Body::Calendar(calendar("09:00", "17:00", false)),
            false,
        ),
    ]
    .into_iter()
    .chain(receivers)
    .chain([
        (
            ESCALATION,
            setting::Body::EscalationPolicy(escalation()),
            false,
        ),
        (POLICY, body, retired),
    ]);
    let changes = changes.map(|(id, body, retired)| SettingChange {
        setting: Some(Setting {
            setting_id: id.to_owned(),
            retired,
            body: Some(body),
            ..Setting::default()
        }),
        ..SettingChange::default()
    });
    ChangeSettingsRequest {
        request_id: request_id(request),
        changes: changes.collect(),
        ..ChangeSettingsRequest::default()
    }
}

fn minutes(minutes: i64) -> Option<Duration> {
    Some(Duration {
        seconds: 60 * minutes,
        nanos: 0,
    })
}

fn open_time(open_minutes: i64, calendar_id: &str) -> OpenTime {
    OpenTime {
        duration: minutes(open_minutes),
        calendar_id: calendar_id.to_owned(),
    }
}

fn before_due(open_minutes: i64, calendar_id: &str) -> internal_target_rule::Rule {
    internal_target_rule::Rule::BeforeDue(open_time(open_minutes, calendar_id))
}

fn since_made(open_minutes: i64, calendar_id: &str) -> internal_target_rule::Rule {
    internal_target_rule::Rule::SinceMade(open_time(open_minutes, calendar_id))
}

/// Warns so many minutes before each due; a promise is kept by so many attempts, or if somebody says so.
fn policy(
    rule: internal_target_rule::Rule,
    warn_before: &[i64],
    attempts: Option<u32>,
) -> FollowUpPolicy {
    let stages = |due: &str| {
        let stages = warn_before.iter().map(|before| WarnStage {
            stage_id: format!("{due}-{before}"),
            basis: Some(warn_stage::Basis::BeforeDueElapsed(Duration {
                seconds: 60 * before,
                nanos: 0,
            })),
        });
        stages.collect()
    };
    let attempted = |attempts| {
        fulfilment_policy::Rule::Attempted(CustomerAttempted {
            attempts,
            ..CustomerAttempted::default()
        })
    };
    FollowUpPolicy {
        internal_target: Some(InternalTargetRule { rule: Some(rule) }),
        promise_stages: stages("told"),
        target_stages: stages("ours"),
        escalation_policy_id: ESCALATION.to_owned(),
        fulfilment: attempts.map(|attempts| FulfilmentPolicy {
            rule: Some(attempted(attempts)),
        }),
        ..FollowUpPolicy::default()
    }
}

/// Somebody, and if they do nothing somebody else, twice.
fn escalation() -> EscalationPolicy {
    let level = |receiver_id: &str, wall| EscalationLevel {
        targets: vec![EscalationTarget {
            target: Some(escalation_target::Target::ReceiverId(
                receiver_id.to_owned(),
            )),
        }],
        delay: minutes(wall).map(escalation_level::Delay::Wall),
        ..EscalationLevel::default()
    };
    EscalationPolicy {
        levels: vec![level(RECEIVERS[0], 15), level(RECEIVERS[1], 90)],
        num_loops: 1,
        catch_all_receiver_id: RECEIVERS[1].to_owned(),
        ..EscalationPolicy::default()
    }
}

fn receiver(number: usize) -> setting::Body {
    let agent_id = format!("receiver-{number}");
    setting::Body::Receiver(Receiver {
        who: Some(receiver::Who::AgentId(agent_id)),
        ..Receiver::default()
    })
}

fn calendar(opens: &str, closes: &str, with_weekend: bool) -> Calendar {
    let day = vec![Hours {
        opens: opens.to_owned(),
        closes: closes.to_owned(),
    }];
    let weekend = match with_weekend {
        true => day.clone(),
        false => Vec::new(),
    };
    Calendar {
        time_zone: "Europe/Berlin".to_owned(),
        weekly: Some(Week {
            monday: day.clone(),
            tuesday: day.clone(),
            wednesday: day.clone(),
            thursday: day.clone(),
            friday: day,
            saturday: weekend.clone(),
            sunday: weekend,
        }),
        ..Calendar::default()
    }
}
