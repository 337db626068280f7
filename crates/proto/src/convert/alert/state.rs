//! How an alert stands, as rows keep it, and as callers see it.

use aftercall_domain::alert::{Resolved, Rule};
use aftercall_domain::commitment::{Acknowledged, AlertReason, AlertState, Episode, WentOn};
use pbjson_types::Timestamp;
use prost::{Message, Oneof};

use crate::convert::commitment::{required, specified};
use crate::convert::{Unreadable, time};
use crate::model::v1 as wire;

/// The state of an alert.
#[derive(Clone, PartialEq, Message)]
pub(in crate::convert) struct StateRow {
    #[prost(oneof = "State", tags = "1, 2, 3, 4, 5")]
    state: Option<State>,
}

#[derive(Clone, PartialEq, Oneof)]
enum State {
    #[prost(message, tag = "1")]
    Triggered(Handled),
    #[prost(message, tag = "2")]
    Acknowledged(Handled),
    #[prost(message, tag = "3")]
    Snoozed(Handled),
    #[prost(message, tag = "4")]
    Resolved(Over),
    #[prost(message, tag = "5")]
    Closed(Handled),
}

/// What somebody did.
#[derive(Clone, PartialEq, Message)]
struct Handled {
    #[prost(string, tag = "1")]
    by: String,
    #[prost(message, optional, tag = "2")]
    at: Option<Timestamp>,
    #[prost(message, optional, tag = "3")]
    until: Option<Timestamp>,
    #[prost(string, tag = "4")]
    text: String,
}

/// How it was over.
#[derive(Clone, PartialEq, Message)]
struct Over {
    #[prost(message, optional, tag = "1")]
    at: Option<Timestamp>,
    #[prost(enumeration = "wire::AlertResolveCause", tag = "2")]
    cause: i32,
}

impl From<AlertState> for StateRow {
    fn from(state: AlertState) -> Self {
        let state = match state {
            AlertState::Triggered => State::Triggered(Handled::default()),
            AlertState::Acknowledged(seen) => State::Acknowledged(Handled {
                by: seen.by,
                at: Some(time::to_wire(seen.at)),
                until: Some(time::to_wire(seen.until)),
                text: seen.note,
            }),
            AlertState::Snoozed { by, at, until } => State::Snoozed(Handled {
                by,
                at: at.map(time::to_wire),
                until: Some(time::to_wire(until)),
                ..Handled::default()
            }),
            AlertState::Resolved(over) => State::Resolved(Over {
                at: Some(time::to_wire(over.at)),
                cause: wire::AlertResolveCause::from(over.cause).into(),
            }),
            AlertState::Closed { by, at, reason } => State::Closed(Handled {
                by,
                at: Some(time::to_wire(at)),
                until: None,
                text: reason,
            }),
        };
        Self { state: Some(state) }
    }
}

impl TryFrom<StateRow> for AlertState {
    type Error = Unreadable;

    fn try_from(row: StateRow) -> Result<Self, Unreadable> {
        let at = |at: Option<Timestamp>| required("state.at", at.as_ref());
        let until = |until: Option<Timestamp>| required("state.until", until.as_ref());
        Ok(match row.state.ok_or(Unreadable { field: "state" })? {
            State::Triggered(_) => Self::Triggered,
            State::Acknowledged(seen) => Self::Acknowledged(Acknowledged {
                by: seen.by,
                at: at(seen.at)?,
                until: until(seen.until)?,
                note: seen.text,
            }),
            State::Snoozed(snoozed) => Self::Snoozed {
                by: snoozed.by,
                at: snoozed.at.as_ref().and_then(time::from_wire),
                until: until(snoozed.until)?,
            },
            State::Resolved(over) => Self::Resolved(Resolved {
                cause: specified("state.cause", over.cause())?,
                at: at(over.at)?,
            }),
            State::Closed(closed) => Self::Closed {
                by: closed.by,
                at: at(closed.at)?,
                reason: closed.text,
            },
        })
    }
}

/// An episode of a promise's alert.
#[derive(Clone, PartialEq, Message)]
pub(in crate::convert) struct EpisodeRow {
    #[prost(string, tag = "1")]
    rule: String,
    #[prost(uint32, tag = "2")]
    number: u32,
    #[prost(enumeration = "wire::CommitmentClock", tag = "3")]
    clock: i32,
    #[prost(message, optional, tag = "4")]
    due: Option<Timestamp>,
    #[prost(uint32, tag = "5")]
    due_revision: u32,
    #[prost(string, tag = "6")]
    stage_id: String,
    #[prost(message, optional, tag = "7")]
    first_fired_at: Option<Timestamp>,
    #[prost(uint32, tag = "8")]
    level: u32,
    #[prost(message, optional, tag = "9")]
    state: Option<StateRow>,
    #[prost(bool, tag = "10")]
    late: bool,
    #[prost(message, optional, tag = "11")]
    went_on: Option<WentOnRow>,
    #[prost(message, optional, tag = "12")]
    escalation: Option<wire::AlertEscalation>,
    #[prost(message, repeated, tag = "13")]
    also: Vec<ReasonRow>,
    /// 0 in rows from before reasons were counted: those are of the first one.
    #[prost(uint32, tag = "14")]
    reason_no: u32,
}

