//! A log-structured merge tree without a journal: what a crash takes from its memory is read from
//! the event log again.

mod compactor;
mod manifest;
mod readers;
mod values;

use std::fmt;
use std::io::ErrorKind;
use std::ops::Bound;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use lsm_tree::config::{CompressionPolicy, PinningPolicy};
use lsm_tree::{
    AbstractTree, AnyTree, Cache, CompressionType, Config, Guard, SeqNo, SequenceNumberCounter,
};

use super::engine::panic_message;
use super::{Changes, Direction, Engine, EngineScan, StoreError};
use compactor::Compactor;
use readers::Readers;
use values::Values;

/// What is held in memory until it is written as a table, in bytes of keys and values.
const MEMORY_BYTES: u64 = 8 << 20;

/// A batch of more changes than this becomes a table at once: it is sorted already, and a way
/// through the memory would cost more than it saves.
const TABLE_CHANGES_MIN: usize = 16_384;

/// lsm-tree 3: an [`Engine`] whose batches stay in memory until there are enough of them for a
/// table on disk.
///
/// A table is written whole, with the batches' checkpoint in it, before the tree's manifest names
/// it. So a crash leaves all batches up to one of them and none after it, as [`Engine`] asks.
/// Every block carries a checksum that is compared when it is read, and the manifest's is compared
/// at the opening. All calls are guarded against panics, for the sake of files that are damaged.
pub struct LsmEngine {
    tree: Arc<TreeState>,
    compactor: Compactor,
}

/// What the engine and its compactor share.
struct TreeState {
    tree: AnyTree,
    /// What the tree only says the place of.
    values: Values,
    /// Numbers the batches, and in between the changes of the manifest.
    sequence: SequenceNumberCounter,
    /// The first number that readers do not see.
    visible: AtomicU64,
    /// Inside it a reader looks up which tables and memory are its own: see
    /// [`TreeState::watermark`].
    readers: Readers,
    /// Why the compactor gave up.
    failure: OnceLock<StoreError>,
}

impl LsmEngine {
    /// Opens or creates the store in `dir`, with a cache of `cache_bytes` for blocks.
    pub fn open(dir: &Path, cache_bytes: u64) -> Result<Self, StoreError> {
        use CompressionType::{Lz4, None};
        manifest::check(dir)?;
        let sequence = SequenceNumberCounter::default();
        let config = Config::new(dir, sequence.clone(), SequenceNumberCounter::default())
            .use_cache(Arc::new(Cache::with_capacity_bytes(cache_bytes)))
            // Most look-ups of a fold are for what is not there. A filter says so; through the cache it
            // costs as much as a read. It takes ten bits a key.
            .filter_block_pinning_policy(PinningPolicy::all(true))
            .index_block_pinning_policy(PinningPolicy::all(true))
            // What is soon merged again is not worth the time.
            .data_block_compression_policy(CompressionPolicy::new([None, None, Lz4]));
        let tree = guarded(|| config.open())?;
        let values = Values::open(dir).map_err(StoreError::failed)?;
        let next = tree.get_highest_seqno().map_or(1, |highest| highest + 1);
        sequence.set(next);
        let tree = Arc::new(TreeState {
            tree,
            values,
            sequence,
            visible: AtomicU64::new(next),
            readers: Readers::default(),
            failure: OnceLock::new(),
        });
        let compactor = Compactor::start(Arc::clone(&tree)).map_err(StoreError::failed)?;
        Ok(Self { tree, compactor })
    }
}

impl Engine for LsmEngine {
    fn get(&self, key: &[u8]) -> Result<Option<Bytes>, StoreError> {
        let value = {
            let _inside = self.tree.readers.enter();
            guarded(|| self.tree.tree.get(key, self.tree.visible()))?
        };
        value
            .map(|kept| self.tree.values.value(kept.into()))
            .transpose()
    }

    fn scan(&self, from: &[u8], to: Option<&[u8]>, direction: Direction) -> EngineScan {
        if to.is_some_and(|to| to <= from) {
            return Box::new(std::iter::empty());
        }
        let range = (
            Bound::Included(from),
            to.map_or(Bound::Unbounded, Bound::Excluded),
        );
        let entries = {
            let _inside = self.tree.readers.enter();
            guarded(|| {
                let visible = self.tree.visible();
                Ok(self.tree.tree.range::<&[u8], _>(range, visible, None))
            })
        };
        let mut entries = match entries {
            Ok(entries) => entries,
            Err(error) => return Box::new(std::iter::once(Err(error))),
        };
        let tree = Arc::clone(&self.tree);
        Box::new(std::iter::from_fn(move || {
            let step = || {
                let entry = match direction {
                    Direction::Ascending => entries.next(),
                    Direction::Descending => entries.next_back(),
                };
                entry.map(Guard::into_inner).transpose()
            };
            let entry = guarded(step).transpose()?;
            Some(entry.and_then(|(key, kept)| Ok((key.into(), tree.values.value(kept.into())?))))
        }))
    }

