//! Identity, appends, and who works for what.

use bytes::Bytes;

use super::support::*;
use super::{Engine, FOREVER};
use crate::{AppendError, BODY_BYTES_MAX, Entry, KEY_BYTES_MAX, Log, Record};

/// A new log has no records; its identity stays when it is opened again.
pub fn an_empty_log_has_an_identity_and_no_records(engine: &dyn Engine) {
    let log = engine.open();
    let id = log.id();
    for partition in 0..log.partitions() {
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

/// A log that works says so.
pub fn an_open_log_can_be_written(engine: &dyn Engine) {
    let log = engine.open();
    done(log.append(vec![record(1, 1)])).unwrap();
    assert_eq!(log.check_writable(), Ok(()));
}

/// Where there is one process, it works for every partition, in every role.
pub fn one_process_alone_claims_every_partition(engine: &dyn Engine) {
    let log = engine.open();
    let all = (0..log.partitions()).collect();
    for role in ["one", "other"] {
        let claim = log.claim(role);
        block_on(async {
            let everything = async {
                let mut held = claim.partitions();
                while *held != all {
                    claim.others_than(&held).await;
                    held = claim.partitions();
                }
            };
            tokio::time::timeout(FOREVER, everything).await.unwrap();
            assert!(all.iter().all(|partition| claim.holds(*partition)));
        });
    }
}
