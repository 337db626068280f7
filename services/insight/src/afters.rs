//! What comes after a contact: until when the customer was back, and what became of promises.
//!
//! It changes when a contact has been recorded long since, and of each row that changes a whole block would be written
//! anew. So it stands beside the blocks, for some more rows together, and only of those of which there is something to say.

use aftercall_domain::measure::{Facts, NO_GAP, flag, promised};
use aftercall_log::Partition;
use aftercall_view::{ApplyError, Direction, Scan, Store, StoreError, Txn};
use bytes::Bytes;

use crate::keys::{self, Address};
use crate::limits::AFTER_ROWS;

/// What comes after a contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct After {
    /// See [`Facts::until_family`].
    pub(crate) until_family: u32,
    /// Those of [`FLAGS`] that hold.
    pub(crate) flags: u32,
    /// See [`Facts::promises`].
    pub(crate) promises: [u8; promised::COUNTS],
}

/// The flags of a contact's facts that follow from what comes after it.
pub(crate) const FLAGS: u32 = flag::REDIALLED | flag::GONE_ON_WITH;

/// The bytes of an entry: the slot, the flags, the time, the promises.
const ENTRY_BYTES: usize = 2 + 4 + promised::COUNTS;

/// The number that no group of rows has.
const NO_GROUP: u32 = u32::MAX;

impl Default for After {
    fn default() -> Self {
        Self {
            until_family: NO_GAP,
            flags: 0,
            promises: [0; promised::COUNTS],
        }
    }
}

impl After {
    /// What of a contact's facts comes after it.
    pub(crate) const fn of(facts: &Facts) -> Self {
        Self {
            until_family: facts.until_family,
            flags: facts.flags & FLAGS,
            promises: facts.promises,
        }
    }

    /// Says it in a contact's facts.
    pub(crate) const fn add_to(self, facts: &mut Facts) {
        facts.until_family = self.until_family;
        facts.flags = (facts.flags & !FLAGS) | self.flags;
        facts.promises = self.promises;
    }

    /// Sets or clears flags.
    pub(crate) const fn set(&mut self, flags: u32, on: bool) {
        match on {
            true => self.flags |= flags,
            false => self.flags &= !flags,
        }
    }

    fn entry(self, slot: u8) -> [u8; ENTRY_BYTES] {
        let mut bytes = [0; ENTRY_BYTES];
        let is = |flag: u32| u8::from(self.flags & flag != 0);
        bytes[0] = slot;
        bytes[1] = is(flag::REDIALLED) | (is(flag::GONE_ON_WITH) << 1);
        bytes[2..6].copy_from_slice(&self.until_family.to_le_bytes());
        bytes[6..].copy_from_slice(&self.promises);
        bytes
    }

    fn read(entry: &[u8; ENTRY_BYTES]) -> Self {
        let mut after = Self::default();
        let [_, flags, a, b, c, d, promises @ ..] = entry;
        after.set(flag::REDIALLED, flags & 1 != 0);
        after.set(flag::GONE_ON_WITH, flags & 2 != 0);
        after.until_family = u32::from_le_bytes([*a, *b, *c, *d]);
        after.promises = *promises;
        after
    }
}

/// In which group a row is, and which of it.
fn place(row: u64) -> (u32, u8) {
    let number = u32::try_from(row / AFTER_ROWS).unwrap_or(NO_GROUP);
    let slot = u8::try_from(row % AFTER_ROWS).unwrap_or(0);
    (number, slot)
}

fn entries(bytes: &[u8]) -> &[[u8; ENTRY_BYTES]] {
    bytes.as_chunks().0
}

/// The entry of a slot; or where it would stand.
fn find(bytes: &[u8], slot: u8) -> Result<usize, usize> {
    entries(bytes).binary_search_by_key(&slot, |entry| entry[0])
}

fn of(bytes: &[u8], slot: u8) -> After {
    let found = find(bytes, slot).ok();
    let entry = found.and_then(|place| entries(bytes).get(place));
    entry.map(After::read).unwrap_or_default()
}

/// What comes after the contact of a row.
pub(crate) fn read(tenant_id: &str, address: Address, txn: &Txn<'_>) -> Result<After, ApplyError> {
    let (number, slot) = place(address.row);
    let bytes = txn.get(keys::afters(tenant_id, address.partition, number))?;
    Ok(bytes.map(|bytes| of(&bytes, slot)).unwrap_or_default())
}

