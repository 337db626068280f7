//! What a promise waits for.

use aftercall_domain::commitment as domain;
use prost::Message;

use super::parts::{required, specified};
use crate::convert::{Unreadable, time};
use crate::event::v1 as event;
use crate::model::v1 as wire;

/// A promise that another one waits for, as views keep it.
#[derive(Clone, PartialEq, Message)]
pub(super) struct DependencyRow {
    #[prost(string, tag = "1")]
    commitment_id: String,
    #[prost(enumeration = "wire::DependencySlip", tag = "2")]
    slip: i32,
    #[prost(message, optional, tag = "3")]
    foregoing: Option<ForegoingRow>,
}

/// How it stands.
#[derive(Clone, Copy, PartialEq, Message)]
struct ForegoingRow {
    #[prost(enumeration = "wire::CommitmentLifecycle", tag = "1")]
    lifecycle: i32,
    #[prost(message, optional, tag = "2")]
    expected_at: Option<pbjson_types::Timestamp>,
    #[prost(bool, tag = "3")]
    overdue: bool,
    #[prost(message, optional, tag = "4")]
    since: Option<pbjson_types::Timestamp>,
}

fn slip_number(slip: Option<domain::Slip>) -> i32 {
    slip.map_or(0, |slip| wire::DependencySlip::from(slip).into())
}

impl From<domain::Dependency> for DependencyRow {
    fn from(dependency: domain::Dependency) -> Self {
        let domain::Dependency {
            commitment_id,
            foregoing,
            slip,
        } = dependency;
        Self {
            commitment_id,
            slip: slip_number(slip),
            foregoing: foregoing.map(|it| ForegoingRow {
                lifecycle: wire::CommitmentLifecycle::from(it.lifecycle).into(),
                expected_at: Some(time::to_wire(it.expected_at)),
                overdue: it.overdue,
                since: Some(time::to_wire(it.since)),
            }),
        }
    }
}

impl TryFrom<DependencyRow> for domain::Dependency {
    type Error = Unreadable;

    fn try_from(row: DependencyRow) -> Result<Self, Unreadable> {
        let foregoing = row.foregoing.map(TryInto::try_into).transpose()?;
        Ok(Self {
            slip: row.slip().try_into().ok(),
            commitment_id: row.commitment_id,
            foregoing,
        })
    }
}

impl TryFrom<ForegoingRow> for domain::Foregoing {
    type Error = Unreadable;

    fn try_from(row: ForegoingRow) -> Result<Self, Unreadable> {
        Ok(Self {
            lifecycle: specified("depends_on.lifecycle", row.lifecycle())?,
            expected_at: required("depends_on.expected_at", row.expected_at.as_ref())?,
            overdue: row.overdue,
            since: required("depends_on.since", row.since.as_ref())?,
        })
    }
}

impl From<domain::Dependency> for wire::Dependency {
    fn from(dependency: domain::Dependency) -> Self {
        let foregoing = dependency.foregoing;
        Self {
            commitment_id: dependency.commitment_id,
            slip: slip_number(dependency.slip),
            lifecycle: foregoing
                .map_or(0, |it| wire::CommitmentLifecycle::from(it.lifecycle).into()),
            expected_at: foregoing.map(|it| time::to_wire(it.expected_at)),
        }
    }
}

impl From<domain::DependencyTurn> for event::CommitmentDependencyTurned {
    fn from(turn: domain::DependencyTurn) -> Self {
        let domain::DependencyTurn {
            commitment_id,
            slip,
            expected_at,
            detected_at,
            is_news,
        } = turn;
        Self {
            depends_on: commitment_id,
            slip: slip_number(slip),
            expected_at: Some(time::to_wire(expected_at)),
            detected_at: Some(time::to_wire(detected_at)),
            escalation: None,
            is_news,
        }
    }
}

impl TryFrom<&event::CommitmentDependencyTurned> for domain::DependencyTurn {
    type Error = Unreadable;

    fn try_from(turned: &event::CommitmentDependencyTurned) -> Result<Self, Unreadable> {
        Ok(Self {
            commitment_id: turned.depends_on.clone(),
            slip: turned.slip().try_into().ok(),
            expected_at: required("expected_at", turned.expected_at.as_ref())?,
            detected_at: required("detected_at", turned.detected_at.as_ref())?,
            is_news: turned.is_news,
        })
    }
}
