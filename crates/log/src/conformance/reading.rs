//! Readers, tails and times.

use std::time::Duration;

use super::support::*;
use super::{Engine, FOREVER};
use crate::{Position, ReadError, Record};

/// Readers get each record below the tail once, in offset order, and none beyond it.
pub fn everything_below_the_tail_is_readable(engine: &dyn Engine) {
    let log = engine.open();
    let written = (0..300).map(|n| record(n % 11, n)).collect::<Vec<_>>();
    written
        .chunks(7)
        .for_each(|records| drop(done(log.append(records.to_vec())).unwrap()));
    let mut read = 0;
    for partition in 0..log.partitions() {
        let mut reader = reader(&*log, partition, 0);
        let entries = read_on(&mut *reader);
        assert!(entries.is_sorted_by(|a, b| a.position < b.position));
        let last = entries.last().map_or(0, |entry| entry.position.offset + 1);
        let tail = tail(&*log, partition);
        assert!(last <= tail);
        assert_eq!(reader.positions()[0].offset, tail);
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
        assert_eq!(reader.positions(), [*position]);
        assert_eq!(next(&mut *reader)[0].record, record(1, n as i64));
    }
    let tail = tail(&*log, partition);
    let at_tail = Position {
        partition,
        offset: tail,
    };
    assert_eq!(reader(&*log, partition, tail).positions(), [at_tail]);
    let beyond = Position {
        partition,
        offset: tail + 1,
    };
    match log.reader(&[beyond]) {
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

/// One reader brings all records of its partitions, each partition's in order, and says what comes
/// next in each.
pub fn one_reader_reads_several_partitions(engine: &dyn Engine) {
    let log = engine.open();
    let records: Vec<_> = (0..500).map(|n| record(n % 13, n)).collect();
    let positions = done(log.append(records.clone())).unwrap();
    let written: Vec<_> = positions.into_iter().zip(records).map(entry).collect();
    let mut reader = log.reader(&from_the_start(&*log)).unwrap();
    let mut read = Vec::new();
    while read.len() < written.len() {
        let batch = reader.next(50, 1 << 20, FOREVER).unwrap();
        assert!((1..=50).contains(&batch.len()));
        read.extend(batch);
        assert_in_order_up_to(&read, reader.positions());
    }
    assert_eq!(reader.next(50, 1 << 20, Duration::ZERO).unwrap(), []);
    let tails = log.tails().unwrap();
    for at in reader.positions() {
        assert_eq!(at.offset, tails[at.partition as usize]);
    }
    assert_eq!(in_order(read), in_order(written));
}

/// Partitions that were not asked for are not read.
pub fn one_reader_reads_no_other_partitions(engine: &dyn Engine) {
    let log = engine.open();
    done(log.append((0..100).map(|n| record(n, n)).collect())).unwrap();
    for partition in 0..log.partitions() {
        let read = read_all(&*log, partition);
        assert!(
            read.iter()
                .all(|entry| entry.position.partition == partition)
        );
    }
    assert_eq!(everything(&*log).len(), 100);
}

/// A reader that waits at the tails gets what comes into any of its partitions.
pub fn one_reader_follows_several_partitions(engine: &dyn Engine) {
    let log = engine.open();
    std::thread::scope(|scope| {
        let followed = scope.spawn(|| {
            let mut reader = log.reader(&from_the_start(&*log)).unwrap();
            let mut read = Vec::new();
            while read.len() < 300 {
                let batch = reader.next(100, 1 << 20, FOREVER).unwrap();
                assert!(!batch.is_empty(), "nothing came in {FOREVER:?}");
                read.extend(batch);
                assert_in_order_up_to(&read, reader.positions());
            }
            read
        });
        for n in 0..300 {
            drop(done(log.append(vec![record(n % 17, n)])).unwrap());
        }
        let read = followed.join().unwrap();
        assert_eq!(in_order(read), in_order(everything(&*log)));
    });
}

/// No partition, or one twice, is refused.
pub fn a_reader_names_each_partition_once(engine: &dyn Engine) {
    let log = engine.open();
    let first = Position {
        partition: 0,
        offset: 0,
    };
    for from in [&[][..], &[first, first]] {
        assert!(matches!(log.reader(from), Err(ReadError::NoPartitions)));
    }
}

/// At the tail, `next` waits as long as it is told, and returns nothing.
pub fn an_empty_answer_means_the_tail(engine: &dyn Engine) {
    let log = engine.open();
    let position = done(log.append(vec![record(1, 1)])).unwrap()[0];
    let mut reader = reader(&*log, position.partition, 0);
    assert_eq!(next(&mut *reader).len(), 1);
    for wait in [Duration::ZERO, Duration::from_millis(1)] {
        assert_eq!(reader.next(10, 1 << 20, wait).unwrap(), []);
        let at = reader.positions()[0].offset;
        assert_eq!(at, tail(&*log, position.partition));
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
    let at_its_start = Position {
        partition: beyond,
        offset: 0,
    };
    let reader = log.reader(&[at_its_start]);
    assert!(matches!(reader, Err(ReadError::NoSuchPartition(p)) if p == beyond));
    assert_eq!(log.tails().unwrap().len() as u32, beyond);
    assert!(matches!(log.offset_at(beyond, 0), Err(ReadError::NoSuchPartition(p)) if p == beyond));
}
