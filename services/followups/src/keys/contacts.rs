//! Contacts with customers, as far as promises to them have to do with them.
//!
//! ```text
//!  Contact   · tenant · contact · whose                              → the contact in short
//!  ContactOf · tenant · customer · direction · time · contact · whose → nothing
//!  Lapsed    · tenant · customer                                     → nothing: that there are any
//!  Lapsed    · tenant · customer · time · commitment · whose         → nothing: a due that the customer was told
//!  Caused    · tenant · commitment · made in                         → how many contacts a promise caused
//!  Caused    · tenant · commitment · made in · time (latest first) · repeat → what the log says of it
//!  Repeat    · tenant · time · repeat                                → what the log says of it
//! ```
//!
//! Promises of two customers may have one id: what they caused is told apart by the contact in which each was made.

use aftercall_domain::interaction::Direction;
use aftercall_view::key::{Key, MalformedKey, Parts};

use super::{Tag, key};

/// All contacts of an id: usually there is one.
pub(crate) fn contacts(tenant_id: &str, interaction_id: &str) -> Key {
    key(Tag::Contact).text(tenant_id).id(interaction_id)
}

/// A contact in short.
pub(crate) fn contact(tenant_id: &str, interaction_id: &str, whose: u64) -> Key {
    contacts(tenant_id, interaction_id).u64(whose)
}

/// A customer's contacts of one direction, the earliest first.
pub(crate) fn contacts_of(tenant_id: &str, customer_id: &str, direction: Direction) -> Key {
    let of = key(Tag::ContactOf).text(tenant_id).text(customer_id);
    of.u32(match direction {
        Direction::Inbound => 1,
        Direction::Outbound => 2,
        Direction::Internal => 3,
    })
}

/// Reads which contact a key of [`contacts_of`] names, and whose it is.
pub(crate) fn read_contact_of(key: &[u8], list: &[u8]) -> Result<(String, u64), MalformedKey> {
    let mut parts = Parts::new(key.get(list.len()..).unwrap_or_default());
    parts.time()?;
    Ok((parts.id()?, parts.u64()?))
}

/// Reads when the contact of such a key began.
pub(crate) fn read_began(key: &[u8], list: &[u8]) -> Result<i64, MalformedKey> {
    Parts::new(key.get(list.len()..).unwrap_or_default()).time()
}

/// The dues that a customer was told and that passed with their promise open, the earliest first.
pub(crate) fn lapsed(tenant_id: &str, customer_id: &str) -> Key {
    key(Tag::Lapsed).text(tenant_id).text(customer_id)
}

/// Reads when the due of a key of [`lapsed`] passed, of which promise it is, and whose.
pub(crate) fn read_lapsed(key: &[u8], list: &[u8]) -> Result<(i64, String, u64), MalformedKey> {
    let mut parts = Parts::new(key.get(list.len()..).unwrap_or_default());
    Ok((parts.time()?, parts.id()?, parts.u64()?))
}

/// The contacts that a promise caused, which was made in a contact; under the key itself stands how many.
pub(crate) fn caused(tenant_id: &str, commitment_id: &str, made_in: &str) -> Key {
    let caused = key(Tag::Caused).text(tenant_id);
    caused.id(commitment_id).id(made_in)
}

/// All contacts of a tenant that promises caused, the earliest first.
pub(crate) fn repeats(tenant_id: &str) -> Key {
    key(Tag::Repeat).text(tenant_id)
}
