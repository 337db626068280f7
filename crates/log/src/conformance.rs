//! The contract of a log as tests: every engine passes all of them.
//!
//! An engine's test binary says how to make an [`Engine`], and gets one test per sentence of the
//! contract:
//!
//! ```text
//! aftercall_log::conformance_suite!(|| MyEngine::new());
//! ```
//!
//! What only some engines can show (torn files, full disks) is tested beside them.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::time::Duration;

use bytes::Bytes;

use crate::{
    Append, AppendError, BODY_BYTES_MAX, Entry, KEY_BYTES_MAX, Log, Offset, Partition, Position,
    ReadError, Reader, Record,
};

/// Long enough that a test that waits for it has failed, whatever the machine.
const FOREVER: Duration = Duration::from_secs(60);

/// Makes the log under test.
pub trait Engine {
    /// Opens the log. The first call finds it empty; a later one, made after the log that the call
    /// before returned is dropped, finds what was written.
    fn open(&self) -> Box<dyn Log>;
}

/// Makes one `#[test]` of each function of this module. The argument is an expression that can be
/// called without arguments, and makes an [`Engine`] with an empty log of its own.
#[macro_export]
macro_rules! conformance_suite {
    ($make:expr) => {
        $crate::conformance_suite!(@tests $make;
            an_empty_log_has_an_identity_and_no_records,
            the_number_of_partitions_is_fixed,
            the_records_of_a_key_are_in_one_partition,
            an_acknowledged_append_is_durable,
            an_append_resolves_to_one_position_per_record,
            the_order_of_calls_is_the_order_in_the_log,
            the_order_of_calls_holds_for_concurrent_callers,
            a_dropped_append_is_not_taken_back,
            an_acknowledged_record_is_below_the_tail,
            everything_below_the_tail_is_readable,
            readers_respect_their_limits,
            readers_begin_anywhere_up_to_the_tail,
            readers_are_independent,
            an_empty_answer_means_the_tail,
            readers_follow_the_tail,
            a_time_finds_the_first_record_at_or_after_it,
            partitions_that_are_not_there_are_refused,
            records_that_are_too_large_are_refused_whole,
            records_may_be_empty_and_as_large_as_allowed,
        );
    };
    (@tests $make:expr; $($name:ident,)*) => {
        $(
            #[test]
            fn $name() {
                $crate::conformance::$name(&($make)());
            }
        )*
    };
}

/// A new log has no records; its identity stays when it is opened again.
pub fn an_empty_log_has_an_identity_and_no_records(engine: &dyn Engine) {
    let log = engine.open();
    let id = log.id();
    for partition in 0..log.partitions() {
        assert_eq!(tail(&*log, partition), 0);
        assert_eq!(read_all(&*log, partition), []);
    }
    drop(log);
    assert_eq!(engine.open().id(), id);
}

/// Opening the log again changes neither the partitions nor where keys go.
pub fn the_number_of_partitions_is_fixed(engine: &dyn Engine) {
    let of = |log: &dyn Log| {
        let keys = (0..100)
            .map(|n| log.partition_of(&key(n)))
            .collect::<Vec<_>>();
        (log.partitions(), keys)
    };
    let before = of(&*engine.open());
    assert!(before.0 > 0);
    assert!(before.1.iter().all(|&partition| partition < before.0));
    assert_eq!(of(&*engine.open()), before);
}

/// A record is in the partition of its key.
pub fn the_records_of_a_key_are_in_one_partition(engine: &dyn Engine) {
    let log = engine.open();
    let records: Vec<_> = (0..100).map(|n| record(n % 7, n)).collect();
    for (record, position) in records
        .iter()
        .zip(done(log.append(records.clone())).unwrap())
    {
        assert_eq!(position.partition, log.partition_of(&record.key));
    }
    for partition in 0..log.partitions() {
        for entry in read_all(&*log, partition) {
            assert_eq!(log.partition_of(&entry.record.key), partition);
        }
    }
}

/// What was acknowledged is there, byte by byte, after the log was closed and opened again.
pub fn an_acknowledged_append_is_durable(engine: &dyn Engine) {
    let log = engine.open();
    let mut written = Vec::new();
    for n in 0..20 {
        let records: Vec<_> = (0..=n).map(|m| record(m, n)).collect();
        let positions = done(log.append(records.clone())).unwrap();
        written.extend(positions.into_iter().zip(records).map(entry));
    }
    drop(log);
    let log = engine.open();
    assert_eq!(in_order(everything(&*log)), in_order(written));
}

