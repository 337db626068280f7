//! Damage in segments that no start reads.

use std::fs;
use std::time::Duration;

use aftercall_log::inspect::{self, IndexState};
use aftercall_log::{Log, OpenError, ReadError};
use tempfile::TempDir;

use crate::scene::{
    PAGE, append, at, copy_all, cut_file, flip, frame_bytes, open_at, read, record, records,
    segments,
};

const SEGMENT_BYTES: u64 = 5_000;

/// A log of several segments, closed in order.
fn many_segments() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    let log = open_at(dir.path(), SEGMENT_BYTES).unwrap();
    (0..60).for_each(|n| drop(append(&log, vec![record(n)]).unwrap()));
    drop(log);
    dir
}

#[test]
fn a_bit_turned_anywhere_in_a_sealed_segment_is_named() {
    let dir = many_segments();
    let stats = inspect::stats(dir.path()).unwrap();
    assert!(inspect::verify(dir.path(), |_| {}).unwrap().is_sound());
    let segment = &stats.segments[1];
    assert!(segment.sealed);
    let (path, base) = (&segment.path, segment.base);
    for at in 0..segment.file_bytes {
        flip(path, at, (at % 8) as u32);
        let report = inspect::verify(dir.path(), |_| {}).unwrap();
        let before = (0..segment.records)
            .take_while(|&n| PAGE + frame_bytes(&records(base..base + n)) <= at)
            .last();
        let (byte, offset) = before.map_or((0, base), |n| {
            (PAGE + frame_bytes(&records(base..base + n)), base + n)
        });
        assert_eq!(report.damages_total, 1, "byte {at}: {:?}", report.damages);
        let damage = &report.damages[0];
        assert_eq!(
            (&damage.path, damage.byte, damage.offset),
            (path, byte, offset),
            "byte {at}"
        );
        let lost = u64::from(at >= PAGE);
        assert_eq!(report.records, 60 - lost, "all others are read, byte {at}");
        flip(path, at, (at % 8) as u32);
    }
}

#[test]
fn a_reader_stops_at_damage_and_says_where() {
    let dir = many_segments();
    let segment = inspect::stats(dir.path()).unwrap().segments[1].clone();
    let damaged = segment.base + 2;
    let byte = PAGE + frame_bytes(&records(segment.base..damaged));
    flip(&segment.path, byte + 50, 3);
    let log = open_at(dir.path(), SEGMENT_BYTES).unwrap();
    let mut reader = log.reader(&[at(0)]).unwrap();
    let mut read = Vec::new();
    let error = loop {
        match reader.next(7, 1 << 20, Duration::ZERO) {
            Ok(entries) => read.extend(entries.into_iter().map(|entry| entry.record)),
            Err(error) => break error,
        }
    };
    assert_eq!(read, records(0..damaged));
    let ReadError::Corrupt { offset, detail } = error else {
        panic!("{error}")
    };
    assert_eq!(offset, damaged);
    let place = format!(
        "{} is damaged at byte {byte}, offset {damaged}:",
        segment.path.display()
    );
    assert!(detail.starts_with(&place), "{detail}");
    let after = read_from(&log, segment.base + segment.records);
    assert_eq!(after, records(segment.base + segment.records..60));
}

fn read_from(log: &dyn Log, from: u64) -> Vec<aftercall_log::Record> {
    read(log, from)
}

#[test]
fn a_search_by_time_does_not_step_over_damage() {
    let dir = many_segments();
    let segment = inspect::stats(dir.path()).unwrap().segments[1].clone();
    flip(&segment.path, PAGE + 50, 3);
    fs::remove_file(segment.path.with_extension("idx")).unwrap();
    let log = open_at(dir.path(), SEGMENT_BYTES).unwrap();
    let within = segment.base as i64 + 1;
    let found = log.offset_at(0, within);
    assert!(matches!(found, Err(ReadError::Corrupt { .. })), "{found:?}");
    assert_eq!(log.offset_at(0, 1).unwrap(), 1);
}

