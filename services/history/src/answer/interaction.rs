//! One contact.

use aftercall_domain::Violations;
use aftercall_proto::history::v1::{Amendment, GetInteractionRequest, GetInteractionResponse};
use aftercall_view::{Direction, Store};
use prost::Message;

use crate::failure::Unanswered;
use crate::history::Call;
use crate::request::required_id;
use crate::stored::StoredEntry;
use crate::{History, keys, promises};

pub(crate) async fn get(
    history: &History,
    call: Call<GetInteractionRequest>,
) -> Result<GetInteractionResponse, Unanswered> {
    let GetInteractionRequest {
        interaction_id,
        min_position,
    } = &call.request;
    let mut found = Violations::new();
    required_id("interaction_id", interaction_id, &mut found);
    found.into_result(())?;
    let complete_through = history.read_through(min_position, call.deadline).await?;
    let store = history.view().store();
    let tenant_id = call.tenant_id();
    let entry = entry(&store, &keys::entry_of(tenant_id, interaction_id))?;
    let entry = entry.ok_or(Unanswered::InteractionNotFound)?;
    let commitments = promises::all(tenant_id, &entry, |key| store.get(key))?;
    let now = history.clock().now();
    Ok(GetInteractionResponse {
        commitments: commitments
            .into_iter()
            .map(|one| promises::as_of(one, now))
            .collect(),
        amendments: amendments(&store, tenant_id, interaction_id)?,
        interaction: entry.interaction,
        complete_through: complete_through.encode(history.log_id()),
    })
}

/// The entry that the key of a contact's document points to.
pub(super) fn entry(store: &Store, pointer: &[u8]) -> Result<Option<StoredEntry>, Unanswered> {
    let Some(key) = store.get(pointer)? else {
        return Ok(None);
    };
    let Some(bytes) = store.get(&key)? else {
        return Ok(None);
    };
    Ok(Some(StoredEntry::decode(bytes)?))
}

fn amendments(
    store: &Store,
    tenant_id: &str,
    interaction_id: &str,
) -> Result<Vec<Amendment>, Unanswered> {
    let prefix = keys::amendments(tenant_id, interaction_id);
    let stored = store.scan_prefix(prefix, Direction::Ascending);
    stored
        .map(|entry| Ok(Amendment::decode(entry?.1)?))
        .collect()
}
