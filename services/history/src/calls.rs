//! Calls, as contacts of which only telephony told yet, and what it adds to those that were recorded.
//!
//! ```text
//!  tag  key                          value
//!  50   see CALLS                    what was told of calls
//!  51   tenant · interaction         StoredEntry: the contact that a call is; its notes stand where a contact's do
//!  52   tenant · interaction         Recorded: the documents of the contacts as which the call was recorded, too
//! ```
//!
//! A call leaves rows of its own, and a record its own, in whatever order they are read. A contact that was recorded
//! takes the place of the one that telephony told of, and is completed by what telephony tells: both are decided where
//! it is shown or found, and in one way everywhere.

use aftercall_domain::Scope;
use aftercall_ledger::{CallChange, CallRow, CallRows};
use aftercall_proto::convert::call as convert;
use aftercall_view::key::{Key, MalformedKey, Parts, prefix_end};
use aftercall_view::{ApplyError, Direction, StoreError, Txn};
use bytes::Bytes;
use prost::Message;

use crate::before::{self, Changed};
use crate::failure::Unanswered;
use crate::keys;
use crate::known::{Entries, Known};
use crate::stored::StoredEntry;

/// What was told of calls.
pub(crate) const CALLS: CallRows = CallRows::under(keys::CALLS);

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

/// The contacts as which a call was recorded.
#[derive(Clone, PartialEq, Message)]
struct Recorded {
    /// The keys of their documents, in order.
    #[prost(bytes = "bytes", repeated, tag = "1")]
    documents: Vec<Bytes>,
}

/// Notes that a call was recorded as the contact that has this document.
fn add_recorded(
    tenant_id: &str,
    (interaction_id, document): (&str, &Bytes),
    txn: &mut Txn<'_>,
) -> Result<(), ApplyError> {
    let key = recorded_key(tenant_id, interaction_id);
    let recorded = txn.get(&*key)?.map(Recorded::decode).transpose();
    let mut recorded = recorded.map_err(ApplyError::record)?.unwrap_or_default();
    if let Err(place) = recorded.documents.binary_search(document) {
        recorded.documents.insert(place, document.clone());
    }
    txn.put(key, recorded.encode_to_vec())?;
    Ok(())
}

