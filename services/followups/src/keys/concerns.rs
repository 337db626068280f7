//! What about contacts and customers needs a human: what was noticed, what was raised of it, and when it goes on.
//!
//! ```text
//!  210  tenant · subject · whose · rule                       → the concern in its latest episode
//!  211  partition · time · tenant · subject · whose · rule    → nothing: when a concern goes on by itself
//!  212  tenant · contact · whose                              → the signals of a contact that raise alerts
//!  213  partition · tenant · contact · whose · rule           → nothing: an alert is to be raised, or to be taken back
//!  214  tenant · concern                                      → which concern has this id
//! ```
//!
//! Whether something is left to raise or to take back follows from what was noticed and from what was raised, whichever
//! is read first.

use aftercall_domain::alert::Rule;
use aftercall_domain::concern::concern_id;
use aftercall_log::Partition;
use aftercall_view::key::{Key, MalformedKey, Parts};

use super::rules::{number_of, rule_of, subject_of, with_subject};

const CONCERN: u8 = 210;
const GOES_ON: u8 = 211;
const NOTICED: u8 = 212;
const LEFT: u8 = 213;
const BY_ID: u8 = 214;

/// A concern, by what it is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Named {
    pub(crate) tenant_id: String,
    /// The contact, or the customer.
    pub(crate) subject_id: String,
    pub(crate) whose: u64,
    pub(crate) rule: Rule,
}

impl Named {
    fn after(&self, list: Key) -> Key {
        with_subject(list.text(&self.tenant_id), self.rule, &self.subject_id)
            .u64(self.whose)
            .u32(number_of(self.rule))
    }

    fn read(parts: &mut Parts<'_>) -> Result<Self, MalformedKey> {
        let (tenant_id, subject_id) = (parts.text()?, parts.bytes()?);
        let (whose, rule) = (parts.u64()?, rule_of(parts.u32()?)?);
        Ok(Self {
            tenant_id,
            subject_id: subject_of(rule, subject_id)?,
            whose,
            rule,
        })
    }

    /// Its id, which is also the key of its alerts.
    pub(crate) fn id(&self) -> String {
        concern_id(&self.tenant_id, self.rule, &self.subject_id, self.whose)
    }

    /// What stands under its id.
    pub(crate) fn as_row(&self) -> Vec<u8> {
        self.after(Key::new(BY_ID)).into()
    }

    /// Where it stands.
    pub(crate) fn key(&self) -> Key {
        self.after(Key::new(CONCERN))
    }

    /// Where it is found that it goes on at a time.
    pub(crate) fn goes_on(&self, partition: Partition, at_us: i64) -> Key {
        self.after(goes_on_from(partition, at_us))
    }

    /// Where it is found that something is left to say of it.
    pub(crate) fn left(&self, partition: Partition) -> Key {
        self.after(all_left(partition))
    }
}

/// All that goes on by itself in a partition, the soonest first.
pub(crate) fn all_going_on(partition: Partition) -> Key {
    Key::new(GOES_ON).u32(partition)
}

/// What goes on before a time has keys before this one.
pub(crate) fn goes_on_from(partition: Partition, at_us: i64) -> Key {
    all_going_on(partition).time(at_us)
}

/// Reads when a key of [`Named::goes_on`] says that something goes on, and what.
pub(crate) fn read_goes_on(key: &[u8]) -> Result<(i64, Named), MalformedKey> {
    let mut parts = Parts::new(key);
    parts.tag()?;
    parts.u32()?;
    Ok((parts.time()?, Named::read(&mut parts)?))
}

/// Of what something is left to say in a partition.
pub(crate) fn all_left(partition: Partition) -> Key {
    Key::new(LEFT).u32(partition)
}

/// Where it stands which concern has an id.
pub(crate) fn by_id(tenant_id: &str, concern_id: &str) -> Key {
    Key::new(BY_ID).text(tenant_id).id(concern_id)
}

/// Reads what stands under a key of [`by_id`].
pub(crate) fn read_by_id(row: &[u8]) -> Result<Named, MalformedKey> {
    let mut parts = Parts::new(row);
    parts.tag()?;
    Named::read(&mut parts)
}

/// Reads a key of [`Named::left`].
pub(crate) fn read_left(key: &[u8]) -> Result<Named, MalformedKey> {
    let mut parts = Parts::new(key);
    parts.tag()?;
    parts.u32()?;
    Named::read(&mut parts)
}

/// What was noticed in a contact.
pub(crate) fn noticed(tenant_id: &str, interaction_id: &str, whose: u64) -> Key {
    Key::new(NOTICED)
        .text(tenant_id)
        .id(interaction_id)
        .u64(whose)
}
