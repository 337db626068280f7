//! How each version of a solution was used: those that there are, whether they were used or not, and those that contacts
//! name.

use std::collections::BTreeSet;

use aftercall_log::LogIdentity;
use aftercall_proto::knowledge::v1::{ListVersionStatsRequest, ListVersionStatsResponse};
use aftercall_proto::model::v1::VersionStats;
use aftercall_service::{Call, Paging, Through, Unread};
use aftercall_view::key::prefix_end;
use aftercall_view::{Direction, Store, TokenError};
use jiff::Timestamp;
use prost::Message;

use super::{asked, seen};
use crate::echoes;
use crate::failure::Error;
use crate::heads;
use crate::keys::{evidence, versions};
use crate::limits::VERSIONS_LOOKED_AT_MAX;
use crate::page;
use crate::reader::Viewer;
use crate::records::Uses;
use crate::stats::{self, Numbers};

/// The versions of a solution, as it was asked for them.
#[derive(Debug)]
pub(super) struct Query {
    viewer: Viewer,
    solution_id: String,
    now: Timestamp,
    paging: Paging,
    /// The first version that the page may hold.
    from: u32,
}

impl Query {
    /// Checks the request.
    pub(super) fn of(
        call: &Call<ListVersionStatsRequest>,
        log: &LogIdentity,
        now: Timestamp,
    ) -> Result<Self, Error> {
        let (solution_id, size) = asked(&call.message.solution_id, call.message.page_size)?;
        let viewer = Viewer::of(call);
        let prefix = Vec::from(evidence::all_version_uses(viewer.tenant_id(), &solution_id));
        let query: [&[u8]; 1] = [&prefix];
        let paging = Paging::asked(log, &query, size, &call.message.page_token)?;
        page::check_place(&paging, &prefix)?;
        let from = match paging.after() {
            None => 0,
            Some(last) => evidence::read_version(last, &prefix)
                .map_err(|_| Unread::PageToken(TokenError::Malformed))?
                .saturating_add(1),
        };
        Ok(Self {
            viewer,
            solution_id,
            now,
            paging,
            from,
        })
    }

    /// The page that is asked for.
    pub(super) const fn paging(&self) -> &Paging {
        &self.paging
    }

    /// The tenant, and the solution.
    fn whose(&self) -> (&str, &str) {
        (self.viewer.tenant_id(), self.solution_id.as_str())
    }
}

/// A page of versions, the earliest first.
pub(super) fn list(
    store: &Store,
    query: &Query,
    through: &Through,
    log: &LogIdentity,
) -> Result<ListVersionStatsResponse, Error> {
    let (whose, paging) = (query.whose(), &query.paging);
    seen(store, &query.viewer, &query.solution_id)?;
    let numbers = Numbers::read(store, whose, query.now).map_err(Error::internal)?;
    let (found, mut is_all) = versions_from(store, whose, query.from)?;
    let (mut page, mut last) = (paging.page(), None);
    for version in found {
        if let Some(item) = of_version(store, query, &numbers, version)? {
            let bytes = item.encoded_len();
            if !page.takes(bytes) {
                is_all = false;
                break;
            }
            page.add(item, bytes);
        }
        last = Some(version);
    }
    let next = last.filter(|_| !is_all);
    let next = next.map(|version| evidence::version_uses(whose.0, whose.1, version).into());
    Ok(ListVersionStatsResponse {
        versions: page.into_items(),
        next_page_token: paging.token(log, &through.positions, next),
        complete_through: through.position(log),
        complete_through_at: through.time(),
    })
}

/// The numbers of versions from one on, the earliest first, and whether these are all that there are: no more are looked
/// at for a page.
fn versions_from(
    store: &Store,
    (tenant_id, solution_id): (&str, &str),
    from: u32,
) -> Result<(BTreeSet<u32>, bool), Error> {
    let lists = [
        evidence::all_version_uses(tenant_id, solution_id),
        versions::all_versions(tenant_id, solution_id),
    ];
    let mut found = BTreeSet::new();
    // What a list does not tell any more may stand before what the other one does.
    let mut end: Option<u32> = None;
    for list in lists {
        let begin = list.clone().u32(from);
        let rows = store.scan_range(&begin, prefix_end(&list).as_deref(), Direction::Ascending);
        for (place, entry) in rows.enumerate() {
            let version = evidence::read_version(&entry?.0, &list).map_err(Error::internal)?;
            if place >= VERSIONS_LOOKED_AT_MAX {
                end = Some(end.map_or(version, |end| end.min(version)));
                break;
            }
            found.insert(version);
        }
    }
    if let Some(end) = end {
        found.retain(|version| *version < end);
    }
    Ok((found, end.is_none()))
}

/// How a version was used. One that was not is told to those who read it.
fn of_version(
    store: &Store,
    query: &Query,
    numbers: &Numbers,
    version: u32,
) -> Result<Option<VersionStats>, Error> {
    let (tenant_id, solution_id) = query.whose();
    let uses = stats::version_uses(store, (tenant_id, solution_id), version);
    let uses = uses.map_err(Error::internal)?;
    if uses == Uses::default() {
        let row = heads::version(store, tenant_id, solution_id, version);
        let row = row.map_err(Error::internal)?;
        if row.and_then(|row| query.viewer.given(row)).is_none() {
            return Ok(None);
        }
    }
    let echo = echoes::read(store, (tenant_id, solution_id), version).map_err(Error::internal)?;
    Ok(Some(stats::of_version(numbers, version, &uses, echo)))
}
