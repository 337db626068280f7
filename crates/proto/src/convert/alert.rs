//! Alerts.

mod row;
mod state;
mod subject;

use aftercall_domain::alert::{Alert, PromiseSubject, ResolveCause, Severity, Subject};
use aftercall_domain::commitment::AlertState;
use jiff::Timestamp;

use super::time;
use crate::model::v1 as wire;

pub(in crate::convert) use state::{EpisodeRow, StateRow, WentOnRow};

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
            ResolveCause::Waived => Self::Waived,
            ResolveCause::Superseded => Self::Superseded,
            ResolveCause::Expired => Self::Expired,
            ResolveCause::Overtaken => Self::Overtaken,
            ResolveCause::Averted => Self::Averted,
            ResolveCause::TakenBack => Self::TakenBack,
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
            wire::AlertResolveCause::Waived => Ok(Self::Waived),
            wire::AlertResolveCause::Superseded => Ok(Self::Superseded),
            wire::AlertResolveCause::Expired => Ok(Self::Expired),
            wire::AlertResolveCause::Overtaken => Ok(Self::Overtaken),
            wire::AlertResolveCause::Averted => Ok(Self::Averted),
            wire::AlertResolveCause::TakenBack => Ok(Self::TakenBack),
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
            reason_no,
            first_fired_at,
            late,
            imported: _,
            level,
            went_on: _,
            escalation,
            inhibited_by,
            paused,
            state,
        } = alert;
        let Shown {
            state,
            by: handled_by,
            at,
            until,
            cause,
        } = Shown::of(state);
        let resolved = cause.is_some();
        let at = at.map(time::to_wire);
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
            resolved_at: at.filter(|_| resolved),
            resolve_cause: cause
                .map_or(wire::AlertResolveCause::Unspecified, Into::into)
                .into(),
            level,
            handled_by,
            handled_at: at.filter(|_| !resolved),
            handled_until: until.map(time::to_wire),
            escalation: escalation.map(Into::into),
            late,
            inhibited_by: inhibited_by.map_or_else(String::new, |rule| rule.as_str().to_owned()),
            reason_no,
            paused,
        }
    }
}

/// An alert as callers see it, of which something was decided or nothing yet. Nothing was said of one that was over before.
pub fn as_seen(alert: Alert, is_decided: bool) -> wire::Alert {
    let waits = !is_decided && alert.waits_undecided();
    let state = match &alert.state {
        AlertState::Triggered if waits => Some(wire::AlertState::Pending),
        AlertState::Resolved(_) if waits => Some(wire::AlertState::Closed),
        _ => None,
    };
    let mut seen = wire::Alert::from(alert);
    if let Some(state) = state {
        seen.set_state(state);
    }
    seen
}

/// How an alert stands, as callers see it: without anybody's words.
struct Shown {
    state: wire::AlertState,
    by: String,
    at: Option<Timestamp>,
    until: Option<Timestamp>,
    cause: Option<ResolveCause>,
}

impl Shown {
    fn of(state: AlertState) -> Self {
        let none = |state| Self {
            state,
            by: String::new(),
            at: None,
            until: None,
            cause: None,
        };
        match state {
            AlertState::Triggered => none(wire::AlertState::Triggered),
            AlertState::Acknowledged(seen) => Self {
                by: seen.by,
                at: Some(seen.at),
                until: Some(seen.until),
                ..none(wire::AlertState::Acknowledged)
            },
            AlertState::Snoozed { by, at: _, until } => Self {
                by,
                until: Some(until),
                ..none(wire::AlertState::Snoozed)
            },
            AlertState::Closed { by, at, reason: _ } => Self {
                by,
                at: Some(at),
                ..none(wire::AlertState::Closed)
            },
            AlertState::Resolved(over) => Self {
                at: Some(over.at),
                cause: Some(over.cause),
                ..none(wire::AlertState::Resolved)
            },
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
                    clock,
                    due,
                    due_revision,
                    stage_id,
                } = promise;
                Self::Promise(wire::PromiseSubject {
                    commitment_id,
                    interaction_id,
                    kind: wire::CommitmentKind::from(kind).into(),
                    kind_code,
                    promised_by: Some(time::to_wire(due)),
                    due_revision,
                    clock: wire::CommitmentClock::from(clock).into(),
                    stage_id,
                })
            }
            Subject::Signal(signal) => Self::Signal(signal.into()),
            Subject::SlipUps(slips) => Self::SlipUps(slips.into()),
        }
    }
}