/// What else an alert fires for.
#[derive(Clone, PartialEq, Message)]
struct ReasonRow {
    #[prost(enumeration = "wire::CommitmentClock", tag = "1")]
    clock: i32,
    #[prost(message, optional, tag = "2")]
    due: Option<Timestamp>,
    #[prost(uint32, tag = "3")]
    due_revision: u32,
    #[prost(string, tag = "4")]
    stage_id: String,
}

impl From<AlertReason> for ReasonRow {
    fn from(reason: AlertReason) -> Self {
        let AlertReason {
            clock,
            due,
            due_revision,
            stage_id,
        } = reason;
        Self {
            clock: wire::CommitmentClock::from(clock).into(),
            due: Some(time::to_wire(due)),
            due_revision,
            stage_id,
        }
    }
}

impl TryFrom<ReasonRow> for AlertReason {
    type Error = Unreadable;

    fn try_from(row: ReasonRow) -> Result<Self, Unreadable> {
        Ok(Self {
            clock: specified("alert.clock", row.clock())?,
            due: required("alert.due", row.due.as_ref())?,
            due_revision: row.due_revision,
            stage_id: row.stage_id,
        })
    }
}

/// Why an alert went on to its level.
#[derive(Clone, PartialEq, Message)]
pub(in crate::convert) struct WentOnRow {
    #[prost(oneof = "Went", tags = "1, 2, 3")]
    went: Option<Went>,
}

#[derive(Clone, PartialEq, Oneof)]
enum Went {
    #[prost(bool, tag = "1")]
    Untaken(bool),
    #[prost(string, tag = "2")]
    Acknowledged(String),
    #[prost(string, tag = "3")]
    Snoozed(String),
}

impl From<WentOn> for WentOnRow {
    fn from(went_on: WentOn) -> Self {
        let went = match went_on {
            WentOn::Untaken => Went::Untaken(true),
            WentOn::Acknowledged { by } => Went::Acknowledged(by),
            WentOn::Snoozed { by } => Went::Snoozed(by),
        };
        Self { went: Some(went) }
    }
}

impl WentOnRow {
    pub(in crate::convert) fn read(self) -> Option<WentOn> {
        Some(match self.went? {
            Went::Untaken(_) => WentOn::Untaken,
            Went::Acknowledged(by) => WentOn::Acknowledged { by },
            Went::Snoozed(by) => WentOn::Snoozed { by },
        })
    }
}

impl From<Episode> for EpisodeRow {
    fn from(episode: Episode) -> Self {
        let Episode {
            rule,
            number,
            reason,
            also,
            reason_no,
            first_fired_at,
            late,
            level,
            went_on,
            escalation,
            state,
        } = episode;
        let ReasonRow {
            clock,
            due,
            due_revision,
            stage_id,
        } = reason.into();
        Self {
            rule: rule.as_str().to_owned(),
            number,
            clock,
            due,
            due_revision,
            stage_id,
            also: also.into_iter().map(Into::into).collect(),
            reason_no,
            first_fired_at: Some(time::to_wire(first_fired_at)),
            level,
            state: Some(state.into()),
            late,
            went_on: went_on.map(Into::into),
            escalation: escalation.map(Into::into),
        }
    }
}

impl TryFrom<EpisodeRow> for Episode {
    type Error = Unreadable;

    fn try_from(row: EpisodeRow) -> Result<Self, Unreadable> {
        let reason = ReasonRow {
            clock: row.clock,
            due: row.due,
            due_revision: row.due_revision,
            stage_id: row.stage_id,
        };
        let also = row.also.into_iter().map(AlertReason::try_from);
        Ok(Self {
            rule: Rule::named(&row.rule).ok_or(Unreadable {
                field: "alert.rule",
            })?,
            number: row.number,
            reason: reason.try_into()?,
            also: also.collect::<Result<_, _>>()?,
            reason_no: row.reason_no.max(1),
            first_fired_at: required("alert.first_fired_at", row.first_fired_at.as_ref())?,
            late: row.late,
            level: row.level,
            went_on: row.went_on.and_then(WentOnRow::read),
            escalation: row.escalation.map(Into::into),
            state: row.state.unwrap_or_default().try_into()?,
        })
    }
}