#[test]
fn a_missing_segment_is_refused_and_named() {
    let whole = many_segments();
    let paths = segments(whole.path());
    for nth in 0..paths.len() - 1 {
        let dir = copy_all(whole.path());
        let stats = inspect::stats(dir.path()).unwrap();
        let gone = stats.segments[nth].clone();
        fs::remove_file(&gone.path).unwrap();
        let refused = open_at(dir.path(), SEGMENT_BYTES).unwrap_err();
        assert!(
            matches!(&refused, OpenError::Corrupt(damage) if damage.offset == gone.base),
            "{refused}"
        );
        let missing = format!(
            "records {} to {} are missing",
            gone.base,
            gone.base + gone.records - 1
        );
        assert!(refused.to_string().contains(&missing), "{refused}");
        let report = inspect::verify(dir.path(), |_| {}).unwrap();
        assert!(
            report.damages[0].to_string().contains(&missing),
            "{:?}",
            report.damages
        );
    }
}

#[test]
fn a_sealed_segment_that_was_cut_short_is_refused() {
    let dir = many_segments();
    let segment = inspect::stats(dir.path()).unwrap().segments[0].clone();
    let kept = PAGE + frame_bytes(&records(0..segment.records - 1));
    cut_file(&segment.path, kept);
    let refused = open_at(dir.path(), SEGMENT_BYTES).unwrap_err();
    let OpenError::Corrupt(damage) = refused else {
        panic!("{refused}")
    };
    assert_eq!((damage.byte, damage.offset), (kept, segment.records - 1));
    let report = inspect::verify(dir.path(), |_| {}).unwrap();
    assert_eq!(report.damages, [damage]);
}

#[test]
fn a_damaged_first_page_is_refused_and_named() {
    let dir = many_segments();
    for path in segments(dir.path()) {
        flip(&path, 20, 1);
        let refused = open_at(dir.path(), SEGMENT_BYTES).unwrap_err();
        let named = matches!(&refused, OpenError::Corrupt(damage) if damage.path == path);
        assert!(named, "{refused}");
        flip(&path, 20, 1);
    }
}

#[test]
fn indexes_that_are_gone_or_damaged_are_built_again() {
    let dir = many_segments();
    let paths = segments(dir.path());
    fs::remove_file(paths[0].with_extension("idx")).unwrap();
    flip(&paths[1].with_extension("idx"), 30, 0);
    let states = |dir: &TempDir| {
        let report = inspect::verify(dir.path(), |_| {}).unwrap();
        assert!(report.is_sound());
        report
            .segments
            .into_iter()
            .map(|segment| segment.index)
            .collect::<Vec<_>>()
    };
    let before = states(&dir);
    assert_eq!(
        before[..3],
        [IndexState::Missing, IndexState::Missing, IndexState::Good]
    );
    let log = open_at(dir.path(), SEGMENT_BYTES).unwrap();
    for n in 0..60 {
        assert_eq!(log.offset_at(0, n).unwrap(), n as u64);
        assert_eq!(
            log.reader(&[at(n as u64)]).unwrap().positions(),
            [at(n as u64)]
        );
    }
    drop(log);
    let after = states(&dir);
    assert!(
        after[..after.len() - 1]
            .iter()
            .all(|state| *state == IndexState::Good),
        "{after:?}"
    );
}

#[test]
fn an_index_of_another_segment_is_not_used() {
    let dir = many_segments();
    let paths = segments(dir.path());
    fs::copy(
        paths[2].with_extension("idx"),
        paths[1].with_extension("idx"),
    )
    .unwrap();
    let log = open_at(dir.path(), SEGMENT_BYTES).unwrap();
    assert_eq!(read(&log, 0), records(0..60));
    assert!((0..60).all(|n| log.offset_at(0, n).unwrap() == n as u64));
}

#[test]
fn segments_of_another_log_and_other_files_are_refused() {
    let (dir, other) = (many_segments(), many_segments());
    let paths = segments(dir.path());
    let name = paths[1].file_name().unwrap();
    fs::copy(other.path().join(name), &paths[1]).unwrap();
    let refused = open_at(dir.path(), SEGMENT_BYTES).unwrap_err();
    assert!(
        matches!(&refused, OpenError::Mixed { path } if *path == paths[1]),
        "{refused}"
    );
    fs::write(&paths[1], vec![b'?'; 9_000]).unwrap();
    let refused = open_at(dir.path(), SEGMENT_BYTES).unwrap_err();
    assert!(
        matches!(&refused, OpenError::Foreign { path } if *path == paths[1]),
        "{refused}"
    );
}