/// Positions come back in the order of the records, also of an append without any.
pub fn an_append_resolves_to_one_position_per_record(engine: &dyn Engine) {
    let log = engine.open();
    assert_eq!(done(log.append(Vec::new())).unwrap(), []);
    let records: Vec<_> = (0..50).map(|n| record(n % 5, n)).collect();
    let positions = done(log.append(records.clone())).unwrap();
    assert_eq!(positions.len(), records.len());
    let written = positions.into_iter().zip(records).map(entry).collect();
    assert_eq!(in_order(everything(&*log)), in_order(written));
}

/// Two appends one after the other keep their order, even if awaited in reverse.
pub fn the_order_of_calls_is_the_order_in_the_log(engine: &dyn Engine) {
    let log = engine.open();
    let appends: Vec<_> = (0..200).map(|n| log.append(vec![record(1, n)])).collect();
    let mut positions: Vec<_> = appends
        .into_iter()
        .rev()
        .map(|a| done(a).unwrap()[0])
        .collect();
    positions.reverse();
    assert!(positions.is_sorted_by(|a, b| a < b));
    let read = read_all(&*log, positions[0].partition);
    let order = read.into_iter().map(|entry| entry.record.recorded_at_us);
    assert!(order.eq(0..200));
}

/// Each of many threads finds its records in its own order.
pub fn the_order_of_calls_holds_for_concurrent_callers(engine: &dyn Engine) {
    let log = engine.open();
    std::thread::scope(|scope| {
        for caller in 0..8 {
            let log = &*log;
            scope.spawn(move || {
                let appends: Vec<_> = (0..100)
                    .map(|n| log.append(vec![record(caller, n)]))
                    .collect();
                appends
                    .into_iter()
                    .for_each(|append| drop(done(append).unwrap()));
            });
        }
    });
    let entries = everything(&*log);
    assert_eq!(entries.len(), 800);
    for caller in 0..8 {
        let of_caller = entries
            .iter()
            .filter(|entry| entry.record.key == key(caller));
        assert!(
            of_caller
                .map(|entry| entry.record.recorded_at_us)
                .eq(0..100)
        );
    }
}

/// Nobody has to wait for an append for it to happen.
pub fn a_dropped_append_is_not_taken_back(engine: &dyn Engine) {
    let log = engine.open();
    drop(log.append(vec![record(1, 1)]));
    done(log.append(vec![record(1, 2)])).unwrap();
    let read = read_all(&*log, log.partition_of(&key(1)));
    assert_eq!(read.len(), 2);
    assert_eq!(read[0].record, record(1, 1));
}

/// The tail has moved before the acknowledgement arrives.
pub fn an_acknowledged_record_is_below_the_tail(engine: &dyn Engine) {
    let log = engine.open();
    for n in 0..50 {
        let position = done(log.append(vec![record(n, n)])).unwrap()[0];
        assert!(position.offset < tail(&*log, position.partition));
        let read = next(&mut *reader(&*log, position.partition, position.offset));
        assert_eq!(read[0], entry((position, record(n, n))));
    }
}

/// Readers get each record below the tail once, in offset order, and none beyond it.
pub fn everything_below_the_tail_is_readable(engine: &dyn Engine) {
    let log = engine.open();
    let written = (0..300).map(|n| record(n % 11, n)).collect::<Vec<_>>();
    written
        .chunks(7)
        .for_each(|records| drop(done(log.append(records.to_vec())).unwrap()));
    let mut read = 0;
    for partition in 0..log.partitions() {
        let entries = read_all(&*log, partition);
        assert!(entries.is_sorted_by(|a, b| a.position < b.position));
        let last = entries.last().map_or(0, |entry| entry.position.offset + 1);
        assert_eq!(last, tail(&*log, partition));
        read += entries.len();
    }
    assert_eq!(read, written.len());
}

