//! Who is told of alerts, and why.

mod row;
mod verdict;

use std::collections::BTreeMap;

use aftercall_domain::alert::Alert;
use aftercall_domain::commitment::{AlertState, WentOn};
use aftercall_domain::routing::{
    Digested, Hold, Notification, NotificationKind, Round, Routed, Seen, Standing, ToNobody, Told,
    Why,
};
use jiff::Timestamp;
use uuid::Uuid;

use super::commitment::owner_from_wire;
use super::time;
use crate::event::v1 as event;
use crate::model::v1 as wire;

pub use row::{route_from_row, route_to_row};

/// What an event says of a round of decisions of a tenant whose alerts are told in an environment. `alerts` are those
/// that it was decided about.
pub fn round_to_wire(
    round: Round,
    (tenant_id, environment): (&str, String),
    alerts: &BTreeMap<Uuid, Alert>,
    decided_at: Timestamp,
) -> event::AlertsRouted {
    let notifications = round.notifications.into_iter();
    let turns = round.turns.into_iter();
    event::AlertsRouted {
        decided_at: Some(time::to_wire(decided_at)),
        environment,
        notifications: notifications
            .map(|one| notification_to_wire(one, tenant_id, alerts))
            .collect(),
        alerts: round.alerts.into_iter().map(Into::into).collect(),
        digests: round.digests.into_iter().map(Into::into).collect(),
        turns: turns
            .map(
                |(escalation_policy_id, level_place, count)| event::RoutedTurn {
                    escalation_policy_id,
                    level_place,
                    count,
                },
            )
            .collect(),
    }
}

/// A message of a tenant about some of `of`.
pub fn notification_to_wire(
    notification: Notification,
    tenant_id: &str,
    of: &BTreeMap<Uuid, Alert>,
) -> wire::Notification {
    let Notification {
        notification_id,
        receiver_id,
        receiver_version,
        kind,
        group,
        level,
        severity,
        alerts,
        alert_count,
        held_by,
        at,
        webhook_id,
        by_mail,
    } = notification;
    let group_id = group.as_ref().map(|group| group.id(tenant_id).to_string());
    let (policy_id, team_id) = group.map_or_else(Default::default, |it| (it.policy_id, it.team_id));
    let alerts = alerts.into_iter();
    let held_by = held_by.into_iter();
    wire::Notification {
        notification_id: notification_id.to_string(),
        receiver_id,
        receiver_version,
        kind: wire::NotificationKind::from(kind).into(),
        group_id: group_id.unwrap_or_default(),
        escalation_policy_id: policy_id,
        team_id,
        level,
        severity: wire::AlertSeverity::from(severity).into(),
        alerts: alerts
            .map(|(alert_id, kind)| wire::NotifiedAlert {
                alert_id: alert_id.to_string(),
                kind: wire::NotificationKind::from(kind).into(),
                ..of.get(&alert_id).map(notified).unwrap_or_default()
            })
            .collect(),
        alert_count,
        held_by: held_by
            .map(|hold| wire::NotificationHold::from(hold).into())
            .collect(),
        decided_at: Some(time::to_wire(at)),
        webhook_id,
        by_mail,
    }
}

/// What a message says of an alert, whatever it says it for.
fn notified(alert: &Alert) -> wire::NotifiedAlert {
    let (mut promise, mut signal, mut slip_ups) = (None, None, None);
    match wire::alert::Subject::from(alert.subject.clone()) {
        wire::alert::Subject::Promise(subject) => promise = Some(subject),
        wire::alert::Subject::Signal(subject) => signal = Some(subject),
        wire::alert::Subject::SlipUps(subject) => slip_ups = Some(subject),
    }
    let acknowledged_by = match &alert.went_on {
        Some(WentOn::Acknowledged { by }) => by.clone(),
        _ => String::new(),
    };
    let resolve_cause = match &alert.state {
        AlertState::Resolved(over) => over.cause.into(),
        _ => wire::AlertResolveCause::Unspecified,
    };
    wire::NotifiedAlert {
        rule: alert.rule.as_str().to_owned(),
        severity: wire::AlertSeverity::from(alert.severity).into(),
        promise,
        signal,
        slip_ups,
        customer_id: alert.customer_id.clone().unwrap_or_default(),
        owner: alert.owner.clone().map(Into::into),
        acknowledged_by,
        resolve_cause: resolve_cause.into(),
        ..wire::NotifiedAlert::default()
    }
}

impl From<Routed> for event::RoutedAlert {
    fn from(routed: Routed) -> Self {
        let Routed {
            alert_id,
            seen,
            verdicts,
            // Follows from the verdicts.
            told: _,
            over: _,
            dropped,
            silence_id,
            next_look_at,
        } = routed;
        Self {
            alert_id: alert_id.to_string(),
            level: seen.level,
            state: wire::AlertState::from(seen.standing).into(),
            state_until: seen.until.map(time::to_wire),
            inhibited: seen.inhibited,
            reason_no: seen.reason_no,
            paused: seen.paused,
            verdicts: verdicts.into_iter().map(Into::into).collect(),
            dropped_receiver_ids: dropped,
            silence_id,
            next_look_at: next_look_at.map(time::to_wire),
            to_nobody: seen.to_nobody.map(Into::into),
        }
    }
}

