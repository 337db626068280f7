//! Who was told a solution, when, by whom, and in which contact.

use std::collections::BTreeSet;

use aftercall_domain::solution::{RETURN_DAYS, known_at};
use aftercall_log::LogIdentity;
use aftercall_proto::knowledge::v1::{ListUsesRequest, ListUsesResponse};
use aftercall_proto::model::v1::{SolutionUse, ToldSolution, UseOutcome};
use aftercall_service::{Call, Paging, Through};
use aftercall_view::Store;
use aftercall_view::key::Key;
use jiff::Timestamp;
use prost::Message;

use super::{asked, seen};
use crate::failure::Error;
use crate::fold::stored;
use crate::keys::{self, evidence};
use crate::page;
use crate::reader::Viewer;
use crate::records::{Case, Known, Used, timestamp};
use crate::stats;

/// A list of contacts, as it was asked for.
#[derive(Debug)]
pub(super) struct Query {
    viewer: Viewer,
    solution_id: String,
    version: u32,
    now: Timestamp,
    paging: Paging,
}

impl Query {
    /// Checks the request.
    pub(super) fn of(
        call: &Call<ListUsesRequest>,
        log: &LogIdentity,
        now: Timestamp,
    ) -> Result<Self, Error> {
        let (solution_id, size) = asked(&call.message.solution_id, call.message.page_size)?;
        let viewer = Viewer::of(call);
        let version = call.message.version;
        let prefix = Vec::from(list_of(viewer.tenant_id(), &solution_id, version));
        let query: [&[u8]; 2] = [&prefix, &viewer.scope.fingerprint()];
        let paging = Paging::asked(log, &query, size, &call.message.page_token)?;
        page::check_place(&paging, &prefix)?;
        Ok(Self {
            viewer,
            solution_id,
            version,
            now,
            paging,
        })
    }

    /// The page that is asked for.
    pub(super) const fn paging(&self) -> &Paging {
        &self.paging
    }
}

fn list_of(tenant_id: &str, solution_id: &str, version: u32) -> Key {
    match version {
        0 => keys::all_used(tenant_id, solution_id),
        version => evidence::all_version_used(tenant_id, solution_id, version),
    }
}

/// A page of contacts in which somebody was told the solution, the latest first.
pub(super) fn list(
    store: &Store,
    query: &Query,
    through: &Through,
    log: &LogIdentity,
) -> Result<ListUsesResponse, Error> {
    let (viewer, paging) = (&query.viewer, &query.paging);
    seen(store, viewer, &query.solution_id)?;
    let prefix = list_of(viewer.tenant_id(), &query.solution_id, query.version);
    let listed = page::read(store, &prefix, paging, |key| {
        let place = keys::read_place(&key[prefix.len()..]).map_err(Error::internal)?;
        let used = told(store, query, place)?;
        Ok(used.map(|used| {
            let bytes = used.encoded_len();
            (used, bytes)
        }))
    })?;
    Ok(ListUsesResponse {
        uses: listed.items,
        next_page_token: paging.token(log, &through.positions, listed.next),
        complete_through: through.position(log),
        complete_through_at: through.time(),
    })
}

/// What was told in a contact, if the caller may see it.
fn told(
    store: &Store,
    query: &Query,
    (occurred_at_us, interaction_id, whose): (i64, String, u64),
) -> Result<Option<ToldSolution>, Error> {
    let (tenant_id, scope) = query.viewer.whose();
    let case = store.get(keys::case(tenant_id, &interaction_id, whose))?;
    let Some(case) = stored::<Case>(case).map_err(Error::internal)? else {
        return Ok(None);
    };
    if !scope.admits(case.parties().iter()) {
        return Ok(None);
    }
    let contact = (interaction_id.as_str(), whose);
    let used = keys::used(tenant_id, &query.solution_id, occurred_at_us, contact);
    let used: Option<Used> = stored(store.get(used)?).map_err(Error::internal)?;
    let used = used.unwrap_or_default();
    let known = stats::known_of(store, (tenant_id, &query.solution_id), &used);
    let known = known.map_err(Error::internal)?;
    let uses: BTreeSet<_> = case
        .solution_uses
        .iter()
        .filter(|one| one.solution_id == query.solution_id)
        .filter(|one| query.version == 0 || one.version == query.version)
        .map(|one| (one.version, one.kind, one.relied_on_for_statement))
        .collect();
    let uses = uses.into_iter().map(|(version, kind, relied)| SolutionUse {
        solution_id: query.solution_id.clone(),
        version,
        kind,
        relied_on_for_statement: relied,
    });
    Ok(Some(ToldSolution {
        uses: uses.collect(),
        interaction_id,
        customer_id: case.customer_id,
        occurred_at: Some(timestamp(occurred_at_us)),
        agent_id: case.agent_id,
        outcome: match used.version {
            0 => UseOutcome::Unspecified,
            _ => outcome(known, occurred_at_us, query.now),
        }
        .into(),
    }))
}

/// What came of a use, as of `now`.
fn outcome(known: Known, occurred_at_us: i64, now: Timestamp) -> UseOutcome {
    let used_at = Timestamp::from_microsecond(occurred_at_us).unwrap_or_default();
    match known {
        Known::Untraced => UseOutcome::Untraced,
        Known::Returned(1..=RETURN_DAYS) => UseOutcome::Failed,
        _ if known_at(used_at, RETURN_DAYS) <= now => UseOutcome::Succeeded,
        _ => UseOutcome::Pending,
    }
}
