//! Alerts.

mod row;

use aftercall_domain::alert::{Alert, PromiseSubject, ResolveCause, Severity, Subject};

use super::time;
use crate::model::v1 as wire;

pub use row::{from_row, from_rows, to_row, to_rows};

impl From<Severity> for wire::AlertSeverity {
    fn from(severity: Severity) -> Self {
        match severity {
            Severity::Info => Self::Info,
            Severity::Warning => Self::Warning,
            Severity::High => Self::High,
            Severity::Critical => Self::Critical,
        }
    }
}

impl TryFrom<wire::AlertSeverity> for Severity {
    type Error = ();

    fn try_from(severity: wire::AlertSeverity) -> Result<Self, ()> {
        match severity {
            wire::AlertSeverity::Unspecified => Err(()),
            wire::AlertSeverity::Info => Ok(Self::Info),
            wire::AlertSeverity::Warning => Ok(Self::Warning),
            wire::AlertSeverity::High => Ok(Self::High),
            wire::AlertSeverity::Critical => Ok(Self::Critical),
        }
    }
}

impl From<ResolveCause> for wire::AlertResolveCause {
    fn from(cause: ResolveCause) -> Self {
        match cause {
            ResolveCause::Fulfilled => Self::Fulfilled,
            ResolveCause::Cancelled => Self::Cancelled,
            ResolveCause::Rescheduled => Self::Rescheduled,
        }
    }
}

impl TryFrom<wire::AlertResolveCause> for ResolveCause {
    type Error = ();

    fn try_from(cause: wire::AlertResolveCause) -> Result<Self, ()> {
        match cause {
            wire::AlertResolveCause::Unspecified => Err(()),
            wire::AlertResolveCause::Fulfilled => Ok(Self::Fulfilled),
            wire::AlertResolveCause::Cancelled => Ok(Self::Cancelled),
            wire::AlertResolveCause::Rescheduled => Ok(Self::Rescheduled),
        }
    }
}

impl From<Alert> for wire::Alert {
    fn from(alert: Alert) -> Self {
        let Alert {
            alert_id,
            alert_key,
            episode_no,
            rule,
            severity,
            subject,
            customer_id,
            owner,
            team_id,
            parties: _,
            labels,
            first_fired_at,
            resolved,
        } = alert;
        let state = match resolved {
            None => wire::AlertState::Triggered,
            Some(_) => wire::AlertState::Resolved,
        };
        let cause = resolved.map_or(wire::AlertResolveCause::Unspecified, |over| {
            over.cause.into()
        });
        Self {
            alert_id: alert_id.to_string(),
            alert_key: alert_key.to_string(),
            episode_no,
            rule: rule.as_str().to_owned(),
            severity: wire::AlertSeverity::from(severity).into(),
            state: state.into(),
            subject: Some(subject.into()),
            customer_id: customer_id.unwrap_or_default(),
            owner: owner.map(Into::into),
            team_id,
            labels,
            first_fired_at: Some(time::to_wire(first_fired_at)),
            resolved_at: resolved.map(|over| time::to_wire(over.at)),
            resolve_cause: cause.into(),
        }
    }
}

impl From<Subject> for wire::alert::Subject {
    fn from(subject: Subject) -> Self {
        match subject {
            Subject::Promise(promise) => {
                let PromiseSubject {
                    commitment_id,
                    interaction_id,
                    kind,
                    kind_code,
                    promised_by,
                    due_revision,
                } = promise;
                Self::Promise(wire::PromiseSubject {
                    commitment_id,
                    interaction_id,
                    kind: wire::CommitmentKind::from(kind).into(),
                    kind_code,
                    promised_by: Some(time::to_wire(promised_by)),
                    due_revision,
                })
            }
        }
    }
}
