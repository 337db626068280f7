//! The list of solutions, and by what it is filtered.

use aftercall_domain::solution::fits_contact;
use aftercall_log::LogIdentity;
use aftercall_proto::knowledge::v1::{ListSolutionsRequest, ListSolutionsResponse};
use aftercall_proto::model::v1::{Audience, Governance, Solution, VersionState};
use aftercall_service::{Call, Checker, Counting, Paging, Through, Total};
use aftercall_view::{Direction, Store};
use bytes::Bytes;
use jiff::Timestamp;
use prost::Message;

use crate::duplicates;
use crate::failure::Error;
use crate::heads::Head;
use crate::keys;
use crate::limits::{FILTER_VALUES_MAX, PAGE};
use crate::page;
use crate::reader::{Viewer, addressed};
use crate::records::{Facets, Listing};

/// A list of solutions, as it was asked for.
#[derive(Debug)]
pub(crate) struct Query {
    viewer: Viewer,
    now: Timestamp,
    filter: Filter,
    paging: Paging,
    include_total: bool,
}

/// Which versions are listed.
#[derive(Debug)]
struct Filter {
    states: Vec<VersionState>,
    audiences: Vec<Audience>,
    client_account_id: String,
    language: String,
    owner_group: String,
    governance: Governance,
    reason_code: String,
}

impl Query {
    /// Checks the request.
    pub(crate) fn of(
        call: &Call<ListSolutionsRequest>,
        log: &LogIdentity,
        now: Timestamp,
    ) -> Result<Self, Error> {
        let message = &call.message;
        let mut checker = Checker::new();
        let size = checker.count("page_size", message.page_size, PAGE);
        let filter = Filter::of(message, &mut checker);
        checker.done(())?;
        let viewer = Viewer::of(call);
        if filter.states.iter().any(|state| is_open(*state)) {
            viewer.require_working()?;
        }
        let prefix = Vec::from(keys::all_published(call.tenant_id()));
        let asked = ListSolutionsRequest {
            page_token: String::new(),
            page_size: 0,
            min_position: String::new(),
            latest: false,
            include_total: false,
            ..message.clone()
        };
        let (asked, scope) = (asked.encode_to_vec(), viewer.scope.fingerprint());
        let query: [&[u8]; 3] = [&prefix, &scope, &asked];
        let paging = Paging::asked(log, &query, size, &message.page_token)?;
        page::check_place(&paging, &prefix)?;
        Ok(Self {
            viewer,
            now,
            filter,
            paging,
            include_total: message.include_total,
        })
    }

    /// The page that is asked for.
    pub(crate) fn paging(&self) -> &Paging {
        &self.paging
    }
}

impl Filter {
    fn of(message: &ListSolutionsRequest, checker: &mut Checker) -> Self {
        let max = FILTER_VALUES_MAX;
        let mut states = checker.known_list("states", &message.states, max);
        if states.is_empty() {
            states.push(VersionState::Published);
        }
        checker.id("client_account_id", &message.client_account_id);
        checker.id("language", &message.language);
        checker.id("owner_group", &message.owner_group);
        checker.id("reason_code", &message.reason_code);
        Self {
            states,
            audiences: checker.known_list("audiences", &message.audiences, max),
            client_account_id: message.client_account_id.clone(),
            language: message.language.clone(),
            owner_group: message.owner_group.clone(),
            governance: checker
                .known("governance", message.governance)
                .unwrap_or_default(),
            reason_code: message.reason_code.clone(),
        }
    }

    /// Whether the version that is worked on is listed; or the one that is shown; none for neither.
    fn picks(&self, listing: &Listing) -> Option<Picked> {
        let wants = |facets: &Option<Facets>| facets.as_ref().is_some_and(|one| self.wants(one));
        match (wants(&listing.shown), wants(&listing.open)) {
            (true, _) => Some(Picked::Shown),
            (_, true) => Some(Picked::Open),
            _ => None,
        }
    }

