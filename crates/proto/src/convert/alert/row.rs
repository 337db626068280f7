//! An alert as views keep it: a form of their own, so that what stands in a view does not change
//! because an answer does. The owner is as events have it, and so never changes.

use std::collections::BTreeMap;

use aftercall_domain::alert::{Alert, PromiseSubject, Rule, Subject};
use pbjson_types::Timestamp;
use prost::Message;
use prost::bytes::{Buf, Bytes};
use uuid::Uuid;

use super::state::{StateRow, WentOnRow};
use crate::convert::commitment::{owner_from_wire, required, specified};
use crate::convert::parties::PartiesRow;
use crate::convert::{Unreadable, UnreadableRow, text, time};
use crate::model::v1 as wire;

/// The row.
#[derive(Clone, PartialEq, Message)]
struct Row {
    #[prost(bytes = "bytes", tag = "1")]
    alert_id: Bytes,
    #[prost(bytes = "bytes", tag = "2")]
    alert_key: Bytes,
    #[prost(uint32, tag = "3")]
    episode_no: u32,
    #[prost(string, tag = "4")]
    rule: String,
    #[prost(enumeration = "wire::AlertSeverity", tag = "5")]
    severity: i32,
    #[prost(message, optional, tag = "6")]
    promise: Option<Promise>,
    #[prost(string, tag = "7")]
    customer_id: String,
    #[prost(message, optional, tag = "8")]
    owner: Option<wire::Owner>,
    #[prost(string, tag = "9")]
    team_id: String,
    #[prost(btree_map = "string, string", tag = "10")]
    labels: BTreeMap<String, String>,
    #[prost(message, optional, tag = "11")]
    first_fired_at: Option<Timestamp>,
    #[prost(uint32, tag = "12")]
    level: u32,
    #[prost(message, optional, tag = "13")]
    state: Option<StateRow>,
    #[prost(message, optional, tag = "14")]
    parties: Option<PartiesRow>,
    #[prost(bool, tag = "15")]
    late: bool,
    #[prost(bool, tag = "16")]
    imported: bool,
    #[prost(message, optional, tag = "17")]
    went_on: Option<WentOnRow>,
    #[prost(message, optional, tag = "18")]
    escalation: Option<wire::AlertEscalation>,
    #[prost(string, tag = "19")]
    inhibited_by: String,
    /// The subject, if it is a signal,
    #[prost(message, optional, tag = "20")]
    signal: Option<wire::SignalSubject>,
    /// or what went wrong with a customer.
    #[prost(message, optional, tag = "21")]
    slip_ups: Option<wire::SlipUpsSubject>,
    #[prost(uint32, tag = "30")]
    reason_no: u32,
    #[prost(bool, tag = "31")]
    paused: bool,
}

/// The subject, if it is a promise.
#[derive(Clone, PartialEq, Message)]
struct Promise {
    #[prost(string, tag = "1")]
    commitment_id: String,
    #[prost(string, tag = "2")]
    interaction_id: String,
    #[prost(enumeration = "wire::CommitmentKind", tag = "3")]
    kind: i32,
    #[prost(string, tag = "4")]
    kind_code: String,
    #[prost(message, optional, tag = "5")]
    due: Option<Timestamp>,
    #[prost(uint32, tag = "6")]
    due_revision: u32,
    #[prost(enumeration = "wire::CommitmentClock", tag = "7")]
    clock: i32,
    #[prost(string, tag = "8")]
    stage_id: String,
}

/// Several alerts as one row.
#[derive(Clone, PartialEq, Message)]
struct Rows {
    #[prost(message, repeated, tag = "1")]
    alerts: Vec<Row>,
}

/// The alert as a row.
pub fn to_row(alert: Alert) -> Vec<u8> {
    row_of(alert).encode_to_vec()
}

/// Several alerts as one row.
pub fn to_rows(alerts: impl IntoIterator<Item = Alert>) -> Vec<u8> {
    let alerts = alerts.into_iter().map(row_of).collect();
    Rows { alerts }.encode_to_vec()
}

