//! One contact.

use aftercall_domain::InteractionId;
use aftercall_proto::history::v1::{Amendment, GetInteractionRequest, GetInteractionResponse};
use aftercall_service::{Call, Checker, Including};
use aftercall_view::{Direction, Store};
use jiff::Timestamp;
use prost::Message;

use crate::failure::Unanswered;
use crate::stored::StoredEntry;
use crate::{History, keys, promises};

pub(crate) async fn get(
    history: &History,
    call: Call<GetInteractionRequest>,
) -> Result<GetInteractionResponse, Unanswered> {
    let mut checker = Checker::new();
    checker.required_id("interaction_id", &call.message.interaction_id);
    checker.done(())?;
    let including = Including {
        min_position: &call.message.min_position,
        latest: false,
    };
    let reading = history.reading();
    let complete_through = reading.store_at(including, call.read_until()).await?;
    let now = history.clock().now();
    let id = InteractionId::read(&call.message.interaction_id);
    let read = move |store: &Store| find(store, call.tenant_id(), &id, now);
    let found = reading.run(read).await?;
    Ok(GetInteractionResponse {
        complete_through: complete_through.encode(history.log_id()),
        ..found
    })
}

/// The contact with its promises and amendments.
fn find(
    store: &Store,
    tenant_id: &str,
    interaction_id: &InteractionId,
    now: Timestamp,
) -> Result<GetInteractionResponse, Unanswered> {
    let entry = first(store, tenant_id, interaction_id)?;
    let entry = entry.ok_or(Unanswered::InteractionNotFound)?;
    let whose = entry.whose(tenant_id);
    let amended = keys::amendments(tenant_id, interaction_id.as_str(), whose);
    let commitments = promises::all(tenant_id, &entry, |key| store.get(key))?;
    Ok(GetInteractionResponse {
        commitments: commitments
            .into_iter()
            .map(|one| promises::as_of(one, now))
            .collect(),
        amendments: amendments(store, &amended)?,
        interaction: entry.interaction,
        complete_through: String::new(),
    })
}

/// The contact with an id: the one that was recorded first, if the id was given for two customers.
fn first(
    store: &Store,
    tenant_id: &str,
    interaction_id: &InteractionId,
) -> Result<Option<StoredEntry>, Unanswered> {
    let pointers = keys::entries_of(tenant_id, interaction_id.as_str());
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
