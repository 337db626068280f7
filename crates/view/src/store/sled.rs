//! sled, with a proof beside the entries that they are what was written.

mod proof;

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use bytes::Bytes;
use parking_lot::Mutex;

use super::engine::panic_message;
use super::{Cache, Changes, Direction, Engine, EngineScan, RESERVED_TAG, StoreError};
use crate::{Cause, Fault};
use proof::Proof;

/// Where the proof is: a key that is shorter than all others with the reserved tag.
const PROOF_KEY: [u8; 1] = [RESERVED_TAG];

/// How often what was applied is handed to the disk. What a power cut takes is read from the event
/// log again, so that it need not be often.
const FLUSH_EVERY_MS: u64 = 2_000;

/// What sled writes beside batches, in bytes: the segments that it fills, and those that it cleans.
const SEGMENTS_BYTES: u64 = 8 << 20;

/// sled writes a page anew when little of it changes, so that a batch takes a few times its size.
const BATCH_TIMES: u64 = 4;

/// Threads of a store that was closed may hold its lock for a moment.
const UNLOCK_PAUSE: Duration = Duration::from_millis(20);

/// How often a locked store is tried again: the view's own lock keeps every other process out.
const UNLOCK_ATTEMPTS: u32 = 250;

/// sled 0.34: an [`Engine`] that keeps its entries in pages of a log.
///
/// sled recovers a prefix of the batches after a crash, but it takes some damage for the end of its
/// log or for pages that never were, and then lacks entries without a word. So each batch carries a
/// sum over all entries, and the opening reads them all and compares. That costs a look-up for each
/// change, and an opening that takes as long as the store is large.
///
/// All calls are guarded, because sled panics on much of what it did not expect.
pub struct SledEngine {
    db: sled::Db,
    /// The sum over what is in the store. The writer's.
    proof: Mutex<Proof>,
    /// How large the largest batch was, in bytes of keys and values.
    batch_bytes_max: AtomicU64,
    /// A batch failed, and part of it may be there until the store is opened again.
    broken: OnceLock<StoreError>,
}

impl SledEngine {
    /// Opens or creates the store in `dir`, with a cache for pages that is a part of `cache`, and reads
    /// all of it.
    ///
    /// # Errors
    /// [`StoreError::Failed`] when the store can't be opened, or does not hold what was written.
    pub fn open(dir: &Path, cache: &Cache) -> Result<Self, StoreError> {
        let db = open_unlocked(dir, cache.part_bytes())?;
        let stored = reading(|| db.get(PROOF_KEY))?;
        let proof = match stored {
            Some(stored) => Proof::read(&stored).ok_or_else(not_what_was_written)?,
            None => Proof::default(),
        };
        let engine = Self {
            db,
            proof: Mutex::new(proof),
            batch_bytes_max: AtomicU64::new(0),
            broken: OnceLock::new(),
        };
        match engine.prove()? == proof {
            true => Ok(engine),
            false => Err(not_what_was_written()),
        }
    }

    /// Refuses once a batch has failed.
    fn whole(&self) -> Result<(), StoreError> {
        match self.broken.get() {
            Some(failure) => Err(failure.clone()),
            None => Ok(()),
        }
    }

    /// The sum over what is there.
    fn prove(&self) -> Result<Proof, StoreError> {
        let mut entries = self.scan(&[], None, Direction::Ascending);
        entries.try_fold(Proof::default(), |mut proof, entry| {
            let (key, value) = entry?;
            proof.replace(&key, None, Some(&value));
            Ok(proof)
        })
    }
}

impl Engine for SledEngine {
    fn get(&self, key: &[u8]) -> Result<Option<Bytes>, StoreError> {
        self.whole()?;
        let value = reading(|| self.db.get(key))?;
        Ok(value.map(|value| Bytes::copy_from_slice(&value)))
    }

