//! What the maintenance commands see and do.

use std::fs;
use std::time::Duration;

use aftercall_log::inspect::{self, ReadOnlyLog, RepairError, RepairOptions, RepairReport};
use aftercall_log::{Log, OpenError, ReadError, Reader, Record};
use tempfile::TempDir;

use crate::scene::{
    PAGE, append, copy_all, crash, cut_file, flip, frame_bytes, last_segment, open, open_at, read,
    record, records,
};

const FOREVER: Duration = Duration::from_secs(60);

fn read_n(reader: &mut dyn Reader, count: usize) -> Vec<Record> {
    let mut read = Vec::new();
    while read.len() < count {
        let more = reader.next(count - read.len(), 1 << 20, FOREVER).unwrap();
        assert!(!more.is_empty(), "nothing came in {FOREVER:?}");
        read.extend(more.into_iter().map(|entry| entry.record));
    }
    read
}

#[test]
fn stats_count_what_is_there() {
    let dir = tempfile::tempdir().unwrap();
    let log = open_at(dir.path(), 5_000).unwrap();
    (0..60).for_each(|n| drop(append(&log, vec![record(n)]).unwrap()));
    for closed in [false, true] {
        if closed {
            log.close();
        }
        let stats = inspect::stats(dir.path()).unwrap();
        assert_eq!((stats.id, stats.records, stats.tail), (log.id(), 60, 60));
        assert_eq!(stats.record_bytes, frame_bytes(&records(0..60)));
        let times = (stats.first_recorded_at_us, stats.latest_recorded_at_us);
        assert_eq!(times, (Some(0), Some(59)));
        assert!(stats.segments.len() > 2);
        let mut next = 0;
        for (nth, segment) in stats.segments.iter().enumerate() {
            assert_eq!(segment.base, next);
            assert_eq!(segment.sealed, nth + 1 < stats.segments.len());
            assert_eq!(segment.first_recorded_at_us, Some(next as i64));
            next += segment.records;
            assert_eq!(segment.latest_recorded_at_us, Some(next as i64 - 1));
            let used = PAGE + segment.record_bytes;
            assert!(if segment.sealed {
                segment.file_bytes == used
            } else {
                segment.file_bytes >= used
            });
        }
        assert_eq!(next, 60);
    }
}

#[test]
fn a_directory_without_a_log_is_said_to_be_one() {
    let dir = tempfile::tempdir().unwrap();
    for path in [dir.path().to_owned(), dir.path().join("nowhere")] {
        assert!(matches!(
            inspect::stats(&path),
            Err(OpenError::Missing { .. })
        ));
        assert!(matches!(
            inspect::verify(&path, |_| {}),
            Err(OpenError::Missing { .. })
        ));
        assert!(matches!(
            ReadOnlyLog::open(&path),
            Err(OpenError::Missing { .. })
        ));
        let repaired = inspect::repair(&path, RepairOptions::default());
        assert!(matches!(
            repaired,
            Err(RepairError::Open(OpenError::Missing { .. }))
        ));
    }
    assert_eq!(
        fs::read_dir(dir.path()).unwrap().count(),
        0,
        "looking creates nothing"
    );
}

#[test]
fn verification_tells_how_far_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let log = open_at(dir.path(), 5_000).unwrap();
    (0..60).for_each(|n| drop(append(&log, vec![record(n)]).unwrap()));
    drop(log);
    let mut told = Vec::new();
    let report = inspect::verify(dir.path(), |progress| told.push(progress)).unwrap();
    assert!(report.is_sound() && report.torn_tail.is_none());
    assert_eq!(report.records, 60);
    assert!(told.len() >= report.segments.len());
    assert!(told.is_sorted_by_key(|progress| progress.bytes));
    let last = told.last().unwrap();
    assert_eq!((last.bytes, last.records), (last.bytes_total, 60));
}

#[test]
fn a_torn_tail_is_told_and_is_not_damage() {
    let dir = tempfile::tempdir().unwrap();
    let log = open(dir.path()).unwrap();
    append(&log, records(0..3)).unwrap();
    let crashed = crash(dir.path());
    let byte = PAGE + frame_bytes(&records(0..2));
    cut_file(&last_segment(crashed.path()), byte + 10);
    let report = inspect::verify(crashed.path(), |_| {}).unwrap();
    assert!(report.is_sound());
    let torn = report.torn_tail.unwrap();
    assert_eq!((torn.byte, torn.offset), (byte, 2));
}

