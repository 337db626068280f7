//! The seam for storage engines, and sled behind it.

use std::collections::BTreeMap;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use bytes::Bytes;

use super::{Direction, StoreError};

/// Writes of one batch in the order of their keys: a value to set, or none to remove.
pub type Changes = BTreeMap<Bytes, Option<Bytes>>;

/// An ordered key-value store as a view needs it.
///
/// * [`Engine::apply`] is atomic: after a crash all of a batch is there or nothing, and never a
///   batch without those before it. It need not be durable when it returns, because what is lost
///   is read from the log again.
/// * An engine fails as a whole: after [`StoreError::Failed`] it is closed, and the view rebuilt.
/// * An engine does not panic.
pub trait Engine: Send + Sync + fmt::Debug + 'static {
    /// The value of `key`.
    fn get(&self, key: &[u8]) -> Result<Option<Bytes>, StoreError>;

    /// The entries with `from <= key < to`, lazily.
    fn scan(&self, from: &[u8], to: Option<&[u8]>, direction: Direction) -> EngineScan;

    /// Applies `changes` atomically.
    fn apply(&self, changes: Changes) -> Result<(), StoreError>;

    /// Hands all that was applied to the disk.
    fn flush(&self) -> Result<(), StoreError>;

    /// The size of the files, in bytes.
    fn disk_bytes(&self) -> Result<u64, StoreError>;
}

/// What [`Engine::scan`] yields: keys and values.
pub type EngineScan = Box<dyn Iterator<Item = Result<(Bytes, Bytes), StoreError>> + Send>;

/// sled 0.34. Every call is guarded, because sled panics on much of what it did not expect.
pub struct SledEngine(sled::Db);

impl SledEngine {
    /// Opens or creates the store in `dir`, with a page cache of `cache_bytes`.
    pub fn open(dir: &Path, cache_bytes: u64) -> Result<Self, StoreError> {
        let config = sled::Config::new()
            .path(dir)
            .cache_capacity(cache_bytes)
            .mode(sled::Mode::HighThroughput)
            .flush_every_ms(Some(500));
        guarded(|| config.open()).map(Self)
    }
}

impl Engine for SledEngine {
    fn get(&self, key: &[u8]) -> Result<Option<Bytes>, StoreError> {
        let value = guarded(|| self.0.get(key))?;
        Ok(value.map(|value| Bytes::copy_from_slice(&value)))
    }

    fn scan(&self, from: &[u8], to: Option<&[u8]>, direction: Direction) -> EngineScan {
        let mut entries = match to {
            Some(to) if to <= from => return Box::new(std::iter::empty()),
            Some(to) => self.0.range(from..to),
            None => self.0.range(from..),
        };
        Box::new(std::iter::from_fn(move || {
            let step = || match direction {
                Direction::Ascending => entries.next().transpose(),
                Direction::Descending => entries.next_back().transpose(),
            };
            let entry = guarded(step).transpose()?;
            Some(
                entry.map(|(key, value)| {
                    (Bytes::copy_from_slice(&key), Bytes::copy_from_slice(&value))
                }),
            )
        }))
    }

    fn apply(&self, changes: Changes) -> Result<(), StoreError> {
        let mut batch = sled::Batch::default();
        for (key, value) in &changes {
            match value {
                Some(value) => batch.insert(&key[..], &value[..]),
                None => batch.remove(&key[..]),
            }
        }
        guarded(|| self.0.apply_batch(batch))
    }

    fn flush(&self) -> Result<(), StoreError> {
        guarded(|| self.0.flush()).map(drop)
    }

    fn disk_bytes(&self) -> Result<u64, StoreError> {
        guarded(|| self.0.size_on_disk())
    }
}

impl fmt::Debug for SledEngine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // sled's own form prints the contents.
        f.write_str("SledEngine")
    }
}

/// Turns sled's errors and panics into one failure.
fn guarded<T>(call: impl FnOnce() -> sled::Result<T>) -> Result<T, StoreError> {
    match catch_unwind(AssertUnwindSafe(call)) {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(error)) => Err(StoreError::failed(error)),
        Err(panic) => Err(StoreError::failed(panic_message(&*panic))),
    }
}

/// What a panic said.
pub(crate) fn panic_message(panic: &(dyn std::any::Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("panicked")
}
