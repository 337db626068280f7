//! Whose turn it was while a promise was to be kept, as it follows from the promise.

use aftercall_domain::commitment::{Commitment, Lifecycle, Owner};
use aftercall_domain::due::Turn;
use aftercall_ledger::Accepted;
use aftercall_proto::convert::parties::PartiesRow;
use aftercall_proto::convert::time;
use aftercall_view::{ApplyError, Txn};
use jiff::Timestamp;
use prost::Message;

use crate::keys;

/// Whose turn it was in the time of a promise, and what the promise is counted by.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Turns {
    #[prost(string, tag = "1")]
    pub(crate) commitment_id: String,
    #[prost(string, tag = "2")]
    pub(crate) interaction_id: String,
    /// The agent who keeps it; empty for a queue.
    #[prost(string, tag = "3")]
    pub(crate) owner_agent_id: String,
    /// The team that is to keep it; of one of which that is not said, the team that made it.
    #[prost(string, tag = "4")]
    pub(crate) team_id: String,
    /// What sort of promise it is, as a label.
    #[prost(string, tag = "5")]
    pub(crate) kind: String,
    #[prost(message, optional, tag = "6")]
    pub(crate) parties: Option<PartiesRow>,
    /// Whose turn it was from when until when, without gaps.
    #[prost(message, repeated, tag = "7")]
    pub(crate) spans: Vec<TurnSpan>,
    #[prost(bool, tag = "8")]
    pub(crate) told_to_customer: bool,
}

/// A time in which it was somebody's turn. In microseconds.
#[derive(Clone, Copy, PartialEq, Eq, Message)]
pub(crate) struct TurnSpan {
    /// Whose, as [`number`] has it.
    #[prost(uint32, tag = "1")]
    pub(crate) turn: u32,
    #[prost(sint64, tag = "2")]
    pub(crate) from_us: i64,
    /// None while it lasts.
    #[prost(sint64, optional, tag = "3")]
    pub(crate) to_us: Option<i64>,
}

/// The turns by their numbers.
pub(crate) const TURNS: [Turn; 4] = [Turn::Us, Turn::Customer, Turn::ThirdParty, Turn::System];

fn number(turn: Turn) -> u32 {
    let place = TURNS.iter().position(|it| *it == turn);
    place.and_then(|it| u32::try_from(it).ok()).unwrap_or(0)
}

/// Keeps whose turn it was. A proposal is no promise until somebody confirms it.
pub(super) fn settle(
    fact: &Accepted,
    before: Option<&Commitment>,
    promise: &Commitment,
    txn: &mut Txn<'_>,
) -> Result<(), ApplyError> {
    let was_proposed = before.is_some_and(|it| it.lifecycle == Lifecycle::Proposed);
    let is_proposed = promise.lifecycle == Lifecycle::Proposed;
    if is_proposed || was_proposed && !promise.is_open() {
        return Ok(());
    }
    let parties: aftercall_domain::Parties = promise.parties().collect();
    let team_id = match promise.owner_team_id.is_empty() {
        true => &promise.team_id,
        false => &promise.owner_team_id,
    };
    let turns = Turns {
        commitment_id: promise.commitment_id.clone(),
        interaction_id: promise.interaction_id.clone(),
        owner_agent_id: match &promise.owner {
            Some(Owner::Agent(agent_id)) => agent_id.clone(),
            _ => String::new(),
        },
        team_id: team_id.clone(),
        kind: promise.kind.code().to_owned(),
        parties: Some(parties.into()),
        spans: spans(promise),
        told_to_customer: promise.told_to_customer,
    };
    let list = keys::turns(&fact.event.tenant_id).time(time::microseconds(promise.made_at));
    let key = list.id(&promise.commitment_id).u64(fact.whose);
    Ok(txn.put(key, turns.encode_to_vec())?)
}

fn spans(promise: &Commitment) -> Vec<TurnSpan> {
    let turns = promise.turns(Timestamp::MAX).into_iter();
    let spans = turns.map(|(turn, from, to)| TurnSpan {
        turn: number(turn),
        from_us: time::microseconds(from),
        // Until the end of all time it lasts.
        to_us: (to < Timestamp::MAX).then(|| time::microseconds(to)),
    });
    spans.collect()
}
