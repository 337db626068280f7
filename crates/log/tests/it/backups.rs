//! Backups that are made while a log is written to, and what becomes of them.

use std::fs;
use std::path::Path;

use aftercall_log::backup::{Backup, KeepError, Keeper, Part, RestoreError, Restoring, Summary};
use aftercall_log::{Log, Offset, ReadError};
use tempfile::TempDir;

use crate::scene::{PAGE, append, cut_file, flip, last_segment, open_at, read, record, records};

const SEGMENT_BYTES: u64 = 5_000;

/// A log of several segments.
fn grown(dir: &Path, count: u64) -> aftercall_log::EmbeddedLog {
    let log = open_at(dir, SEGMENT_BYTES).unwrap();
    (0..count).for_each(|n| drop(append(&log, vec![record(n)]).unwrap()));
    log
}

fn from(keeper: &Keeper) -> Offset {
    keeper.held().map_or(0, |held| held.next)
}

fn keep(log: &dyn Log, dir: &Path) -> Result<Summary, KeepError> {
    let mut keeper = Keeper::open(dir)?;
    let mut backup = log.backup(from(&keeper)).unwrap();
    while let Some(part) = backup.next_part().unwrap() {
        keeper.take(part)?;
    }
    keeper.finish(backup.tail())
}

fn restore(backup: &Path, to: &Path, as_copy: bool) -> Result<(), RestoreError> {
    let restoring = Restoring::begin(to)?;
    restoring.directory(backup)?;
    restoring.finish(as_copy).map(drop)
}

#[test]
fn a_backup_holds_what_was_durable_when_it_began() {
    let (dir, to) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let log = grown(dir.path(), 60);
    let mut keeper = Keeper::open(to.path().join("kept")).unwrap();
    let mut backup = log.backup(0).unwrap();
    let mut written = 60;
    while let Some(part) = backup.next_part().unwrap() {
        keeper.take(part).unwrap();
        // The log goes on.
        append(&log, vec![record(written)]).unwrap();
        written += 1;
    }
    assert!(written > 65, "it came in several parts");
    let summary = keeper.finish(backup.tail()).unwrap();
    assert_eq!((summary.records, summary.log), (60, log.id()));
    let place = to.path().join("restored/log");
    restore(&to.path().join("kept"), &place, false).unwrap();
    let again = open_at(&place, SEGMENT_BYTES).unwrap();
    assert_eq!(again.id(), log.id());
    assert_eq!(read(&again, 0), records(0..60));
    append(&again, vec![record(7)]).unwrap();
    let epoch = |log: &dyn Log, next| log.identity().epoch_before(next);
    assert_eq!(epoch(&again, 60), epoch(&log, 60));
    assert_ne!(epoch(&again, 61), epoch(&log, 61));
}

#[test]
fn a_backup_goes_on_wherever_it_was_broken_off() {
    let dir = TempDir::new().unwrap();
    let log = grown(dir.path(), 60);
    let parts = || {
        let mut backup = log.backup(0).unwrap();
        std::iter::from_fn(move || backup.next_part().unwrap())
    };
    for broken_off in 0..parts().count() {
        for torn in [0, 1, 50] {
            let to = TempDir::new().unwrap();
            let mut keeper = Keeper::open(to.path().join("kept")).unwrap();
            for part in parts().take(broken_off) {
                keeper.take(part).unwrap();
            }
            drop(keeper);
            let place = to.path().join("restored");
            assert!(restore(&to.path().join("kept"), &place, false).is_err() && !place.exists());
            if let Some(last) = fs::read_dir(to.path().join("kept"))
                .unwrap()
                .map(|entry| entry.unwrap().path())
                .filter(|path| path.extension().is_some_and(|is| is == "log"))
                .max()
            {
                let bytes = fs::metadata(&last).unwrap().len();
                cut_file(&last, bytes - torn.min(bytes));
            }
            let summary = keep(&log, &to.path().join("kept")).unwrap();
            assert_eq!(summary.records, 60, "{broken_off} parts, {torn} bytes torn");
            restore(&to.path().join("kept"), &place, false).unwrap();
            assert_eq!(
                read(&open_at(&place, SEGMENT_BYTES).unwrap(), 0),
                records(0..60)
            );
        }
    }
}

