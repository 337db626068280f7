//! What a round of decisions has somebody told, as a notice.

use aftercall_domain::alert::{ResolveCause, Rule};
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
    // What is over may be told together with what is not, and does not say why.
    let all_are = |standing: Standing| {
        let mut open = promises.iter().filter(|told| !told.standing.is_over());
        open.all(|told| told.standing == standing)
    };
    let (are_near, are_given_up) = (all_are(Standing::AtRisk), all_are(Standing::GivenUp));
    promises.sort_by(|one, other| {
        let by_severity = other.severity.cmp(&one.severity);
        by_severity.then_with(|| one.due.cmp(&other.due))
    });
    let count = usize::try_from(message.alert_count).unwrap_or(usize::MAX);
    let cause = match message.kind().try_into().ok()? {
        Kind::Resolved => Cause::Resolved {
            by: resolved_by(message),
        },
        Kind::Digest | Kind::SilenceEnded => Cause::Digest,
        Kind::AcknowledgementOver => acknowledgement_over(message),
        Kind::Escalated | Kind::Exhausted if message.level > FIRST_LEVEL => Cause::Escalation {
            level: message.level,
        },
        _ if promises.is_empty() && !concerns.is_empty() => Cause::Concern,
        _ if are_near => Cause::Warning,
        _ if are_given_up => Cause::GivenUp,
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

/// Why all that it tells of is over; none where that is not one cause, or where nobody says it.
fn resolved_by(message: &Notification) -> Option<ResolveCause> {
    let mut causes = message.alerts.iter().map(over_by);
    let first = causes.next()?;
    first.filter(|_| causes.all(|cause| cause == first))
}

/// Why an alert is over; none where nobody says it.
fn over_by(alert: &NotifiedAlert) -> Option<ResolveCause> {
    alert.resolve_cause().try_into().ok()
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
            (true, _) => Standing::Over { by: over_by(alert) },
            _ if alert.rule == Rule::Expired.as_str() => Standing::GivenUp,
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
        assert_eq!(cause(Wire::Resolved, 3, ""), Cause::Resolved { by: None });
        assert_eq!(cause(Wire::Digest, 3, ""), Cause::Digest);
        assert_eq!(cause(Wire::SilenceEnded, 3, ""), Cause::Digest);
        let by = "ana".to_owned();
        let over = Cause::AcknowledgementOver { by };
        assert_eq!(cause(Wire::AcknowledgementOver, 1, ""), over);
    }

    #[test]
    fn what_is_over_says_why_where_that_is_one_cause() {
        use aftercall_proto::model::v1::AlertResolveCause as Wire;
        let kind = NotificationKind::Resolved;
        let told = |causes: &[Wire]| {
            let alerts = causes.iter().map(|cause| NotifiedAlert {
                resolve_cause: (*cause).into(),
                ..alert(AlertSeverity::High, "", kind)
            });
            notice(&message(kind, 1, alerts.collect())).unwrap()
        };
        let expired = Some(ResolveCause::Expired);
        let given_up = told(&[Wire::Expired, Wire::Expired]);
        assert_eq!(given_up.cause, Cause::Resolved { by: expired });
        let over = Standing::Over { by: expired };
        assert!(given_up.promises.iter().all(|it| it.standing == over));
        for causes in [[Wire::Expired, Wire::Fulfilled], [Wire::Unspecified; 2]] {
            assert_eq!(told(&causes).cause, Cause::Resolved { by: None });
        }
    }

    #[test]
    fn that_a_promise_was_given_up_is_neither_a_lapse_nor_an_end() {
        let kind = NotificationKind::Triggered;
        let final_alert = || NotifiedAlert {
            rule: Rule::Expired.as_str().to_owned(),
            ..alert(AlertSeverity::High, "", kind)
        };
        let given_up = notice(&message(kind, 2, vec![final_alert()])).unwrap();
        assert_eq!(given_up.cause, Cause::GivenUp);
        assert_eq!(given_up.promises[0].standing, Standing::GivenUp);
        let lapse = || alert(AlertSeverity::High, "", kind);
        let both = notice(&message(kind, 2, vec![final_alert(), lapse()])).unwrap();
        assert_eq!(both.cause, Cause::Lapse);
        let over = NotifiedAlert {
            kind: NotificationKind::Resolved.into(),
            ..lapse()
        };
        let ended = notice(&message(kind, 2, vec![over, final_alert()])).unwrap();
        assert_eq!(ended.cause, Cause::GivenUp);
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
