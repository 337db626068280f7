//! A log-structured merge tree without a journal: what a crash takes from its memory is read from
//! the event log again.

mod audit;
mod compactor;
mod manifest;
mod readers;
mod values;

use std::fmt;
use std::io::ErrorKind;
use std::ops::Bound;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use lsm_tree::config::{CompressionPolicy, PinningPolicy};
use lsm_tree::{
    AbstractTree, AnyTree, CompressionType, Config, Guard, SeqNo, SequenceNumberCounter,
};

use super::engine::panic_message;
use super::{Cache, Changes, Direction, Engine, EngineAudit, EngineScan, StoreError};
use crate::{Cause, Fault, room};
use audit::Tables;
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
    dir: PathBuf,
    tree: AnyTree,
    /// What the tree only says the place of.
    values: Values,
    /// How many bytes of sealed memory a full disk has kept from becoming a table.
    sealed_bytes: AtomicU64,
    /// Numbers the batches, and in between the changes of the manifest.
    sequence: SequenceNumberCounter,
    /// The first number that readers do not see.
    visible: AtomicU64,
    /// Inside it a reader looks up which tables and memory are its own: see
    /// [`TreeState::watermark`].
    readers: Readers,
    /// Why the compactor gave up: anything but a full disk.
    failure: OnceLock<StoreError>,
}

impl LsmEngine {
    /// Opens or creates the store in `dir`, which keeps blocks in `cache`.
    pub fn open(dir: &Path, cache: &Cache) -> Result<Self, StoreError> {
        use CompressionType::{Lz4, None};
        manifest::check(dir)?;
        let sequence = SequenceNumberCounter::default();
        let config = Config::new(dir, sequence.clone(), SequenceNumberCounter::default())
            .use_cache(cache.blocks())
            // Most look-ups of a fold are for what is not there. A filter says so; through the cache it
            // costs as much as a read. It takes ten bits a key.
            .filter_block_pinning_policy(PinningPolicy::all(true))
            .index_block_pinning_policy(PinningPolicy::all(true))
            // What is soon merged again is not worth the time.
            .data_block_compression_policy(CompressionPolicy::new([None, None, Lz4]));
        let tree = reading(|| config.open())?;
        let values = Values::open(dir).map_err(|error| StoreError::Failed(Fault::io(&error)))?;
        let next = tree.get_highest_seqno().map_or(1, |highest| highest + 1);
        sequence.set(next);
        let tree = Arc::new(TreeState {
            dir: dir.to_owned(),
            tree,
            values,
            sealed_bytes: AtomicU64::new(0),
            sequence,
            visible: AtomicU64::new(next),
            readers: Readers::default(),
            failure: OnceLock::new(),
        });
        let compactor = Compactor::start(Arc::clone(&tree)).map_err(StoreError::unclear)?;
        Ok(Self { tree, compactor })
    }
}

impl Engine for LsmEngine {
    fn get(&self, key: &[u8]) -> Result<Option<Bytes>, StoreError> {
        let value = {
            let _inside = self.tree.readers.enter();
            reading(|| self.tree.tree.get(key, self.tree.visible()))?
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
            reading(|| {
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
            let entry = reading(step).transpose()?;
            Some(entry.and_then(|(key, kept)| Ok((key.into(), tree.values.value(kept.into())?))))
        }))
    }

    fn apply(&self, changes: Changes) -> Result<(), StoreError> {
        if let Some(failure) = self.tree.failure.get() {
            return Err(failure.clone());
        }
        let changes = self.tree.values.separate(changes);
        if changes.len() > TABLE_CHANGES_MIN && writing(|| self.tree.write_table(&changes))? {
            self.compactor.wake();
            return Ok(());
        }
        if self.tree.insert(changes) < MEMORY_BYTES && self.tree.tree.sealed_memtable_count() == 0 {
            return Ok(());
        }
        match self.write_memory() {
            Err(error) if error.cause() == Some(Cause::Full) => {
                tracing::warn!(%error, "a view's memory can't be written");
                Ok(())
            }
            outcome => outcome,
        }
    }

    fn flush(&self) -> Result<(), StoreError> {
        writing(|| self.tree.flush())
    }