/// The alert that [`to_row`] wrote.
///
/// # Errors
/// [`UnreadableRow`] for what [`to_row`] didn't write.
pub fn from_row(row: impl Buf) -> Result<Alert, UnreadableRow> {
    Ok(alert_of(Row::decode(row)?)?)
}

/// The alerts that [`to_rows`] wrote.
///
/// # Errors
/// [`UnreadableRow`] for what [`to_rows`] didn't write.
pub fn from_rows(rows: impl Buf) -> Result<Vec<Alert>, UnreadableRow> {
    let alerts = Rows::decode(rows)?.alerts.into_iter().map(alert_of);
    Ok(alerts.collect::<Result<_, _>>()?)
}

fn row_of(alert: Alert) -> Row {
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
        parties,
        labels,
        reason_no,
        first_fired_at,
        late,
        imported,
        level,
        went_on,
        escalation,
        inhibited_by,
        paused,
        state,
    } = alert;
    let (mut promise, mut signal, mut slip_ups) = (None, None, None);
    match subject {
        Subject::Promise(subject) => promise = Some(subject.into()),
        Subject::Signal(subject) => signal = Some(subject.into()),
        Subject::SlipUps(subject) => slip_ups = Some(subject.into()),
    }
    Row {
        alert_id: Bytes::copy_from_slice(alert_id.as_bytes()),
        alert_key: Bytes::copy_from_slice(alert_key.as_bytes()),
        episode_no,
        rule: rule.as_str().to_owned(),
        severity: wire::AlertSeverity::from(severity).into(),
        promise,
        signal,
        slip_ups,
        customer_id: customer_id.unwrap_or_default(),
        owner: owner.map(Into::into),
        team_id,
        labels,
        first_fired_at: Some(time::to_wire(first_fired_at)),
        level,
        state: Some(state.into()),
        parties: Some(parties.into()),
        late,
        imported,
        went_on: went_on.map(Into::into),
        escalation: escalation.map(Into::into),
        inhibited_by: inhibited_by.map_or_else(String::new, |rule| rule.as_str().to_owned()),
        reason_no,
        paused,
    }
}

fn alert_of(row: Row) -> Result<Alert, Unreadable> {
    let severity = specified("severity", row.severity())?;
    let rule = Rule::named(&row.rule);
    let subject = match (row.promise, row.signal, row.slip_ups) {
        (Some(promise), ..) => Subject::Promise(promise.try_into()?),
        (None, Some(signal), _) => Subject::Signal(signal.try_into()?),
        (None, None, Some(slip_ups)) => Subject::SlipUps(slip_ups.try_into()?),
        (None, None, None) => return Err(Unreadable { field: "subject" }),
    };
    Ok(Alert {
        alert_id: id("alert_id", &row.alert_id)?,
        alert_key: id("alert_key", &row.alert_key)?,
        episode_no: row.episode_no,
        rule: rule.ok_or(Unreadable { field: "rule" })?,
        severity,
        subject,
        customer_id: text(row.customer_id),
        owner: row.owner.and_then(owner_from_wire),
        team_id: row.team_id,
        parties: row.parties.unwrap_or_default().into(),
        labels: row.labels,
        first_fired_at: required("first_fired_at", row.first_fired_at.as_ref())?,
        late: row.late,
        imported: row.imported,
        level: row.level,
        went_on: row.went_on.and_then(WentOnRow::read),
        escalation: row.escalation.map(Into::into),
        inhibited_by: Rule::named(&row.inhibited_by),
        reason_no: row.reason_no,
        paused: row.paused,
        state: row.state.unwrap_or_default().try_into()?,
    })
}

impl From<PromiseSubject> for Promise {
    fn from(promise: PromiseSubject) -> Self {
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
        Self {
            commitment_id,
            interaction_id,
            kind: wire::CommitmentKind::from(kind).into(),
            kind_code,
            clock: wire::CommitmentClock::from(clock).into(),
            due: Some(time::to_wire(due)),
            due_revision,
            stage_id,
        }
    }
}

impl TryFrom<Promise> for PromiseSubject {
    type Error = Unreadable;

