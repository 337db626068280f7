//! A log knows whether its files are a copy of a log that lives elsewhere.

use std::fs;
use std::path::Path;

use aftercall_log::backup::{Keeper, Restoring};
use aftercall_log::{Copied, Log, OpenError, take_over};

use crate::scene::{append, copy_all, crash, open, read, records};

/// What the log in `dir` knows of being a copy.
fn copied(dir: &Path) -> Option<Copied> {
    open(dir).unwrap().copied().cloned()
}

/// A log with three records.
fn log() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    append(&open(dir.path()).unwrap(), records(0..3)).unwrap();
    dir
}

#[test]
fn a_copy_knows_that_it_is_one_at_each_start_and_works_as_ever() {
    let dir = log();
    assert_eq!(copied(dir.path()), None);
    let copy = copy_all(dir.path());
    let canonical = fs::canonicalize(dir.path()).unwrap();
    let from = Some(canonical.display().to_string());
    for begin in [3, 6] {
        let log = open(copy.path()).unwrap();
        assert_eq!(log.copied(), Some(&Copied { from: from.clone() }));
        append(&log, records(begin..begin + 3)).unwrap();
        assert_eq!(read(&log, 0), records(0..begin + 3));
    }
    // A copy of a copy is one, too; and the first is none for all that.
    assert!(copied(copy_all(copy.path()).path()).is_some());
    assert_eq!(copied(dir.path()), None);
}

#[test]
fn what_is_renamed_is_no_copy() {
    let dir = log();
    let place = tempfile::tempdir().unwrap();
    let moved = place.path().join("moved");
    fs::rename(dir.path(), &moved).unwrap();
    assert_eq!(copied(&moved), None);
    fs::rename(&moved, dir.path()).unwrap();
    assert_eq!(copied(dir.path()), None);
}

#[test]
fn a_copy_that_takes_the_others_place_lives_there() {
    let dir = log();
    let copy = copy_all(dir.path());
    let id = open(dir.path()).unwrap().id();
    let held = open(copy.path()).unwrap();
    assert!(matches!(
        take_over(copy.path()),
        Err(OpenError::Held { .. })
    ));
    drop(held);
    assert!(copied(copy.path()).is_some());
    for _ in 0..2 {
        assert_eq!(take_over(copy.path()).unwrap(), id);
        assert_eq!(copied(copy.path()), None);
    }
    assert!(copied(copy_all(copy.path()).path()).is_some());
    let nowhere = tempfile::tempdir().unwrap();
    for path in [nowhere.path().to_owned(), nowhere.path().join("nothing")] {
        assert!(matches!(take_over(path), Err(OpenError::Missing { .. })));
    }
}

/// Before there was this file, the note of how far a log is durable said where it was written.
#[test]
fn a_log_from_before_lives_where_it_is_unless_it_is_a_copy() {
    for how in 0..2 {
        let dir = log();
        let place = match how {
            0 => dir,
            _ => copy_all(dir.path()),
        };
        fs::remove_file(place.path().join("home")).unwrap();
        for _ in 0..2 {
            assert_eq!(copied(place.path()).is_some(), how == 1, "{how}");
        }
        assert!(copied(copy_all(place.path()).path()).is_some());
    }
    // After a failure of the machine there may be no such note. Nothing speaks for a copy then.
    assert_eq!(copied(crash(log().path()).path()), None);
}

#[test]
fn a_file_that_is_damaged_or_of_another_log_says_that_it_is_a_copy() {
    let other = log();
    for harm in 0..4 {
        let dir = log();
        let file = dir.path().join("home");
        let text = fs::read_to_string(&file).unwrap();
        let text = match harm {
            0 => String::new(),
            1 => text.replace("inode ", "inode 1"),
            2 => text[..text.len() / 2].to_owned(),
            _ => {
                let theirs = fs::read_to_string(other.path().join("home")).unwrap();
                let line = |text: &str| text.lines().nth(1).unwrap().to_owned();
                text.replace(&line(&text), &line(&theirs))
            }
        };
        // Into the same file.
        fs::write(&file, text).unwrap();
        assert!(copied(dir.path()).is_some(), "{harm}");
    }
}

#[test]
fn what_is_restored_is_a_copy_unless_it_is_another_log() {
    let dir = log();
    let to = tempfile::tempdir().unwrap();
    let kept = to.path().join("kept");
    {
        let log = open(dir.path()).unwrap();
        let mut backup = log.backup(0).unwrap();
        let mut keeper = Keeper::open(&kept).unwrap();
        while let Some(part) = backup.next_part().unwrap() {
            keeper.take(part).unwrap();
        }
        keeper.finish(backup.tail()).unwrap();
    }
    for as_copy in [false, true] {
        let place = to.path().join(format!("restored-{as_copy}"));
        let restoring = Restoring::begin(&place).unwrap();
        restoring.directory(&kept).unwrap();
        restoring.finish(as_copy).unwrap();
        let from = (!as_copy).then(|| Some("a backup".to_owned()));
        for _ in 0..2 {
            assert_eq!(copied(&place), from.clone().map(|from| Copied { from }));
        }
    }
    // A backup that is put in place by hand, as it is.
    let by_hand = copy_all(&kept);
    assert!(copied(by_hand.path()).is_some());
    assert!(copied(by_hand.path()).is_some());
}
