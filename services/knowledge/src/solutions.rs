//! Solutions, as they are read: each with how it has been used.

use aftercall_domain::Scope;
use aftercall_log::LogIdentity;
use aftercall_proto::knowledge::v1::{ListSolutionsRequest, ListSolutionsResponse};
use aftercall_proto::model::v1::{Solution, SolutionStats};
use aftercall_service::{Call, Checker, Paging};
use aftercall_view::{Direction, Positions, Store};
use prost::Message;

use crate::failure::Error;
use crate::fold::stored;
use crate::keys;
use crate::limits::PAGE;
use crate::page;
use crate::records::{Case, Uses, timestamp};

/// A list of solutions, as it was asked for.
#[derive(Debug)]
pub(crate) struct Query {
    tenant_id: String,
    scope: Scope,
    paging: Paging,
    include_total: bool,
}

impl Query {
    /// Checks the request.
    pub(crate) fn of(call: &Call<ListSolutionsRequest>, log: &LogIdentity) -> Result<Self, Error> {
        let mut checker = Checker::new();
        let size = checker.count("page_size", call.message.page_size, PAGE);
        checker.done(())?;
        let tenant_id = call.tenant_id().to_owned();
        let prefix = Vec::from(keys::all_published(&tenant_id));
        let scope = call.scope();
        let query: [&[u8]; 2] = [&prefix, &scope.fingerprint()];
        let paging = Paging::asked(log, &query, size, &call.message.page_token)?;
        page::check_place(&paging, &prefix)?;
        Ok(Self {
            tenant_id,
            scope,
            paging,
            include_total: call.message.include_total,
        })
    }

    /// The page that is asked for.
    pub(crate) fn paging(&self) -> &Paging {
        &self.paging
    }
}

/// A page of solutions, the latest first.
pub(crate) fn list(
    store: &Store,
    query: &Query,
    complete_through: &Positions,
    log: &LogIdentity,
) -> Result<ListSolutionsResponse, Error> {
    let Query {
        tenant_id,
        scope,
        paging,
        include_total,
    } = query;
    let prefix = Vec::from(keys::all_published(tenant_id));
    let total = include_total
        .then(|| page::count(store, &prefix))
        .transpose()?;
    let listed = page::read(store, &prefix, paging, |key| {
        let solution_id = keys::read_published(key).map_err(Error::internal)?;
        let solution = find(store, (tenant_id, scope), &solution_id)?;
        Ok(solution.map(|solution| {
            let bytes = solution.encoded_len();
            (solution, bytes)
        }))
    })?;
    Ok(ListSolutionsResponse {
        next_page_token: paging.token(log, complete_through, listed.next),
        complete_through: complete_through.encode(log),
        solutions: listed.items,
        total_size: total.map(|total| total.size),
        total_size_is_lower_bound: total.is_some_and(|total| total.is_lower_bound),
    })
}

/// A solution. It is the whole tenant's; of the contacts that it was made from it names those that the caller
/// reads.
pub(crate) fn find(
    store: &Store,
    (tenant_id, scope): (&str, &Scope),
    solution_id: &str,
) -> Result<Option<Solution>, Error> {
    let solution = store.get(keys::solution(tenant_id, solution_id))?;
    let Some(mut solution) = stored::<Solution>(solution).map_err(Error::internal)? else {
        return Ok(None);
    };
    if !scope.is_all() {
        let mut named = Vec::new();
        for interaction_id in std::mem::take(&mut solution.origin_interaction_ids) {
            if is_within(store, (tenant_id, scope), &interaction_id)? {
                named.push(interaction_id);
            }
        }
        solution.origin_interaction_ids = named;
    }
    solution.stats = Some(stats(store, tenant_id, solution_id)?);
    Ok(Some(solution))
}

/// Whether a contact lies within somebody's scope.
fn is_within(
    store: &Store,
    (tenant_id, scope): (&str, &Scope),
    interaction_id: &str,
) -> Result<bool, Error> {
    let cases = keys::cases(tenant_id, interaction_id);
    for entry in store.scan_prefix(cases, Direction::Ascending) {
        let case = Case::decode(entry?.1).map_err(Error::internal)?;
        if scope.admits(case.parties().iter()) {
            return Ok(true);
        }
    }
    Ok(false)
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