impl From<ToNobody> for event::RoutedToNobody {
    fn from(it: ToNobody) -> Self {
        Self {
            owner: it.owner.map(Into::into),
            team_id: it.team_id,
        }
    }
}

impl From<event::RoutedToNobody> for ToNobody {
    fn from(it: event::RoutedToNobody) -> Self {
        Self {
            owner: it.owner.and_then(owner_from_wire),
            team_id: it.team_id,
        }
    }
}

impl From<Digested> for event::RoutedDigest {
    fn from(digested: Digested) -> Self {
        Self {
            receiver_id: digested.receiver_id,
            put_off_to: digested.put_off_to.map(time::to_wire),
        }
    }
}

/// What was decided of an alert at an instant; none for what no writer of ours makes.
pub fn routed_from_wire(routed: event::RoutedAlert, decided_at: Timestamp) -> Option<Routed> {
    let standing: Standing = routed.state().try_into().ok()?;
    let seen = Seen {
        level: routed.level,
        // Of more than the first reason nobody was told before it was said of how many.
        reason_no: Seen::reason_no(standing, routed.reason_no.max(1)),
        standing,
        until: routed.state_until.as_ref().and_then(time::from_wire),
        inhibited: routed.inhibited,
        paused: routed.paused,
        to_nobody: routed.to_nobody.map(Into::into),
    };
    let over = seen.standing == Standing::Resolved;
    let mut verdicts = Vec::new();
    let mut told = Vec::new();
    for verdict in routed.verdicts {
        let verdict = verdict::from_wire(verdict)?;
        let (at, held) = match &verdict.reason {
            Why::Told { .. } => (Some(decided_at), false),
            Why::Held { until, .. } => (Some(*until), true),
            _ => (None, false),
        };
        told.extend(at.filter(|_| !over).map(|at| Told {
            receiver_id: verdict.receiver_id.clone(),
            level: seen.level,
            reason_no: seen.reason_no,
            at,
            held,
        }));
        verdicts.push(verdict);
    }
    Some(Routed {
        alert_id: Uuid::try_parse(&routed.alert_id).ok()?,
        seen,
        verdicts,
        told,
        over,
        dropped: routed.dropped_receiver_ids,
        silence_id: routed.silence_id,
        next_look_at: routed.next_look_at.as_ref().and_then(time::from_wire),
    })
}

impl From<Standing> for wire::AlertState {
    fn from(standing: Standing) -> Self {
        match standing {
            Standing::Triggered => Self::Triggered,
            Standing::Acknowledged => Self::Acknowledged,
            Standing::Snoozed => Self::Snoozed,
            Standing::Resolved => Self::Resolved,
            Standing::Closed => Self::Closed,
        }
    }
}

impl TryFrom<wire::AlertState> for Standing {
    type Error = ();

    fn try_from(state: wire::AlertState) -> Result<Self, ()> {
        match state {
            // A filter's word alone: it is triggered.
            // Nor is anything decided of what is pending.
            wire::AlertState::Unspecified
            | wire::AlertState::Exhausted
            | wire::AlertState::Pending => Err(()),
            wire::AlertState::Triggered => Ok(Self::Triggered),
            wire::AlertState::Acknowledged => Ok(Self::Acknowledged),
            wire::AlertState::Snoozed => Ok(Self::Snoozed),
            wire::AlertState::Resolved => Ok(Self::Resolved),
            wire::AlertState::Closed => Ok(Self::Closed),
        }
    }
}

macro_rules! same {
    ($domain:ident, $wire:ident { $($name:ident),+ $(,)? }) => {
        impl From<$domain> for wire::$wire {
            fn from(it: $domain) -> Self {
                match it {
                    $($domain::$name => Self::$name,)+
                }
            }
        }

        impl TryFrom<wire::$wire> for $domain {
            type Error = ();

            fn try_from(it: wire::$wire) -> Result<Self, ()> {
                match it {
                    wire::$wire::Unspecified => Err(()),
                    $(wire::$wire::$name => Ok(Self::$name),)+
                }
            }
        }
    };
}

same!(
    NotificationKind,
    NotificationKind {
        Resolved,
        Repeated,
        SnoozeOver,
        AcknowledgementOver,
        Triggered,
        Escalated,
        Exhausted,
        Digest,
        SilenceEnded,
    }
);

same!(
    Hold,
    NotificationHold {
        QuietHours,
        Rate,
        Late,
        Import,
        SilenceEnded,
    }
);
