//! A contact turns out to be somebody's, or somebody else's: it moves, with its promises and what
//! became of them, into that customer's timeline.

use aftercall_proto::event::v1::{Event, InteractionIdentified};
use aftercall_proto::history::v1::Amendment;
use aftercall_proto::model::v1::{MatchStatus, RepeatCause, Verification};
use aftercall_view::ApplyError;
use bytes::Bytes;
use pbjson_types::FieldMask;
use prost::Message;

use super::{count_contact, places};
use crate::before::Keeping;
use crate::promises::Standing;
use crate::stored::StoredEntry;
use crate::{keys, names, promises};

/// Moves the contact whose entry stands at `home`. Its amendments and promises stay under `whose` it
/// was when it was recorded.
pub(super) fn apply(
    event: &Event,
    identified: &InteractionIdentified,
    whose: u64,
    (home, before): (Bytes, StoredEntry),
    keeping: &mut Keeping<'_, '_>,
) -> Result<(), ApplyError> {
    let tenant_id = &event.tenant_id;
    let mut after = before.clone();
    let Some(amendment) = name(event, identified, &mut after) else {
        return Ok(());
    };
    after.recorded_as = Some(whose);
    let interaction_id = before.interaction_id();
    let place = keys::amendment(tenant_id, interaction_id, whose, event.sequence);
    // It is younger than the contact's version before.
    keeping.txn().put(place, amendment.encode_to_vec())?;

    let promises = promises::all(tenant_id, &before, |key| keeping.get(key))?;
    let changes = changes(tenant_id, &before, whose, keeping)?;
    let new_home = places::move_contact(tenant_id, whose, (&home, &before), &after, keeping)?;
    for (customer_id, by) in [(before.customer_id(), -1), (after.customer_id(), 1)] {
        if let Some(customer_id) = customer_id {
            count_contact(tenant_id, customer_id, by, keeping.txn())?;
        }
    }

    for (contact, by) in [(&before, -1), (&after, 1)] {
        names::count(tenant_id, contact, by, keeping.txn())?;
    }

    for promise in promises {
        let was = Standing {
            promise: &promise,
            home: &home,
            seq: before.seq,
        };
        move_promise(event, (was, whose), after.customer_id(), &new_home, keeping)?;
    }
    for (place, mut change) in changes {
        places::forget(tenant_id, &before, &change, &place, keeping)?;
        if let Some(commitment) = change
            .commitment_change
            .as_mut()
            .and_then(|it| it.commitment.as_mut())
        {
            commitment.customer_id = after.customer_id().unwrap_or_default().to_owned();
        }
        places::put_change(tenant_id, &after, &change, keeping)?;
    }
    Ok(())
}

/// Names the contact's customer. What it says of the change; none for what is no contact.
fn name(
    event: &Event,
    identified: &InteractionIdentified,
    contact: &mut StoredEntry,
) -> Option<Amendment> {
    let interaction = contact.interaction.as_mut()?;
    let old = interaction.customer.clone();
    let customer = interaction.customer.get_or_insert_default();
    if customer.customer_id != identified.customer_id {
        // Another customer's promise did not cause it.
        interaction.repeat_cause = RepeatCause::Unspecified.into();
        interaction.repeat_commitment_id.clear();
    }
    customer.customer_id.clone_from(&identified.customer_id);
    customer.candidate_customer_ids.clear();
    let status = match identified.customer_id.is_empty() {
        true => MatchStatus::Unknown,
        false => MatchStatus::Matched,
    };
    customer.match_status = status.into();
    if identified.verification() != Verification::Unspecified {
        customer.verification = identified.verification;
    }
    if !identified.display_name.is_empty() {
        customer.display_name.clone_from(&identified.display_name);
    }
    interaction.version = event.sequence;
    let paths = vec!["customer".to_owned()];
    Some(Amendment {
        version: event.sequence,
        update_mask: Some(FieldMask { paths }),
        reason: identified.reason.clone(),
        amended_by: event.actor_id.clone(),
        recorded_at: event.recorded_at,
        before: Some(aftercall_proto::model::v1::Interaction {
            customer: old,
            ..Default::default()
        }),
    })
}

/// What became of the contact's promises, and where it stands.
fn changes(
    tenant_id: &str,
    contact: &StoredEntry,
    whose: u64,
    keeping: &mut Keeping<'_, '_>,
) -> Result<Vec<(Bytes, StoredEntry)>, ApplyError> {
    let prefix = match contact.customer_id() {
        None => keys::unidentified_changes(tenant_id, contact.interaction_id()),
        // Rarely is a contact somebody else's, so that nothing leads to them but the timeline.
        Some(customer_id) => keys::timeline(tenant_id, customer_id),
    };
    let mut changes = Vec::new();
    for stored in keeping.scan_prefix(prefix) {
        let (place, bytes) = stored?;
        let entry = StoredEntry::decode(bytes).map_err(ApplyError::record)?;
        let change = entry.commitment_change.as_ref();
        let promise = change.and_then(|change| change.commitment.as_ref());
        let is_its =
            promise.is_some_and(|promise| promise.interaction_id == contact.interaction_id());
        if is_its && entry.recorded_as == Some(whose) {
            changes.push((place, entry));
        }
    }
    Ok(changes)
}

/// Makes a promise the customer's, whose contact stands at `home` now.
fn move_promise(
    event: &Event,
    (was, whose): (Standing<'_>, u64),
    customer_id: Option<&str>,
    home: &Bytes,
    keeping: &mut Keeping<'_, '_>,
) -> Result<(), ApplyError> {
    let tenant_id = &event.tenant_id;
    let mut after = was.promise.clone();
    after.customer_id = customer_id.map(str::to_owned);
    let is = Standing {
        promise: &after,
        home,
        seq: was.seq,
    };
    promises::keep_track(tenant_id, Some(was), is, keeping)?;
    let row: Bytes = promises::row_key(tenant_id, &after, whose).into();
    if keeping.get(&row)?.is_some() {
        keeping.put(row, promises::to_row(&after))?;
    }
    Ok(())
}
