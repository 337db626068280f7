//! What a round of decisions has somebody told, as a notice.

use aftercall_domain::alert::Rule;
use aftercall_domain::routing::NotificationKind as Kind;
use aftercall_proto::convert::commitment::owner_from_wire;
use aftercall_proto::convert::time::from_wire;
use aftercall_proto::model::v1::{Notification, NotifiedAlert};
use uuid::Uuid;

use super::notice::{Cause, Notice, Standing, Told, ToldConcern};

/// The highest level at which nobody was told before.
const FIRST_LEVEL: u32 = 1;

/// The notice of a message; none for one that a later version wrote. It holds the words of promises where the message was
/// given them.
pub(super) fn notice(message: &Notification) -> Option<Notice> {
    let mut promises: Vec<_> = message.alerts.iter().filter_map(told).collect();
    let mut concerns: Vec<_> = message.alerts.iter().filter_map(told_concern).collect();
    concerns.sort_by(|one, other| {
        let by_severity = other.severity.cmp(&one.severity);
        by_severity.then_with(|| one.since.cmp(&other.since))
    });
    let first_is_stage = promises
        .iter()
        .all(|told| told.standing == Standing::AtRisk);
    promises.sort_by(|one, other| {
        let by_severity = other.severity.cmp(&one.severity);
        by_severity.then_with(|| one.due.cmp(&other.due))
    });
    let count = usize::try_from(message.alert_count).unwrap_or(usize::MAX);
    let cause = match message.kind().try_into().ok()? {
        Kind::Resolved => Cause::Resolved,
        Kind::Digest | Kind::SilenceEnded => Cause::Digest,
        Kind::AcknowledgementOver => acknowledgement_over(message),
        Kind::Escalated | Kind::Exhausted if message.level > FIRST_LEVEL => Cause::Escalation {
            level: message.level,
        },
        _ if promises.is_empty() && !concerns.is_empty() => Cause::Concern,
        _ if first_is_stage => Cause::Warning,
        _ => Cause::Lapse,
    };
    Some(Notice {
        notification_id: Uuid::try_parse(&message.notification_id).ok()?,
        cause,
        queued_at: message.decided_at.as_ref().and_then(from_wire)?,
        omitted: count.saturating_sub(promises.len() + concerns.len()),
        promises,
        concerns,
    })
}

/// Whose acknowledgement is over: the first of those of which it is said.
fn acknowledgement_over(message: &Notification) -> Cause {
    let mut alerts = message.alerts.iter();
    let over = alerts.find(|it| it.kind().try_into() == Ok(Kind::AcknowledgementOver));
    Cause::AcknowledgementOver {
        by: over
            .map(|it| it.acknowledged_by.clone())
            .unwrap_or_default(),
    }
}

/// What is told of one alert; none for what this version does not understand.
fn told(alert: &NotifiedAlert) -> Option<Told> {
    let promise = alert.promise.as_ref()?;
    let is_over = alert.kind().try_into() == Ok(Kind::Resolved);
    Some(Told {
        commitment_id: promise.commitment_id.clone(),
        kind: promise.kind().try_into().ok()?,
        customer_id: Some(alert.customer_id.clone()).filter(|id| !id.is_empty()),
        clock: promise.clock().try_into().ok()?,
        due: promise.promised_by.as_ref().and_then(from_wire)?,
        severity: alert.severity().try_into().ok()?,
        owner: alert.owner.clone().and_then(owner_from_wire),
        standing: match (is_over, promise.stage_id.is_empty()) {
            (true, _) => Standing::Over,
            (false, true) => Standing::Overdue,
            (false, false) => Standing::AtRisk,
        },
        promise_text: alert.promise_text.clone(),
    })
}

/// What is told of an alert about a contact or a customer; none for another one, and for what this version does not
/// understand.
fn told_concern(alert: &NotifiedAlert) -> Option<ToldConcern> {
    let (interaction_id, since) = match (&alert.signal, &alert.slip_ups) {
        (Some(signal), _) => (signal.interaction_id.clone(), signal.noticed_at),
        (None, Some(slips)) => (String::new(), slips.slip_ups.first()?.at),
        (None, None) => return None,
    };
    Some(ToldConcern {
        rule: Rule::named(&alert.rule)?,
        interaction_id,
        customer_id: Some(alert.customer_id.clone()).filter(|id| !id.is_empty()),
        since: since.as_ref().and_then(from_wire)?,
        severity: alert.severity().try_into().ok()?,
        owner: alert.owner.clone().and_then(owner_from_wire),
        is_over: alert.kind().try_into() == Ok(Kind::Resolved),
    })
}

