//! What was said of a contact's root cause, the latest first.

use aftercall_proto::history::v1::RootCauseChange;
use aftercall_view::Direction;
use prost::Message;

use crate::failure::Unanswered;
use crate::keys;
use crate::known::Known;
use crate::limits::ROOT_CAUSES_SHOWN_MAX;
use crate::stored::StoredEntry;

/// The latest that was said of a contact's root cause, of what made it what it is in `entry`.
pub(super) fn latest(
    known: &Known,
    tenant_id: &str,
    entry: &StoredEntry,
) -> Result<Vec<RootCauseChange>, Unanswered> {
    if entry.root_causes == 0 {
        return Ok(Vec::new());
    }
    let (interaction_id, whose) = (entry.interaction_id(), entry.whose(tenant_id));
    let from = keys::root_causes(tenant_id, interaction_id, whose);
    let to = keys::root_cause(tenant_id, interaction_id, whose, entry.root_causes + 1);
    // What was said is never changed: what was said later stands behind it.
    let said = known
        .store()
        .scan_range(from, Some(&*to), Direction::Descending);
    let said = said.take(ROOT_CAUSES_SHOWN_MAX);
    said.map(|row| Ok(RootCauseChange::decode(row?.1)?))
        .collect()
}