    fn scan(&self, from: &[u8], to: Option<&[u8]>, direction: Direction) -> EngineScan {
        if let Err(error) = self.whole() {
            return Box::new(std::iter::once(Err(error)));
        }
        let mut entries = match to {
            Some(to) if to <= from => return Box::new(std::iter::empty()),
            Some(to) => self.db.range(from..to),
            None => self.db.range(from..),
        };
        let entries = std::iter::from_fn(move || {
            let step = || match direction {
                Direction::Ascending => entries.next().transpose(),
                Direction::Descending => entries.next_back().transpose(),
            };
            reading(step).transpose()
        });
        let ours = |entry: &Result<(sled::IVec, sled::IVec), StoreError>| {
            entry.as_ref().map_or(true, |(key, _)| **key != PROOF_KEY)
        };
        Box::new(entries.filter(ours).map(|entry| {
            let (key, value) = entry?;
            Ok((Bytes::copy_from_slice(&key), Bytes::copy_from_slice(&value)))
        }))
    }

    fn apply(&self, changes: Changes) -> Result<(), StoreError> {
        let mut proof = self.proof.lock();
        let mut next = *proof;
        let mut batch = sled::Batch::default();
        let mut bytes = 0;
        for (key, value) in changes {
            bytes += (key.len() + value.as_ref().map_or(0, Bytes::len)) as u64;
            let before = reading(|| self.db.get(&key))?;
            next.replace(&key, before.as_deref(), value.as_deref());
            match value {
                Some(value) => batch.insert(&key[..], &value[..]),
                None if before.is_some() => batch.remove(&key[..]),
                None => {}
            }
        }
        batch.insert(&PROOF_KEY, &next.to_bytes());
        self.batch_bytes_max.fetch_max(bytes, Ordering::Relaxed);
        if let Err(error) = writing(|| self.db.apply_batch(batch)) {
            let _ = self.broken.set(error.clone());
            return Err(error);
        }
        *proof = next;
        Ok(())
    }

    fn flush(&self) -> Result<(), StoreError> {
        writing(|| self.db.flush()).map(drop)
    }

    fn reserve_bytes(&self) -> u64 {
        SEGMENTS_BYTES + BATCH_TIMES * self.batch_bytes_max.load(Ordering::Relaxed)
    }

    fn disk_bytes(&self) -> Result<u64, StoreError> {
        writing(|| self.db.size_on_disk())
    }
}

impl fmt::Debug for SledEngine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // sled's own form prints contents.
        f.write_str("SledEngine")
    }
}

fn open_unlocked(dir: &Path, cache_bytes: u64) -> Result<sled::Db, StoreError> {
    let config = sled::Config::new()
        .path(dir)
        .cache_capacity(cache_bytes)
        .mode(sled::Mode::HighThroughput)
        .flush_every_ms(Some(FLUSH_EVERY_MS));
    for _ in 1..UNLOCK_ATTEMPTS {
        match reading(|| config.open()) {
            Err(StoreError::Failed(fault)) if fault.to_string().contains("lock on") => {
                thread::sleep(UNLOCK_PAUSE);
            }
            outcome => return outcome,
        }
    }
    reading(|| config.open())
}

fn not_what_was_written() -> StoreError {
    StoreError::damaged("the store does not hold what was written to it")
}

/// Turns sled's errors and panics while it reads into one failure: what makes it panic there is what it
/// read.
fn reading<T>(call: impl FnOnce() -> sled::Result<T>) -> Result<T, StoreError> {
    guarded(call, Cause::Damaged)
}

/// The same while it writes.
fn writing<T>(call: impl FnOnce() -> sled::Result<T>) -> Result<T, StoreError> {
    guarded(call, Cause::Unclear)
}

/// `surprised` is what a panic says, and what sled takes for a fault of its own.
fn guarded<T>(call: impl FnOnce() -> sled::Result<T>, surprised: Cause) -> Result<T, StoreError> {
    let fault = match catch_unwind(AssertUnwindSafe(call)) {
        Ok(Ok(answer)) => return Ok(answer),
        Ok(Err(sled::Error::Io(error))) => Fault::io(&error),
        Ok(Err(error @ (sled::Error::Corruption { .. } | sled::Error::Unsupported(_)))) => {
            Fault::damaged(error)
        }
        Ok(Err(error)) => Fault::new(surprised, error),
        Err(panic) => Fault::new(surprised, panic_message(&*panic)),
    };
    Err(StoreError::Failed(fault))
}