    fn try_from(promise: Promise) -> Result<Self, Unreadable> {
        Ok(Self {
            kind: specified("promise.kind", promise.kind())?,
            clock: specified("promise.clock", promise.clock())?,
            due: required("promise.due", promise.due.as_ref())?,
            commitment_id: promise.commitment_id,
            interaction_id: promise.interaction_id,
            kind_code: promise.kind_code,
            due_revision: promise.due_revision,
            stage_id: promise.stage_id,
        })
    }
}

fn id(field: &'static str, bytes: &[u8]) -> Result<Uuid, Unreadable> {
    Uuid::from_slice(bytes).map_err(|_| Unreadable { field })
}

#[cfg(test)]
mod tests {
    use aftercall_domain::Party;
    use aftercall_domain::alert::{ResolveCause, Resolved, Severity};
    use aftercall_domain::commitment::{
        Acknowledged, AlertState, Clock, CommitmentKind, Escalation, Owner, WentOn,
    };
    use jiff::Timestamp;

    use super::*;

    fn alert() -> Alert {
        Alert {
            alert_id: Uuid::from_u128(1),
            alert_key: Uuid::from_u128(2),
            episode_no: 3,
            rule: Rule::PromiseLapsed,
            severity: Severity::High,
            subject: Subject::Promise(PromiseSubject {
                commitment_id: "c-1".to_owned(),
                interaction_id: "i-1".to_owned(),
                kind: CommitmentKind::CallBack,
                kind_code: "vip".to_owned(),
                clock: Clock::Internal,
                due: Timestamp::from_microsecond(7).unwrap(),
                due_revision: 2,
                stage_id: "soon".to_owned(),
            }),
            customer_id: Some("C-1".to_owned()),
            owner: Some(Owner::Queue("back office".to_owned())),
            team_id: "north".to_owned(),
            parties: [
                Party::Agent("ann"),
                Party::Team("north"),
                Party::Site("lyon"),
            ]
            .into_iter()
            .collect(),
            labels: BTreeMap::from([("kind".to_owned(), "call back".to_owned())]),
            reason_no: 3,
            first_fired_at: Timestamp::from_microsecond(8).unwrap(),
            late: true,
            imported: true,
            level: 2,
            went_on: Some(WentOn::Acknowledged {
                by: "ann".to_owned(),
            }),
            escalation: Some(Escalation {
                policy_id: "usual".to_owned(),
                policy_version: 3,
                goes_on_at: Some(Timestamp::from_microsecond(10).unwrap()),
                exhausted: true,
                by_fallback: true,
            }),
            inhibited_by: Some(Rule::TargetLapsed),
            paused: true,
            state: AlertState::Triggered,
        }
    }

    #[test]
    fn a_row_reads_back_whole_and_what_is_none_is_refused() {
        let over = Alert {
            state: AlertState::Resolved(Resolved {
                at: Timestamp::from_microsecond(9).unwrap(),
                cause: ResolveCause::Rescheduled,
            }),
            customer_id: None,
            owner: None,
            ..alert()
        };
        let at = Timestamp::from_microsecond(9).unwrap();
        let states = [
            AlertState::Acknowledged(Acknowledged {
                by: "ann".to_owned(),
                at,
                until: at,
                note: "on it".to_owned(),
            }),
            AlertState::Snoozed {
                by: "ann".to_owned(),
                at: Some(at),
                until: at,
            },
            AlertState::Closed {
                by: "sue".to_owned(),
                at,
                reason: "known".to_owned(),
            },
        ];
        for state in states {
            let alert = Alert { state, ..alert() };
            assert_eq!(from_row(&to_row(alert.clone())[..]).unwrap(), alert);
        }
        for alert in [alert(), over.clone()] {
            assert_eq!(from_row(&to_row(alert.clone())[..]).unwrap(), alert);
        }
        let both = [alert(), over];
        let rows = to_rows(both.clone());
        assert_eq!(from_rows(&rows[..]).unwrap(), both);
        from_row(&[][..]).unwrap_err();
        from_row(&rows[..]).unwrap_err();
        assert_eq!(from_rows(&[][..]).unwrap(), []);
    }
}
