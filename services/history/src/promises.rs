//! The promises of a contact as they stand, and what keeps track of them in the store.
//!
//! A promise that nothing has happened to is not stored apart: it follows from the contact. One that was made later, or
//! without a contact, always is.

use aftercall_domain::Scope;
use aftercall_domain::commitment::Commitment;
use aftercall_proto::convert::{commitment as convert, time};
use aftercall_proto::model::v1 as wire;
use aftercall_view::key::Key;
use aftercall_view::{ApplyError, Direction, StoreError, Txn};
use bytes::Bytes;
use jiff::Timestamp;
use pbjson_types::Timestamp as WireTimestamp;
use prost::Message;

use crate::before::Keeping;
use crate::failure::Unanswered;
use crate::keys;
use crate::known::Known;
use crate::limits::EXAMINED_MAX;
use crate::stored::StoredEntry;

/// A read of the store, or of the store as a batch will leave it.
type Got = Result<Option<Bytes>, StoreError>;

/// The promises of a contact as its record made them.
pub(crate) fn as_made(entry: &StoredEntry) -> Vec<Commitment> {
    match &entry.interaction {
        Some(contact) if !contact.commitments.is_empty() => {
            let made = convert::made_in(&entry.record(), contact).into_iter();
            made.map(Commitment::new).collect()
        }
        _ => Vec::new(),
    }
}

/// The promises of a contact as they stand: those of its record, and those that were made later.
pub(crate) fn all(
    tenant_id: &str,
    entry: &StoredEntry,
    get: impl Fn(&[u8]) -> Got,
) -> Result<Vec<Commitment>, ApplyError> {
    let made = as_made(entry).into_iter();
    let whose = entry.whose(tenant_id);
    let mut all = made
        .map(|promise| as_it_stands(tenant_id, whose, promise, &get))
        .collect::<Result<Vec<_>, _>>()?;
    for commitment_id in &entry.made_later {
        all.extend(stored(tenant_id, entry, commitment_id, &get)?);
    }
    Ok(all)
}

/// One promise of a contact as it stands; none if the contact has no such promise. Where the entry says what became of
/// a promise without a contact, it is that one.
pub(crate) fn one(
    tenant_id: &str,
    entry: &StoredEntry,
    commitment_id: &str,
    get: impl Fn(&[u8]) -> Got,
) -> Result<Option<Commitment>, ApplyError> {
    let mut made = as_made(entry).into_iter();
    match made.find(|promise| promise.commitment_id == commitment_id) {
        Some(promise) => as_it_stands(tenant_id, entry.whose(tenant_id), promise, &get).map(Some),
        None => stored(tenant_id, entry, commitment_id, &get),
    }
}

/// A promise that does not follow from its contact's record.
fn stored(
    tenant_id: &str,
    entry: &StoredEntry,
    commitment_id: &str,
    get: impl Fn(&[u8]) -> Got,
) -> Result<Option<Commitment>, ApplyError> {
    let whose = entry.whose(tenant_id);
    let key = keys::commitment(tenant_id, entry.interaction_id(), whose, commitment_id);
    read(get(&key)?)
}

/// The promise of a row.
pub(crate) fn read(row: Option<Bytes>) -> Result<Option<Commitment>, ApplyError> {
    let promise = row.map(convert::from_row).transpose();
    promise.map_err(ApplyError::record)
}

/// A promise, and the entry of its contact.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Standing<'p> {
    pub(crate) promise: &'p Commitment,
    /// The key of the contact's entry.
    pub(crate) home: &'p Bytes,
    /// The contact's place in the log.
    pub(crate) seq: u64,
}

impl Standing<'_> {
    /// Its place in the customer's list of open promises, if it belongs there.
    fn place(&self, tenant_id: &str) -> Option<Key> {
        let promise = self.promise;
        let customer_id = promise.customer_id.as_deref();
        let customer_id = customer_id.filter(|_| promise.is_open())?;
        let due_us = time::microseconds(promise.due_at());
        let promise = (&*promise.commitment_id, self.seq);
        Some(keys::open_promise(tenant_id, customer_id, due_us, promise))
    }
}

/// Keeps customers' lists of open promises: `before` is the promise as it was, if it was there.
pub(crate) fn keep_track(
    tenant_id: &str,
    before: Option<Standing<'_>>,
    after: Standing<'_>,
    keeping: &mut Keeping<'_, '_>,
) -> Result<(), ApplyError> {
    let was = before.and_then(|before| before.place(tenant_id));
    let is = after.place(tenant_id);
    if was == is && before.is_none_or(|before| before.home == after.home) {
        return Ok(());
    }
    if let Some(was) = was {
        keeping.delete(was)?;
    }
    if let Some(is) = is {
        keeping.put(is, after.home.clone())?;
    }
    Ok(())
}

/// The same of a promise that was made with its contact.
pub(crate) fn track_new(
    tenant_id: &str,
    made: Standing<'_>,
    txn: &mut Txn<'_>,
) -> Result<(), ApplyError> {
    match made.place(tenant_id) {
        Some(place) => Ok(txn.put(place, made.home.clone())?),
        None => Ok(()),
    }
}

/// A customer's open promises that lie within a scope, the first one due first; at most `promises_max`.
pub(crate) fn open(
    known: &Known,
    (tenant_id, customer_id): (&str, &str),
    scope: &Scope,
    promises_max: usize,
) -> Result<Vec<Commitment>, Unanswered> {
    let prefix = keys::open_promises(tenant_id, customer_id);
    let mut open = Vec::new();
    for stored in known
        .scan_prefix(&prefix, Direction::Ascending)
        .take(EXAMINED_MAX)
    {
        if open.len() == promises_max {
            break;
        }
        let (key, entry_key) = stored?;
        let Some(commitment_id) = keys::open_promise_id(&prefix, &key) else {
            continue;
        };
        let Some(bytes) = known.get(&entry_key)? else {
            continue;
        };
        let entry = StoredEntry::decode(bytes)?;
        let promise = one(tenant_id, &entry, &commitment_id, |key| known.get(key))?;
        open.extend(promise.filter(|one| scope.admits(one.parties())));
    }
    Ok(open)
}

/// Where a promise of a contact stands that something has happened to.
pub(crate) fn row_key(tenant_id: &str, promise: &Commitment, whose: u64) -> Key {
    let Commitment {
        interaction_id,
        commitment_id,
        ..
    } = promise;
    keys::commitment(tenant_id, interaction_id, whose, commitment_id)
}

/// What stands there.
pub(crate) fn to_row(promise: &Commitment) -> Vec<u8> {
    convert::to_row(promise.clone())
}

/// The promise as it is answered at `now`.
pub(crate) fn as_of(promise: Commitment, now: Timestamp) -> wire::Commitment {
    convert::to_wire(promise, now)
}

/// The promise as it stood when an event was recorded.
pub(crate) fn to_wire(
    promise: Commitment,
    recorded_at: Option<&WireTimestamp>,
) -> wire::Commitment {
    let recorded_at = recorded_at.and_then(time::from_wire);
    convert::to_wire(promise, recorded_at.unwrap_or(Timestamp::UNIX_EPOCH))
}

fn as_it_stands(
    tenant_id: &str,
    whose: u64,
    made: Commitment,
    get: impl Fn(&[u8]) -> Got,
) -> Result<Commitment, ApplyError> {
    let key = row_key(tenant_id, &made, whose);
    let Some(bytes) = get(&key)? else {
        return Ok(made);
    };
    convert::from_row(bytes).map_err(ApplyError::record)
}
