//! What telephony tells of a call: the contact that it is, and where that is found.

use aftercall_ledger::Accepted;
use aftercall_view::{ApplyError, Txn};
use bytes::Bytes;
use prost::Message;

use super::places;
use crate::calls::{self, CALLS};

/// Applies what was told of a call.
pub(super) fn apply(fact: &Accepted, txn: &mut Txn<'_>) -> Result<(), ApplyError> {
    let Some(change) = CALLS.apply(fact, txn)? else {
        return Ok(());
    };
    let (tenant_id, id) = (&fact.event.tenant_id, &fact.event.aggregate_id);
    let home: Bytes = calls::entry_key(tenant_id, id).into();
    let (before, after) = calls::entries(&change);
    let was = before.map_or_else(Vec::new, |before| places::call(tenant_id, &before, &home));
    let is = places::call(tenant_id, &after, &home);
    for (place, _) in was.iter().filter(|was| !is.contains(was)) {
        txn.delete(place.clone())?;
    }
    for (place, note) in is.iter().filter(|is| !was.contains(is)) {
        txn.put(place.clone(), note.clone())?;
    }
    txn.put(home, after.encode_to_vec())?;
    calls::note_recorded(tenant_id, id, txn)
}
