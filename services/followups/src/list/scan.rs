//! The places of a list's promises, read from the index that has the fewest of them.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use aftercall_domain::commitment::Lifecycle;
use aftercall_view::key::{Parts, prefix_end};
use aftercall_view::{ApplyError, Direction, Scan, Store};

use super::Place;
use super::filter::Filter;
use crate::keys::Scope;

/// The most entries that are counted to find the index that has the fewest.
const PROBED_MAX: usize = 256;

/// The scopes of `filter` whose lists are the shortest from `after` on. Every place is the same in
/// every list, so each page may choose anew.
pub(super) fn narrowest(
    store: &Store,
    filter: &Filter,
    after: Option<&Place>,
) -> Result<Vec<Scope>, ApplyError> {
    let mut choices = filter.choices();
    let mut best = choices.remove(0);
    if choices.is_empty() {
        return Ok(best);
    }
    let mut fewest = count(store, filter, &best, after)?;
    for scopes in choices {
        let len = count(store, filter, &scopes, after)?;
        if len < fewest {
            (best, fewest) = (scopes, len);
        }
    }
    Ok(best)
}

fn count(
    store: &Store,
    filter: &Filter,
    scopes: &[Scope],
    after: Option<&Place>,
) -> Result<usize, ApplyError> {
    let mut count = 0;
    for lifecycle in filter.lifecycles() {
        let places = Places::new(store, filter, scopes, lifecycle, after);
        for place in places.take(PROBED_MAX - count) {
            place?;
            count += 1;
        }
    }
    Ok(count)
}

/// The places of one lifecycle in the lists of several scopes, merged, each once.
pub(super) struct Places {
    lists: Vec<List>,
    /// The next place of each list that has one.
    heads: BinaryHeap<Reverse<(Place, usize)>>,
    failed: Option<ApplyError>,
    last: Option<Place>,
}

struct List {
    scan: Scan<'static>,
    /// How long the part of the keys is that they share.
    shared: usize,
}

impl Places {
    pub(super) fn new(
        store: &Store,
        filter: &Filter,
        scopes: &[Scope],
        lifecycle: Lifecycle,
        after: Option<&Place>,
    ) -> Self {
        let due = filter.due_us(lifecycle);
        let lists = scopes.iter().map(|scope| {
            let list = scope.list(&filter.tenant_id, lifecycle);
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
            List {
                scan: store.scan_range(from, to.as_deref(), Direction::Ascending),
                shared: list.len(),
            }
        });
        let mut places = Self {
            lists: lists.collect(),
            heads: BinaryHeap::new(),
            failed: None,
            last: None,
        };
        (0..places.lists.len()).for_each(|index| places.advance(index));
        places
    }

    fn advance(&mut self, index: usize) {
        let List { scan, shared } = &mut self.lists[index];
        let next = scan.next().map(|entry| place_of(&entry?.0[*shared..]));
        match next {
            Some(Ok(place)) => self.heads.push(Reverse((place, index))),
            Some(Err(error)) => self.failed = Some(error),
            None => {}
        }
    }
}

impl Iterator for Places {
    type Item = Result<Place, ApplyError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(error) = self.failed.take() {
                self.heads.clear();
                return Some(Err(error));
            }
            let Reverse((place, index)) = self.heads.pop()?;
            self.advance(index);
            if self.last.as_ref() != Some(&place) {
                self.last = Some(place.clone());
                return Some(Ok(place));
            }
        }
    }
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