    fn audit(&self) -> Option<EngineAudit> {
        Some(Box::new(Tables::of(&self.tree)))
    }

    fn make_room(&self) -> Result<(), StoreError> {
        match self.tree.memory_bytes() < MEMORY_BYTES {
            true => Ok(()),
            false => self.write_memory(),
        }
    }

    fn reserve_bytes(&self) -> u64 {
        as_table(self.tree.memory_bytes())
    }

    fn disk_bytes(&self) -> Result<u64, StoreError> {
        writing(|| Ok(self.tree.tree.disk_space() + self.tree.values.bytes()))
    }
}

impl LsmEngine {
    /// Makes a table of what is in memory, for the compactor to merge.
    fn write_memory(&self) -> Result<(), StoreError> {
        writing(|| self.tree.flush())?;
        self.compactor.wake();
        Ok(())
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
        let sizes = changes.iter().map(|(key, value)| {
            let value = value.as_ref().map_or(0, Bytes::len);
            (key.len() + value) as u64
        });
        let memory_bytes = self.memory_bytes();
        if !room::has(&self.dir, as_table(memory_bytes + sizes.sum::<u64>())) {
            return Ok(false);
        }
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
            Err(error) if is_full_disk(&error) => {
                // What was in memory may be sealed by now.
                if self.tree.sealed_memtable_count() > 0 {
                    self.sealed_bytes.store(memory_bytes, Ordering::Relaxed);
                }
                Ok(false)
            }
            Err(error) => Err(error),
            Ok(()) => {
                self.sealed_bytes.store(0, Ordering::Relaxed);
                self.visible.store(self.sequence.get(), Ordering::Release);
                Ok(true)
            }
        }
    }

    /// Writes what is in memory to a table. Nothing is begun that the disk has no room for: what is left
    /// of a table that was broken off would take the last of it until the next opening.
    fn flush(&self) -> lsm_tree::Result<()> {
        let memory_bytes = self.memory_bytes();
        if !room::has(&self.dir, as_table(memory_bytes)) {
            return Err(lsm_tree::Error::Io(ErrorKind::StorageFull.into()));
        }
        let watermark = self.watermark();
        let lock = self.tree.get_flush_lock();
        self.tree.rotate_memtable();
        self.sealed_bytes.store(memory_bytes, Ordering::Relaxed);
        self.values.sync()?;
        self.tree.flush(&lock, watermark)?;
        self.sealed_bytes.store(0, Ordering::Relaxed);
        Ok(())
    }

    /// How many bytes are in memory, and in no table yet.
    fn memory_bytes(&self) -> u64 {
        self.sealed_bytes.load(Ordering::Relaxed) + self.tree.active_memtable().size()
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

/// About how many bytes a table of so many bytes in memory takes, with its index and filter.
const fn as_table(memory_bytes: u64) -> u64 {
    memory_bytes + memory_bytes / 4
}

fn is_full_disk(error: &lsm_tree::Error) -> bool {
    matches!(error, lsm_tree::Error::Io(io) if Cause::of_io(io) == Cause::Full)
}

/// Turns the tree's errors and panics while it reads into one failure: what makes it panic there is what
/// it read.
fn reading<T>(call: impl FnOnce() -> lsm_tree::Result<T>) -> Result<T, StoreError> {
    guarded(call, Cause::Damaged)
}

/// The same while it writes.
fn writing<T>(call: impl FnOnce() -> lsm_tree::Result<T>) -> Result<T, StoreError> {
    guarded(call, Cause::Unclear)
}

fn guarded<T>(
    call: impl FnOnce() -> lsm_tree::Result<T>,
    panicked: Cause,
) -> Result<T, StoreError> {
    let fault = match catch_unwind(AssertUnwindSafe(call)) {
        Ok(Ok(answer)) => return Ok(answer),
        Ok(Err(lsm_tree::Error::Io(error))) => Fault::io(&error),
        // All others are of checksums, and of what does not parse.
        Ok(Err(error)) => Fault::damaged(error),
        Err(panic) => Fault::new(panicked, panic_message(&*panic)),
    };
    Err(StoreError::Failed(fault))
}
