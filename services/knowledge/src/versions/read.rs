//! Reading versions: one, all, what is different between two, and what was done to a solution.

use aftercall_domain::solution::diff::{self, Kind};
use aftercall_log::LogIdentity;
use aftercall_proto::knowledge::v1::{
    DiffKind, DiffPiece, DiffVersionsRequest, DiffVersionsResponse, FieldDiff,
    GetSolutionVersionRequest, GetSolutionVersionResponse, ListChangesRequest, ListChangesResponse,
    ListVersionsRequest, ListVersionsResponse,
};
use aftercall_proto::model::v1::{Solution, SolutionChange};
use aftercall_service::{Call, Checker, Deps, Including, Paging, Reading};
use aftercall_view::Store;
use prost::Message;

use super::{Standing, canonical, says};
use crate::duplicates;
use crate::failure::Error;
use crate::keys::versions as keys;
use crate::limits::PAGE;
use crate::numbers;
use crate::page;
use crate::reader::Viewer;
use crate::solutions;

/// Answers with one version.
pub(super) async fn version(
    (deps, reading): (&Deps, &Reading),
    call: Call<GetSolutionVersionRequest>,
) -> Result<GetSolutionVersionResponse, Error> {
    let message = &call.message;
    let mut checker = Checker::new();
    checker.required_id("solution_id", &message.solution_id);
    checker.done(())?;
    let including = Including {
        min_position: &message.min_position,
        latest: message.latest,
    };
    let through = reading.store_at(including, call.read_until()).await?;
    let viewer = Viewer::of(&call);
    let (named, version) = (message.solution_id.clone(), message.version);
    let now = deps.clock.now();
    let find = move |store: &Store| {
        let solution_id = numbers::id(store, &viewer, &named, now)?;
        seen(store, &viewer, (&solution_id, version), now)
    };
    Ok(GetSolutionVersionResponse {
        solution: Some(reading.run(find).await?),
        complete_through: through.position(reading.log_identity()),
        complete_through_at: through.time(),
    })
}

/// A version of a solution that is there for somebody. What was published once is there for whoever reads what is
/// live.
fn seen(
    store: &Store,
    viewer: &Viewer,
    (solution_id, version): (&str, u32),
    now: jiff::Timestamp,
) -> Result<Solution, Error> {
    check_seen(store, viewer, solution_id)?;
    let solution = solutions::version(store, viewer.whose(), (solution_id, version), now)?;
    let given = solution.and_then(|solution| viewer.given(solution));
    let given = given.ok_or(Error::VersionNotFound { version })?;
    duplicates::dress(store, viewer, given)
}

/// Refuses a solution that is not there for somebody.
fn check_seen(store: &Store, viewer: &Viewer, solution_id: &str) -> Result<(), Error> {
    let standing = Standing::of(store, viewer, solution_id, jiff::Timestamp::UNIX_EPOCH)?;
    let standing = standing.ok_or(Error::SolutionNotFound)?;
    let known_by = standing.known_by()?;
    viewer.given(known_by).ok_or(Error::SolutionNotFound)?;
    Ok(())
}

/// A page of rows of a solution, as it was asked for.
struct Rows {
    viewer: Viewer,
    solution_id: String,
    prefix: Vec<u8>,
    paging: Paging,
}

impl Rows {
    fn of<T>(
        call: &Call<T>,
        log: &LogIdentity,
        (solution_id, page_size, page_token): (&str, i32, &str),
        prefix: impl Fn(&str, &str) -> Vec<u8>,
    ) -> Result<Self, Error> {
        let mut checker = Checker::new();
        checker.required_id("solution_id", solution_id);
        let size = checker.count("page_size", page_size, PAGE);
        checker.done(())?;
        let viewer = Viewer::of(call);
        let solution_id = canonical(solution_id);
        let prefix = prefix(viewer.tenant_id(), &solution_id);
        let query: [&[u8]; 2] = [&prefix, &viewer.scope.fingerprint()];
        let paging = Paging::asked(log, &query, size, page_token)?;
        page::check_place(&paging, &prefix)?;
        Ok(Self {
            viewer,
            solution_id,
            prefix,
            paging,
        })
    }
}

