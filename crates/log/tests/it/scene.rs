//! A log in a directory of its own, and the ways to harm it.

use std::fs::{self, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use aftercall_log::{
    AppendError, EmbeddedLog, Entry, Log, Offset, OpenError, Options, Position, Record, inspect,
};
use tempfile::TempDir;

/// The bytes before the first record of a segment.
pub(crate) const PAGE: u64 = 4096;

/// A record that is different for each `n`.
pub(crate) fn record(n: u64) -> Record {
    let body = format!("record {n} {}", "x".repeat((n % 37) as usize)).into();
    Record {
        key: format!("key-{}", n % 5).into(),
        recorded_at_us: n as i64,
        body,
    }
}

pub(crate) fn records(range: std::ops::Range<u64>) -> Vec<Record> {
    range.map(record).collect()
}

/// The bytes that `records` take in a segment.
pub(crate) fn frame_bytes(records: &[Record]) -> u64 {
    records
        .iter()
        .map(|record| 36 + record.key.len() + record.body.len())
        .sum::<usize>() as u64
}

pub(crate) fn open_at(dir: &Path, segment_bytes: u64) -> Result<EmbeddedLog, OpenError> {
    EmbeddedLog::open(
        dir,
        Options {
            segment_bytes,
            ..Options::default()
        },
    )
}

/// In one small segment: a test copies it for each of its bytes.
pub(crate) fn open(dir: &Path) -> Result<EmbeddedLog, OpenError> {
    open_at(dir, 16 << 10)
}

pub(crate) fn append(log: &dyn Log, records: Vec<Record>) -> Result<Vec<Position>, AppendError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(log.append(records))
}

/// A place in the one partition.
pub(crate) fn at(offset: Offset) -> Position {
    Position {
        partition: 0,
        offset,
    }
}

pub(crate) fn read(log: &dyn Log, from: Offset) -> Vec<Record> {
    let mut reader = log.reader(&[at(from)]).unwrap();
    let mut read: Vec<Entry> = Vec::new();
    loop {
        let more = reader.next(100, 1 << 20, Duration::ZERO).unwrap();
        if more.is_empty() {
            break;
        }
        read.extend(more);
    }
    assert!(
        read.iter()
            .map(|entry| entry.position.offset)
            .eq(from..from + read.len() as u64)
    );
    assert_eq!(log.tails().unwrap()[0], from + read.len() as u64);
    read.into_iter().map(|entry| entry.record).collect()
}

/// The files of a log as they are at a moment. Put back in place, they are what the end of the process
/// in that moment leaves.
pub(crate) struct Moment(Vec<(PathBuf, Vec<u8>)>);

impl Moment {
    pub(crate) fn of(dir: &Path) -> Self {
        let paths = fs::read_dir(dir)
            .unwrap()
            .map(|entry| entry.unwrap().path());
        Self(
            paths
                .map(|path| (path.clone(), fs::read(&path).unwrap()))
                .collect(),
        )
    }

    /// Into the same files: a note knows its own.
    pub(crate) fn put_back(&self) {
        for (path, bytes) in &self.0 {
            fs::write(path, bytes).unwrap();
        }
    }

    /// Puts back the one file only.
    pub(crate) fn put_back_file(&self, name: &str) {
        let named = |(path, _): &&(PathBuf, Vec<u8>)| path.ends_with(name);
        let (path, bytes) = self.0.iter().find(named).unwrap();
        fs::write(path, bytes).unwrap();
    }
}

/// What a failure of the machine at this moment may leave of the log in `dir`: its segments and
/// epochs, and no note of how far they are durable.
pub(crate) fn crash(dir: &Path) -> TempDir {
    let is_segment = |path: &Path| path.extension().is_some_and(|extension| extension == "log");
    copy(dir, |path| is_segment(path) || path.ends_with("epochs"))
}

/// A copy of all files.
pub(crate) fn copy_all(dir: &Path) -> TempDir {
    copy(dir, |_| true)
}

fn copy(dir: &Path, wanted: impl Fn(&Path) -> bool) -> TempDir {
    let to = tempfile::tempdir().unwrap();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if wanted(&path) {
            fs::copy(&path, to.path().join(path.file_name().unwrap())).unwrap();
        }
    }
    to
}

/// The segments, in order.
pub(crate) fn segments(dir: &Path) -> Vec<PathBuf> {
    inspect::stats(dir)
        .unwrap()
        .segments
        .into_iter()
        .map(|segment| segment.path)
        .collect()
}

pub(crate) fn last_segment(dir: &Path) -> PathBuf {
    segments(dir).pop().unwrap()
}

/// The byte after the last good record of the last segment.
pub(crate) fn end(dir: &Path) -> u64 {
    PAGE + inspect::stats(dir)
        .unwrap()
        .segments
        .last()
        .unwrap()
        .record_bytes
}

pub(crate) fn cut_file(path: &Path, length: u64) {
    OpenOptions::new()
        .write(true)
        .open(path)
        .unwrap()
        .set_len(length)
        .unwrap();
}

pub(crate) fn overwrite(path: &Path, at: u64, bytes: &[u8]) {
    OpenOptions::new()
        .write(true)
        .open(path)
        .unwrap()
        .write_all_at(bytes, at)
        .unwrap();
}

/// Turns one bit of the byte `at`.
pub(crate) fn flip(path: &Path, at: u64, bit: u32) {
    let mut bytes = fs::read(path).unwrap();
    bytes[at as usize] ^= 1 << bit;
    fs::write(path, bytes).unwrap();
}
