//! Contacts that follow promises up, and whether that is decided.
//!
//! ```text
//!  FollowedUp · tenant · commitment                           → nothing: that a contact names the promise
//!  FollowedUp · tenant · commitment · contact · whose         → what the contact says of it
//!  Counted    · tenant · commitment · contact                 → nothing: the contact counts for the promise
//!  Undecided  · place of the contact · commitment · contact · whose → nothing
//! ```
//!
//! Without a commitment it is undecided what caused the contact. Where a contact stands (its partition, offset and
//! tenant) comes before what it is about, so that the tracker goes through what is undecided in the log's order.

use aftercall_log::{Partition, Position};
use aftercall_view::key::{Key, MalformedKey, Parts};

use super::{Tag, key};

/// All contacts that follow up the promises of an id; under the key itself stands nothing, if there are any.
pub(crate) fn followed_up(tenant_id: &str, commitment_id: &str) -> Key {
    key(Tag::FollowedUp).text(tenant_id).id(commitment_id)
}

/// A contact that a promise's follow-up may count for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Following {
    pub(crate) tenant_id: String,
    pub(crate) commitment_id: String,
    pub(crate) interaction_id: String,
    /// Whose the contact is.
    pub(crate) whose: u64,
}

impl Following {
    /// That it is undecided what caused a contact: there is no promise yet.
    pub(crate) fn cause_of(tenant_id: &str, interaction_id: &str, whose: u64) -> Self {
        Self {
            tenant_id: tenant_id.to_owned(),
            commitment_id: String::new(),
            interaction_id: interaction_id.to_owned(),
            whose,
        }
    }

    /// Where it stands what the contact says.
    pub(crate) fn key(&self) -> Key {
        followed_up(&self.tenant_id, &self.commitment_id)
            .id(&self.interaction_id)
            .u64(self.whose)
    }

    /// Reads a key of [`Following::key`].
    pub(crate) fn read(key: &[u8]) -> Result<Self, MalformedKey> {
        let mut parts = Parts::new(key);
        parts.tag()?;
        Ok(Self {
            tenant_id: parts.text()?,
            commitment_id: parts.id()?,
            interaction_id: parts.id()?,
            whose: parts.u64()?,
        })
    }

    /// That it is undecided, of a contact whose record stands `at`.
    pub(crate) fn undecided(&self, at: Position) -> Key {
        all_undecided(at.partition)
            .u64(at.offset)
            .text(&self.tenant_id)
            .id(&self.commitment_id)
            .id(&self.interaction_id)
            .u64(self.whose)
    }

    /// Reads a key of [`Following::undecided`].
    pub(crate) fn read_undecided(key: &[u8]) -> Result<Self, MalformedKey> {
        let mut parts = Parts::new(key);
        parts.tag()?;
        parts.u32()?;
        parts.u64()?;
        Ok(Self {
            tenant_id: parts.text()?,
            commitment_id: parts.id()?,
            interaction_id: parts.id()?,
            whose: parts.u64()?,
        })
    }
}

/// That a contact counts for a promise, however that came about.
pub(crate) fn counted(tenant_id: &str, commitment_id: &str, interaction_id: &str) -> Key {
    key(Tag::Counted)
        .text(tenant_id)
        .id(commitment_id)
        .id(interaction_id)
}

/// All follow-ups by contacts of a partition of which nothing is decided yet, in the log's order.
pub(crate) fn all_undecided(partition: Partition) -> Key {
    key(Tag::Undecided).u32(partition)
}
