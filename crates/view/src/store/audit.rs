//! Reads a store once, so that damage is found before a query meets it.
//!
//! The engine compares every block that it reads with its checksum. A block that nobody reads for a
//! year is damaged unseen, and so all of them are read after each opening, a little at a time.

use std::fmt;
use std::time::Duration;

use tokio::time::Instant;

use super::{EngineAudit, Store, StoreError};

/// So many times as long as a part of it took nothing is read: a view takes a sixteenth of the time of its thread at most
/// for it. All views of a process begin with theirs at once, right after a start, when caches are empty.
const RESTS: u32 = 15;

/// A reading of a store, under way until all was read.
pub(crate) struct Audit {
    rest: Rest,
    /// From when on there is time for more.
    due_at: Instant,
}

/// What is still to be read.
enum Rest {
    All,
    /// What the engine has not read yet, by itself.
    Files(EngineAudit),
    /// All entries below were read.
    From(Vec<u8>),
    Nothing,
}

impl Audit {
    pub(crate) fn begin() -> Self {
        Self {
            rest: Rest::All,
            due_at: Instant::now(),
        }
    }

    /// Whether there is still something to read.
    pub(crate) fn under_way(&self) -> bool {
        !matches!(self.rest, Rest::Nothing)
    }

    /// How long there is no time for more yet; none once all was read.
    pub(crate) fn is_due_in(&self, now: Instant) -> Option<Duration> {
        let wait = self.due_at.saturating_duration_since(now);
        self.under_way().then_some(wait)
    }

    /// Takes note of when more was read, and rests.
    pub(crate) fn worked(&mut self, (from, to): (Instant, Instant)) {
        self.due_at = to + to.saturating_duration_since(from) * RESTS;
    }

    /// Reads up to `entries` more.
    ///
    /// # Errors
    /// [`StoreError::Failed`] where the store is damaged.
    pub(crate) fn step(&mut self, store: &Store, entries: usize) -> Result<(), StoreError> {
        if matches!(self.rest, Rest::All) {
            let files = store.audit()?;
            self.rest = files.map_or_else(|| Rest::From(Vec::new()), Rest::Files);
        }
        let mut read = 0;
        match &mut self.rest {
            Rest::All | Rest::Nothing => return Ok(()),
            Rest::Files(files) => {
                for entry in files.by_ref().take(entries) {
                    entry?;
                    read += 1;
                }
            }
            Rest::From(next) => {
                for entry in store.scan_own(next, None).take(entries) {
                    let (key, _) = entry?;
                    next.clear();
                    next.extend_from_slice(&key);
                    // The first key that can follow.
                    next.push(0);
                    read += 1;
                }
            }
        }
        if read < entries {
            self.rest = Rest::Nothing;
        }
        Ok(())
    }
}

impl fmt::Debug for Audit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let under_way = self.under_way();
        f.debug_struct("Audit")
            .field("under_way", &under_way)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use bytes::Bytes;

    use super::*;
    use crate::{Cache, Changes, Direction, Engine, LsmEngine};

    /// More than stays in memory: it becomes a table at once.
    const ENTRIES: u32 = 20_000;

    fn written(dir: &Path) {
        let engine = LsmEngine::open(dir, &Cache::of(1 << 20)).unwrap();
        let entry = |number: u32| {
            let mut key = vec![1];
            key.extend_from_slice(&number.to_be_bytes());
            (
                Bytes::from(key),
                Some(Bytes::from_static(b"what is kept of it")),
            )
        };
        let changes = Changes::from_iter((0..ENTRIES).map(entry));
        engine.apply(changes).unwrap();
        engine.flush().unwrap();
    }

    fn audited(store: &Store) -> Result<u32, StoreError> {
        let (mut audit, mut steps) = (Audit::begin(), 0);
        while audit.under_way() {
            audit.step(store, 1_000)?;
            steps += 1;
        }
        Ok(steps)
    }

    #[test]
    fn an_audit_rests_longer_than_it_works() {
        let (mut audit, from) = (Audit::begin(), Instant::now());
        assert_eq!(audit.is_due_in(from), Some(Duration::ZERO));
        let worked = Duration::from_millis(2);
        let to = from + worked;
        audit.worked((from, to));
        assert_eq!(audit.is_due_in(to), Some(worked * RESTS));
        assert_eq!(audit.is_due_in(to + worked * RESTS), Some(Duration::ZERO));
        let dir = tempfile::tempdir().unwrap();
        let engine = LsmEngine::open(dir.path(), &Cache::of(1 << 20)).unwrap();
        audit.step(&Store::on(Box::new(engine)), 1).unwrap();
        assert_eq!(audit.is_due_in(to), None);
    }

    #[test]
    fn what_an_audit_reads_is_not_kept() {
        let dir = tempfile::tempdir().unwrap();
        written(dir.path());
        let cache = Cache::of(64 << 20);
        let store = Store::on(Box::new(LsmEngine::open(dir.path(), &cache).unwrap()));
        let before = cache.blocks().size();
        let steps = audited(&store).unwrap();
        assert!(steps > ENTRIES / 1_000, "all is read: {steps}");
        assert_eq!(cache.blocks().size(), before);
        // Where others read, it is kept.
        assert_eq!(store.scan_prefix([1], Direction::Ascending).count(), 20_000);
        assert!(cache.blocks().size() > before);
    }

    #[test]
    fn a_table_that_is_damaged_is_found() {
        let dir = tempfile::tempdir().unwrap();
        written(dir.path());
        let engine = LsmEngine::open(dir.path(), &Cache::of(1 << 20)).unwrap();
        let store = Store::on(Box::new(engine));
        let tables = std::fs::read_dir(dir.path().join("tables")).unwrap();
        let sizes = tables.map(|entry| {
            let path = entry.unwrap().path();
            (std::fs::metadata(&path).unwrap().len(), path)
        });
        let (_, largest) = sizes.max().unwrap();
        let mut bytes = std::fs::read(&largest).unwrap();
        let within_the_data = bytes.len() / 4;
        bytes[within_the_data] ^= 0x40;
        std::fs::write(&largest, bytes).unwrap();
        assert!(matches!(audited(&store), Err(StoreError::Failed(_))));
    }
}