/// The documents of the contacts as which the call was recorded whose key this is.
pub(crate) fn recorded_as(
    key: &[u8],
    get: impl FnOnce(&[u8]) -> Result<Option<Bytes>, StoreError>,
) -> Result<Vec<Bytes>, ApplyError> {
    let (tenant_id, interaction_id) = named(key).ok_or_else(malformed)?;
    let recorded = get(&recorded_key(&tenant_id, &interaction_id))?;
    let recorded = recorded.map(Recorded::decode).transpose();
    let recorded = recorded.map_err(ApplyError::record)?;
    Ok(recorded.map_or_else(Vec::new, |recorded| recorded.documents))
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
fn is_recorded(known: &Known, tenant_id: &str, interaction_id: &str) -> Result<bool, Unanswered> {
    let pointers = keys::entries_of(tenant_id, interaction_id);
    for pointer in known.scan_prefix(pointers, Direction::Ascending) {
        let (_, home) = pointer?;
        // Where a contact stands does not say whether it was there then.
        if !known.is_past() || known.get(home)?.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The contact that the call is whose key this is, by the row of what was told of it: it follows from that.
pub(crate) fn entry_as_of(
    key: &[u8],
    get: impl FnOnce(&[u8]) -> Result<Option<Bytes>, StoreError>,
) -> Result<Option<Bytes>, StoreError> {
    let Some((tenant_id, interaction_id)) = named(key) else {
        return Ok(None);
    };
    let row = get(&CALLS.key(&tenant_id, &interaction_id))?;
    let row = row.and_then(|row| CallRow::decode(row).ok());
    Ok(row.map(|row| entry_of(&row).encode_to_vec().into()))
}

/// Of which tenant and contact a call's key is.
fn named(key: &[u8]) -> Option<(String, String)> {
    let mut parts = Parts::new(key);
    parts.tag().ok()?;
    Some((parts.text().ok()?, parts.id().ok()?))
}

fn malformed() -> ApplyError {
    ApplyError::record(MalformedKey)
}

/// Whether a call stands at a key.
pub(crate) fn is_call(key: &[u8]) -> bool {
    key.first() == Some(&CALL_ENTRY)
}

/// A contact was recorded by the record at `seq`: if it is a call, too, that is not found by itself from there on.
pub(crate) fn note_recorded(
    tenant_id: &str,
    (interaction_id, document, seq): (&str, &Bytes, u64),
    txn: &mut Txn<'_>,
) -> Result<(), ApplyError> {
    // Most tenants have no calls.
    if txn.get(&*CALLS.any(tenant_id))?.is_none() {
        return Ok(());
    }
    let home: Bytes = entry_key(tenant_id, interaction_id).into();
    let Some(call) = txn.get(&home)? else {
        return Ok(());
    };
    let call = StoredEntry::decode(call).map_err(ApplyError::record)?;
    add_recorded(tenant_id, (interaction_id, document), txn)?;
    before::note_changed(tenant_id, (seq, Changed::Contents), (call.seq, &home), txn)?;
    txn.touch(home);
    Ok(())
}

/// Something was told of the call that stands as `call` at its key: notes the same, whichever was read first. `is_first`
/// is whether nothing had been told of it before.
pub(crate) fn note_told(
    tenant_id: &str,
    (interaction_id, is_first): (&str, bool),
    call: &StoredEntry,
    txn: &mut Txn<'_>,
) -> Result<(), ApplyError> {
    let home: Bytes = entry_key(tenant_id, interaction_id).into();
    if is_first {
        let pointers = keys::entries_of(tenant_id, interaction_id);
        let recorded = txn.scan_prefix(&*pointers, Direction::Ascending);
        let recorded = recorded.collect::<Result<Vec<_>, _>>()?;
        for (document, contact) in recorded {
            let Some(contact) = txn.get(&contact)? else {
                continue;
            };
            let contact = StoredEntry::decode(contact).map_err(ApplyError::record)?;
            add_recorded(tenant_id, (interaction_id, &document), txn)?;
            let change = (contact.seq, Changed::Contents);
            before::note_changed(tenant_id, change, (call.seq, &home), txn)?;
        }
    }
    // What telephony tells completes the contact that was recorded.
    for contact in recorded_as(&home, |key| txn.get(key))? {
        txn.touch(contact);
    }
    txn.touch(home);
    Ok(())
}

/// The call at its key, for the search index; none if it was recorded as a contact, which is found in its place.
pub(crate) fn unrecorded(key: &[u8], txn: &Txn<'_>) -> Result<Option<StoredEntry>, ApplyError> {
    let (tenant_id, interaction_id) = named(key).ok_or_else(malformed)?;
    if txn
        .get(&*recorded_key(&tenant_id, &interaction_id))?
        .is_some()
    {
        return Ok(None);
    }
    let stored = txn.get(key)?.map(StoredEntry::decode).transpose();
    stored.map_err(ApplyError::record)
}

/// The same as the index had it at a position.
pub(crate) fn unrecorded_then(
    known: &Known,
    key: &[u8],
) -> Result<Option<StoredEntry>, Unanswered> {
    match is_superseded(known, key)? {
        true => Ok(None),
        false => entry(known, key),
    }
}

/// What stands at the key of a call.
pub(crate) fn entry(known: &Known, key: &[u8]) -> Result<Option<StoredEntry>, Unanswered> {
    let stored = known.get(key)?.map(StoredEntry::decode).transpose();
    Ok(stored.map_err(ApplyError::record)?)
}

/// A tenant's calls with the keys under which they stand as contacts, in the order of those: after the key `after`, if
/// it is one of them. Those that were recorded, too, are among them.
pub(crate) fn entries_after(known: &Known, tenant_id: &str, after: &[u8]) -> Entries {
    let rows = CALLS.all(tenant_id);
    let end = prefix_end(&rows);
    let from = match named(after).filter(|_| is_call(after)) {
        Some((of, interaction_id)) if of == tenant_id => {
            [&CALLS.key(tenant_id, &interaction_id)[..], &[0]].concat()
        }
        _ => rows.to_vec(),
    };
    let prefix = rows.len();
    let tenant_id = tenant_id.to_owned();
    let scan = known.scan_range(from, end.as_deref(), Direction::Ascending);
    Box::new(scan.map(move |row| {
        let (key, row) = row?;
        let interaction_id = Parts::new(&key[prefix..]).id();
        let interaction_id = interaction_id.map_err(ApplyError::record)?;
        let entry = entry_of(&CallRow::decode(row)?).encode_to_vec();
        let key: Bytes = entry_key(&tenant_id, &interaction_id).into();
        Ok::<_, Unanswered>((key, Bytes::from(entry)))
    }))
}

/// Whether what stands at a key is a call that was recorded as a contact, too: then it is not shown by itself.
pub(crate) fn is_superseded(known: &Known, key: &[u8]) -> Result<bool, Unanswered> {
    if !is_call(key) {
        return Ok(false);
    }
    let (tenant_id, interaction_id) = named(key).ok_or_else(malformed)?;
    is_recorded(known, &tenant_id, &interaction_id)
}

/// The contact that a call is, if it is one of which only telephony told.
pub(crate) fn provisional(
    known: &Known,
    tenant_id: &str,
    interaction_id: &str,
) -> Result<Option<StoredEntry>, Unanswered> {
    let Some(stored) = known.get(entry_key(tenant_id, interaction_id))? else {
        return Ok(None);
    };
    match is_recorded(known, tenant_id, interaction_id)? {
        true => Ok(None),
        false => Ok(Some(StoredEntry::decode(stored)?)),
    }
}

/// Adds to a contact that was recorded what telephony tells of it; gives what that is, of a call that was not recorded,
/// too.
pub(crate) fn complete(
    known: &Known,
    tenant_id: &str,
    entry: &mut StoredEntry,
) -> Result<Option<CallRow>, Unanswered> {
    Ok(complete_by(tenant_id, entry, |key| known.get(key))?)
}

/// The same by the rows that `get` gives.
pub(crate) fn complete_by(
    tenant_id: &str,
    entry: &mut StoredEntry,
    get: impl Fn(&[u8]) -> Result<Option<Bytes>, StoreError>,
) -> Result<Option<CallRow>, ApplyError> {
    let Some(contact) = &mut entry.interaction else {
        return Ok(None);
    };
    let told = CALLS.read(tenant_id, &contact.interaction_id, get)?;
    if contact.record_status == 0
        && let Some(call) = told.as_ref().and_then(CallRow::call)
    {
        convert::complete(contact, call);
    }
    Ok(told)
}

/// Whether a contact lies within somebody's scope: whoever had a part in the call that it is has one in the contact, also
/// where its record does not say so.
pub(crate) fn is_within(
    known: &Known,
    tenant_id: &str,
    entry: &StoredEntry,
    scope: &Scope,
) -> Result<bool, Unanswered> {
    // What completes a contact takes nothing from it.
    if entry.is_within(scope) {
        return Ok(true);
    }
    let mut completed = entry.clone();
    complete(known, tenant_id, &mut completed)?;
    Ok(completed.is_within(scope))
}