/// Changes what comes after the contact of a row, which there is.
pub(crate) fn change(
    tenant_id: &str,
    address: Address,
    txn: &mut Txn<'_>,
    to: impl FnOnce(&mut After),
) -> Result<(), ApplyError> {
    let (number, slot) = place(address.row);
    let key = keys::afters(tenant_id, address.partition, number);
    let bytes = txn.get(&key)?.unwrap_or_default();
    let found = find(&bytes, slot);
    let was = of(&bytes, slot);
    let mut after = was;
    to(&mut after);
    if after == was {
        return Ok(());
    }
    let mut bytes = Vec::from(bytes);
    let (Ok(at) | Err(at)) = found;
    let at = at * ENTRY_BYTES;
    let end = if found.is_ok() { at + ENTRY_BYTES } else { at };
    // Of what says nothing nothing is kept: so the same rows are the same bytes, however they came to be.
    match after == After::default() {
        true => drop(bytes.splice(at..end, [])),
        false => drop(bytes.splice(at..end, after.entry(slot))),
    }
    match bytes.is_empty() {
        true => Ok(txn.delete(key)?),
        false => Ok(txn.put(key, bytes)?),
    }
}

/// What comes after the contacts of a partition, for who passes over its rows in their order.
#[derive(Debug)]
pub(crate) struct Afters {
    found: Scan<'static>,
    /// The number of the group in hand, and its entries.
    held: Option<(u32, Bytes)>,
}

impl Afters {
    /// From a row on.
    pub(crate) fn from(store: &Store, tenant_id: &str, (partition, row): (Partition, u64)) -> Self {
        let all = keys::all_afters(tenant_id, partition);
        let from = keys::afters(tenant_id, partition, place(row).0);
        let to = aftercall_view::key::prefix_end(&all);
        Self {
            found: store.scan_range(from, to.as_deref(), Direction::Ascending),
            held: None,
        }
    }

    /// Of a row; none before one that was asked for already.
    pub(crate) fn of(&mut self, row: u64) -> Result<After, StoreError> {
        let (number, slot) = place(row);
        loop {
            match &self.held {
                Some((held, bytes)) if *held == number => return Ok(of(bytes, slot)),
                Some((held, _)) if *held > number => return Ok(After::default()),
                _ => {}
            }
            self.held = Some(match self.found.next().transpose()? {
                Some((key, bytes)) => (keys::number_of(&key), bytes),
                None => (NO_GROUP, Bytes::new()),
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use aftercall_view::testing::MemoryEngine;
    use proptest::prelude::*;

    use super::*;
    use crate::limits::CALL_ROWS;

    const TENANT: &str = "acme";

    fn address(row: u64) -> Address {
        Address { partition: 3, row }
    }

    proptest! {
        /// What was written last is read, one by one and in a pass, and nothing else is kept.
        #[test]
        fn what_was_said_last_is_read(
            steps in prop::collection::vec((0..300_u64, any::<bool>(), 0..4_u32, 0..3_u8), 0..120),
        ) {
            let store = Store::on(Box::new(MemoryEngine::default()));
            let mut txn = Txn::new(&store);
            let mut expected = BTreeMap::new();
            for (row, is_call, until, kept) in steps {
                let row = if is_call { CALL_ROWS + row } else { row };
                let after = After {
                    until_family: if until == 0 { NO_GAP } else { until },
                    flags: if until == 2 { flag::REDIALLED } else { 0 },
                    promises: [kept, 0, 0, 0, 0, kept, 0],
                };
                change(TENANT, address(row), &mut txn, |it| *it = after).unwrap();
                expected.insert(row, after);
            }
            for (row, after) in &expected {
                prop_assert_eq!(read(TENANT, address(*row), &txn).unwrap(), *after);
            }
            let says_nothing = expected.values().all(|after| *after == After::default());
            store.apply(txn.into_changes()).unwrap();
            let mut afters = Afters::from(&store, TENANT, (3, 0));
            for row in (0..300).chain(CALL_ROWS..CALL_ROWS + 300) {
                let after = expected.get(&row).copied().unwrap_or_default();
                prop_assert_eq!(afters.of(row).unwrap(), after);
            }
            let kept = store.scan_prefix(keys::all_afters(TENANT, 3), Direction::Ascending);
            prop_assert_eq!(kept.count() == 0, says_nothing);
        }
    }
}
