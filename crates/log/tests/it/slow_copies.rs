//! Copies that were made file by file, and chunk by chunk, while the log was written to.

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::PathBuf;

use aftercall_log::inspect;
use aftercall_log::{Log, OpenError, Record};
use proptest::prelude::*;
use tempfile::TempDir;

use crate::scene::{PAGE, append, copy_all, flip, last_segment, open_at, read};

/// What a copying program reads at once.
const CHUNK_BYTES: usize = 16 << 10;

fn record(n: u64, bytes: usize) -> Record {
    Record {
        key: "key".into(),
        recorded_at_us: n as i64,
        body: format!("{n:*^bytes$}").into(),
    }
}

/// A log that grows while it is copied.
struct Growing {
    dir: TempDir,
    log: aftercall_log::EmbeddedLog,
    sizes: Vec<usize>,
    written: u64,
}

impl Growing {
    fn new(sizes: Vec<usize>) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let log = open_at(dir.path(), 300 << 10).unwrap();
        let mut growing = Self {
            dir,
            log,
            sizes,
            written: 0,
        };
        (0..5).for_each(|_| growing.grow());
        growing
    }

    fn record(&self, n: u64) -> Record {
        record(n, self.sizes[n as usize % self.sizes.len()])
    }

    fn grow(&mut self) {
        let batch = (self.written..self.written + 3)
            .map(|n| self.record(n))
            .collect();
        append(&self.log, batch).unwrap();
        self.written += 3;
    }

    /// The files, in one of the orders in which a directory may list them.
    fn listed(&self, order: usize) -> Vec<PathBuf> {
        let paths = fs::read_dir(self.dir.path()).unwrap();
        let mut paths: Vec<_> = paths.map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        let by = order % paths.len();
        paths.rotate_left(by);
        paths
    }

    /// A copy during which the log grows after every chunk.
    fn copy(&mut self, order: usize) -> TempDir {
        let to = tempfile::tempdir().unwrap();
        for path in self.listed(order) {
            let Ok(from) = File::open(&path) else {
                continue;
            };
            let copy = File::create(to.path().join(path.file_name().unwrap())).unwrap();
            let mut chunk = vec![0; CHUNK_BYTES];
            for at in (0..).step_by(CHUNK_BYTES) {
                let read = from.read_at(&mut chunk, at).unwrap();
                if read == 0 {
                    break;
                }
                copy.write_all_at(&chunk[..read], at).unwrap();
                if self.written < 600 {
                    self.grow();
                }
            }
        }
        to
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10))]

    #[test]
    fn a_slow_copy_opens_with_all_that_was_there_when_it_began(
        sizes in prop::collection::vec(0..9_000_usize, 1..6),
        order in 0..8_usize,
    ) {
        let mut growing = Growing::new(sizes);
        let before = growing.written;
        let copy = growing.copy(order);
        let log = open_at(copy.path(), 300 << 10);
        let log = log.map_err(|error| TestCaseError::fail(error.to_string()))?;
        let found = read(&log, 0);
        let count = found.len() as u64;
        prop_assert!((before..=growing.written).contains(&count), "{count} of {before}");
        prop_assert!(found == (0..count).map(|n| growing.record(n)).collect::<Vec<_>>());
        // It is a log of its own from here on.
        append(&log, vec![record(count, 7)]).unwrap();
        let shared = |next| growing.log.identity().epoch_before(next) == log.identity().epoch_before(next);
        prop_assert!(shared(count) && !shared(count + 1));
        drop(log);
        let report = inspect::verify(copy.path(), |_| {}).unwrap();
        prop_assert!(report.is_sound() && report.records == count + 1);
    }
}

/// A copy with a hole in it: what was written where the copy had been by was not copied. And how many
/// records stand before the hole.
fn with_a_hole() -> (TempDir, u64) {
    let mut growing = Growing::new(vec![3_000]);
    let segment = last_segment(growing.dir.path());
    let (early, before) = (fs::read(&segment).unwrap(), growing.written);
    (0..5).for_each(|_| growing.grow());
    let mut late = fs::read(&segment).unwrap();
    let end = early.iter().rposition(|&byte| byte != 0).unwrap();
    let been_by = end.next_multiple_of(4096);
    late[..been_by].copy_from_slice(&early[..been_by]);
    let copy = copy_all(growing.dir.path());
    fs::write(last_segment(copy.path()), late).unwrap();
    (copy, before)
}

#[test]
fn what_a_copy_has_after_its_hole_is_kept_aside() {
    let (copy, whole) = with_a_hole();
    assert_eq!(
        read(&open_at(copy.path(), 300 << 10).unwrap(), 0).len() as u64,
        whole
    );
    let paths = fs::read_dir(copy.path())
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let kept = paths
        .filter(|path| path.extension().is_some_and(|is| is == "cut"))
        .count();
    assert_eq!(kept, 1);
}

#[test]
fn a_copy_that_is_damaged_is_refused_all_the_same() {
    let (copy, whole) = with_a_hole();
    let again = copy_all(copy.path());
    flip(&last_segment(again.path()), PAGE + 50, 1);
    let refused = open_at(again.path(), 300 << 10).unwrap_err();
    let OpenError::Corrupt(damage) = &refused else {
        panic!("{refused}")
    };
    assert!(damage.offset < whole, "{damage}");
}

#[test]
fn a_hole_in_a_log_that_was_closed_in_order_is_damage_in_every_copy() {
    let dir = tempfile::tempdir().unwrap();
    let log = open_at(dir.path(), 300 << 10).unwrap();
    (0..20).for_each(|n| drop(append(&log, vec![record(n, 3_000)]).unwrap()));
    drop(log);
    let copy = copy_all(dir.path());
    crate::scene::overwrite(&last_segment(copy.path()), PAGE + 20_000, &[0; 8_192]);
    let refused = open_at(copy.path(), 300 << 10).unwrap_err();
    assert!(matches!(refused, OpenError::Corrupt(_)), "{refused}");
}
