//! Root causes: what somebody says later of why a contact had to be. The contact's record and its version stay as they are.

use aftercall_ledger::Accepted;
use aftercall_proto::event::v1::CauseAttributed;
use aftercall_proto::history::v1::RootCauseChange;
use aftercall_proto::model::v1::RootCause;
use aftercall_view::{ApplyError, Txn};
use bytes::Bytes;
use prost::Message;

use super::entry_at;
use crate::before::{Changed, Keeping};
use crate::keys;

/// Says in a contact what its root cause is, and keeps what was said. Gives the key of the contact's document, if there is
/// such a contact.
pub(super) fn apply(
    fact: &Accepted,
    attributed: &CauseAttributed,
    txn: &mut Txn<'_>,
) -> Result<Option<Bytes>, ApplyError> {
    let event = &fact.event;
    let (tenant_id, interaction_id) = (&event.tenant_id, &event.interaction_id);
    let pointer: Bytes = keys::entry_of(tenant_id, interaction_id, fact.whose).into();
    let Some((key, mut entry)) = entry_at(&pointer, txn)? else {
        return Ok(None);
    };
    let said = RootCause {
        code: attributed.root_cause_code.clone(),
        taxonomy_version: attributed.taxonomy_version.clone(),
        set_by: event.actor_id.clone(),
        set_at: event.recorded_at,
        confidence: attributed.confidence,
    };
    entry.root_causes += 1;
    if let Some(interaction) = &mut entry.interaction {
        // Without a code, what was said before is taken back.
        interaction.root_cause = Some(said.clone()).filter(|said| !said.code.is_empty());
    }
    let change = RootCauseChange {
        number: entry.root_causes,
        root_cause: Some(said),
        note: attributed.note.clone(),
    };
    let place = keys::root_cause(tenant_id, interaction_id, fact.whose, change.number);
    txn.put(place, change.encode_to_vec())?;
    let mut keeping = Keeping::new(txn, keys::seq_of(fact.position));
    keeping.changed(tenant_id, Changed::Contents, (entry.seq, &pointer))?;
    keeping.put(key, entry.encode_to_vec())?;
    Ok(Some(pointer))
}
