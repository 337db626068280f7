//! Series of promises: each promise shows which one is the next, and the latest one that there will be none.

use aftercall_domain::CommitmentId;
use aftercall_domain::commitment::Commitment;
use aftercall_domain::interaction::occurrence_commitment_id;
use aftercall_ledger::Accepted;
use aftercall_view::ApplyError;
use bytes::Bytes;

use crate::before::Keeping;
use crate::stored::StoredEntry;
use crate::{keys, promises};

/// The promise before a new one in its series shows that it is the next. `contact` is the one in which both were made,
/// if there is one.
pub(super) fn note_next(
    fact: &Accepted,
    promise: &Commitment,
    contact: Option<&StoredEntry>,
    keeping: &mut Keeping<'_, '_>,
) -> Result<(), ApplyError> {
    let Some(before) = id_before(fact, promise) else {
        return Ok(());
    };
    let tenant_id = &fact.event.tenant_id;
    let row = keys::commitment(tenant_id, &promise.interaction_id, fact.whose, &before);
    let row: Bytes = row.into();
    let old = match contact {
        // One of the contact's record may have no row yet.
        Some(contact) => promises::one(tenant_id, contact, &before, |key| keeping.get(key))?,
        None => promises::read(keeping.get(&row)?)?,
    };
    let Some(mut old) = old else { return Ok(()) };
    if let Some(series) = &mut old.series {
        series.next_id = Some(promise.commitment_id.clone());
    }
    keeping.put(row, promises::to_row(&old))?;
    Ok(())
}

/// The id of the promise before one in its series; none if it begins one, or is of none.
fn id_before(fact: &Accepted, promise: &Commitment) -> Option<String> {
    let place = &promise.series.as_ref()?.occurrence;
    let first = &place.series_id;
    match place.number.checked_sub(1)? {
        0 => None,
        1 => Some(first.clone()),
        number => {
            let id = occurrence_commitment_id(&fact.key, first, number);
            Some(CommitmentId::from(id).into_string())
        }
    }
}

/// No further promise of a series is made, as an event of `promise` says: that is told beside the latest one, too, where
/// another one was made meanwhile.
pub(super) fn end(
    fact: &Accepted,
    promise: &Commitment,
    entry: &StoredEntry,
    keeping: &mut Keeping<'_, '_>,
) -> Result<(), ApplyError> {
    let tenant_id = &fact.event.tenant_id;
    let (mut next, mut latest) = (next_of(promise), None);
    while let Some(id) = next.take() {
        let found = promises::one(tenant_id, entry, &id, |key| keeping.get(key))?;
        next = found.as_ref().and_then(next_of);
        latest = found;
    }
    let Some(mut latest) = latest else {
        return Ok(());
    };
    if let Some(series) = &mut latest.series {
        series.ended = true;
    }
    let row = promises::row_key(tenant_id, &latest, fact.whose);
    keeping.put(row, promises::to_row(&latest))?;
    Ok(())
}

fn next_of(promise: &Commitment) -> Option<String> {
    promise.series.as_ref()?.next_id.clone()
}
