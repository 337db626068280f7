//! Calls, as contacts of which only telephony told yet, and what it adds to those that were recorded.
//!
//! ```text
//!  tag  key                          value
//!  50   see CALLS                    what was told of calls
//!  51   tenant · interaction         StoredEntry: the contact that a call is; its notes stand where a contact's do
//!  52   tenant · interaction         nothing: a call that was recorded as a contact, too
//! ```
//!
//! A call leaves rows of its own, and a record its own, in whatever order they are read. A contact that was recorded
//! takes the place of the one that telephony told of: that is decided where it is shown.

use aftercall_ledger::{CallChange, CallRow, CallRows};
use aftercall_proto::convert::call as convert;
use aftercall_view::key::{Key, Parts};
use aftercall_view::{ApplyError, Direction, Store, StoreError, Txn};
use prost::Message;

use crate::failure::Unanswered;
use crate::keys;
use crate::stored::StoredEntry;

/// What was told of calls.
pub(crate) const CALLS: CallRows = CallRows::under(50);

const CALL_ENTRY: u8 = 51;
const CALL_RECORDED: u8 = 52;

/// Where the contact stands that a call is.
pub(crate) fn entry_key(tenant_id: &str, interaction_id: &str) -> Key {
    Key::new(CALL_ENTRY).text(tenant_id).id(interaction_id)
}

/// Under which it is noted that a call was recorded as a contact.
fn recorded_key(tenant_id: &str, interaction_id: &str) -> Key {
    Key::new(CALL_RECORDED).text(tenant_id).id(interaction_id)
}

/// The contact that a call is, as a row says it.
pub(crate) fn entry_of(row: &CallRow) -> StoredEntry {
    let interaction = row.call().map(|call| {
        let mut contact = convert::provisional(call);
        row.add_saved(&mut contact);
        contact
    });
    StoredEntry {
        occurred_at: interaction.as_ref().and_then(|contact| contact.occurred_at),
        interaction,
        seq: keys::seq_of(row.position()),
        ..StoredEntry::default()
    }
}

/// The contacts before and after a record that told of a call.
pub(crate) fn entries(change: &CallChange) -> (Option<StoredEntry>, StoredEntry) {
    (
        change.before.as_ref().map(entry_of),
        entry_of(&change.after),
    )
}

/// Whether a contact of this id was recorded.
fn is_recorded(store: &Store, tenant_id: &str, interaction_id: &str) -> Result<bool, StoreError> {
    let pointers = keys::entries_of(tenant_id, interaction_id);
    let first = store.scan_prefix(pointers, Direction::Ascending).next();
    Ok(first.transpose()?.is_some())
}

/// Whether a call stands at a key.
pub(crate) fn is_call(key: &[u8]) -> bool {
    key.first() == Some(&CALL_ENTRY)
}

/// Something was told of a contact that may be a call, or it was recorded: notes whether it is both, whichever was told
/// last, and that its document is another one.
pub(crate) fn note_recorded(
    tenant_id: &str,
    interaction_id: &str,
    txn: &mut Txn<'_>,
) -> Result<(), ApplyError> {
    // Most tenants have no calls.
    let is_call = txn.get(&*CALLS.any(tenant_id))?.is_some()
        && txn.get(&*entry_key(tenant_id, interaction_id))?.is_some();
    if !is_call {
        return Ok(());
    }
    let pointers = keys::entries_of(tenant_id, interaction_id);
    let recorded = txn.scan_prefix(&*pointers, Direction::Ascending).next();
    if recorded.transpose()?.is_some() {
        txn.put(recorded_key(tenant_id, interaction_id), "")?;
    }
    txn.touch(entry_key(tenant_id, interaction_id));
    Ok(())
}

/// The call at its key, for the search index; none if it was recorded as a contact, which is found in its place.
pub(crate) fn unrecorded(key: &[u8], txn: &Txn<'_>) -> Result<Option<StoredEntry>, ApplyError> {
    let mut parts = Parts::new(key);
    let named = parts.tag().and_then(|_| Ok((parts.text()?, parts.id()?)));
    let (tenant_id, interaction_id) = named.map_err(ApplyError::record)?;
    if txn
        .get(&*recorded_key(&tenant_id, &interaction_id))?
        .is_some()
    {
        return Ok(None);
    }
    let stored = txn.get(key)?.map(StoredEntry::decode).transpose();
    stored.map_err(ApplyError::record)
}

/// What stands at the key of a call.
pub(crate) fn entry(store: &Store, key: &[u8]) -> Result<Option<StoredEntry>, Unanswered> {
    let stored = store.get(key)?.map(StoredEntry::decode).transpose();
    Ok(stored.map_err(ApplyError::record)?)
}

/// Whether what stands at a key is a call that was recorded as a contact, too: then it is not shown by itself.
pub(crate) fn is_superseded(store: &Store, key: &[u8]) -> Result<bool, Unanswered> {
    if !is_call(key) {
        return Ok(false);
    }
    let mut parts = Parts::new(key);
    let read = parts
        .tag()
        .and_then(|_| Ok((parts.text()?, parts.id()?)))
        .map_err(ApplyError::record)?;
    Ok(is_recorded(store, &read.0, &read.1)?)
}

/// The contact that a call is, if it is one of which only telephony told.
pub(crate) fn provisional(
    store: &Store,
    tenant_id: &str,
    interaction_id: &str,
) -> Result<Option<StoredEntry>, Unanswered> {
    let Some(stored) = store.get(entry_key(tenant_id, interaction_id))? else {
        return Ok(None);
    };
    match is_recorded(store, tenant_id, interaction_id)? {
        true => Ok(None),
        false => Ok(Some(StoredEntry::decode(stored)?)),
    }
}

/// Adds to a contact that was recorded what telephony tells of it; gives what that is, of a call that was not recorded,
/// too.
pub(crate) fn complete(
    store: &Store,
    tenant_id: &str,
    entry: &mut StoredEntry,
) -> Result<Option<CallRow>, Unanswered> {
    let Some(contact) = &mut entry.interaction else {
        return Ok(None);
    };
    let told = CALLS.read(tenant_id, &contact.interaction_id, |key| store.get(key))?;
    if contact.record_status == 0
        && let Some(call) = told.as_ref().and_then(CallRow::call)
    {
        convert::complete(contact, call);
    }
    Ok(told)
}
