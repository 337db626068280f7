//! Finds out whether a store holds what was written to it.
//!
//! An engine may lose or revert entries without a word: sled 0.34, with a few bytes in the middle
//! of its file overwritten, opens and answers without them in about one case of seven. So the
//! checkpoint carries a sum over all entries, kept up with each batch, and after each opening the
//! store is read once, a little at a time, and compared with it.

use bytes::Bytes;

use super::{Changes, Direction, Store, StoreError};

/// A sum over a store's entries, whatever their order: what remains the same when nothing is lost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Sum(pub(crate) u64);

impl Sum {
    fn add(&mut self, key: &[u8], value: &[u8]) {
        self.0 = self.0.wrapping_add(term(key, value));
    }

    fn replace(&mut self, key: &[u8], before: Option<&Bytes>, after: Option<&Bytes>) {
        let term = |value: Option<&Bytes>| value.map_or(0, |value| term(key, value));
        self.0 = self.0.wrapping_sub(term(before)).wrapping_add(term(after));
    }
}

/// One entry's part: its checksum, spread over 64 bits so that sums of parts stay apart.
fn term(key: &[u8], value: &[u8]) -> u64 {
    let checksum = crc32c::crc32c_append(crc32c::crc32c(key), value);
    let mut spread = (u64::from(checksum) << 32) ^ (key.len() << 24) as u64 ^ value.len() as u64;
    // The finalizer of SplitMix64.
    spread = (spread ^ (spread >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    spread = (spread ^ (spread >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    spread ^ (spread >> 31)
}

/// The sum of what a store should hold, and a reading of what it does hold.
#[derive(Debug)]
pub(crate) struct Audit {
    /// What the store should hold.
    expected: Sum,
    /// None when the reading is over.
    reading: Option<Reading>,
}

/// All entries below `next` were read, and add up to `sum`.
#[derive(Debug, Default)]
struct Reading {
    next: Vec<u8>,
    sum: Sum,
}

impl Audit {
    /// An audit of a store that should add up to `expected`.
    pub(crate) fn begin(expected: Sum) -> Self {
        Self {
            expected,
            reading: Some(Reading::default()),
        }
    }

    /// Whether there is still something to read.
    pub(crate) fn under_way(&self) -> bool {
        self.reading.is_some()
    }

    /// What the store should add up to.
    pub(crate) fn expected(&self) -> Sum {
        self.expected
    }

    /// Takes notice of `changes` that are about to be applied to `store`.
    pub(crate) fn account(&mut self, store: &Store, changes: &Changes) -> Result<(), StoreError> {
        for (key, after) in changes {
            let before = store.get(key)?;
            self.expected.replace(key, before.as_ref(), after.as_ref());
            if let Some(reading) = self
                .reading
                .as_mut()
                .filter(|reading| key[..] < reading.next[..])
            {
                reading.sum.replace(key, before.as_ref(), after.as_ref());
            }
        }
        Ok(())
    }

    /// Reads up to `entries` more.
    ///
    /// # Errors
    /// [`StoreError::Failed`] when all was read and is not what was written.
    pub(crate) fn step(&mut self, store: &Store, entries: usize) -> Result<(), StoreError> {
        let Some(reading) = &mut self.reading else {
            return Ok(());
        };
        let mut read = 0;
        for entry in store
            .scan_range(&reading.next, None, Direction::Ascending)
            .take(entries)
        {
            let (key, value) = entry?;
            reading.sum.add(&key, &value);
            reading.next.clear();
            reading.next.extend_from_slice(&key);
            // The first key that can follow.
            reading.next.push(0);
            read += 1;
        }
        if read == entries {
            return Ok(());
        }
        let sum = reading.sum;
        self.reading = None;
        if sum == self.expected {
            Ok(())
        } else {
            Err(StoreError::failed(
                "the store does not hold what was written to it",
            ))
        }
    }
}