    fn wants(&self, facets: &Facets) -> bool {
        let solution = (&*facets.client_account_id, &*facets.language);
        let contact = (&*self.client_account_id, &*self.language);
        let is = |asked: &str, is: &str| asked.is_empty() || asked == is;
        self.states.contains(&facets.state())
            && (self.audiences.is_empty() || self.audiences.contains(&facets.audience()))
            && fits_contact(solution, contact)
            && is(&self.owner_group, &facets.owner_group)
            && is(&self.reason_code, &facets.reason_code)
            && (self.governance == Governance::Unspecified
                || self.governance == facets.governance())
    }
}

/// Which of a solution's versions is listed.
#[derive(Debug, Clone, Copy)]
enum Picked {
    Shown,
    Open,
}

/// A page of solutions, those that were published last first.
pub(crate) fn list(
    store: &Store,
    query: &Query,
    through: &Through,
    log: &LogIdentity,
) -> Result<ListSolutionsResponse, Error> {
    let Query {
        viewer,
        now,
        filter,
        paging,
        include_total,
    } = query;
    let prefix = Vec::from(keys::all_published(viewer.tenant_id()));
    let total = include_total
        .then(|| count(store, &prefix, (viewer, filter), *now))
        .transpose()?;
    let listed = page::read_rows(store, &prefix, paging, |key, row| {
        let picked = pick(store, (viewer, filter), key, row, *now)?;
        let dress = |solution| duplicates::dress(store, viewer, solution);
        let solution = picked.map(dress).transpose()?;
        Ok(solution.map(|solution| {
            let bytes = solution.encoded_len();
            (solution, bytes)
        }))
    })?;
    Ok(ListSolutionsResponse {
        next_page_token: paging.token(log, &through.positions, listed.next),
        complete_through: through.position(log),
        complete_through_at: through.time(),
        solutions: listed.items,
        total_size: total.map(|total| total.size),
        total_size_is_lower_bound: total.is_some_and(|total| total.is_lower_bound),
    })
}

fn pick(
    store: &Store,
    (viewer, filter): (&Viewer, &Filter),
    key: &[u8],
    row: Bytes,
    now: Timestamp,
) -> Result<Option<Solution>, Error> {
    let listing = Listing::decode(row).map_err(Error::internal)?;
    let Some(picked) = filter.picks(&listing) else {
        return Ok(None);
    };
    let solution_id = keys::read_published(key).map_err(Error::internal)?;
    let solution = match picked {
        Picked::Shown => super::find(store, viewer.whose(), &solution_id, now)?,
        Picked::Open => {
            let head = Head::read(store, viewer.tenant_id(), &solution_id);
            let open = head
                .map_err(Error::internal)?
                .unwrap_or_default()
                .open_version;
            super::version(store, viewer.whose(), (&solution_id, open), now)?
        }
    };
    // What is for a client's people is listed for who asks for that client, and for who works on solutions.
    let client_account_id = filter.client_account_id.as_str();
    let is_asked_for =
        |solution: &Solution| addressed(solution).is_for_contacts_of(client_account_id);
    let is_listed = |solution: &Solution| viewer.works() || is_asked_for(solution);
    let listed = solution.filter(is_listed);
    Ok(listed.and_then(|solution| viewer.given(solution)))
}

/// How many solutions the filter picks that are there for the viewer.
fn count(
    store: &Store,
    prefix: &[u8],
    (viewer, filter): (&Viewer, &Filter),
    now: Timestamp,
) -> Result<Total, Error> {
    let mut counting = Counting::new();
    let rows = store.scan_prefix(prefix, Direction::Ascending);
    counting.part(rows.map(|entry| Ok::<_, Error>(entry?)), |(key, row)| {
        Ok(pick(store, (viewer, filter), key, row.clone(), now)?.is_some())
    })?;
    Ok(counting.total())
}

/// Whether somebody works on a version in a state.
pub(crate) fn is_open(state: VersionState) -> bool {
    matches!(
        state,
        VersionState::Draft | VersionState::InReview | VersionState::Approved
    )
}
