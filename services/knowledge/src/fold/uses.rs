//! What agents did with solutions: of each solution, and of each of its versions.

use std::collections::{BTreeMap, BTreeSet};

use aftercall_proto::model::v1::SolutionUseKind;
use aftercall_view::key::Key;
use aftercall_view::{ApplyError, Txn};
use prost::Message;

use super::{Change, stored};
use crate::keys::{self, evidence};
use crate::records::{Case, Link, Uses};

/// Counts the uses of `case`, or takes them back. A contact counts once for each solution, each version and each kind
/// of use, however often it names them.
pub(super) fn shift(change: &mut Change<'_, '_>, case: &Case, by: i64) -> Result<(), ApplyError> {
    let mut all: BTreeMap<Named<'_>, BTreeSet<SolutionUseKind>> = BTreeMap::new();
    let mut told = case.told();
    for one in &case.solution_uses {
        let version = Named::version(&one.solution_id, one.version);
        for named in [Named::solution(&one.solution_id), version] {
            all.entry(named).or_default().insert(one.kind());
        }
        change
            .noted
            .solution(&change.event.tenant_id, &one.solution_id);
    }
    // What is counted of each is read and written once.
    for (named, kinds) in &all {
        let agents = match kinds.iter().any(|kind| is_use(*kind)) {
            true => shift_user(change, case, *named, by)?,
            false => 0,
        };
        let parties = match named.version.map(|version| (named.solution_id, version)) {
            Some(version) if told.remove(&version) => shift_told(change, case, version, by)?,
            _ => 0,
        };
        update((&change.event.tenant_id, *named), change.txn, |uses| {
            kinds.iter().for_each(|kind| count_kind(uses, *kind, by));
            uses.agents = uses.agents.saturating_add_signed(agents);
            uses.parties = uses.parties.saturating_add_signed(parties);
        })?;
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

    /// A solution that was used, and its version.
    pub(super) fn both(link: &'a Link) -> [Self; 2] {
        let version = Self::version(&link.solution_id, link.version);
        [Self::solution(&link.solution_id), version]
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

fn count_kind(uses: &mut Uses, kind: SolutionUseKind, by: i64) {
    let count = match kind {
        SolutionUseKind::UsedAsIs => &mut uses.used_as_is,
        SolutionUseKind::UsedModified => &mut uses.used_modified,
        SolutionUseKind::Viewed => &mut uses.viewed,
        SolutionUseKind::Rejected => &mut uses.rejected,
        SolutionUseKind::Unspecified | SolutionUseKind::CreatedFrom => return,
    };
    *count = count.saturating_add_signed(by);
}

/// Notes by whom a solution was used. Gives how many agents more that makes.
fn shift_user(
    change: &mut Change<'_, '_>,
    case: &Case,
    named: Named<'_>,
    by: i64,
) -> Result<i64, ApplyError> {
    match case.agent_id.is_empty() {
        true => Ok(0),
        false => {
            let key = named.user(&change.event.tenant_id, &case.agent_id);
            shift_count(key, by, change.txn)
        }
    }
}

/// Notes when a version was told, and to whom. Gives how many parties more that makes.
fn shift_told(
    change: &mut Change<'_, '_>,
    case: &Case,
    (solution_id, version): (&str, u32),
    by: i64,
) -> Result<i64, ApplyError> {
    let of = (change.event.tenant_id.as_str(), solution_id, version);
    let contact = (change.event.aggregate_id.as_str(), change.whose);
    let party = evidence::Told::of(&case.customer_id, contact);
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
    let parties = shift_count(evidence::told_count(of, &party), by, change.txn)?;
    // Of a version that is recalled later the keeper goes through all of them then.
    if by > 0 && is_recalled(of, change.txn)? {
        change.noted.told(of.0, (solution_id, version), party);
    }
    Ok(parties)
}

/// Whether a version was recalled by now.
fn is_recalled(
    (tenant_id, solution_id, version): (&str, &str, u32),
    txn: &Txn<'_>,
) -> Result<bool, ApplyError> {
    let recall = txn.get(evidence::recall(tenant_id, solution_id, version))?;
    Ok(recall.is_some())
}

/// Counts up or down under a key; where nothing is left, nothing stands. Gives 1 if something stands there that did not,
/// -1 if nothing does any more.
fn shift_count(key: Key, by: i64, txn: &mut Txn<'_>) -> Result<i64, ApplyError> {
    let before = txn.get(&key)?.map_or(0, |value| count(&value));
    let after = before.saturating_add_signed(by);
    match after {
        0 => txn.delete(key)?,
        after => txn.put(key, after.to_be_bytes().to_vec())?,
    }
    Ok(i64::from(after > 0) - i64::from(before > 0))
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
