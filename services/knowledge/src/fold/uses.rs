//! What agents did with solutions.

use std::collections::BTreeSet;

use aftercall_proto::model::v1::SolutionUseKind;
use aftercall_view::ApplyError;
use prost::Message;

use super::{Change, stored};
use crate::keys;
use crate::records::{Case, Uses};

/// Counts the uses of `case`, or takes them back. A contact counts once for each solution and kind
/// of use, however often it names them.
pub(super) fn shift(change: &mut Change<'_, '_>, case: &Case, by: i64) -> Result<(), ApplyError> {
    let named: BTreeSet<_> = case
        .solution_uses
        .iter()
        .map(|one| (one.solution_id.as_str(), one.kind()))
        .collect();
    for (solution_id, kind) in &named {
        shift_kind(change, solution_id, *kind, by)?;
    }
    let relied: BTreeSet<_> = named
        .into_iter()
        .filter(|(_, kind)| relies(*kind))
        .map(|(solution_id, _)| solution_id)
        .collect();
    for solution_id in relied {
        shift_used(change, case, solution_id, by)?;
    }
    Ok(())
}

/// Whether the solution was put to use, rather than looked at.
fn relies(kind: SolutionUseKind) -> bool {
    matches!(
        kind,
        SolutionUseKind::UsedAsIs | SolutionUseKind::UsedModified
    )
}

fn shift_kind(
    change: &mut Change<'_, '_>,
    solution_id: &str,
    kind: SolutionUseKind,
    by: i64,
) -> Result<(), ApplyError> {
    update(change, solution_id, |uses| {
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

/// Notes when a solution was used last, and by whom.
fn shift_used(
    change: &mut Change<'_, '_>,
    case: &Case,
    solution_id: &str,
    by: i64,
) -> Result<(), ApplyError> {
    let place = keys::used(
        change.tenant_id(),
        solution_id,
        case.occurred_at_us,
        change.interaction(),
    );
    match by > 0 {
        true => change.txn.put(place, "")?,
        false => change.txn.delete(place)?,
    }
    if case.agent_id.is_empty() {
        return Ok(());
    }
    let key = keys::user(change.tenant_id(), solution_id, &case.agent_id);
    let before = change.txn.get(&key)?.map_or(0, |value| contacts(&value));
    let after = before.saturating_add_signed(by);
    match after {
        0 => change.txn.delete(key)?,
        _ => change.txn.put(key, after.to_be_bytes().to_vec())?,
    }
    let agents = i64::from(after > 0) - i64::from(before > 0);
    update(change, solution_id, |uses| {
        uses.agents = uses.agents.saturating_add_signed(agents);
    })
}

/// A stored number of contacts; anything that isn't one counts as none.
fn contacts(value: &[u8]) -> u64 {
    value.try_into().map_or(0, u64::from_be_bytes)
}

fn update(
    change: &mut Change<'_, '_>,
    solution_id: &str,
    edit: impl FnOnce(&mut Uses),
) -> Result<(), ApplyError> {
    let key = keys::uses(change.tenant_id(), solution_id);
    let mut uses = stored(change.txn.get(&key)?)?.unwrap_or_default();
    edit(&mut uses);
    match uses == Uses::default() {
        true => change.txn.delete(key)?,
        false => change.txn.put(key, uses.encode_to_vec())?,
    }
    Ok(())
}
