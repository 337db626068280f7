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
    let entry = first(&store, tenant_id, interaction_id)?;
    let entry = entry.ok_or(Unanswered::InteractionNotFound)?;
    let whose = entry.whose(tenant_id);
    let commitments = promises::all(tenant_id, &entry, |key| store.get(key))?;
    let now = history.clock().now();
    Ok(GetInteractionResponse {
        commitments: commitments
            .into_iter()
            .map(|one| promises::as_of(one, now))
            .collect(),
        amendments: amendments(&store, &keys::amendments(tenant_id, interaction_id, whose))?,
        interaction: entry.interaction,
        complete_through: complete_through.encode(history.log_id()),
    })
}

/// The contact with an id: the one that was recorded first, if the id was given for two customers.
fn first(
    store: &Store,
    tenant_id: &str,
    interaction_id: &str,
) -> Result<Option<StoredEntry>, Unanswered> {
    let pointers = keys::entries_of(tenant_id, interaction_id);
    let mut first: Option<StoredEntry> = None;
    for pointer in store.scan_prefix(pointers, Direction::Ascending) {
        let (pointer, _) = pointer?;
        let Some(other) = entry(store, &pointer)? else {
            continue;
        };
        if first.as_ref().is_none_or(|first| other.precedes(first)) {
            first = Some(other);
        }
    }
    Ok(first)
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

fn amendments(store: &Store, of: &[u8]) -> Result<Vec<Amendment>, Unanswered> {
    let stored = store.scan_prefix(of, Direction::Ascending);
    stored
        .map(|entry| Ok(Amendment::decode(entry?.1)?))
        .collect()
}
