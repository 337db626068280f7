//! A sum over a store's entries: what remains the same when nothing is lost, reverted or altered.

use xxhash_rust::xxh3::{xxh3_64, xxh3_128_with_seed};

/// The version of the stored form.
const LAYOUT: u8 = 1;

/// The sum of the entries' checksums, whatever their order.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Proof(u128);

impl Proof {
    /// Takes notice that the value of `key` changes.
    pub(super) fn replace(&mut self, key: &[u8], before: Option<&[u8]>, after: Option<&[u8]>) {
        let part = |value: Option<&[u8]>| value.map_or(0, |value| checksum(key, value));
        self.0 = self.0.wrapping_sub(part(before)).wrapping_add(part(after));
    }

    pub(super) fn to_bytes(self) -> [u8; 17] {
        let mut bytes = [LAYOUT; 17];
        bytes[1..].copy_from_slice(&self.0.to_be_bytes());
        bytes
    }

    /// What [`Proof::to_bytes`] made; none of anything else.
    pub(super) fn read(bytes: &[u8]) -> Option<Self> {
        let (&layout, sum) = bytes.split_first()?;
        let sum = u128::from_be_bytes(sum.try_into().ok()?);
        (layout == LAYOUT).then_some(Self(sum))
    }
}

fn checksum(key: &[u8], value: &[u8]) -> u128 {
    xxh3_128_with_seed(value, xxh3_64(key))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    fn of(entries: &BTreeMap<Vec<u8>, Vec<u8>>) -> Proof {
        let mut proof = Proof::default();
        for (key, value) in entries {
            proof.replace(key, None, Some(value));
        }
        proof
    }

    proptest! {
        #[test]
        fn it_is_that_of_the_entries_however_they_came_about(
            changes in prop::collection::vec(("[a-d]{1,2}", prop::option::of("[x-z]{0,2}")), 0..60),
        ) {
            let (mut proof, mut entries) = (Proof::default(), BTreeMap::new());
            for (key, value) in changes {
                let (key, value) = (key.into_bytes(), value.map(String::into_bytes));
                let before = match value.clone() {
                    Some(value) => entries.insert(key.clone(), value),
                    None => entries.remove(&key),
                };
                proof.replace(&key, before.as_deref(), value.as_deref());
                prop_assert_eq!(proof, of(&entries));
                prop_assert_eq!(Proof::read(&proof.to_bytes()), Some(proof));
            }
            // Any entry that is lost, and any two values that change places, show.
            for (key, value) in &entries {
                let mut rest = entries.clone();
                rest.remove(key);
                prop_assert_ne!(of(&rest), proof);
                for (other, theirs) in entries.iter().filter(|(_, theirs)| *theirs != value) {
                    let mut swapped = entries.clone();
                    swapped.insert(key.clone(), theirs.clone());
                    swapped.insert(other.clone(), value.clone());
                    prop_assert_ne!(of(&swapped), proof);
                }
            }
        }
    }
}