/// At most so many records and about so many bytes, but always one.
pub fn readers_respect_their_limits(engine: &dyn Engine) {
    let log = engine.open();
    let large = |n| Record {
        body: vec![b'x'; 10_000].into(),
        ..record(1, n)
    };
    let positions = done(log.append((0..20).map(large).collect())).unwrap();
    let mut reader = reader(&*log, positions[0].partition, 0);
    let mut counts = Vec::new();
    for (records_max, bytes_max) in [(3, 1 << 20), (100, 30_000), (100, 1), (0, 0), (1, 1 << 20)] {
        let read = reader.next(records_max, bytes_max, FOREVER).unwrap();
        counts.push(read.len());
    }
    assert_eq!(counts[0], 3);
    assert!(
        (2..=4).contains(&counts[1]),
        "{} records of 10,000 bytes",
        counts[1]
    );
    assert_eq!(counts[2..], [1, 1, 1]);
}

/// From the first record, from the middle, from the tail, and no further.
pub fn readers_begin_anywhere_up_to_the_tail(engine: &dyn Engine) {
    let log = engine.open();
    let positions = done(log.append((0..100).map(|n| record(1, n)).collect())).unwrap();
    let partition = positions[0].partition;
    for (n, position) in positions.iter().enumerate() {
        let mut reader = reader(&*log, partition, position.offset);
        assert_eq!(reader.position(), position.offset);
        assert_eq!(next(&mut *reader)[0].record, record(1, n as i64));
    }
    let tail = tail(&*log, partition);
    assert_eq!(reader(&*log, partition, tail).position(), tail);
    match log.reader(partition, tail + 1) {
        Err(ReadError::OffsetOutOfRange { offset, tail: at }) => {
            assert_eq!((offset, at), (tail + 1, tail));
        }
        other => panic!("a reader beyond the tail: {other:?}"),
    }
}

/// One reader's progress is not another's.
pub fn readers_are_independent(engine: &dyn Engine) {
    let log = engine.open();
    let positions = done(log.append((0..10).map(|n| record(1, n)).collect())).unwrap();
    let partition = positions[0].partition;
    let (mut one, mut other) = (reader(&*log, partition, 0), reader(&*log, partition, 0));
    assert_eq!(one.next(4, 1 << 20, FOREVER).unwrap().len(), 4);
    assert_eq!(
        other.next(100, 1 << 20, FOREVER).unwrap()[0].record,
        record(1, 0)
    );
    assert_eq!(
        one.next(1, 1 << 20, FOREVER).unwrap()[0].record,
        record(1, 4)
    );
}

/// At the tail, `next` waits as long as it is told, and returns nothing.
pub fn an_empty_answer_means_the_tail(engine: &dyn Engine) {
    let log = engine.open();
    let position = done(log.append(vec![record(1, 1)])).unwrap()[0];
    let mut reader = reader(&*log, position.partition, 0);
    assert_eq!(next(&mut *reader).len(), 1);
    for wait in [Duration::ZERO, Duration::from_millis(1)] {
        assert_eq!(reader.next(10, 1 << 20, wait).unwrap(), []);
        assert_eq!(reader.position(), tail(&*log, position.partition));
    }
}

/// A reader that waits at the tail gets what is appended while it waits, all of it and in order.
pub fn readers_follow_the_tail(engine: &dyn Engine) {
    let log = engine.open();
    let partition = log.partition_of(&key(1));
    std::thread::scope(|scope| {
        let followed = scope.spawn(|| {
            let mut reader = reader(&*log, partition, 0);
            let mut entries = Vec::new();
            while entries.len() < 500 {
                let read = reader.next(100, 1 << 20, FOREVER).unwrap();
                assert!(!read.is_empty(), "nothing came in {FOREVER:?}");
                let tail = tail(&*log, partition);
                assert!(read.iter().all(|entry| entry.position.offset < tail));
                entries.extend(read);
            }
            entries
        });
        for n in 0..500 {
            let append = log.append(vec![record(1, n)]);
            if n % 3 == 0 {
                done(append).unwrap();
            }
        }
        let order = followed.join().unwrap();
        assert!(
            order
                .into_iter()
                .map(|entry| entry.record.recorded_at_us)
                .eq(0..500)
        );
    });
}

/// The first record at or after a time, in the order of the log: clocks run backwards sometimes.
pub fn a_time_finds_the_first_record_at_or_after_it(engine: &dyn Engine) {
    let log = engine.open();
    let times = [10, 20, 15, 30, 30, 25, 40];
    let positions = done(log.append(times.map(|time| record(1, time)).to_vec())).unwrap();
    let partition = positions[0].partition;
    for time in 0..=41 {
        let first = times.iter().position(|&recorded| recorded >= time);
        let expected = first.map_or(tail(&*log, partition), |first| positions[first].offset);
        assert_eq!(
            log.offset_at(partition, time).unwrap(),
            expected,
            "for the time {time}"
        );
    }
    assert_eq!(
        log.offset_at(partition, i64::MIN).unwrap(),
        positions[0].offset
    );
}

