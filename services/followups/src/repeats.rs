//! Contacts that a broken promise caused.
//!
//! What caused a contact is said once, by an event of its own that follows from the contact: history shows it at the
//! contact and this service at the promise, and neither has to ask the other. It is no event of the promise, which
//! may be closed by then and whose version callers name, nor one of the contact's record, for the same reason. It
//! stands under the contact's key, so that it comes after the contact for every reader, and in one order with what is
//! said of whose contact it is: once that is another customer, what was said before is void, and is found out anew.

mod count;

use aftercall_domain::commitment::Commitment;
use aftercall_domain::limits::{CAUSED_SHOWN_MAX, CAUSES_LOOKED_AT_MAX};
use aftercall_proto::convert::time::microseconds;
use aftercall_proto::event::v1::RepeatAttributed;
use aftercall_view::key::Key;
use aftercall_view::{ApplyError, Direction, Store, StoreError};
use bytes::Bytes;
use jiff::Timestamp;

use crate::keys::{self, MERGED, contacts};
use crate::stored;

pub(crate) use count::count;

/// From where to where the dues of a customer stand that had passed when a contact began.
pub(crate) fn span(list: &Key, began_at_us: i64) -> (Key, Key) {
    let (from, to) = (list.clone(), list.clone());
    (from.time(i64::MIN), to.time(began_at_us))
}

/// The promise that caused a contact, and its due that had passed: of those whose dues stand under `lapsed`, each with
/// its list, the one whose due passed last.
pub(crate) fn cause<'k>(
    tenant_id: &str,
    began_at: Timestamp,
    lapsed: impl Iterator<Item = (&'k [u8], &'k [u8])>,
    get: impl Fn(&[u8]) -> Result<Option<Bytes>, StoreError>,
) -> Result<Option<(Commitment, Timestamp)>, ApplyError> {
    let mut last: Option<(Commitment, Timestamp)> = None;
    for (list, key) in lapsed {
        let (due_us, id, whose) = contacts::read_lapsed(key, list).map_err(ApplyError::record)?;
        // A promise stands under each of its dues: what has passed earlier than the one that was found can't be it.
        if last
            .as_ref()
            .is_some_and(|(_, at)| due_us < microseconds(*at))
        {
            continue;
        }
        let Some(promise) = stored::commitment(tenant_id, &id, whose, &get)? else {
            continue;
        };
        let Some(due) = promise.broken_before(began_at) else {
            continue;
        };
        let is_later = last
            .as_ref()
            .is_none_or(|(one, at)| (due, &one.commitment_id) > (*at, &promise.commitment_id));
        if is_later {
            last = Some((promise, due));
        }
    }
    Ok(last)
}

/// The same of the promises to a customer and to those who are one with them.
pub(crate) fn cause_of(
    store: &Store,
    (tenant_id, customer_id): (&str, &str),
    (began_at, began_at_us): (Timestamp, i64),
) -> Result<Option<(Commitment, Timestamp)>, ApplyError> {
    let mut lapsed = Vec::new();
    for customer_id in MERGED.customers(store, tenant_id, customer_id)? {
        let list = contacts::lapsed(tenant_id, &customer_id);
        let (from, to) = span(&list, began_at_us);
        let found = store.scan_range(from, Some(&to), Direction::Descending);
        for entry in found.take(CAUSES_LOOKED_AT_MAX) {
            lapsed.push((list.clone(), entry?.0));
        }
    }
    let lapsed = lapsed.iter().map(|(list, key)| (&list[..], &key[..]));
    cause(tenant_id, began_at, lapsed, |key| store.get(key))
}

/// How many contacts a promise caused, and the latest of them, that one first.
pub(crate) fn caused_by(
    store: &Store,
    tenant_id: &str,
    promise: &Commitment,
) -> Result<(u64, Vec<RepeatAttributed>), ApplyError> {
    let made_in = &promise.interaction_id;
    let list = contacts::caused(tenant_id, &promise.commitment_id, made_in);
    let Some(count) = store.get(&*list)? else {
        return Ok((0, Vec::new()));
    };
    let count = count.as_ref().try_into().map_or(0, u64::from_be_bytes);
    let mut latest = Vec::new();
    // The first key is that of the count.
    let rows = store.scan_prefix(&*list, Direction::Ascending).skip(1);
    for entry in rows.take(CAUSED_SHOWN_MAX) {
        latest.push(keys::decoded(entry?.1)?);
    }
    Ok((count, latest))
}
