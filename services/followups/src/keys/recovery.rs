//! Contacts that were cut off, the promises to call back after them, and those of which something rests until the customer
//! reaches us; and by which name a customer is found who does.
//!
//! ```text
//!  Dropped    · partition · offset · tenant · contact · whose        → since when it is known: no promise is made yet
//!  Recovering · tenant                                               → nothing: that there were such promises
//!  Recovering · tenant · sort of name · name · commitment · whose    → nothing: such promises that are open
//!  InboundBy  · tenant · name · time · contact · whose               → nothing: contacts in which somebody reached out
//! ```
//!
//! The offset is that of the record by which the contact is known to be cut off: the contact's own, or a later
//! amendment. So whoever goes through them in their order misses none.

use std::collections::BTreeSet;

use aftercall_domain::commitment::Commitment;
use aftercall_domain::handle::look_up;
use aftercall_domain::interaction::drop_recovery_id;
use aftercall_domain::{CommitmentId, Handle};
use aftercall_log::{Partition, Position};
use aftercall_view::key::{Key, MalformedKey, Parts};

use super::{Home, Tag, key};

/// A contact that was cut off.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Dropped {
    pub(crate) tenant_id: String,
    pub(crate) interaction_id: String,
    pub(crate) whose: u64,
}

/// All contacts of a partition that were cut off, and after which nobody is to be called back yet.
pub(crate) fn all_dropped(partition: Partition) -> Key {
    key(Tag::Dropped).u32(partition)
}

/// The key of one of them, known to be cut off by the record that stands `at`.
pub(crate) fn dropped(at: Position, (tenant_id, interaction_id, whose): (&str, &str, u64)) -> Key {
    all_dropped(at.partition)
        .u64(at.offset)
        .text(tenant_id)
        .id(interaction_id)
        .u64(whose)
}

/// Reads a key of [`dropped`].
pub(crate) fn read_dropped(key: &[u8]) -> Result<Dropped, MalformedKey> {
    let mut parts = Parts::new(key);
    parts.tag()?;
    parts.u32()?;
    parts.u64()?;
    Ok(Dropped {
        tenant_id: parts.text()?,
        interaction_id: parts.id()?,
        whose: parts.u64()?,
    })
}

/// Under which it is noted that a tenant has, or had, promises for which it makes a difference whether somebody reaches us.
pub(crate) fn recovering(tenant_id: &str) -> Key {
    key(Tag::Recovering).text(tenant_id)
}

/// A customer's promises for which it makes a difference whether they reach us.
pub(crate) fn recovering_of(tenant_id: &str, customer_id: &str) -> Key {
    recovering(tenant_id).u32(1).text(customer_id)
}

/// The same to whoever has a name.
pub(crate) fn recovering_by(tenant_id: &str, name: &str) -> Key {
    recovering(tenant_id).u32(2).text(name)
}

/// Reads which promise a key of one of these lists names, and whose it is.
pub(crate) fn read_recovering(key: &[u8], list: &[u8]) -> Result<(String, u64), MalformedKey> {
    let mut parts = Parts::new(key.get(list.len()..).unwrap_or_default());
    Ok((parts.id()?, parts.u64()?))
}

/// Where a promise stands in these lists.
pub(super) fn places(tenant_id: &str, promise: &Commitment, home: Home) -> Vec<Key> {
    if promise.awaits_return_since().is_none() {
        return Vec::new();
    }
    let customer = promise.customer_id.as_deref();
    let of = customer.map(|customer_id| recovering_of(tenant_id, customer_id));
    let names = names(&promise.handles).into_iter();
    let by = names.map(|name| recovering_by(tenant_id, &name));
    let lists = of.into_iter().chain(by);
    lists
        .map(|list| list.id(&promise.commitment_id).u64(home.whose))
        .collect()
}

/// The contacts in which somebody of a name reached out, the earliest first.
pub(crate) fn inbound_by(tenant_id: &str, name: &str) -> Key {
    key(Tag::InboundBy).text(tenant_id).text(name)
}

/// All forms of some handles, those by which they are kept and those by which they are looked for: two that are one
/// name have one of them in common.
pub(crate) fn names(handles: &[Handle]) -> BTreeSet<String> {
    let handles = handles.iter();
    handles
        .flat_map(|handle| {
            let asked = look_up(Some(handle.kind), &handle.value, None);
            handle.keys().chain(asked)
        })
        .collect()
}

/// The promise to call back after a contact, which was recorded under `log_key`.
pub(crate) fn promise_of(log_key: &[u8], interaction_id: &str) -> String {
    CommitmentId::from(drop_recovery_id(log_key, interaction_id)).into_string()
}