/// A log of two batches, of 3 and 4 records, whose second record is damaged.
fn damaged() -> (TempDir, u64) {
    let dir = tempfile::tempdir().unwrap();
    let log = open(dir.path()).unwrap();
    append(&log, records(0..3)).unwrap();
    append(&log, records(3..7)).unwrap();
    let crashed = crash(dir.path());
    let byte = PAGE + frame_bytes(&records(0..1));
    flip(&last_segment(crashed.path()), byte + 38, 2);
    (crashed, byte)
}

#[test]
fn a_repair_never_loses_acknowledged_records_unasked() {
    let (dir, byte) = damaged();
    let before = fs::read(last_segment(dir.path())).unwrap();
    let refused = inspect::repair(dir.path(), RepairOptions::default()).unwrap_err();
    let RepairError::WouldLose {
        damage,
        first,
        last,
    } = &refused
    else {
        panic!("{refused}")
    };
    assert_eq!((damage.byte, *first, *last), (byte, 1, 6));
    assert!(
        refused
            .to_string()
            .contains("loses the acknowledged records 1 to 6"),
        "{refused}"
    );
    assert!(fs::read(last_segment(dir.path())).unwrap() == before);
}

#[test]
fn a_repair_that_loses_records_keeps_them_aside_and_goes_on_in_another_epoch() {
    let (dir, byte) = damaged();
    let path = last_segment(dir.path());
    let before = fs::read(&path).unwrap();
    let beside = ReadOnlyLog::open(dir.path()).unwrap();
    let before_it = beside.identity().epoch_before(2);
    let mut options = RepairOptions {
        dry_run: true,
        allow_loss: true,
    };
    let planned = inspect::repair(dir.path(), options).unwrap();
    assert!(
        fs::read(&path).unwrap() == before,
        "a dry run changes nothing"
    );
    options.dry_run = false;
    let done = inspect::repair(dir.path(), options).unwrap();
    let RepairReport::Cut {
        damage,
        bytes,
        kept_in,
        lost,
    } = done.clone()
    else {
        panic!("{done:?}")
    };
    assert_eq!(
        planned,
        RepairReport::Cut {
            damage,
            bytes,
            kept_in: kept_in.clone(),
            lost
        }
    );
    assert_eq!(lost, Some((1, 6)));
    assert_eq!(
        fs::read(kept_in).unwrap(),
        before[byte as usize..][..bytes as usize]
    );
    let log = open(dir.path()).unwrap();
    let epoch = |next| log.identity().epoch_before(next);
    assert_eq!(epoch(1), before_it, "what is kept is of the same life");
    assert_ne!(epoch(2), before_it, "views of what is lost must not go on");
    assert_eq!(read(&log, 0), records(0..1));
    append(&log, vec![record(50)]).unwrap();
    drop(log);
    assert_eq!(
        inspect::repair(dir.path(), options).unwrap(),
        RepairReport::Sound
    );
    let report = inspect::verify(dir.path(), |_| {}).unwrap();
    assert!(report.is_sound() && report.records == 2);
}

#[test]
fn a_repair_of_a_later_segment_keeps_the_sealed_ones() {
    let dir = tempfile::tempdir().unwrap();
    let log = open_at(dir.path(), 5_000).unwrap();
    (0..60).for_each(|n| drop(append(&log, vec![record(n)]).unwrap()));
    drop(log);
    let base = inspect::stats(dir.path())
        .unwrap()
        .segments
        .pop()
        .unwrap()
        .base;
    flip(&last_segment(dir.path()), PAGE + 36, 0);
    let refused = inspect::repair(dir.path(), RepairOptions::default()).unwrap_err();
    assert!(
        matches!(refused, RepairError::WouldLose { last: 59, .. }),
        "{refused}"
    );
    let options = RepairOptions {
        allow_loss: true,
        dry_run: false,
    };
    inspect::repair(dir.path(), options).unwrap();
    let log = open_at(dir.path(), 5_000).unwrap();
    assert_eq!(read(&log, 0), records(0..base));
    (base..base + 30).for_each(|n| drop(append(&log, vec![record(n)]).unwrap()));
    drop(log);
    assert_eq!(
        read(&open_at(dir.path(), 5_000).unwrap(), 0),
        records(0..base + 30)
    );
}

