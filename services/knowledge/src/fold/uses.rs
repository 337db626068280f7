//! What agents did with solutions: of each solution, and of each of its versions.

use std::collections::BTreeSet;

use aftercall_proto::model::v1::SolutionUseKind;
use aftercall_view::key::Key;
use aftercall_view::{ApplyError, Direction, Txn};
use prost::Message;

use super::{Change, stored};
use crate::keys::{self, evidence};
use crate::records::{Case, Uses};

/// Counts the uses of `case`, or takes them back. A contact counts once for each solution, each version and each kind
/// of use, however often it names them.
pub(super) fn shift(change: &mut Change<'_, '_>, case: &Case, by: i64) -> Result<(), ApplyError> {
    let uses = || case.solution_uses.iter();
    let of_versions: BTreeSet<_> = uses()
        .map(|one| (Named::version(&one.solution_id, one.version), one.kind()))
        .collect();
    let of_solutions: BTreeSet<_> = uses()
        .map(|one| (Named::solution(&one.solution_id), one.kind()))
        .collect();
    let named = of_solutions.iter().chain(&of_versions);
    for (named, kind) in named.clone() {
        shift_kind(change, *named, *kind, by)?;
    }
    let used: BTreeSet<_> = named
        .filter(|(_, kind)| is_use(*kind))
        .map(|(named, _)| *named)
        .collect();
    for named in used {
        shift_user(change, case, named, by)?;
    }
    for one in &case.solution_uses {
        change
            .noted
            .solution(&change.event.tenant_id, &one.solution_id);
    }
    for (solution_id, version) in case.told() {
        shift_told(change, case, (solution_id, version), by)?;
    }
    Ok(())
}

/// Whether the solution was put to use, rather than looked at.
pub(crate) fn is_use(kind: SolutionUseKind) -> bool {
    matches!(
        kind,
        SolutionUseKind::UsedAsIs | SolutionUseKind::UsedModified
    )
}

/// A solution, or one of its versions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Named<'a> {
    solution_id: &'a str,
    version: Option<u32>,
}

impl<'a> Named<'a> {
    pub(super) const fn solution(solution_id: &'a str) -> Self {
        Self {
            solution_id,
            version: None,
        }
    }

    pub(super) const fn version(solution_id: &'a str, version: u32) -> Self {
        Self {
            solution_id,
            version: Some(version),
        }
    }

    fn uses(self, tenant_id: &str) -> Key {
        match self.version {
            None => keys::uses(tenant_id, self.solution_id),
            Some(version) => evidence::version_uses(tenant_id, self.solution_id, version),
        }
    }

    fn user(self, tenant_id: &str, agent_id: &str) -> Key {
        match self.version {
            None => keys::user(tenant_id, self.solution_id, agent_id),
            Some(version) => {
                evidence::version_user((tenant_id, self.solution_id, version), agent_id)
            }
        }
    }
}

fn shift_kind(
    change: &mut Change<'_, '_>,
    named: Named<'_>,
    kind: SolutionUseKind,
    by: i64,
) -> Result<(), ApplyError> {
    update((&change.event.tenant_id, named), change.txn, |uses| {
        let count = match kind {
            SolutionUseKind::UsedAsIs => &mut uses.used_as_is,
            SolutionUseKind::UsedModified => &mut uses.used_modified,
            SolutionUseKind::Viewed => &mut uses.viewed,
            SolutionUseKind::Rejected => &mut uses.rejected,
            SolutionUseKind::Unspecified | SolutionUseKind::CreatedFrom => return,
        };
        *count = count.saturating_add_signed(by);
    })
}

/// Notes by whom a solution was used.
fn shift_user(
    change: &mut Change<'_, '_>,
    case: &Case,
    named: Named<'_>,
    by: i64,
) -> Result<(), ApplyError> {
    if case.agent_id.is_empty() {
        return Ok(());
    }
    let tenant_id = &change.event.tenant_id;
    let key = named.user(tenant_id, &case.agent_id);
    let before = change.txn.get(&key)?.map_or(0, |value| count(&value));
    let after = before.saturating_add_signed(by);
    match after {
        0 => change.txn.delete(key)?,
        _ => change.txn.put(key, after.to_be_bytes().to_vec())?,
    }
    let agents = i64::from(after > 0) - i64::from(before > 0);
    update((tenant_id, named), change.txn, |uses| {
        uses.agents = uses.agents.saturating_add_signed(agents);
    })
}

/// Notes when a version was told, and to whom.
fn shift_told(
    change: &mut Change<'_, '_>,
    case: &Case,
    (solution_id, version): (&str, u32),
    by: i64,
) -> Result<(), ApplyError> {
    let of = (change.event.tenant_id.as_str(), solution_id, version);
    let contact = (change.event.aggregate_id.as_str(), change.whose);
    let party = evidence::Told::of(&case.customer_id, contact);
    let all = evidence::told(of, &party);
    let was_told = change.txn.scan_prefix(&all, Direction::Ascending).next();
    let was_told = was_told.transpose()?.is_some();
    let at_us = case.occurred_at_us;
    let places = [
        evidence::told_in(of, &party, at_us, contact),
        evidence::version_used(of, at_us, contact),
    ];
    for place in places {
        match by > 0 {
            true => change.txn.put(place, "")?,
            false => change.txn.delete(place)?,
        }
    }
    let is_told = by > 0 || {
        let left = change.txn.scan_prefix(&all, Direction::Ascending).next();
        left.transpose()?.is_some()
    };
    if by > 0 {
        change
            .noted
            .told(of.0, (solution_id, version), party.clone());
    }
    let parties = i64::from(is_told) - i64::from(was_told);
    let named = Named::version(solution_id, version);
    update((&change.event.tenant_id, named), change.txn, |uses| {
        uses.parties = uses.parties.saturating_add_signed(parties);
    })
}

/// A stored number; anything that isn't one counts as none.
pub(crate) fn count(value: &[u8]) -> u64 {
    value.try_into().map_or(0, u64::from_be_bytes)
}

/// Changes what is counted of a solution or version.
pub(super) fn update(
    (tenant_id, named): (&str, Named<'_>),
    txn: &mut Txn<'_>,
    edit: impl FnOnce(&mut Uses),
) -> Result<(), ApplyError> {
    let key = named.uses(tenant_id);
    let mut uses = stored(txn.get(&key)?)?.unwrap_or_default();
    edit(&mut uses);
    match uses == Uses::default() {
        true => txn.delete(key)?,
        false => txn.put(key, uses.encode_to_vec())?,
    }
    Ok(())
}
