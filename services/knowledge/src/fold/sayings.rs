//! What customers said in contacts in which solutions were used or rejected.

use std::collections::BTreeMap;

use aftercall_proto::model::v1::SolutionUseKind;
use aftercall_view::ApplyError;
use prost::Message;

use super::Change;
use super::uses::{count, is_use};
use crate::keys::{self, evidence};
use crate::records::Case;
use crate::sayings::{self, Sayings};

/// Lends the words of `case` to the solutions that were used in it, and holds them against those that were rejected;
/// or takes them back.
pub(super) fn shift(change: &mut Change<'_, '_>, case: &Case, by: i64) -> Result<(), ApplyError> {
    let mut of: BTreeMap<&str, bool> = BTreeMap::new();
    for one in &case.solution_uses {
        match one.kind() {
            kind if is_use(kind) => of.insert(&one.solution_id, true),
            SolutionUseKind::Rejected => Some(*of.entry(&one.solution_id).or_default()),
            _ => None,
        };
    }
    let draw = sayings::draw(change.interaction());
    for (solution_id, accepted) in of {
        shift_of(change, case, (solution_id, draw, accepted), by)?;
    }
    Ok(())
}

fn shift_of(
    change: &mut Change<'_, '_>,
    case: &Case,
    (solution_id, draw, accepted): (&str, u64, bool),
    by: i64,
) -> Result<(), ApplyError> {
    let tenant_id = &change.event.tenant_id;
    let mut sayings = Sayings::read(change.txn, tenant_id, solution_id)?;
    let before = sayings.accepted().count();
    let is_other = match by > 0 {
        true if sayings.takes(draw) => match sayings::of(case, draw, accepted) {
            Some(saying) => {
                sayings.add(saying);
                true
            }
            None => false,
        },
        true => false,
        false => sayings.remove(draw),
    };
    if !is_other {
        return Ok(());
    }
    let key = evidence::sayings(tenant_id, solution_id);
    change.txn.put(key, sayings.encode_to_vec())?;
    let key = evidence::said(tenant_id);
    let said = change.txn.get(&key)?.map_or(0, |value| count(&value));
    let said = said.saturating_add(sayings.accepted().count() as u64);
    let said = said.saturating_sub(before as u64);
    match said {
        0 => change.txn.delete(key)?,
        _ => change.txn.put(key, said.to_be_bytes().to_vec())?,
    }
    change.txn.touch(keys::solution(tenant_id, solution_id));
    Ok(())
}