#[test]
fn a_repair_of_a_torn_tail_loses_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let log = open(dir.path()).unwrap();
    append(&log, records(0..3)).unwrap();
    let crashed = crash(dir.path());
    let path = last_segment(crashed.path());
    let whole = fs::read(&path).unwrap();
    let byte = PAGE + frame_bytes(&records(0..2));
    cut_file(&path, byte + 40);
    let done = inspect::repair(crashed.path(), RepairOptions::default()).unwrap();
    let RepairReport::Cut {
        bytes: 40,
        kept_in,
        lost: None,
        ..
    } = done
    else {
        panic!("{done:?}")
    };
    assert_eq!(fs::read(kept_in).unwrap(), whole[byte as usize..][..40]);
    assert_eq!(read(&open(crashed.path()).unwrap(), 0), records(0..2));
}

#[test]
fn a_repair_needs_the_log_to_itself() {
    let dir = tempfile::tempdir().unwrap();
    let _log = open(dir.path()).unwrap();
    let refused = inspect::repair(dir.path(), RepairOptions::default());
    assert!(
        matches!(refused, Err(RepairError::Open(OpenError::Held { .. }))),
        "{refused:?}"
    );
}

#[test]
fn a_log_is_read_beside_the_server_that_writes_it() {
    let dir = tempfile::tempdir().unwrap();
    let log = open_at(dir.path(), 8_000).unwrap();
    append(&log, records(0..10)).unwrap();
    let beside = ReadOnlyLog::open(dir.path()).unwrap();
    assert_eq!(beside.id(), log.id());
    let mut reader = beside.reader(4).unwrap();
    std::thread::scope(|scope| {
        let followed = scope.spawn(move || read_n(&mut *reader, 496));
        (10..500).for_each(|n| drop(append(&log, vec![record(n)]).unwrap()));
        assert_eq!(followed.join().unwrap(), records(4..500));
    });
    assert!(inspect::stats(dir.path()).unwrap().segments.len() > 3);
    for time in [0, 1, 250, 499] {
        assert_eq!(beside.offset_at(time).unwrap(), time as u64);
    }
    assert_eq!(beside.offset_at(500).unwrap(), 500);
    assert_eq!(
        beside
            .reader(500)
            .unwrap()
            .next(1, 1, Duration::ZERO)
            .unwrap(),
        []
    );
    let beyond = beside.reader(501);
    let tail = matches!(
        beyond,
        Err(ReadError::OffsetOutOfRange {
            offset: 501,
            tail: 500
        })
    );
    assert!(tail, "{beyond:?}");
}

#[test]
fn a_reader_beside_stops_at_damage() {
    let (dir, byte) = damaged();
    let mut reader = ReadOnlyLog::open(dir.path()).unwrap().reader(0).unwrap();
    assert_eq!(reader.next(10, 1 << 20, Duration::ZERO).unwrap().len(), 1);
    match reader.next(10, 1 << 20, Duration::ZERO) {
        Err(ReadError::Corrupt { offset: 1, detail }) => {
            assert!(detail.contains(&format!("byte {byte}")), "{detail}");
        }
        other => panic!("{other:?}"),
    }
    // The same in a segment that is sealed.
    let dir = tempfile::tempdir().unwrap();
    let log = open_at(dir.path(), 5_000).unwrap();
    (0..60).for_each(|n| drop(append(&log, vec![record(n)]).unwrap()));
    let copy = copy_all(dir.path());
    let sealed = inspect::stats(copy.path()).unwrap().segments.remove(1);
    flip(&sealed.path, sealed.file_bytes - 1, 0);
    let damaged = sealed.base + sealed.records - 1;
    let mut reader = ReadOnlyLog::open(copy.path()).unwrap().reader(0).unwrap();
    assert_eq!(
        reader.next(100, 1 << 20, Duration::ZERO).unwrap().len() as u64,
        damaged
    );
    let stopped = reader.next(100, 1 << 20, Duration::ZERO);
    assert!(matches!(stopped, Err(ReadError::Corrupt { offset, .. }) if offset == damaged));
}
