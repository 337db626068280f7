//! Why a receiver is told, or is not.

use aftercall_domain::alert::Rule;
use aftercall_domain::routing::{Verdict, Why};
use uuid::Uuid;

use crate::convert::time;
use crate::model::v1::{self as wire, RouteReason as Reason};

impl From<Verdict> for wire::RouteVerdict {
    fn from(verdict: Verdict) -> Self {
        let mut said = Self {
            receiver_id: verdict.receiver_id,
            ..Self::default()
        };
        let reason = match verdict.reason {
            Why::Told {
                notification_id,
                kind,
            } => {
                said.notification_id = notification_id.to_string();
                said.kind = wire::NotificationKind::from(kind).into();
                Reason::Told
            }
            Why::Held { by, until } => {
                said.held_by = wire::NotificationHold::from(by).into();
                said.until = Some(time::to_wire(until));
                Reason::Held
            }
            Why::AlreadyTold { at } => {
                said.told_at = Some(time::to_wire(at));
                Reason::AlreadyTold
            }
            Why::SamePerson { receiver_id } => {
                said.by = receiver_id;
                Reason::SamePerson
            }
            Why::WebhookNotInUse { webhook_id } => {
                said.by = webhook_id;
                Reason::WebhookNotInUse
            }
            Why::OwnerUnreached { whom } => {
                said.by = whom;
                Reason::OwnerUnreached
            }
            Why::GroupWait { until } => {
                said.until = Some(time::to_wire(until));
                Reason::GroupWait
            }
            Why::Silence { silence_id, until } => {
                (said.by, said.until) = (silence_id, Some(time::to_wire(until)));
                Reason::Silence
            }
            Why::Inhibition { by, alert_id } => {
                by.as_str().clone_into(&mut said.by);
                said.by_alert_id = alert_id.map_or_else(String::new, |id| id.to_string());
                Reason::Inhibition
            }
            Why::Acknowledged { by, until } => {
                (said.by, said.until) = (by, Some(time::to_wire(until)));
                Reason::Acknowledged
            }
            Why::Snoozed { by, until } => {
                (said.by, said.until) = (by, Some(time::to_wire(until)));
                Reason::Snoozed
            }
            Why::Paused => Reason::Paused,
            Why::Resolved => Reason::Resolved,
            Why::Closed => Reason::Closed,
            Why::Environment => Reason::Environment,
            Why::NoPolicy => Reason::NoPolicy,
            Why::NoReceiver => Reason::NoReceiver,
        };
        said.reason = reason.into();
        said
    }
}

/// What a verdict says; none for what no writer of ours makes.
pub(super) fn from_wire(said: wire::RouteVerdict) -> Option<Verdict> {
    let until = said.until.as_ref().and_then(time::from_wire);
    let reason = match said.reason() {
        Reason::Unspecified => return None,
        Reason::Told => Why::Told {
            notification_id: Uuid::try_parse(&said.notification_id).ok()?,
            kind: said.kind().try_into().ok()?,
        },
        Reason::Held => Why::Held {
            by: said.held_by().try_into().ok()?,
            until: until?,
        },
        Reason::AlreadyTold => Why::AlreadyTold {
            at: said.told_at.as_ref().and_then(time::from_wire)?,
        },
        Reason::SamePerson => Why::SamePerson {
            receiver_id: said.by,
        },
        Reason::WebhookNotInUse => Why::WebhookNotInUse {
            webhook_id: said.by,
        },
        Reason::OwnerUnreached => Why::OwnerUnreached { whom: said.by },
        Reason::GroupWait => Why::GroupWait { until: until? },
        Reason::Silence => Why::Silence {
            silence_id: said.by,
            until: until?,
        },
        Reason::Inhibition => Why::Inhibition {
            by: Rule::named(&said.by)?,
            alert_id: match said.by_alert_id.as_str() {
                "" => None,
                id => Some(Uuid::try_parse(id).ok()?),
            },
        },
        Reason::Acknowledged => Why::Acknowledged {
            by: said.by,
            until: until?,
        },
        Reason::Snoozed => Why::Snoozed {
            by: said.by,
            until: until?,
        },
        Reason::Paused => Why::Paused,
        Reason::Resolved => Why::Resolved,
        Reason::Closed => Why::Closed,
        Reason::Environment => Why::Environment,
        Reason::NoPolicy => Why::NoPolicy,
        Reason::NoReceiver => Why::NoReceiver,
    };
    Some(Verdict {
        receiver_id: said.receiver_id,
        reason,
    })
}

#[cfg(test)]
mod tests {
    use aftercall_domain::routing::{Hold, NotificationKind};
    use jiff::Timestamp;

    use super::*;

    #[test]
    fn every_reason_reads_back_and_what_is_none_is_refused() {
        let at = Timestamp::from_microsecond(7).unwrap();
        let name = || "ann".to_owned();
        let reasons = [
            Why::Told {
                notification_id: Uuid::from_u128(1),
                kind: NotificationKind::AcknowledgementOver,
            },
            Why::Held {
                by: Hold::Import,
                until: at,
            },
            Why::AlreadyTold { at },
            Why::SamePerson {
                receiver_id: name(),
            },
            Why::WebhookNotInUse {
                webhook_id: "crm".to_owned(),
            },
            Why::OwnerUnreached { whom: name() },
            Why::GroupWait { until: at },
            Why::Silence {
                silence_id: name(),
                until: at,
            },
            Why::Inhibition {
                by: Rule::TargetLapsed,
                alert_id: None,
            },
            Why::Inhibition {
                by: Rule::SaveAction,
                alert_id: Some(Uuid::from_u128(2)),
            },
            Why::Acknowledged {
                by: name(),
                until: at,
            },
            Why::Snoozed {
                by: name(),
                until: at,
            },
            Why::Paused,
            Why::Resolved,
            Why::Closed,
            Why::Environment,
            Why::NoPolicy,
            Why::NoReceiver,
        ];
        for reason in reasons {
            let verdict = Verdict {
                receiver_id: "r".to_owned(),
                reason,
            };
            let said = wire::RouteVerdict::from(verdict.clone());
            assert_eq!(from_wire(said), Some(verdict));
        }
        assert_eq!(from_wire(wire::RouteVerdict::default()), None);
        let held = wire::RouteVerdict {
            reason: Reason::Held.into(),
            ..wire::RouteVerdict::default()
        };
        assert_eq!(from_wire(held), None);
    }
}
