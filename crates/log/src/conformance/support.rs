//! What the tests share.

use std::time::Duration;

use bytes::Bytes;

use super::FOREVER;
use crate::{Append, AppendError, Entry, Log, Offset, Partition, Position, Reader, Record};

pub(super) fn key(n: i64) -> Bytes {
    format!("tenant|customer-{n}").into()
}

pub(super) fn record(n: i64, recorded_at_us: i64) -> Record {
    let body = format!("what customer {n} said at {recorded_at_us}").into();
    Record {
        key: key(n),
        recorded_at_us,
        body,
    }
}

pub(super) fn entry((position, record): (Position, Record)) -> Entry {
    Entry { position, record }
}

pub(super) fn in_order(mut entries: Vec<Entry>) -> Vec<Entry> {
    entries.sort_by_key(|entry| entry.position);
    entries
}

pub(super) fn done(append: Append) -> Result<Vec<Position>, AppendError> {
    block_on(append)
}

pub(super) fn block_on<F: Future>(future: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    runtime.block_on(future)
}

pub(super) fn tail(log: &dyn Log, partition: Partition) -> Offset {
    log.tails().unwrap()[partition as usize]
}

pub(super) fn reader(log: &dyn Log, partition: Partition, offset: Offset) -> Box<dyn Reader> {
    log.reader(&[Position { partition, offset }]).unwrap()
}

pub(super) fn from_the_start(log: &dyn Log) -> Vec<Position> {
    let at_start = |partition| Position {
        partition,
        offset: 0,
    };
    (0..log.partitions()).map(at_start).collect()
}

/// Each partition's entries are in order, and below what comes next in it.
pub(super) fn assert_in_order_up_to(read: &[Entry], next: &[Position]) {
    for at in next {
        let of_partition = read
            .iter()
            .map(|entry| entry.position)
            .filter(|position| position.partition == at.partition);
        let offsets: Vec<_> = of_partition.map(|position| position.offset).collect();
        assert!(offsets.is_sorted_by(|a, b| a < b));
        assert!(offsets.last().is_none_or(|last| *last < at.offset));
    }
}

pub(super) fn next(reader: &mut dyn Reader) -> Vec<Entry> {
    reader.next(1000, 1 << 20, FOREVER).unwrap()
}

pub(super) fn read_all(log: &dyn Log, partition: Partition) -> Vec<Entry> {
    read_on(&mut *reader(log, partition, 0))
}

pub(super) fn read_on(reader: &mut dyn Reader) -> Vec<Entry> {
    let mut entries = Vec::new();
    loop {
        let read = reader.next(64, 1 << 16, Duration::ZERO).unwrap();
        if read.is_empty() {
            return entries;
        }
        entries.extend(read);
    }
}

pub(super) fn everything(log: &dyn Log) -> Vec<Entry> {
    (0..log.partitions())
        .flat_map(|partition| read_all(log, partition))
        .collect()
}