#[cfg(test)]
mod tests {
    use aftercall_domain::alert::Severity;
    use aftercall_proto::model::v1::{
        AlertSeverity, CommitmentClock, CommitmentKind, NotificationKind, PromiseSubject,
    };
    use pbjson_types::Timestamp as At;

    use super::*;

    fn alert(severity: AlertSeverity, stage_id: &str, kind: NotificationKind) -> NotifiedAlert {
        NotifiedAlert {
            kind: kind.into(),
            severity: severity.into(),
            acknowledged_by: "ana".to_owned(),
            promise: Some(PromiseSubject {
                commitment_id: stage_id.to_owned(),
                kind: CommitmentKind::CallBack.into(),
                clock: CommitmentClock::Promise.into(),
                promised_by: Some(At::default()),
                stage_id: stage_id.to_owned(),
                ..PromiseSubject::default()
            }),
            ..NotifiedAlert::default()
        }
    }

    fn message(kind: NotificationKind, level: u32, alerts: Vec<NotifiedAlert>) -> Notification {
        Notification {
            notification_id: Uuid::from_u128(7).to_string(),
            kind: kind.into(),
            level,
            alert_count: alerts.len() as u64,
            alerts,
            decided_at: Some(At::default()),
            ..Notification::default()
        }
    }

    #[test]
    fn each_kind_of_message_has_its_cause() {
        use NotificationKind as Wire;
        let cause = |kind, level, stage_id| {
            let alerts = vec![alert(AlertSeverity::High, stage_id, kind)];
            notice(&message(kind, level, alerts)).unwrap().cause
        };
        for kind in [Wire::Triggered, Wire::Repeated, Wire::SnoozeOver] {
            assert_eq!(cause(kind, 1, "soon"), Cause::Warning);
            assert_eq!(cause(kind, 1, ""), Cause::Lapse);
        }
        let second = Cause::Escalation { level: 2 };
        assert_eq!(cause(Wire::Escalated, 2, ""), second);
        assert_eq!(cause(Wire::Exhausted, 2, ""), second);
        assert_eq!(cause(Wire::Exhausted, 1, ""), Cause::Lapse);
        assert_eq!(cause(Wire::Resolved, 3, ""), Cause::Resolved);
        assert_eq!(cause(Wire::Digest, 3, ""), Cause::Digest);
        assert_eq!(cause(Wire::SilenceEnded, 3, ""), Cause::Digest);
        let by = "ana".to_owned();
        let over = Cause::AcknowledgementOver { by };
        assert_eq!(cause(Wire::AcknowledgementOver, 1, ""), over);
    }

    #[test]
    fn the_worst_comes_first_and_what_is_not_named_is_counted() {
        let kind = NotificationKind::Triggered;
        let alerts = vec![
            alert(AlertSeverity::Warning, "soon", kind),
            alert(AlertSeverity::Critical, "", kind),
        ];
        let message = Notification {
            alert_count: 5,
            ..message(kind, 1, alerts)
        };
        let notice = notice(&message).unwrap();
        assert_eq!(notice.cause, Cause::Lapse);
        let told = notice
            .promises
            .iter()
            .map(|told| (told.severity, told.standing));
        assert_eq!(
            told.collect::<Vec<_>>(),
            [
                (Severity::Critical, Standing::Overdue),
                (Severity::Warning, Standing::AtRisk)
            ]
        );
        assert_eq!(notice.omitted, 3);
    }

    #[test]
    fn what_a_later_version_wrote_is_no_notice() {
        let mut unknown = message(NotificationKind::Triggered, 1, Vec::new());
        unknown.kind = 99;
        assert_eq!(notice(&unknown), None);
        let unnamed = Notification {
            notification_id: "x".to_owned(),
            ..message(NotificationKind::Triggered, 1, Vec::new())
        };
        assert_eq!(notice(&unnamed), None);
    }
}
