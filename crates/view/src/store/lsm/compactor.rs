//! Merges tables beside the writer.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use lsm_tree::AbstractTree;
use lsm_tree::compaction::Leveled;

use super::{TreeState, guarded, is_full_disk};
use crate::StoreError;

/// The size of a table, in bytes: what one merge takes is a few times as much, and closing the
/// store waits for it.
const TABLE_BYTES: u64 = 16 << 20;

/// This many new tables are merged at once: a few more to look into for who reads, and much less to
/// write.
const TABLES_NEW_MAX: u8 = 8;

/// When no table came for this long, new tables are merged that are fewer: reads are the faster.
const QUIET: Duration = Duration::from_secs(1);

/// This many new tables are merged in a quiet time.
const TABLES_NEW_MAX_QUIET: u8 = 2;

/// How many merges follow each other before a new watermark is asked for.
const MERGES_IN_A_ROW: usize = 8;

/// The thread that merges. Dropping it waits until its work is over.
#[derive(Debug)]
pub(super) struct Compactor {
    wake: Option<SyncSender<()>>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Compactor {
    pub(super) fn start(tree: Arc<TreeState>) -> io::Result<Self> {
        let (wake, woken) = sync_channel(1);
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = std::thread::Builder::new()
            .name("view-compact".to_owned())
            .spawn(move || run(&tree, &woken, &stopped))?;
        Ok(Self {
            wake: Some(wake),
            stop,
            thread: Some(thread),
        })
    }

    /// There is a new table.
    pub(super) fn wake(&self) {
        if let Some(wake) = &self.wake {
            // It is awake already if the channel is full, and has failed if it is closed.
            let _ = wake.try_send(());
        }
    }
}

impl Drop for Compactor {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        self.wake = None;
        if let Some(thread) = self.thread.take() {
            // It reports its failures by the tree's state.
            let _ = thread.join();
        }
    }
}

fn run(tree: &TreeState, woken: &Receiver<()>, stop: &AtomicBool) {
    let (busy, quiet) = (strategy(TABLES_NEW_MAX), strategy(TABLES_NEW_MAX_QUIET));
    // Whether nothing came since the merges of the last quiet time.
    let mut rests = false;
    loop {
        let came = match rests {
            true => woken.recv().map_err(RecvTimeoutError::from),
            false => woken.recv_timeout(QUIET),
        };
        let strategy = match came {
            Ok(()) => &busy,
            Err(RecvTimeoutError::Timeout) => &quiet,
            Err(RecvTimeoutError::Disconnected) => return,
        };
        rests = came.is_err();
        if let Err(failure) = merge(tree, strategy, stop) {
            let _ = tree.failure.set(failure);
            return;
        }
    }
}

/// Merges as soon as there are so many new tables. The sizes of the levels, which follow from both
/// numbers, are the same whatever the first one is.
fn strategy(tables_new_max: u8) -> Arc<Leveled> {
    let table_bytes = TABLE_BYTES * u64::from(TABLES_NEW_MAX / tables_new_max);
    let leveled = Leveled::default()
        .with_l0_threshold(tables_new_max)
        .with_table_target_size(table_bytes);
    Arc::new(leveled)
}

/// Merges what is to be merged, up to a number of times.
fn merge(tree: &TreeState, strategy: &Arc<Leveled>, stop: &AtomicBool) -> Result<(), StoreError> {
    let watermark = tree.watermark();
    for _ in 0..MERGES_IN_A_ROW {
        if stop.load(Ordering::Relaxed) {
            return Ok(());
        }
        let merged = guarded(|| {
            let before = tree.tree.current_version().id();
            match tree.tree.compact(Arc::clone(strategy) as _, watermark) {
                // What is left to merge waits for the next new table.
                Err(error) if is_full_disk(&error) => Ok(false),
                Err(error) => Err(error),
                Ok(()) => Ok(tree.tree.current_version().id() != before),
            }
        })?;
        if !merged {
            break;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::super::{LsmEngine, TABLE_CHANGES_MIN};
    use super::*;
    use crate::{Changes, Engine as _};

    /// A minute of looks: long enough for a busy machine.
    const LOOKS: usize = 6_000;
    const LOOK_EVERY: Duration = Duration::from_millis(10);
    /// Too few to be merged while more may come.
    const TABLES: u8 = TABLES_NEW_MAX - 1;

    #[test]
    fn a_few_new_tables_are_merged_when_no_more_come() {
        let dir = tempfile::tempdir().unwrap();
        let engine = LsmEngine::open(dir.path(), 1 << 20).unwrap();
        let key = |number: usize| Bytes::from(format!("key-{number:08}"));
        for table in 0..TABLES {
            let value = Bytes::from(vec![table]);
            let changes = (0..=TABLE_CHANGES_MIN).map(|number| (key(number), Some(value.clone())));
            engine.apply(changes.collect::<Changes>()).unwrap();
        }
        let merged = (0..LOOKS).any(|_| {
            std::thread::sleep(LOOK_EVERY);
            engine.tree.tree.l0_run_count() == 0
        });
        assert!(merged, "the new tables are not merged");
        for number in [0, TABLE_CHANGES_MIN] {
            let found = engine.get(&key(number)).unwrap();
            assert_eq!(found.as_deref(), Some(&[TABLES - 1][..]));
        }
    }
}
