//! What telephony tells of a call: the contact that it is, and where that is found.

use aftercall_ledger::Accepted;
use aftercall_view::{ApplyError, Txn};
use bytes::Bytes;
use prost::Message;

use super::places;
use crate::before::{Changed, Keeping};
use crate::calls::{self, CALLS};
use crate::keys;

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
    let gone = was.iter().filter(|was| !is.contains(was));
    let new = is.iter().filter(|is| !was.contains(is));
    let mut keeping = Keeping::new(txn, keys::seq_of(fact.position));
    match &change.before {
        // All that the first record of a call leaves has its place.
        None => {
            for (place, note) in new {
                keeping.txn().put(place.clone(), note.clone())?;
            }
        }
        Some(before) => {
            let row: Bytes = CALLS.key(tenant_id, id).into();
            keeping.keep_as(&row, Some(&before.encode_to_vec()))?;
            for (place, _) in gone {
                keeping.delete(place.clone())?;
            }
            for (place, note) in new {
                keeping.put(place.clone(), note.clone())?;
            }
        }
    }
    // The contacts as which it was recorded change with it, also with the first that is told.
    keeping.changed(tenant_id, Changed::Contents, (after.seq, &home))?;
    // It follows from the row of what was told.
    txn.put(home, after.encode_to_vec())?;
    let is_first = change.before.is_none();
    calls::note_told(tenant_id, (id, is_first), &after, txn)
}
