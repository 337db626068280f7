//! The places of a list's promises, read from the index that has the fewest of them.

use aftercall_domain::commitment::Lifecycle;
use aftercall_view::key::{Parts, prefix_end};
use aftercall_view::{ApplyError, Direction, Store};
use bytes::Bytes;

use super::Place;
use super::filter::Filter;
use super::tally::Tally;
use crate::keys::ListOf;
use crate::merged::Merged;

/// The most entries that are counted to find the index that has the fewest.
const PROBED_MAX: usize = 256;

/// The lists that hold every match of `filter`, and the fewest promises from `after` on. Every place is the same in
/// every list, so each page may choose anew.
pub(super) fn narrowest(
    store: &Store,
    filter: &Filter,
    after: Option<&Place>,
) -> Result<Vec<ListOf>, ApplyError> {
    let mut choices = filter.choices();
    let mut best = choices.remove(0);
    if choices.is_empty() {
        return Ok(best);
    }
    let mut fewest = count(store, filter, &best, after)?;
    for lists in choices {
        let len = count(store, filter, &lists, after)?;
        if len < fewest {
            (best, fewest) = (lists, len);
        }
    }
    Ok(best)
}

fn count(
    store: &Store,
    filter: &Filter,
    lists: &[ListOf],
    after: Option<&Place>,
) -> Result<usize, ApplyError> {
    let mut count = 0;
    for lifecycle in filter.lifecycles() {
        let places = places(store, filter, (lists, lifecycle), after);
        for place in places.take(PROBED_MAX - count) {
            place?;
            count += 1;
        }
    }
    Ok(count)
}

/// The places of one lifecycle in several lists, merged, each once.
pub(super) fn places(
    store: &Store,
    filter: &Filter,
    (lists, lifecycle): (&[ListOf], Lifecycle),
    after: Option<&Place>,
) -> impl Iterator<Item = Result<Place, ApplyError>> + use<> {
    Merged::new(lists.iter().map(|list| {
        let entries = entries(store, filter, (list, lifecycle), after);
        entries.map(|entry| entry.map(|(place, _)| place))
    }))
}

/// The places of one lifecycle in the tenant's list, with what stands beside them.
pub(super) fn tallies(
    store: &Store,
    filter: &Filter,
    lifecycle: Lifecycle,
    after: Option<&Place>,
) -> impl Iterator<Item = Result<(Place, Tally), ApplyError>> + use<> {
    let entries = entries(store, filter, (&ListOf::Tenant, lifecycle), after);
    entries.map(|entry| {
        let (place, row) = entry?;
        Ok::<_, ApplyError>((place, Tally::decode(row)?))
    })
}

/// The places of one lifecycle in a list, with what stands there.
fn entries(
    store: &Store,
    filter: &Filter,
    (list, lifecycle): (&ListOf, Lifecycle),
    after: Option<&Place>,
) -> impl Iterator<Item = Result<(Place, Bytes), ApplyError>> + use<> {
    let due = filter.due_us(lifecycle);
    let list = list.key(&filter.tenant_id, lifecycle);
    let from = match after {
        None => Vec::from(list.clone().time(due.start)),
        Some((due_us, commitment_id, whose)) => {
            let place = list.clone().time(*due_us).id(commitment_id).u64(*whose);
            let mut after = Vec::from(place);
            after.push(0);
            after
        }
    };
    let to = match due.end {
        i64::MAX => prefix_end(&list),
        end => Some(Vec::from(list.clone().time(end))),
    };
    // How long the part of the keys is that they share.
    let shared = list.len();
    let scan = store.scan_range(from, to.as_deref(), Direction::Ascending);
    scan.map(move |entry| {
        let (key, row) = entry?;
        Ok::<_, ApplyError>((place_of(&key[shared..])?, row))
    })
}

/// The place that the end of a list's key says.
fn place_of(end: &[u8]) -> Result<Place, ApplyError> {
    let mut parts = Parts::new(end);
    let due_us = parts.time().map_err(ApplyError::record)?;
    let commitment_id = parts.id().map_err(ApplyError::record)?;
    Ok((
        due_us,
        commitment_id,
        parts.u64().map_err(ApplyError::record)?,
    ))
}
