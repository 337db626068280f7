//! What telephony tells of contacts.
//!
//! A call is measured once it is over. If somebody recorded the contact that it is, it says in that contact's row what the
//! record does not. If nobody did, it has a row of its own: whoever left a queue is recorded by nobody. What is told and
//! what is recorded stand in different partitions, and each may be read first; so what rows there are follows from both,
//! whenever either changes.

use aftercall_ledger::{Accepted, CallRow};
use aftercall_proto::convert::call as convert;
use aftercall_proto::convert::time::{from_wire, microseconds};
use aftercall_proto::envelope::contact_key;
use aftercall_proto::model::v1 as wire;
use aftercall_view::key::{Parts, whose};
use aftercall_view::{ApplyError, Direction, StoreError, Txn};
use bytes::Bytes;
use prost::Message;

use super::{Change, InsightProjection, Kept, leave, links, saved, scores};
use crate::blocks;
use crate::keys::{self, Address, CALLS};

/// What is noted of a call that was over, or that somebody recorded.
#[derive(Clone, PartialEq, Message)]
struct CallNote {
    /// Which row of its partition's it has while nobody has recorded it, since it was over first.
    #[prost(uint64, optional, tag = "1")]
    row: Option<u64>,
    /// Whose contacts of its id were recorded, in order.
    #[prost(fixed64, repeated, tag = "2")]
    recorded: Vec<u64>,
}

impl CallNote {
    fn read(tenant_id: &str, interaction_id: &str, txn: &Txn<'_>) -> Result<Self, ApplyError> {
        let note = txn.get(keys::call_note(tenant_id, interaction_id))?;
        let note = note.map(Self::decode).transpose();
        Ok(note.map_err(ApplyError::record)?.unwrap_or_default())
    }

    /// What is noted of a call of which nothing was told before.
    fn first(tenant_id: &str, interaction_id: &str, txn: &mut Txn<'_>) -> Result<Self, ApplyError> {
        let list = keys::all_kept(tenant_id, interaction_id);
        let found = txn.scan_prefix(&*list, Direction::Ascending);
        let whose = found.map(|entry| {
            let (key, _) = entry?;
            let whose = key.get(list.len()..).map(Parts::new);
            let whose = whose.map_or(Ok(0), |mut parts| parts.u64());
            whose.map_err(ApplyError::record)
        });
        Ok(Self {
            row: None,
            recorded: whose.collect::<Result<_, _>>()?,
        })
    }

    fn write(
        &self,
        tenant_id: &str,
        interaction_id: &str,
        txn: &mut Txn<'_>,
    ) -> Result<(), ApplyError> {
        let key = keys::call_note(tenant_id, interaction_id);
        Ok(txn.put(key, self.encode_to_vec())?)
    }

    /// The contact that the call is by itself, once it is over: as telephony tells of it, with what its agent has saved.
    fn alone(&self, call: &CallRow) -> Option<Kept> {
        let address = Address {
            partition: call.position().partition,
            row: self.row?,
        };
        let over = call.over()?;
        let mut contact = convert::provisional(over);
        call.add_saved(&mut contact);
        let at = (address, call.position().offset);
        Some(Kept::of_call(at, &contact).by(over.terms.as_ref()))
    }
}

/// The call that a contact is, if it is one and over.
pub(crate) fn finished_call(
    tenant_id: &str,
    interaction_id: &str,
    get: impl Fn(&[u8]) -> Result<Option<Bytes>, StoreError>,
) -> Result<Option<wire::Call>, ApplyError> {
    let row = CALLS.read(tenant_id, interaction_id, get)?;
    Ok(row.and_then(|row| row.over().cloned()))
}

/// A contact was recorded: if it is a call, that has no row by itself any more. Gives the call, if it is over.
pub(super) fn recorded(
    fact: &Accepted,
    interaction_id: &str,
    txn: &mut Txn<'_>,
) -> Result<Option<wire::Call>, ApplyError> {
    let tenant_id = &*fact.event.tenant_id;
    let Some(call) = CALLS.read(tenant_id, interaction_id, |key| txn.get(key))? else {
        return Ok(None);
    };
    let mut note = CallNote::read(tenant_id, interaction_id, txn)?;
    if note.recorded.is_empty()
        && let Some(alone) = note.alone(&call)
    {
        let whose = call_is_whose(tenant_id, interaction_id);
        if let Some(linked) = links::Linked::of(tenant_id, &alone, whose) {
            leave(fact, linked, &alone, txn)?;
        }
        blocks::remove(tenant_id, alone.address(), txn)?;
        scores::forget_others(tenant_id, &alone, txn)?;
    }
    if let Err(place) = note.recorded.binary_search(&fact.whose) {
        note.recorded.insert(place, fact.whose);
        note.write(tenant_id, interaction_id, txn)?;
    }
    Ok(call.over().cloned())
}

