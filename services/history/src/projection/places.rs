//! Where an entry stands: in its customer's timeline, and that it does, in the timelines of the
//! customer's handles and of those who may be the customer.

use aftercall_domain::interaction::id_of_reference;
use aftercall_proto::model::v1::Interaction;
use aftercall_view::{ApplyError, Txn};
use bytes::Bytes;
use prost::Message;

use crate::before::Keeping;
use crate::stored::StoredEntry;
use crate::{keys, people};

/// The place of a contact's own entry.
pub(super) fn home(tenant_id: &str, contact: &StoredEntry) -> Bytes {
    let interaction_id = contact.interaction_id();
    match contact.customer_id() {
        None => {
            let whose = contact.whose(tenant_id);
            keys::unidentified(tenant_id, interaction_id, whose).into()
        }
        Some(customer_id) => {
            let at_us = contact.occurred_at_us();
            keys::timeline_entry(tenant_id, customer_id, at_us, contact.seq).into()
        }
    }
}

/// Notes a contact that was just recorded, and whose own entry stands at `home`, wherever else it is found.
pub(super) fn note_new(
    tenant_id: &str,
    contact: &StoredEntry,
    home: &Bytes,
    whose: u64,
    txn: &mut Txn<'_>,
) -> Result<(), ApplyError> {
    for (place, note) in notes(tenant_id, contact, contact, home) {
        txn.put(place, note)?;
    }
    if let Some((system, name)) = contact.interaction.as_ref().and_then(|contact| {
        let name = contact.external_ref.as_ref()?;
        Some((&*name.source_system, &*name.external_id))
    }) {
        let id = contact.interaction_id();
        // Who has the reference has the id that follows from it.
        if id != id_of_reference(tenant_id, system, name).to_string() {
            txn.put(keys::reference(tenant_id, (system, name), id, whose), "")?;
        }
    }
    Ok(())
}

/// What says in timelines that a call stands at `home`: in its customer's, too, because it is recorded under none.
pub(super) fn call(tenant_id: &str, call: &StoredEntry, home: &Bytes) -> Vec<(Bytes, Vec<u8>)> {
    let mut notes = notes(tenant_id, call, call, home);
    if let Some(customer_id) = call.customer_id() {
        let place = keys::timeline_entry(tenant_id, customer_id, call.occurred_at_us(), call.seq);
        let note = StoredEntry {
            home: home.clone(),
            ..StoredEntry::default()
        };
        notes.push((place.into(), note.encode_to_vec()));
    }
    notes
}

/// Takes an entry of `contact` back from `home` and wherever else it was noted.
pub(super) fn forget(
    tenant_id: &str,
    contact: &StoredEntry,
    entry: &StoredEntry,
    home: &Bytes,
    keeping: &mut Keeping<'_, '_>,
) -> Result<(), ApplyError> {
    for (place, _) in notes(tenant_id, contact, entry, home) {
        keeping.delete(place)?;
    }
    Ok(keeping.delete(home.clone())?)
}

/// Moves the contact whose entry stood at `home` as `before` to where it stands as `after`. Where
/// that is. What another system calls it leads to it wherever it stands.
pub(super) fn move_contact(
    tenant_id: &str,
    whose: u64,
    (home, before): (&Bytes, &StoredEntry),
    after: &StoredEntry,
    keeping: &mut Keeping<'_, '_>,
) -> Result<Bytes, ApplyError> {
    forget(tenant_id, before, before, home, keeping)?;
    let new_home = self::home(tenant_id, after);
    keeping.put(new_home.clone(), after.encode_to_vec())?;
    let pointer = keys::entry_of(tenant_id, after.interaction_id(), whose);
    keeping.put(pointer, new_home.clone())?;
    for (place, note) in notes(tenant_id, after, after, &new_home) {
        keeping.put(place, note)?;
    }
    Ok(new_home)
}

/// Puts a change of a promise that `contact` made where the contact stands, when it just happened.
pub(super) fn put_new_change(
    tenant_id: &str,
    contact: &StoredEntry,
    change: &StoredEntry,
    txn: &mut Txn<'_>,
) -> Result<(), ApplyError> {
    for (place, entry) in places_of_change(tenant_id, contact, change) {
        txn.put(place, entry)?;
    }
    Ok(())
}

/// The same of one that happened before, where the contact stands now.
pub(super) fn put_change(
    tenant_id: &str,
    contact: &StoredEntry,
    change: &StoredEntry,
    keeping: &mut Keeping<'_, '_>,
) -> Result<(), ApplyError> {
    for (place, entry) in places_of_change(tenant_id, contact, change) {
        keeping.put(place, entry)?;
    }
    Ok(())
}

/// Where a change of a promise that `contact` made stands: its own place, and where it is noted.
fn places_of_change(
    tenant_id: &str,
    contact: &StoredEntry,
    change: &StoredEntry,
) -> Vec<(Bytes, Vec<u8>)> {
    let (at_us, seq) = (change.occurred_at_us(), change.seq);
    let home: Bytes = match contact.customer_id() {
        None => keys::unidentified_change(tenant_id, contact.interaction_id(), at_us, seq).into(),
        Some(customer_id) => keys::timeline_entry(tenant_id, customer_id, at_us, seq).into(),
    };
    let mut places = notes(tenant_id, contact, change, &home);
    if contact.customer_id().is_none() && places.is_empty() {
        // Nobody could find it.
        return Vec::new();
    }
    places.push((home, change.encode_to_vec()));
    places
}

/// Puts a change of a promise that was made to a customer without a contact. Where that is.
pub(super) fn put_alone(
    tenant_id: &str,
    customer_id: &str,
    change: &StoredEntry,
    txn: &mut Txn<'_>,
) -> Result<Bytes, ApplyError> {
    let (at_us, seq) = (change.occurred_at_us(), change.seq);
    let home: Bytes = keys::timeline_entry(tenant_id, customer_id, at_us, seq).into();
    txn.put(home.clone(), change.encode_to_vec())?;
    Ok(home)
}

/// What says in other timelines that `entry`, of `contact`, stands at `home`.
fn notes(
    tenant_id: &str,
    contact: &StoredEntry,
    entry: &StoredEntry,
    home: &Bytes,
) -> Vec<(Bytes, Vec<u8>)> {
    let interaction = contact.interaction.as_ref();
    let Some(customer) = interaction.and_then(|contact: &Interaction| contact.customer.as_ref())
    else {
        return Vec::new();
    };
    let handles = people::handle_timelines(customer)
        .into_iter()
        .map(|(timeline, handle)| (keys::handle_timeline(tenant_id, &timeline), handle));
    let candidates = people::candidates(customer).into_iter();
    let candidates = candidates.map(|id| (keys::timeline(tenant_id, id), String::new()));
    let timelines = handles.chain(candidates);
    timelines
        .map(|(timeline, handle)| {
            let place = keys::entry_in(timeline, entry.occurred_at_us(), entry.seq);
            let note = StoredEntry {
                home: home.clone(),
                handle,
                ..StoredEntry::default()
            };
            (place.into(), note.encode_to_vec())
        })
        .collect()
}