/// Partitions are `0..partitions()`.
pub fn partitions_that_are_not_there_are_refused(engine: &dyn Engine) {
    let log = engine.open();
    let beyond = log.partitions();
    assert!(matches!(log.tail(beyond), Err(ReadError::NoSuchPartition(p)) if p == beyond));
    assert!(matches!(log.offset_at(beyond, 0), Err(ReadError::NoSuchPartition(p)) if p == beyond));
    assert!(matches!(log.reader(beyond, 0), Err(ReadError::NoSuchPartition(p)) if p == beyond));
}

/// One record that is too large, and nothing of the call is written.
pub fn records_that_are_too_large_are_refused_whole(engine: &dyn Engine) {
    let log = engine.open();
    let key = Record {
        key: vec![b'k'; KEY_BYTES_MAX + 1].into(),
        ..record(1, 1)
    };
    let body = Record {
        body: vec![b'b'; BODY_BYTES_MAX + 1].into(),
        ..record(1, 1)
    };
    for (large, max) in [(key, KEY_BYTES_MAX), (body, BODY_BYTES_MAX)] {
        match done(log.append(vec![record(1, 0), large])) {
            Err(AppendError::TooLarge {
                index: 1,
                bytes,
                bytes_max,
            }) => {
                assert_eq!((bytes, bytes_max), (max + 1, max));
            }
            other => panic!("a record that is too large: {other:?}"),
        }
    }
    assert_eq!(everything(&*log), []);
}

/// The bounds themselves are legal.
pub fn records_may_be_empty_and_as_large_as_allowed(engine: &dyn Engine) {
    let log = engine.open();
    let empty = Record {
        key: Bytes::new(),
        recorded_at_us: 0,
        body: Bytes::new(),
    };
    let large = Record {
        key: vec![b'k'; KEY_BYTES_MAX].into(),
        recorded_at_us: i64::MAX,
        body: vec![b'b'; BODY_BYTES_MAX].into(),
    };
    let early = Record {
        recorded_at_us: i64::MIN,
        ..record(1, 0)
    };
    let records = vec![empty, large, early];
    let positions = done(log.append(records.clone())).unwrap();
    let written: Vec<Entry> = positions.into_iter().zip(records).map(entry).collect();
    assert_eq!(in_order(everything(&*log)), in_order(written.clone()));
    drop(log);
    assert_eq!(in_order(everything(&*engine.open())), in_order(written));
}

fn key(n: i64) -> Bytes {
    format!("tenant|customer-{n}").into()
}

fn record(n: i64, recorded_at_us: i64) -> Record {
    let body = format!("what customer {n} said at {recorded_at_us}").into();
    Record {
        key: key(n),
        recorded_at_us,
        body,
    }
}

fn entry((position, record): (Position, Record)) -> Entry {
    Entry { position, record }
}

fn in_order(mut entries: Vec<Entry>) -> Vec<Entry> {
    entries.sort_by_key(|entry| entry.position);
    entries
}

fn done(append: Append) -> Result<Vec<Position>, AppendError> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(append)
}

fn tail(log: &dyn Log, partition: Partition) -> Offset {
    log.tail(partition).unwrap()
}

fn reader(log: &dyn Log, partition: Partition, from: Offset) -> Box<dyn Reader> {
    log.reader(partition, from).unwrap()
}

fn next(reader: &mut dyn Reader) -> Vec<Entry> {
    reader.next(1000, 1 << 20, FOREVER).unwrap()
}

fn read_all(log: &dyn Log, partition: Partition) -> Vec<Entry> {
    let mut reader = reader(log, partition, 0);
    let mut entries = Vec::new();
    loop {
        let read = reader.next(64, 1 << 16, Duration::ZERO).unwrap();
        if read.is_empty() {
            return entries;
        }
        entries.extend(read);
    }
}

fn everything(log: &dyn Log) -> Vec<Entry> {
    (0..log.partitions())
        .flat_map(|partition| read_all(log, partition))
        .collect()
}
