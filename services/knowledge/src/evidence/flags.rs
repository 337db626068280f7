//! The list of flags.

use aftercall_domain::SolutionId;
use aftercall_log::LogIdentity;
use aftercall_proto::knowledge::v1::{ListFlagsRequest, ListFlagsResponse};
use aftercall_proto::model::v1::{SolutionFlag, SolutionFlagState};
use aftercall_service::{Call, Checker, Paging, Through};
use aftercall_view::Store;
use prost::Message;

use super::seen;
use crate::failure::Error;
use crate::fold::stored;
use crate::keys::evidence::{self, Flags};
use crate::limits::PAGE;
use crate::page;
use crate::reader::Viewer;

/// A list of flags, as it was asked for.
#[derive(Debug)]
pub(super) struct Query {
    viewer: Viewer,
    solution_id: Option<String>,
    state: SolutionFlagState,
    paging: Paging,
}

impl Query {
    /// Checks the request.
    pub(super) fn of(call: &Call<ListFlagsRequest>, log: &LogIdentity) -> Result<Self, Error> {
        let message = &call.message;
        let mut checker = Checker::new();
        checker.id("solution_id", &message.solution_id);
        let size = checker.count("page_size", message.page_size, PAGE);
        let state = checker.known("state", message.state).unwrap_or_default();
        checker.done(())?;
        let state = match state {
            SolutionFlagState::Unspecified => SolutionFlagState::Open,
            state => state,
        };
        let solution_id = Some(SolutionId::read(&message.solution_id).into_string());
        let mut query = Self {
            viewer: Viewer::of(call),
            solution_id: solution_id.filter(|id| !id.is_empty()),
            state,
            paging: Paging::asked(log, &[], size, "")?,
        };
        let prefix = Vec::from(query.list().prefix());
        let asked: [&[u8]; 2] = [&prefix, &query.viewer.scope.fingerprint()];
        query.paging = Paging::asked(log, &asked, size, &message.page_token)?;
        page::check_place(&query.paging, &prefix)?;
        Ok(query)
    }

    /// The page that is asked for.
    pub(super) const fn paging(&self) -> &Paging {
        &self.paging
    }

    fn list(&self) -> Flags<'_> {
        Flags {
            tenant_id: self.viewer.tenant_id(),
            solution_id: self.solution_id.as_deref(),
            state: self.state,
        }
    }
}

/// A page of flags, the latest first: of solutions that are there for the caller.
pub(super) fn list(
    store: &Store,
    query: &Query,
    through: &Through,
    log: &LogIdentity,
) -> Result<ListFlagsResponse, Error> {
    let (viewer, paging, flags) = (&query.viewer, &query.paging, query.list());
    if let Some(solution_id) = &query.solution_id {
        seen(store, viewer, solution_id)?;
    }
    let listed = page::read(store, &flags.prefix(), paging, |key| {
        let (solution_id, flag_id) = flags.read(key).map_err(Error::internal)?;
        if query.solution_id.is_none() && seen(store, viewer, &solution_id).is_err() {
            return Ok(None);
        }
        let flag = find(store, viewer.tenant_id(), (&solution_id, &flag_id))?;
        Ok(flag.map(|flag| {
            let bytes = flag.encoded_len();
            (flag, bytes)
        }))
    })?;
    Ok(ListFlagsResponse {
        flags: listed.items,
        next_page_token: paging.token(log, &through.positions, listed.next),
        complete_through: through.position(log),
        complete_through_at: through.time(),
    })
}

/// A flag.
pub(super) fn find(
    store: &Store,
    tenant_id: &str,
    (solution_id, flag_id): (&str, &str),
) -> Result<Option<SolutionFlag>, Error> {
    let flag = store.get(evidence::flag(tenant_id, solution_id, flag_id))?;
    stored(flag).map_err(Error::internal)
}