/// Whose a call is: it stands under a key of its own, as a contact of nobody does.
fn call_is_whose(tenant_id: &str, interaction_id: &str) -> u64 {
    whose(&contact_key(tenant_id, "", interaction_id))
}

impl InsightProjection {
    /// Something was told of a call.
    pub(super) fn tell(&mut self, fact: &Accepted, txn: &mut Txn<'_>) -> Result<(), ApplyError> {
        let Some(change) = CALLS.apply(fact, txn)? else {
            return Ok(());
        };
        let (tenant_id, id) = (&*fact.event.tenant_id, &*fact.event.aggregate_id);
        let is_first = change.before.is_none();
        let (was_over, is_over) = change.over();
        if !is_first && was_over.is_none() && is_over.is_none() {
            return Ok(());
        }
        let noted = match is_first {
            true => CallNote::first(tenant_id, id, txn)?,
            false => CallNote::read(tenant_id, id, txn)?,
        };
        let mut note = noted.clone();
        if let Some(call) = is_over {
            let partition = fact.position.partition;
            let row = match note.row {
                Some(row) => row,
                None => blocks::next_call(tenant_id, partition, txn)?,
            };
            note.row = Some(row);
            // Whether its row is there, or somebody has recorded it, is not known to whoever reads another partition first.
            let began_at = call.began_at.as_ref().and_then(from_wire);
            let began_at_us = began_at.map_or(0, microseconds);
            blocks::widen(tenant_id, Address { partition, row }, began_at_us, txn)?;
        }
        if note != noted || is_first && !note.recorded.is_empty() {
            note.write(tenant_id, id, txn)?;
        }
        if note.recorded.is_empty() {
            let before = change.before.as_ref();
            let before = before.and_then(|call| noted.alone(call));
            return self.settle(fact, before, note.alone(&change.after), txn);
        }
        match change.completes_anew() {
            true => self.complete(fact, &note.recorded, txn),
            false => Ok(()),
        }
    }

    /// A call that nobody recorded is something else now, or not over any more.
    fn settle(
        &mut self,
        fact: &Accepted,
        before: Option<Kept>,
        after: Option<Kept>,
        txn: &mut Txn<'_>,
    ) -> Result<(), ApplyError> {
        if before == after {
            return Ok(());
        }
        let (tenant_id, whose) = (&*fact.event.tenant_id, fact.whose);
        if let Some(before) = &before
            && let Some(linked) = links::Linked::of(tenant_id, before, whose)
        {
            leave(fact, linked, before, txn)?;
        }
        if let Some(before) = &before {
            scores::forget_others(tenant_id, before, txn)?;
        }
        let Some(after) = after else {
            return match before {
                Some(before) => blocks::remove(tenant_id, before.address(), txn),
                None => Ok(()),
            };
        };
        let mut row = after.row(tenant_id, &mut self.words, txn)?;
        if let Some(linked) = links::Linked::of(tenant_id, &after, whose) {
            let is_beside_wrong = links::insert(linked, &after, &mut row, txn)?;
            saved::contact(fact, linked.customer_id, (&row, is_beside_wrong), txn)?;
        }
        scores::write_others(
            tenant_id,
            after.address(),
            (&after.contact, false, &row),
            txn,
        )?;
        blocks::write(tenant_id, after.address(), &row, txn)
    }

    /// A call tells something else of the contacts that were recorded of it.
    fn complete(
        &mut self,
        fact: &Accepted,
        recorded: &[u64],
        txn: &mut Txn<'_>,
    ) -> Result<(), ApplyError> {
        for whose in recorded {
            let key = keys::kept(&fact.event.tenant_id, &fact.event.aggregate_id, *whose);
            let kept = txn.get(key)?.map(Kept::decode).transpose();
            let Some(kept) = kept.map_err(ApplyError::record)? else {
                continue;
            };
            let change = Change {
                before: &kept,
                after: &kept,
                whose: *whose,
                is_void: false,
            };
            self.replace(fact, &change, txn)?;
        }
        Ok(())
    }
}
