//! What a start makes of a log whose process ended at any moment.

use aftercall_log::{EmbeddedLog, Log, LogId, OpenError, Options};

use crate::scene::{
    Moment, PAGE, append, at, copy_all, crash, cut_file, end, flip, frame_bytes, last_segment,
    open, open_at, overwrite, read, record, records, segments,
};

/// A log of two batches, of 3 and of 4 records, as a crash leaves it after the second.
fn two_batches() -> tempfile::TempDir {
    let dir = tempfile::tempdir().unwrap();
    let log = open(dir.path()).unwrap();
    append(&log, records(0..3)).unwrap();
    append(&log, records(3..7)).unwrap();
    crash(dir.path())
}

fn second_batch() -> std::ops::Range<u64> {
    let start = PAGE + frame_bytes(&records(0..3));
    start..start + frame_bytes(&records(3..7))
}

/// How many records end at or before the byte `at`.
fn whole_before(at: u64) -> u64 {
    (0..8)
        .take_while(|&n| PAGE + frame_bytes(&records(0..n)) <= at)
        .last()
        .unwrap()
}

#[test]
fn a_tail_torn_at_any_byte_is_cut() {
    let crashed = two_batches();
    assert_eq!(end(crashed.path()), second_batch().end);
    for at in second_batch() {
        let dir = copy_all(crashed.path());
        cut_file(&last_segment(dir.path()), at);
        let log = open(dir.path()).unwrap();
        let kept = whole_before(at);
        assert_eq!(read(&log, 0), records(0..kept), "cut at byte {at}");
        append(&log, vec![record(100)]).unwrap();
        drop(log);
        assert_eq!(
            read(&open(dir.path()).unwrap(), kept),
            [record(100)],
            "cut at byte {at}"
        );
    }
}

#[test]
fn a_tail_zeroed_from_any_byte_is_cut() {
    let crashed = two_batches();
    for at in second_batch() {
        let dir = copy_all(crashed.path());
        let path = last_segment(dir.path());
        let zeros = vec![0; (second_batch().end - at) as usize];
        overwrite(&path, at, &zeros);
        let log = open(dir.path()).unwrap();
        // A record may end in zeros of its own, but these don't.
        assert_eq!(
            read(&log, 0),
            records(0..whole_before(at)),
            "zeros from byte {at}"
        );
    }
}

#[test]
fn a_bit_turned_anywhere_in_the_last_batch_is_refused() {
    let crashed = two_batches();
    for at in second_batch() {
        let dir = copy_all(crashed.path());
        flip(&last_segment(dir.path()), at, (at % 8) as u32);
        let refused = open(dir.path()).unwrap_err();
        let byte = PAGE + frame_bytes(&records(0..whole_before(at)));
        assert!(
            matches!(&refused, OpenError::Corrupt(damage) if damage.byte == byte),
            "bit turned at byte {at}: {refused}"
        );
    }
}

#[test]
fn what_is_left_behind_a_torn_record_never_comes_back() {
    let dir = tempfile::tempdir().unwrap();
    let log = open(dir.path()).unwrap();
    append(&log, records(0..3)).unwrap();
    let acknowledged = Moment::of(dir.path());
    append(&log, records(3..7)).unwrap();
    let written = Moment::of(dir.path());
    drop(log);
    // The first record of the last batch is missing, the other three stand.
    written.put_back();
    acknowledged.put_back_file("durable");
    overwrite(&last_segment(dir.path()), second_batch().start, &[0; 36]);
    let log = open(dir.path()).unwrap();
    assert_eq!(read(&log, 0), records(0..3));
    // The same record again: what follows it would fit.
    append(&log, vec![record(3)]).unwrap();
    let crashed = crash(dir.path());
    assert_eq!(read(&open(crashed.path()).unwrap(), 0), records(0..4));
}

#[test]
fn damage_before_the_last_batch_is_refused_and_named() {
    let crashed = two_batches();
    for at in PAGE..second_batch().start {
        let dir = copy_all(crashed.path());
        let path = last_segment(dir.path());
        flip(&path, at, (at % 8) as u32);
        let before = copy_all(dir.path());
        let refused = open(dir.path()).unwrap_err();
        let OpenError::Corrupt(damage) = &refused else {
            panic!("{refused}")
        };
        let offset = whole_before(at);
        let byte = PAGE + frame_bytes(&records(0..offset));
        assert_eq!(
            (&damage.path, damage.byte, damage.offset),
            (&path, byte, offset)
        );
        assert!(
            refused.to_string().contains("aftercall log repair"),
            "{refused}"
        );
        let name = path.file_name().unwrap();
        let unchanged = std::fs::read(before.path().join(name)).unwrap();
        assert!(
            std::fs::read(&path).unwrap() == unchanged,
            "a refusal changes nothing"
        );
    }
}

