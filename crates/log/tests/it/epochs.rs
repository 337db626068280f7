//! A log that is put back to an earlier state is told from what it was.

use std::fs;
use std::path::Path;

use aftercall_log::inspect::ReadOnlyLog;
use aftercall_log::{Epoch, Log, LogIdentity};

use crate::scene::{Moment, append, copy_all, flip, open, read, records};

/// A log that was started three times, and written to each time.
fn three_lives() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    for begin in [0, 3, 6] {
        let log = open(dir.path()).unwrap();
        append(&log, records(begin..begin + 3)).unwrap();
    }
    dir
}

/// The epochs of the first `count` records.
fn epochs(log: &LogIdentity, count: u64) -> Vec<Epoch> {
    (1..=count).map(|next| log.epoch_before(next)).collect()
}

fn identity(dir: &Path) -> LogIdentity {
    open(dir).unwrap().identity()
}

#[test]
fn each_start_that_writes_is_an_epoch_and_keeps_those_before() {
    let dir = three_lives();
    let log = identity(dir.path());
    let of_records = epochs(&log, 9);
    let mut different = of_records.clone();
    different.dedup();
    assert_eq!(different.len(), 3, "{of_records:?}");
    assert_eq!(of_records[0], of_records[2]);
    assert_eq!(log.epoch_before(0), Epoch::NONE);
    let beside = ReadOnlyLog::open(dir.path()).unwrap();
    assert_eq!(epochs(beside.identity(), 9), of_records);
    // Starts that write nothing leave nothing, and change nothing.
    (0..5).for_each(|_| drop(open(dir.path()).unwrap()));
    assert_eq!(epochs(&identity(dir.path()), 9), of_records);
    let eras = ReadOnlyLog::open(dir.path())
        .unwrap()
        .identity()
        .eras()
        .len();
    assert_eq!(eras, 3);
}

#[test]
fn a_state_that_is_put_back_shares_what_was_before_it_and_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let log = open(dir.path()).unwrap();
    append(&log, records(0..3)).unwrap();
    let earlier = Moment::of(dir.path());
    append(&log, records(3..6)).unwrap();
    let later = epochs(&log.identity(), 6);
    drop(log);
    let other = three_lives();
    for (place, from) in [(dir.path(), 3), (copy_all(dir.path()).path(), 6)] {
        if place == dir.path() {
            earlier.put_back();
        }
        let log = open(place).unwrap();
        append(&log, records(from..from + 4)).unwrap();
        let again = epochs(&log.identity(), from + 4);
        let shared = from as usize;
        assert_eq!(again[..shared], later[..shared]);
        assert!(again[shared..].iter().all(|epoch| !later.contains(epoch)));
    }
    assert!(!later.contains(&identity(other.path()).epoch_before(1)));
}

#[test]
fn without_its_file_of_epochs_a_log_opens_and_refuses_what_was_told_before() {
    for harm in 0..3 {
        let dir = three_lives();
        let before = epochs(&identity(dir.path()), 9);
        let file = dir.path().join("epochs");
        match harm {
            0 => fs::remove_file(&file).unwrap(),
            1 => flip(&file, 40, 3),
            _ => fs::write(&file, b"").unwrap(),
        }
        let log = open(dir.path()).unwrap();
        assert_eq!(read(&log, 0), records(0..9));
        let now = epochs(&log.identity(), 9);
        assert!(now.iter().all(|epoch| !before.contains(epoch)), "{now:?}");
        drop(log);
        // Although nothing was written since: positions of now must be good the next time.
        assert_eq!(epochs(&identity(dir.path()), 9), now);
    }
}

#[test]
fn an_epoch_of_which_nothing_was_acknowledged_is_forgotten() {
    let dir = tempfile::tempdir().unwrap();
    drop(open(dir.path()).unwrap());
    let first = identity(dir.path());
    assert_eq!(epochs(&first, 3), epochs(&first, 3));
    let log = open(dir.path()).unwrap();
    append(&log, records(0..2)).unwrap();
    let of_records = epochs(&log.identity(), 2);
    drop(log);
    assert_eq!(epochs(&identity(dir.path()), 2), of_records);
    let eras = ReadOnlyLog::open(dir.path())
        .unwrap()
        .identity()
        .eras()
        .len();
    assert_eq!(eras, 1);
}