    fn apply(&self, changes: Changes) -> Result<(), StoreError> {
        if let Some(failure) = self.tree.failure.get() {
            return Err(failure.clone());
        }
        let changes = self.tree.values.separate(changes);
        if changes.len() > TABLE_CHANGES_MIN && guarded(|| self.tree.write_table(&changes))? {
            self.compactor.wake();
            return Ok(());
        }
        if self.tree.insert(changes) >= MEMORY_BYTES || self.tree.tree.sealed_memtable_count() > 0 {
            guarded(|| self.tree.flush())?;
            self.compactor.wake();
        }
        Ok(())
    }

    fn flush(&self) -> Result<(), StoreError> {
        guarded(|| self.tree.flush())
    }

    fn disk_bytes(&self) -> Result<u64, StoreError> {
        guarded(|| Ok(self.tree.tree.disk_space() + self.tree.values.bytes()))
    }
}

impl TreeState {
    fn visible(&self) -> SeqNo {
        self.visible.load(Ordering::Acquire)
    }

    /// Puts `changes` into the memory; returns how many bytes are there now.
    fn insert(&self, changes: Vec<(Bytes, Option<Bytes>)>) -> u64 {
        let number = self.sequence.next();
        let mut bytes = 0;
        for (key, value) in changes {
            (_, bytes) = match value {
                Some(value) => self.tree.insert(key, value, number),
                None => self.tree.remove(key, number),
            };
        }
        self.visible.store(number + 1, Ordering::Release);
        bytes
    }

    /// Writes `changes` to a table of their own, after what is in memory. False when the disk has
    /// no room for it.
    fn write_table(&self, changes: &[(Bytes, Option<Bytes>)]) -> lsm_tree::Result<bool> {
        let write = || {
            self.values.sync()?;
            let mut table = self.tree.ingestion()?;
            for (key, value) in changes {
                match value {
                    Some(value) => table.write(key.clone(), value.clone())?,
                    None => table.write_tombstone(key.clone())?,
                }
            }
            table.finish()
        };
        match write() {
            Err(error) if is_full_disk(&error) => Ok(false),
            Err(error) => Err(error),
            Ok(()) => {
                self.visible.store(self.sequence.get(), Ordering::Release);
                Ok(true)
            }
        }
    }

    /// Writes what is in memory to a table. When the disk is full, it stays in memory, and the next
    /// batch tries again.
    fn flush(&self) -> lsm_tree::Result<()> {
        let watermark = self.watermark();
        let lock = self.tree.get_flush_lock();
        self.tree.rotate_memtable();
        let synced = self.values.sync().map_err(lsm_tree::Error::from);
        match synced.and_then(|()| self.tree.flush(&lock, watermark)) {
            Err(error) if is_full_disk(&error) => {
                tracing::warn!("a view's memory can't be written: disk full");
                Ok(())
            }
            outcome => outcome.map(drop),
        }
    }

    /// A number below which no reader will ask from now on: entries and tables that only such
    /// readers would see may go. Whoever looks up tables now is waited for; whoever comes later
    /// sees at least this.
    fn watermark(&self) -> SeqNo {
        let watermark = self.visible();
        self.readers.wait_for_all();
        watermark
    }
}

impl fmt::Debug for LsmEngine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The tree's own form prints contents.
        f.write_str("LsmEngine")
    }
}

fn is_full_disk(error: &lsm_tree::Error) -> bool {
    matches!(error, lsm_tree::Error::Io(io) if io.kind() == ErrorKind::StorageFull)
}

/// Turns the tree's errors and panics into one failure.
fn guarded<T>(call: impl FnOnce() -> lsm_tree::Result<T>) -> Result<T, StoreError> {
    match catch_unwind(AssertUnwindSafe(call)) {
        Ok(Ok(answer)) => Ok(answer),
        Ok(Err(error)) => Err(StoreError::failed(error)),
        Err(panic) => Err(StoreError::failed(panic_message(&*panic))),
    }
}
