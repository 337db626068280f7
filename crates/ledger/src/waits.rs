//! Which promises wait for which: all of one customer's record, so that the log's order decides whether one would wait for
//! itself.

use aftercall_domain::commitment::is_cyclic;
use aftercall_view::{ApplyError, StoreError, Txn};
use bytes::Bytes;
use prost::Message;

use crate::{Accepted, Id, keys};

/// The promises that a promise waits for.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Waits {
    #[prost(string, repeated, tag = "1")]
    for_ids: Vec<String>,
}

/// For which promises one waits, that is `whose`; `get` reads the ledger.
pub(crate) fn of(
    (tenant_id, whose): (&str, u64),
    id: &str,
    get: impl Fn(&[u8]) -> Result<Option<Bytes>, StoreError>,
) -> Result<Vec<String>, ApplyError> {
    let stored = get(&keys::waits(tenant_id, &Id::of(id), whose))?;
    let waits = stored.map(Waits::decode).transpose();
    Ok(waits
        .map_err(ApplyError::record)?
        .unwrap_or_default()
        .for_ids)
}

/// Notes for which others a promise waits.
pub(crate) fn note(
    fact: &Accepted,
    id: &str,
    for_ids: &[String],
    txn: &mut Txn<'_>,
) -> Result<(), ApplyError> {
    let key = keys::waits(&fact.event.tenant_id, &Id::of(id), fact.whose);
    let waits = Waits {
        for_ids: for_ids.to_vec(),
    };
    txn.put(key, waits.encode_to_vec())?;
    Ok(())
}

/// Whether a promise would wait for itself.
pub(crate) fn would_wait_for_itself(
    fact: &Accepted,
    id: &str,
    for_ids: &[String],
    txn: &Txn<'_>,
) -> Result<bool, ApplyError> {
    let of_whom = (&*fact.event.tenant_id, fact.whose);
    is_cyclic(id, for_ids, |next| of(of_whom, next, |key| txn.get(key)))
}
