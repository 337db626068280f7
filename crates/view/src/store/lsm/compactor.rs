//! Merges tables beside the writer.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use lsm_tree::AbstractTree;
use lsm_tree::compaction::Leveled;

use super::{MEMORY_BYTES, TreeState, as_table, is_full_disk, writing};
use crate::room;

/// The size of a table, in bytes: what one merge takes is a few times as much, and closing the
/// store waits for it.
const TABLE_BYTES: u64 = 16 << 20;

/// This many new tables are merged at once.
const TABLES_NEW_MAX: u8 = 8;

/// About the most that a merge takes: the new tables, and those of the next level that they overlap.
const MERGE_BYTES_MAX: u64 = 256 << 20;

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
    let strategy = Arc::new(
        Leveled::default()
            .with_l0_threshold(TABLES_NEW_MAX)
            .with_table_target_size(TABLE_BYTES),
    );
    while woken.recv().is_ok() {
        let watermark = tree.watermark();
        for _ in 0..MERGES_IN_A_ROW {
            if stop.load(Ordering::Relaxed) {
                return;
            }
            // What has no room is not begun: half of a merge would only fill the disk for others.
            let merge_bytes = tree.tree.disk_space().min(MERGE_BYTES_MAX);
            let memory_bytes = tree.memory_bytes().max(MEMORY_BYTES);
            if !room::has(&tree.dir, as_table(memory_bytes) + merge_bytes) {
                break;
            }
            let merged = writing(|| {
                let before = tree.tree.current_version().id();
                match tree.tree.compact(strategy.clone(), watermark) {
                    // What is left to merge waits for the next new table.
                    Err(error) if is_full_disk(&error) => Ok(false),
                    Err(error) => Err(error),
                    Ok(()) => Ok(tree.tree.current_version().id() != before),
                }
            });
            match merged {
                Ok(true) => {}
                Ok(false) => break,
                Err(failure) => {
                    let _ = tree.failure.set(failure);
                    return;
                }
            }
        }
    }
}
