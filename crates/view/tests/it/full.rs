//! A disk that others fill to the last byte, again and again, while a view catches up.

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use aftercall_log::MemoryLog;
use aftercall_view::index::IndexOptions;
use aftercall_view::{EngineKind, Options, Positions, Views};

use crate::fixture::{
    LOG, View, Words, append, contents, found, options, soon, start_over, stop, words_key,
};

const DISK_BYTES: u64 = 96 << 20;
const ROUNDS: usize = 6;
const RECORDS: usize = 1_000;

/// A file system of its own, gone when it is dropped.
struct Disk(PathBuf);

impl Disk {
    fn new(scratch: &Path) -> Self {
        let directory = scratch.join("mounted");
        fs::create_dir(&directory).unwrap();
        let size = format!("size={DISK_BYTES}");
        let mount = ["-t", "tmpfs", "-o", &size, "tmpfs"];
        let mounted = Command::new("mount").args(mount).arg(&directory).status();
        assert!(mounted.unwrap().success());
        Self(directory)
    }

    /// Takes all that is free, to the last byte.
    fn fill(&self) {
        let mut ballast = File::create(self.0.join("ballast")).unwrap();
        for bytes in [1 << 20, 4_096, 1] {
            while ballast.write_all(&vec![b'b'; bytes]).is_ok() {}
        }
    }

    fn relieve(&self) {
        fs::remove_file(self.0.join("ballast")).unwrap();
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).status();
    }
}

fn begin(log: &MemoryLog, engine: EngineKind, disk: &Disk) -> View {
    let views = Views {
        engine,
        ..disk.0.join("views").into()
    };
    let options = Options {
        poll_records_max: 200,
        disk_free_bytes_min: 1 << 20,
        index: IndexOptions {
            commit_every: Duration::from_millis(1),
            behind_commit_every: Duration::from_millis(1),
            ..IndexOptions::default()
        },
        ..options()
    };
    start_over(
        std::sync::Arc::new(log.clone()),
        views,
        Words::indexed(),
        options,
    )
}

fn key(number: usize) -> String {
    format!("customer-{number}")
}

/// Records that make a store and an index of about their size.
async fn write(log: &MemoryLog, round: usize) -> Positions {
    let numbers = round * RECORDS..(round + 1) * RECORDS;
    let words: Vec<_> = numbers
        .map(|number| (key(number), format!("{number:0400}")))
        .collect();
    let words: Vec<_> = words
        .iter()
        .map(|(key, word)| (key.as_str(), word.as_str()))
        .collect();
    append(log, &words).await
}

/// All is answered that was ever committed, whatever the disk says.
fn assert_answers(view: &View, through: usize) {
    for number in [0, through / 2, through - 1] {
        let held = view.store().get(words_key(&key(number))).unwrap();
        assert_eq!(held.unwrap(), format!("{number:0400} "));
        let fields = Words::indexed().fields.unwrap();
        assert_eq!(found(view, &fields, &format!("{number:0400}")), 1);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_that_is_filled_in_bursts_costs_a_view_nothing_needs_root() {
    for engine in EngineKind::ALL {
        let scratch = tempfile::tempdir().unwrap();
        let disk = Disk::new(scratch.path());
        let log = MemoryLog::new(LOG, 1);
        let mut view = begin(&log, engine, &disk);
        let mut written = write(&log, 0).await;
        view.wait_for_index(&written, soon()).await.unwrap();
        let index = disk.0.join("views/words/index");
        let index_first = fs::metadata(&index).unwrap().ino();
        for round in 1..ROUNDS {
            // Sometimes in the midst of its work, sometimes before it begins.
            if round % 2 == 0 {
                disk.fill();
            }
            written = written.union(&write(&log, round).await);
            if round % 2 == 1 {
                disk.fill();
            }
            let mut progress = view.progress();
            let waits =
                |now: &aftercall_view::Progress| now.paused || now.indexed.covers_all(&written);
            progress.wait_for(waits).await.unwrap();
            if engine == EngineKind::Lsm {
                assert_answers(&view, round * RECORDS);
            }
            if round % 3 == 0 {
                stop(view).await;
                view = begin(&log, engine, &disk);
            }
            disk.relieve();
            view.wait_for_index(&written, soon()).await.unwrap();
            view.wait_for(&written, soon()).await.unwrap();
            assert_answers(&view, (round + 1) * RECORDS);
        }
        assert_eq!(contents(&view.store()).len(), ROUNDS * RECORDS);
        stop(view).await;
        // sled does not always have what it wrote when the disk was full; then its proof says so, and the
        // store is rebuilt.
        let damaged = disk.0.join("views/words/store.damaged").exists();
        assert!(!damaged || engine == EngineKind::Sled, "{engine:?}");
        let index_last = fs::metadata(&index).unwrap().ino();
        assert_eq!(
            index_last, index_first,
            "{engine:?}: the index was begun anew"
        );
    }
}
