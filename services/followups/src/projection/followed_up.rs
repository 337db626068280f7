//! Contacts that say which promises they follow up.
//!
//! What a contact says and what became of a promise may stand in different partitions, of customers who were merged,
//! and are read in any order. So each leaves rows of its own, and whether something is left to decide follows from
//! what is there, whoever came first: [`refresh`].

use aftercall_domain::Violations;
use aftercall_domain::commitment::{Attempt, Change, Event as Step, Evidence};
use aftercall_domain::interaction::Reach;
use aftercall_ledger::Accepted;
use aftercall_log::Position;
use aftercall_proto::convert::interaction;
use aftercall_proto::event::v1::InteractionRecorded;
use aftercall_proto::model::v1 as wire;
use aftercall_view::{ApplyError, Direction, Txn};
use bytes::Bytes;
use prost::Message;

use crate::keys::matched::{self, Following};
use crate::{keys, stored};

/// What a contact says of a promise that it follows up.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct SaidOf {
    /// The attempt that it was.
    #[prost(message, optional, tag = "1")]
    pub(crate) attempt: Option<wire::Attempt>,
    #[prost(uint32, tag = "2")]
    partition: u32,
    #[prost(uint64, tag = "3")]
    offset: u64,
    /// Whether it makes a difference that the customer reached us by it: the promise, which is to call back after a
    /// dropped call, is to be withdrawn; or something of it rested, and goes on. Or it is the dropped call, and was none.
    #[prost(bool, tag = "4")]
    pub(crate) returns: bool,
    /// Whether the attempt was one by messages, which the customer answered.
    #[prost(bool, tag = "5")]
    pub(crate) by_message: bool,
}

impl SaidOf {
    /// That a contact makes that difference for a promise; it may say something of the promise itself, too.
    pub(super) fn returning(said: Option<Self>, at: Position) -> Self {
        Self {
            partition: at.partition,
            offset: at.offset,
            returns: true,
            ..said.unwrap_or_default()
        }
    }

    pub(crate) fn decode_row(row: Bytes) -> Result<Self, ApplyError> {
        Self::decode(row).map_err(ApplyError::record)
    }

    /// Where the contact's record stands.
    pub(crate) fn position(&self) -> Position {
        Position {
            partition: self.partition,
            offset: self.offset,
        }
    }
}

/// A contact was recorded: notes what it says of the promises that it follows up.
pub(super) fn contact(
    fact: &Accepted,
    recorded: &InteractionRecorded,
    txn: &mut Txn<'_>,
) -> Result<(), ApplyError> {
    let Some(contact) = &recorded.interaction else {
        return Ok(());
    };
    if contact.follow_ups.is_empty() {
        return Ok(());
    }
    // What is odd about it was refused before it was recorded.
    let contact = interaction::read(contact.clone(), &mut Violations::new());
    let event = &fact.event;
    let talk = contact.parts_shown().talk;
    let by_message = contact.reach() == Reach::ByMessage;
    for followed in &contact.follow_ups {
        let attempt = Attempt {
            at: contact.occurred_at,
            result: contact.came_of(followed),
            talk,
            evidence: Evidence {
                interaction_id: Some(event.aggregate_id.clone()),
                message_id: None,
            },
            by: contact.agent_id.clone(),
        };
        let said = SaidOf {
            attempt: Some(attempt.into()),
            partition: fact.position.partition,
            offset: fact.position.offset,
            returns: false,
            by_message,
        };
        let following = Following {
            tenant_id: event.tenant_id.clone(),
            commitment_id: followed.commitment_id.clone(),
            interaction_id: event.aggregate_id.clone(),
            whose: fact.whose,
        };
        let all = matched::followed_up(&event.tenant_id, &followed.commitment_id);
        txn.put(all, Bytes::new())?;
        txn.put(following.key(), said.encode_to_vec())?;
        refresh(&event.tenant_id, &followed.commitment_id, txn)?;
    }
    Ok(())
}

/// Something became of a promise, which may have ended by it.
pub(super) fn step(
    tenant_id: &str,
    commitment_id: &str,
    (step, ends): (&Step, bool),
    txn: &mut Txn<'_>,
) -> Result<(), ApplyError> {
    let evidence = match &step.change {
        Change::Attempted { attempt, .. } => attempt.evidence.interaction_id.as_deref(),
        Change::Fulfilled { evidence, .. } => evidence.interaction_id.as_deref(),
        _ => None,
    };
    if let Some(interaction_id) = evidence {
        let counted = matched::counted(tenant_id, commitment_id, interaction_id);
        txn.put(counted, Bytes::new())?;
    }
    match evidence.is_some() || ends {
        true => refresh(tenant_id, commitment_id, txn),
        false => Ok(()),
    }
}

/// Puts down what is left to decide of a promise's follow-ups: whatever does not count yet, unless all promises of
/// that id are over.
pub(super) fn refresh(
    tenant_id: &str,
    commitment_id: &str,
    txn: &mut Txn<'_>,
) -> Result<(), ApplyError> {
    let all = Vec::from(matched::followed_up(tenant_id, commitment_id));
    // Hardly a promise is named by a contact while it is recorded: that it is not is known without a scan.
    if txn.get(&all)?.is_none() {
        return Ok(());
    }
    let promises = keys::commitments(tenant_id, commitment_id);
    let promises = txn.scan_prefix(promises, Direction::Ascending);
    let mut lifecycles = Vec::new();
    for entry in promises {
        lifecycles.push(stored::decode_commitment(entry?.1)?.lifecycle);
    }
    let may_count =
        lifecycles.is_empty() || lifecycles.iter().any(|lifecycle| !lifecycle.is_over());
    let rows = txn.scan_prefix(&all, Direction::Ascending);
    let rows: Vec<(Bytes, Bytes)> = rows.collect::<Result<_, _>>()?;
    for (key, row) in rows.into_iter().filter(|(key, _)| key.len() > all.len()) {
        let following = Following::read(&key).map_err(ApplyError::record)?;
        let said = SaidOf::decode_row(row)?;
        let undecided = following.undecided(said.position());
        let counted = matched::counted(tenant_id, commitment_id, &following.interaction_id);
        let is_left = may_count && (said.returns || txn.get(counted)?.is_none());
        match (txn.get(&undecided)?.is_some(), is_left) {
            (false, true) => txn.put(undecided, Bytes::new())?,
            (true, false) => txn.delete(undecided)?,
            _ => {}
        }
    }
    Ok(())
}