#[test]
fn records_that_vanished_before_the_last_batch_are_refused() {
    let crashed = two_batches();
    let zeros = vec![0; (second_batch().start - PAGE) as usize];
    overwrite(&last_segment(crashed.path()), PAGE, &zeros);
    let refused = open(crashed.path()).unwrap_err();
    assert!(
        matches!(&refused, OpenError::Corrupt(damage) if damage.offset == 0),
        "{refused}"
    );
}

#[test]
fn a_log_that_was_closed_in_order_has_no_torn_tail() {
    let dir = tempfile::tempdir().unwrap();
    let log = open(dir.path()).unwrap();
    append(&log, records(0..3)).unwrap();
    drop(log);
    for harm in 0..3 {
        let dir = copy_all(dir.path());
        let path = last_segment(dir.path());
        let last = PAGE + frame_bytes(&records(0..2));
        match harm {
            0 => flip(&path, last + 40, 1),
            1 => cut_file(&path, last + 40),
            _ => cut_file(&path, last),
        }
        let refused = open(dir.path()).unwrap_err();
        let damaged = |damage: &aftercall_log::Damage| (damage.byte, damage.offset) == (last, 2);
        assert!(
            matches!(&refused, OpenError::Corrupt(damage) if damaged(damage)),
            "{refused}"
        );
    }
}

#[test]
fn text_that_looks_like_a_later_batch_is_not_taken_for_one() {
    // A customer's text that holds the bytes of another log's records, of far later batches.
    let other = tempfile::tempdir().unwrap();
    let log = open(other.path()).unwrap();
    (0..20).for_each(|n| drop(append(&log, vec![record(n)]).unwrap()));
    let frames = std::fs::read(last_segment(other.path())).unwrap();
    let body = bytes::Bytes::from(frames[PAGE as usize..][..800].to_vec());
    let dir = tempfile::tempdir().unwrap();
    let log = open(dir.path()).unwrap();
    append(&log, vec![record(0)]).unwrap();
    append(&log, vec![aftercall_log::Record { body, ..record(1) }]).unwrap();
    let crashed = crash(dir.path());
    let second = PAGE + frame_bytes(&[record(0)]);
    // The sector in which it begins was not written.
    let zeros = vec![0; (PAGE + 512 - second) as usize];
    overwrite(&last_segment(crashed.path()), second, &zeros);
    assert_eq!(read(&open(crashed.path()).unwrap(), 0), [record(0)]);
}

#[test]
fn a_crash_between_two_segments_loses_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let log = open_at(dir.path(), 5_000).unwrap();
    for n in 0..100 {
        append(&log, vec![record(n)]).unwrap();
        let crashed = crash(dir.path());
        // What the crash left of the next segment, which was being made.
        std::fs::write(crashed.path().join("00000000000000009999.log.new"), b"half").unwrap();
        assert_eq!(
            read(&open_at(crashed.path(), 5_000).unwrap(), 0),
            records(0..n + 1)
        );
    }
    assert!(segments(dir.path()).len() > 4);
}

#[test]
fn a_log_belongs_to_one_process() {
    let dir = tempfile::tempdir().unwrap();
    let log = open(dir.path()).unwrap();
    let refused = open(dir.path()).unwrap_err();
    let me = Some(std::process::id());
    assert!(
        matches!(&refused, OpenError::Held { holder, .. } if *holder == me),
        "{refused}"
    );
    log.close();
    let again = open(dir.path()).unwrap();
    drop(log);
    assert!(matches!(open(dir.path()), Err(OpenError::Held { .. })));
    drop(again);
    drop(open(dir.path()).unwrap());
}

#[test]
fn a_closed_log_is_read_and_not_written() {
    let dir = tempfile::tempdir().unwrap();
    let log = open(dir.path()).unwrap();
    append(&log, records(0..3)).unwrap();
    let mut reader = log.reader(&[at(0)]).unwrap();
    log.close();
    assert!(matches!(
        append(&log, records(3..4)),
        Err(aftercall_log::AppendError::Closed)
    ));
    let forever = std::time::Duration::from_secs(60);
    assert_eq!(reader.next(10, 1 << 20, forever).unwrap().len(), 3);
    let end = reader.next(10, 1 << 20, forever);
    assert!(
        matches!(end, Err(aftercall_log::ReadError::Closed)),
        "{end:?}"
    );
}

#[test]
fn a_new_log_takes_the_identity_it_is_given_and_keeps_it() {
    let dir = tempfile::tempdir().unwrap();
    let deep = dir.path().join("a/b/c");
    let given = |id| Options {
        new_log_id: Some(LogId([id; 16])),
        ..Options::default()
    };
    assert_eq!(
        EmbeddedLog::open(&deep, given(5)).unwrap().id(),
        LogId([5; 16])
    );
    assert_eq!(
        EmbeddedLog::open(&deep, given(6)).unwrap().id(),
        LogId([5; 16])
    );
    let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    assert_ne!(
        open(one.path()).unwrap().id(),
        open(other.path()).unwrap().id()
    );
}
