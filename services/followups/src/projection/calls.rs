//! Calls as they happen: which are live, which are to be closed and when, and which were never wrapped up.
//!
//! What telephony tells of a call and what is recorded of it stand in different partitions. Each leaves rows of its own,
//! and whether a call waits for its wrap-up follows from both, whichever comes first.

use aftercall_ledger::{Accepted, CallChange, CallRow};
use aftercall_proto::convert::time::{from_wire, microseconds};
use aftercall_view::key::Key;
use aftercall_view::{ApplyError, Direction, Txn};
use bytes::Bytes;
use prost::Message;

use super::contacts::Short;
use super::{Promises, redialled, returned};
use crate::keys::calls::{self as keys, CALLS};
use crate::keys::{REQUESTS, contacts};
use crate::watch::{CallChangeRow, Draft};

impl Promises {
    /// Something was told of a call.
    pub(super) fn tell_of_call(
        &mut self,
        fact: &Accepted,
        txn: &mut Txn<'_>,
    ) -> Result<(), ApplyError> {
        let Some(change) = CALLS.apply(fact, txn)? else {
            return Ok(());
        };
        let (tenant_id, id) = (&fact.event.tenant_id, &fact.event.aggregate_id);
        if !fact.event.request_id.is_empty() {
            REQUESTS.remember(fact, id, Bytes::new, txn)?;
        }
        let is_wrapped_up = is_wrapped_up(tenant_id, id, txn)?;
        let CallChange { before, after } = change;
        let was = before.as_ref().filter(|_| !is_wrapped_up);
        let is = Some(&after).filter(|_| !is_wrapped_up);
        self.move_call(fact, (id, was, is), txn)?;
        redialled::call((tenant_id, id), (before.as_ref(), &after), txn)?;
        let in_short = |row: &CallRow| Short::of_call(tenant_id, row);
        let (was, is) = (before.as_ref().and_then(in_short), in_short(&after));
        let id = (&**tenant_id, &**id, fact.whose);
        returned::call(id, (was.as_ref(), is.as_ref()), txn)
    }

    /// A contact was recorded: it may be a call, which is complete then.
    pub(super) fn wrap_up(&mut self, fact: &Accepted, txn: &mut Txn<'_>) -> Result<(), ApplyError> {
        let (tenant_id, id) = (&fact.event.tenant_id, &fact.event.aggregate_id);
        // Most tenants have no calls.
        if txn.get(CALLS.any(tenant_id))?.is_none() {
            return Ok(());
        }
        match CALLS.read(tenant_id, id, |key| txn.get(key))? {
            Some(row) => self.move_call(fact, (id, Some(&row), None), txn),
            None => Ok(()),
        }
    }

    /// Puts a call where it is found as it is, and tells whoever watches. None is one that is complete.
    fn move_call(
        &mut self,
        fact: &Accepted,
        (id, was, is): (&str, Option<&CallRow>, Option<&CallRow>),
        txn: &mut Txn<'_>,
    ) -> Result<(), ApplyError> {
        let tenant_id = &fact.event.tenant_id;
        let old = was.map_or_else(Vec::new, |row| places(tenant_id, id, row));
        let new = is.map_or_else(Vec::new, |row| places(tenant_id, id, row));
        for place in old.iter().filter(|place| !new.contains(place)) {
            txn.delete(place.clone())?;
        }
        for place in new.iter().filter(|place| !old.contains(place)) {
            txn.put(place.clone(), Bytes::new())?;
        }
        let row = CallChangeRow::of(id, was);
        txn.put(keys::change(tenant_id, fact.position), row.encode_to_vec())?;
        self.calls.push(Draft {
            tenant_id: tenant_id.as_str().into(),
            at: fact.position,
            // What is told beside the call stands elsewhere, so whoever watches reads it from the store.
            items: None,
        });
        Ok(())
    }
}

/// Whether a contact of this id was recorded.
fn is_wrapped_up(
    tenant_id: &str,
    interaction_id: &str,
    txn: &mut Txn<'_>,
) -> Result<bool, ApplyError> {
    let all = contacts::contacts(tenant_id, interaction_id);
    let first = txn.scan_prefix(all, Direction::Ascending).next();
    Ok(first.transpose()?.is_some())
}

/// Where a call is found.
fn places(tenant_id: &str, id: &str, row: &CallRow) -> Vec<Key> {
    let mut places = Vec::new();
    if row.is_live() {
        places.push(keys::live(tenant_id, id));
    }
    if let Some((_, at_us)) = row.closing() {
        let partition = row.position().partition;
        places.push(keys::due(partition, at_us, tenant_id, id));
    }
    if row.is_incomplete() {
        let began_at = row.call().and_then(|call| call.began_at.as_ref());
        let began_at = began_at.and_then(from_wire).map_or(0, microseconds);
        places.push(keys::incomplete(tenant_id, began_at, id));
    }
    places
}
