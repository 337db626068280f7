//! Solutions, as they are read: each with how it has been used.

use aftercall_domain::Violations;
use aftercall_proto::knowledge::v1::{ListSolutionsRequest, ListSolutionsResponse};
use aftercall_proto::model::v1::{Solution, SolutionStats};
use aftercall_view::{Direction, Positions, Store};
use prost::Message;

use crate::failure::Error;
use crate::fold::stored;
use crate::keys;
use crate::limits::{PAGE_MAX, PAGE_USUAL};
use crate::page::Listing;
use crate::reading::{Reading, check_count};
use crate::records::{Uses, timestamp};

/// A list of solutions, as it was asked for.
#[derive(Debug)]
pub(crate) struct Query {
    size: usize,
    page_token: String,
}

impl Query {
    /// Checks the request.
    pub(crate) fn of(request: ListSolutionsRequest) -> Result<Self, Violations> {
        let mut found = Violations::new();
        let bounds = (PAGE_USUAL, PAGE_MAX);
        let query = Self {
            size: check_count("page_size", request.page_size, bounds, &mut found),
            page_token: request.page_token,
        };
        found.into_result(query)
    }
}

/// A page of solutions, the latest first.
pub(crate) fn list(
    reading: &Reading,
    tenant_id: &str,
    query: &Query,
    complete_through: &Positions,
) -> Result<ListSolutionsResponse, Error> {
    let store = reading.view.store();
    let prefix = keys::all_published(tenant_id);
    let listing = Listing::new(prefix, query.size, &query.page_token, reading.log)?;
    let page = listing.read(&store, |key| {
        let solution_id = keys::read_published(key).map_err(Error::internal)?;
        let solution = find(&store, tenant_id, &solution_id)?;
        Ok(solution.map(|solution| {
            let bytes = solution.encoded_len();
            (solution, bytes)
        }))
    })?;
    Ok(ListSolutionsResponse {
        next_page_token: page.token(complete_through, reading.log),
        complete_through: complete_through.encode(reading.log),
        solutions: page.items,
    })
}

/// A solution.
pub(crate) fn find(
    store: &Store,
    tenant_id: &str,
    solution_id: &str,
) -> Result<Option<Solution>, Error> {
    let solution = store.get(keys::solution(tenant_id, solution_id))?;
    let Some(mut solution) = stored::<Solution>(solution).map_err(Error::internal)? else {
        return Ok(None);
    };
    solution.stats = Some(stats(store, tenant_id, solution_id)?);
    Ok(Some(solution))
}

fn stats(store: &Store, tenant_id: &str, solution_id: &str) -> Result<SolutionStats, Error> {
    let uses = store.get(keys::uses(tenant_id, solution_id))?;
    let uses: Uses = stored(uses).map_err(Error::internal)?.unwrap_or_default();
    let all = keys::all_used(tenant_id, solution_id);
    let last_used_at = match store.scan_prefix(all, Direction::Ascending).next() {
        None => None,
        Some(entry) => {
            let used_at_us = keys::read_used(&entry?.0).map_err(Error::internal)?;
            Some(timestamp(used_at_us))
        }
    };
    Ok(SolutionStats {
        used_as_is_count: uses.used_as_is,
        used_modified_count: uses.used_modified,
        viewed_count: uses.viewed,
        rejected_count: uses.rejected,
        distinct_agents_count: uses.agents,
        last_used_at,
    })
}