#[test]
fn a_later_backup_adds_what_was_recorded_since() {
    let (dir, to) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let log = grown(dir.path(), 40);
    keep(&log, &to.path().join("kept")).unwrap();
    (40..90).for_each(|n| drop(append(&log, vec![record(n)]).unwrap()));
    let mut again = log.backup(40).unwrap();
    let mut bases = Vec::new();
    while let Some(part) = again.next_part().unwrap() {
        if let Part::Segment { base, .. } = part {
            bases.push(base);
        }
    }
    assert!(bases[0] > 0, "only what is new is sent: {bases:?}");
    assert_eq!(keep(&log, &to.path().join("kept")).unwrap().records, 90);
    assert_eq!(keep(&log, &to.path().join("kept")).unwrap().records, 90);
    let place = to.path().join("restored");
    restore(&to.path().join("kept"), &place, false).unwrap();
    assert_eq!(
        read(&open_at(&place, SEGMENT_BYTES).unwrap(), 0),
        records(0..90)
    );
}

#[test]
fn a_copy_to_try_things_with_is_another_log() {
    let (dir, to) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let log = grown(dir.path(), 20);
    keep(&log, &to.path().join("kept")).unwrap();
    let place = to.path().join("copy");
    restore(&to.path().join("kept"), &place, true).unwrap();
    let copy = open_at(&place, SEGMENT_BYTES).unwrap();
    assert_ne!(copy.id(), log.id());
    assert_eq!(read(&copy, 0), records(0..20));
    (20..60).for_each(|n| drop(append(&copy, vec![record(n)]).unwrap()));
    let id = copy.id();
    drop(copy);
    assert_eq!(open_at(&place, SEGMENT_BYTES).unwrap().id(), id);
}

#[test]
fn an_empty_log_can_be_backed_up() {
    let (dir, to) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let log = grown(dir.path(), 0);
    assert_eq!(keep(&log, &to.path().join("kept")).unwrap().records, 0);
    let place = to.path().join("restored");
    restore(&to.path().join("kept"), &place, false).unwrap();
    assert_eq!(open_at(&place, SEGMENT_BYTES).unwrap().id(), log.id());
}

#[test]
fn damage_on_either_side_is_found() {
    let (dir, to) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let log = grown(dir.path(), 20);
    let path = last_segment(dir.path());
    flip(&path, PAGE + 40, 1);
    let mut backup = log.backup(0).unwrap();
    let read_all = |backup: &mut Backup| loop {
        match backup.next_part() {
            Ok(Some(_)) => {}
            other => break other,
        }
    };
    let read = read_all(&mut backup);
    assert!(matches!(read, Err(ReadError::Corrupt { .. })), "{read:?}");
    flip(&path, PAGE + 40, 1);
    keep(&log, &to.path().join("kept")).unwrap();
    let place = to.path().join("restored");
    flip(&last_segment(&to.path().join("kept")), PAGE + 40, 1);
    let refused = restore(&to.path().join("kept"), &place, false);
    assert!(
        matches!(refused, Err(RestoreError::Damaged { .. })),
        "{refused:?}"
    );
    assert!(!place.exists());
    // The next backup mends it.
    keep(&log, &to.path().join("kept")).unwrap();
    restore(&to.path().join("kept"), &place, false).unwrap();
}

#[test]
fn what_is_there_is_never_written_over() {
    let (dir, to) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let log = grown(dir.path(), 20);
    keep(&log, &to.path().join("kept")).unwrap();
    let refused = restore(&to.path().join("kept"), dir.path(), false);
    assert!(
        matches!(refused, Err(RestoreError::NotEmpty { .. })),
        "{refused:?}"
    );
    // A directory with a log that is written to is no backup.
    let refused = Keeper::open(dir.path()).err();
    assert!(
        matches!(refused, Some(KeepError::NotEmpty { .. })),
        "{refused:?}"
    );
    let other = TempDir::new().unwrap();
    fs::write(other.path().join("notes.txt"), b"mine").unwrap();
    let refused = Keeper::open(other.path()).err();
    assert!(
        matches!(refused, Some(KeepError::NotEmpty { .. })),
        "{refused:?}"
    );
    let restoring = Restoring::begin(other.path().join("log")).unwrap();
    for name in ["../escaped", "/tmp/escaped", "notes.txt", "1.log", ""] {
        let refused = restoring.file(name, &mut &b"x"[..]);
        assert!(
            matches!(refused, Err(RestoreError::Foreign { .. })),
            "{name}"
        );
    }
}
