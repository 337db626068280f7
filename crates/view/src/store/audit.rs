//! Reads a store once, so that damage is found before a query meets it.
//!
//! The engine compares every block that it reads with its checksum. A block that nobody reads for a
//! year is damaged unseen, and so all of them are read after each opening, a little at a time.

use super::{Store, StoreError};

/// A reading of a store, under way until all was read.
#[derive(Debug)]
pub(crate) struct Audit {
    /// All entries below were read. None when the reading is over.
    next: Option<Vec<u8>>,
}

impl Audit {
    pub(crate) fn begin() -> Self {
        Self {
            next: Some(Vec::new()),
        }
    }

    /// Whether there is still something to read.
    pub(crate) fn under_way(&self) -> bool {
        self.next.is_some()
    }

    /// Reads up to `entries` more.
    ///
    /// # Errors
    /// [`StoreError::Failed`] where the store is damaged.
    pub(crate) fn step(&mut self, store: &Store, entries: usize) -> Result<(), StoreError> {
        let Some(next) = &mut self.next else {
            return Ok(());
        };
        let mut read = 0;
        for entry in store.scan_own(next, None).take(entries) {
            let (key, _) = entry?;
            next.clear();
            next.extend_from_slice(&key);
            // The first key that can follow.
            next.push(0);
            read += 1;
        }
        if read < entries {
            self.next = None;
        }
        Ok(())
    }
}
