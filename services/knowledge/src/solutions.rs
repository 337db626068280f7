//! Solutions, as they are read: each with how it has been used.

mod listed;

use aftercall_domain::Scope;
use aftercall_proto::model::v1::{Solution, VersionState};
use aftercall_view::{Direction, Store};
use jiff::Timestamp;
use prost::Message;

use crate::duplicates;
use crate::evidence;
use crate::failure::Error;
use crate::fold::{redirects, stored};
use crate::heads::{self, Head};
use crate::keys;
use crate::lent;
use crate::limits::MERGED_MAX;
use crate::reader::Viewer;
use crate::records::Case;
use crate::stats;

pub(crate) use listed::{Query, is_open, list};

/// A solution, in the version that is live or was last. It is the whole tenant's; of the contacts that it was made
/// from it names those that the caller reads.
pub(crate) fn find(
    store: &Store,
    (tenant_id, scope): (&str, &Scope),
    solution_id: &str,
    now: Timestamp,
) -> Result<Option<Solution>, Error> {
    let solution = store.get(keys::solution(tenant_id, solution_id))?;
    let solution = stored::<Solution>(solution).map_err(Error::internal)?;
    let dress = |solution| dressed(store, (tenant_id, scope), solution, now);
    solution.map(dress).transpose()
}

/// A version of a solution; none where there is no such version.
pub(crate) fn version(
    store: &Store,
    (tenant_id, scope): (&str, &Scope),
    (solution_id, version): (&str, u32),
    now: Timestamp,
) -> Result<Option<Solution>, Error> {
    let solution = heads::version(store, tenant_id, solution_id, version);
    let dress = |solution| dressed(store, (tenant_id, scope), solution, now);
    solution.map_err(Error::internal)?.map(dress).transpose()
}

/// A solution that was asked for, as it is given to somebody: where it leads, and which one that is, if it is
/// another. To whom the other one is not there the solution itself is: it must not be lost to them by leading on.
pub(crate) fn given(
    store: &Store,
    viewer: &Viewer,
    (solution_id, unredirected): (&str, bool),
    now: Timestamp,
) -> Result<Option<(Solution, String)>, Error> {
    let tenant_id = viewer.tenant_id();
    let led = redirects::follow(store, tenant_id, solution_id).map_err(Error::internal)?;
    if !unredirected
        && led.solution_id != solution_id
        && let Some(other) = itself(store, viewer, &led.solution_id, now)?
    {
        return Ok(Some((other, solution_id.to_owned())));
    }
    let itself = itself(store, viewer, solution_id, now)?;
    Ok(itself.map(|solution| (solution, String::new())))
}

/// A solution, wherever it leads, as it is given to somebody: in its draft where no version was ever live.
fn itself(
    store: &Store,
    viewer: &Viewer,
    solution_id: &str,
    now: Timestamp,
) -> Result<Option<Solution>, Error> {
    let mut found = find(store, viewer.whose(), solution_id, now)?;
    if found.is_none() {
        let head = Head::read(store, viewer.tenant_id(), solution_id).map_err(Error::internal)?;
        let head = head.unwrap_or_default();
        let number = match head.open_version {
            0 => head.latest_version,
            open => open,
        };
        found = version(store, viewer.whose(), (solution_id, number), now)?;
    }
    let given = found.and_then(|solution| viewer.given(solution));
    let dress = |solution| duplicates::dress(store, viewer, solution);
    given.map(dress).transpose()
}

/// A version's row, with what is true of all versions and how the solution has been used.
fn dressed(
    store: &Store,
    (tenant_id, scope): (&str, &Scope),
    mut solution: Solution,
    now: Timestamp,
) -> Result<Solution, Error> {
    let solution_id = solution.solution_id.clone();
    solution.lent = lent::read(store, tenant_id, &solution_id).map_err(Error::internal)?;
    let lent = solution
        .lent
        .iter_mut()
        .map(|lent| &mut lent.interaction_ids);
    for named in lent.chain([&mut solution.origin_interaction_ids]) {
        within(store, (tenant_id, scope), named)?;
    }
    let head = Head::read(store, tenant_id, &solution_id).map_err(Error::internal)?;
    let head = head.unwrap_or_default();
    head.say(&mut solution);
    if head.is_merged() {
        let led = redirects::follow(store, tenant_id, &solution_id).map_err(Error::internal)?;
        if led.is_cut && led.solution_id == solution_id {
            stand_alone(&head, &mut solution);
        }
    }
    evidence::dress(store, tenant_id, &mut solution, now).map_err(Error::internal)?;
    let family = family(store, tenant_id, &solution_id)?;
    let stats = stats::of_family(store, (tenant_id, &family), solution.version, now);
    solution.stats = Some(stats.map_err(Error::internal)?);
    Ok(solution)
}

/// Shows a solution whose merge does not count as it was before.
fn stand_alone(head: &Head, solution: &mut Solution) {
    if solution.state() == VersionState::Merged {
        solution.set_state(VersionState::Published);
        solution.effective_to = None;
    }
    solution.live_version = head.published_version;
    solution.merged_into.clear();
    solution.merged_at = None;
}

/// Leaves those contacts out that lie without somebody's scope.
fn within(
    store: &Store,
    (tenant_id, scope): (&str, &Scope),
    interaction_ids: &mut Vec<String>,
) -> Result<(), Error> {
    if scope.is_all() {
        return Ok(());
    }
    for interaction_id in std::mem::take(interaction_ids) {
        if is_within(store, (tenant_id, scope), &interaction_id)? {
            interaction_ids.push(interaction_id);
        }
    }
    Ok(())
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

/// A solution and all that were merged into it, and into those: what their uses are summed over.
pub(crate) fn family(
    store: &Store,
    tenant_id: &str,
    solution_id: &str,
) -> Result<Vec<String>, Error> {
    let mut family = vec![solution_id.to_owned()];
    let mut next = 0;
    while let Some(target) = family.get(next) {
        let sources = keys::versions::all_sources(tenant_id, target);
        next += 1;
        for entry in store.scan_prefix(sources, Direction::Ascending) {
            let source = keys::versions::read_source(&entry?.0).map_err(Error::internal)?;
            if family.len() > MERGED_MAX {
                return Ok(family);
            }
            if !family.contains(&source) {
                family.push(source);
            }
        }
    }
    Ok(family)
}