/// Answers with a page of versions.
pub(super) async fn versions(
    (deps, reading): (&Deps, &Reading),
    call: Call<ListVersionsRequest>,
) -> Result<ListVersionsResponse, Error> {
    let (message, log) = (&call.message, reading.log_identity());
    let asked = (
        &*message.solution_id,
        message.page_size,
        &*message.page_token,
    );
    let prefix = |tenant_id: &str, id: &str| Vec::from(keys::all_versions(tenant_id, id));
    let rows = Rows::of(&call, &log, asked, prefix)?;
    let including = Including {
        min_position: &message.min_position,
        latest: message.latest,
    };
    let through = rows.paging.reach(reading, including, call.read_until());
    let through = through.await?;
    let now = deps.clock.now();
    let list = move |store: &Store| {
        check_seen(store, &rows.viewer, &rows.solution_id)?;
        let listed = page::read_rows(store, &rows.prefix, &rows.paging, |_, row| {
            let solution = Solution::decode(row).map_err(Error::internal)?;
            let which = (rows.solution_id.as_str(), solution.version);
            let solution = solutions::version(store, rows.viewer.whose(), which, now)?;
            let given = solution.and_then(|solution| rows.viewer.given(solution));
            Ok(given.map(|solution| {
                let bytes = solution.encoded_len();
                (solution, bytes)
            }))
        })?;
        Ok::<_, Error>(ListVersionsResponse {
            versions: listed.items,
            next_page_token: rows.paging.token(&log, &through.positions, listed.next),
            complete_through: through.position(&log),
            complete_through_at: through.time(),
        })
    };
    reading.run(list).await
}

/// Answers with a page of what was done.
pub(super) async fn changes(
    reading: &Reading,
    call: Call<ListChangesRequest>,
) -> Result<ListChangesResponse, Error> {
    let (message, log) = (&call.message, reading.log_identity());
    let asked = (
        &*message.solution_id,
        message.page_size,
        &*message.page_token,
    );
    let prefix = |tenant_id: &str, id: &str| Vec::from(keys::all_changes(tenant_id, id));
    let rows = Rows::of(&call, &log, asked, prefix)?;
    let including = Including {
        min_position: &message.min_position,
        latest: message.latest,
    };
    let through = rows.paging.reach(reading, including, call.read_until());
    let through = through.await?;
    let list = move |store: &Store| {
        check_seen(store, &rows.viewer, &rows.solution_id)?;
        let listed = page::read_rows(store, &rows.prefix, &rows.paging, |_, row| {
            let bytes = row.len();
            let change = SolutionChange::decode(row).map_err(Error::internal)?;
            Ok(Some((change, bytes)))
        })?;
        Ok::<_, Error>(ListChangesResponse {
            changes: listed.items,
            next_page_token: rows.paging.token(&log, &through.positions, listed.next),
            complete_through: through.position(&log),
            complete_through_at: through.time(),
        })
    };
    reading.run(list).await
}

/// Answers with what is different between two versions.
pub(super) async fn diff(
    (deps, reading): (&Deps, &Reading),
    call: Call<DiffVersionsRequest>,
) -> Result<DiffVersionsResponse, Error> {
    let message = &call.message;
    let mut checker = Checker::new();
    checker.required_id("solution_id", &message.solution_id);
    checker.done(())?;
    let including = Including {
        min_position: &message.min_position,
        latest: message.latest,
    };
    let through = reading.store_at(including, call.read_until()).await?;
    let viewer = Viewer::of(&call);
    let (from, to) = (message.from_version, message.to_version);
    let solution_id = canonical(&message.solution_id);
    let log = reading.log_identity();
    let now = deps.clock.now();
    let compare = move |store: &Store| {
        check_seen(store, &viewer, &solution_id)?;
        let standing = Standing::of(store, &viewer, &solution_id, jiff::Timestamp::UNIX_EPOCH)?;
        let latest = standing.map_or(0, |standing| standing.head.latest_version);
        let after = match to {
            0 => latest,
            to => to,
        };
        let after = seen(store, &viewer, (&solution_id, after), now)?;
        let before = match (from, after.based_on_version) {
            (0, 0) => after.version.saturating_sub(1),
            (0, base) => base,
            (from, _) => from,
        };
        // The first version is compared with nothing.
        let before = match before {
            0 => Solution::default(),
            before => seen(store, &viewer, (&solution_id, before), now)?,
        };
        let fields = diff::diff(&says(&before), &says(&after));
        Ok::<_, Error>(DiffVersionsResponse {
            from_version: before.version,
            to_version: after.version,
            fields: fields.into_iter().map(field).collect(),
            complete_through: through.position(log),
            complete_through_at: through.time(),
        })
    };
    reading.run(compare).await
}

fn field(field: diff::FieldDiff) -> FieldDiff {
    let pieces = field.pieces.into_iter().map(|piece| DiffPiece {
        kind: match piece.kind {
            Kind::Kept => DiffKind::Kept.into(),
            Kind::Removed => DiffKind::Removed.into(),
            Kind::Added => DiffKind::Added.into(),
        },
        text: piece.text,
    });
    FieldDiff {
        field: field.field,
        pieces: pieces.collect(),
    }
}
