//! What the index still has, and is not there any more for who asks.
//!
//! The index may be a moment behind the store, and seconds while a view catches up. Each event that changes whether
//! solutions are found leaves a row by its place in the log. So what changed since the index's state is looked up before
//! anything is counted, and what is gone by now is in no count and on no page, however far down it would stand.

use std::collections::BTreeSet;

use aftercall_log::Position;
use aftercall_view::key::prefix_end;
use aftercall_view::{Direction, Positions, Store};
use jiff::Timestamp;
use tantivy::DocAddress;

use crate::failure::Error;
use crate::fold::redirects;
use crate::keys::{self, versions as rows};
use crate::limits::STIRRED_LOOKED_AT_MAX;
use crate::reader::Viewer;
use crate::solutions;
use crate::suggestions;
use crate::visible::{Sight, Visible};

/// What is gone of what the index has.
#[derive(Debug, Default)]
pub(super) struct Gone {
    pub(super) documents: BTreeSet<DocAddress>,
    /// More has changed than is looked through: there may be more of them.
    pub(super) may_be_more: bool,
}

impl Gone {
    /// What is gone since an index was complete through `indexed`.
    pub(super) fn since(
        store: &Store,
        (visible, indexed): (&Visible<'_>, &Positions),
        viewer: &Viewer,
        sight: &Sight,
    ) -> Result<Self, Error> {
        let now = Timestamp::from_microsecond(sight.at_us).map_err(Error::internal)?;
        let (stirred, may_be_more) = stirred(store, viewer.tenant_id(), indexed)?;
        let mut gone = Self {
            documents: BTreeSet::new(),
            may_be_more,
        };
        for solution_id in stirred {
            let found = solutions::find(store, viewer.whose(), &solution_id, now)?;
            if !found.is_some_and(|solution| suggestions::is_there(&solution, sight)) {
                let key = keys::solution(viewer.tenant_id(), &solution_id);
                gone.documents.extend(visible.having_key(&key)?);
            }
        }
        Ok(gone)
    }
}

/// The solutions that may be found, or not, by events that an index does not have, and whether there may be more.
fn stirred(
    store: &Store,
    tenant_id: &str,
    indexed: &Positions,
) -> Result<(BTreeSet<String>, bool), Error> {
    let all = rows::all_stirred(tenant_id);
    let end = prefix_end(&all);
    let mut stirred = BTreeSet::new();
    let mut next = Some(all.clone());
    while let Some(from) = next.take() {
        for entry in store.scan_range(&from, end.as_deref(), Direction::Ascending) {
            let (at, solution_id) = rows::read_stirred(&entry?.0, &all).map_err(Error::internal)?;
            // The rows of a partition are in its order: what the index has of it is passed over at once.
            if indexed.covers(at) {
                let at = Position {
                    offset: indexed.next(at.partition),
                    ..at
                };
                next = Some(rows::stirred_from(tenant_id, at));
                break;
            }
            let met = redirects::met(store, tenant_id, &solution_id);
            stirred.extend(met.map_err(Error::internal)?);
            if stirred.len() > STIRRED_LOOKED_AT_MAX {
                return Ok((stirred, true));
            }
        }
    }
    Ok((stirred, false))
}
