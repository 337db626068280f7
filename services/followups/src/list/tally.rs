//! What counting looks at of a promise. It stands beside its place in the tenant's list, so that a million of them are
//! counted without reading one promise.

use aftercall_domain::commitment::{
    Commitment, CommitmentKind, Outcome, Owner, Passing, Priority, Turning,
};
use aftercall_proto::model::v1 as wire;
use aftercall_view::ApplyError;
use bytes::Bytes;
use jiff::Timestamp;
use prost::Message;

/// In the row: that something has passed already.
const ALREADY_NS: i64 = i64::MIN;

/// What counting looks at of a promise, besides its lifecycle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) team_id: String,
    pub(crate) owner_team_id: String,
    pub(crate) owner: Option<Owner>,
    pub(crate) kind: CommitmentKind,
    pub(crate) kind_code: String,
    pub(crate) priority: Priority,
    pub(crate) outcome: Option<Outcome>,
    /// By when it is to be done.
    pub(crate) due_at: Timestamp,
    /// When it turns late.
    pub(crate) turning: Turning,
}

/// The same as it is kept.
#[derive(Clone, PartialEq, Message)]
struct Row {
    #[prost(string, tag = "1")]
    team_id: String,
    #[prost(string, tag = "2")]
    owner_team_id: String,
    #[prost(string, optional, tag = "3")]
    agent_id: Option<String>,
    #[prost(string, optional, tag = "4")]
    queue_id: Option<String>,
    #[prost(enumeration = "wire::CommitmentKind", tag = "5")]
    kind: i32,
    #[prost(string, tag = "6")]
    kind_code: String,
    #[prost(enumeration = "wire::Priority", tag = "7")]
    priority: i32,
    #[prost(enumeration = "wire::CommitmentOutcome", tag = "8")]
    outcome: i32,
    #[prost(sfixed64, tag = "9")]
    due_ns: i64,
    #[prost(sfixed64, optional, tag = "10")]
    overdue_after_ns: Option<i64>,
    #[prost(sfixed64, optional, tag = "11")]
    at_risk_after_ns: Option<i64>,
}

impl Tally {
    pub(crate) fn of(commitment: &Commitment) -> Self {
        Self {
            team_id: commitment.team_id.clone(),
            owner_team_id: commitment.owner_team_id.clone(),
            owner: commitment.owner.clone(),
            kind: commitment.kind,
            kind_code: commitment.kind_code.clone(),
            priority: commitment.priority,
            outcome: commitment.outcome,
            due_at: commitment.due_at(),
            turning: commitment.turning(),
        }
    }

    /// As it stands beside the place.
    pub(crate) fn encode(self) -> Bytes {
        let (agent_id, queue_id) = match self.owner {
            None => (None, None),
            Some(Owner::Agent(id)) => (Some(id), None),
            Some(Owner::Queue(id)) => (None, Some(id)),
        };
        let row = Row {
            team_id: self.team_id,
            owner_team_id: self.owner_team_id,
            agent_id,
            queue_id,
            kind: wire::CommitmentKind::from(self.kind).into(),
            kind_code: self.kind_code,
            priority: wire::Priority::from(self.priority).into(),
            outcome: self
                .outcome
                .map_or(0, |outcome| wire::CommitmentOutcome::from(outcome).into()),
            due_ns: nanoseconds(self.due_at),
            overdue_after_ns: passing_ns(self.turning.overdue),
            at_risk_after_ns: passing_ns(self.turning.at_risk),
        };
        row.encode_to_vec().into()
    }

    pub(crate) fn decode(row: Bytes) -> Result<Self, ApplyError> {
        let row = Row::decode(row).map_err(ApplyError::record)?;
        let kind = CommitmentKind::try_from(row.kind());
        let priority = Priority::try_from(row.priority());
        let outcome = Outcome::try_from(row.outcome()).ok();
        Ok(Self {
            kind: kind.map_err(|_| ApplyError::record("a tally without a kind"))?,
            priority: priority.map_err(|_| ApplyError::record("a tally without a priority"))?,
            outcome,
            due_at: instant(row.due_ns),
            turning: Turning {
                overdue: passing(row.overdue_after_ns),
                at_risk: passing(row.at_risk_after_ns),
            },
            team_id: row.team_id,
            owner_team_id: row.owner_team_id,
            owner: match (row.agent_id, row.queue_id) {
                (Some(id), _) => Some(Owner::Agent(id)),
                (None, id) => id.map(Owner::Queue),
            },
            kind_code: row.kind_code,
        })
    }
}

/// Promises are due between the years 1970 and 2200, which fits.
fn nanoseconds(at: Timestamp) -> i64 {
    let all = at.as_nanosecond();
    // The least is kept for what has passed.
    let least = i128::from(ALREADY_NS + 1);
    i64::try_from(all.clamp(least, i128::from(i64::MAX))).unwrap_or(i64::MAX)
}

fn instant(ns: i64) -> Timestamp {
    Timestamp::from_nanosecond(ns.into()).unwrap_or(Timestamp::UNIX_EPOCH)
}

fn passing_ns(passing: Passing) -> Option<i64> {
    match passing {
        Passing::Never => None,
        Passing::After(at) => Some(nanoseconds(at)),
        Passing::Already => Some(ALREADY_NS),
    }
}

fn passing(after_ns: Option<i64>) -> Passing {
    match after_ns {
        None => Passing::Never,
        Some(ALREADY_NS) => Passing::Already,
        Some(ns) => Passing::After(instant(ns)),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::list::tests::promise;

    fn passings() -> impl Strategy<Value = Passing> {
        prop_oneof![
            Just(Passing::Never),
            Just(Passing::Already),
            (0_i64..7_000_000_000)
                .prop_map(|second| { Passing::After(Timestamp::from_second(second).unwrap()) }),
        ]
    }

    proptest! {
        #[test]
        fn a_tally_is_read_as_it_was_kept(
            overdue in passings(),
            at_risk in passings(),
            owner in prop::option::of((any::<bool>(), "[a-c]{0,2}")),
            ns in 0_i64..7_000_000_000_000_000_000,
            closed in any::<bool>(),
        ) {
            let tally = Tally {
                owner: owner.map(|(is_queue, id)| match is_queue {
                    true => Owner::Queue(id),
                    false => Owner::Agent(id),
                }),
                outcome: closed.then_some(Outcome::KeptLate),
                due_at: Timestamp::from_nanosecond(ns.into()).unwrap(),
                turning: Turning { overdue, at_risk },
                ..Tally::of(&promise(1))
            };
            prop_assert_eq!(Tally::decode(tally.clone().encode()).unwrap(), tally);
        }
    }
}
