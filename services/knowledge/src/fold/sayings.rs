//! What customers said in contacts in which solutions were used or rejected.

use std::collections::BTreeMap;

use aftercall_proto::model::v1::SolutionUseKind;
use aftercall_view::ApplyError;

use super::Change;
use super::uses::is_use;
use crate::records::Case;
use crate::sayings::{self, Place};

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
    let place = Place::of_contact(change.interaction());
    for (solution_id, accepted) in of {
        let whose = (change.event.tenant_id.as_str(), solution_id);
        match by > 0 {
            true => {
                let said = || sayings::of(case, place, accepted);
                sayings::lend(whose, place, said, change.txn)?;
            }
            false => sayings::take_back(whose, place, change.txn)?,
        }
    }
    Ok(())
}
