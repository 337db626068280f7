//! What only shows from inside, on a real cluster.

use std::sync::Arc;
use std::time::Duration;

use rdkafka::ClientContext as _;
use rdkafka::error::{KafkaError as ClientError, RDKafkaErrorCode};
use rdkafka::producer::Producer as _;

use super::{Config, KafkaLog, NewLog, Security, init};
use crate::types::wait;
use crate::{AppendError, Log, Position, Record};

fn new_log() -> KafkaLog {
    let brokers = std::env::var("AFTERCALL_TEST_KAFKA");
    let brokers = brokers.expect("AFTERCALL_TEST_KAFKA: run the tests by `cargo xtask test`");
    let name = crate::embedded::recovery::random_id().unwrap();
    let config = Config {
        brokers: vec![brokers],
        topic: format!("test-{name}"),
        security: Security::default(),
    };
    let new = NewLog {
        partitions: 2,
        replication: 1,
        replicas_min: 1,
    };
    init(&config, &new).unwrap();
    KafkaLog::open(&config, Arc::new(|_| Vec::new())).unwrap()
}

fn record(n: i64) -> Record {
    Record {
        key: "one customer".into(),
        recorded_at_us: n,
        body: vec![b'x'; 1000].into(),
    }
}

#[test]
fn needs_kafka_a_producer_that_can_not_go_on_is_replaced() {
    let log = new_log();
    wait(log.append(vec![record(0)])).unwrap();
    let broken = log.producer.client().unwrap();
    // Some are in its queue, some on their way.
    let under_way: Vec<_> = (1..2_000).map(|n| log.append(vec![record(n)])).collect();
    broken.context().error(
        ClientError::Global(RDKafkaErrorCode::Fatal),
        "as librdkafka says it",
    );
    let replaced = || {
        let client = log.producer.client();
        client.is_some_and(|client| !Arc::ptr_eq(&client, &broken))
    };
    while !replaced() {
        std::thread::yield_now();
    }
    drop(broken);
    let outcomes: Vec<_> = under_way.into_iter().map(wait).collect();
    for outcome in &outcomes {
        assert!(
            matches!(
                outcome,
                Ok(_) | Err(AppendError::Unknown(_) | AppendError::Unavailable { .. })
            ),
            "{outcome:?}"
        );
    }
    let last = wait(log.append(vec![record(9_999)])).unwrap()[0];

    let start = Position { offset: 0, ..last };
    let mut reader = log.reader(&[start]).unwrap();
    let mut read = Vec::new();
    while read.last() != Some(&9_999) {
        let batch = reader
            .next(1_000, 1 << 20, Duration::from_secs(60))
            .unwrap();
        assert!(!batch.is_empty());
        read.extend(batch.into_iter().map(|entry| entry.record.recorded_at_us));
    }
    assert!(read.is_sorted_by(|a, b| a < b), "in order, and none twice");
    for (n, outcome) in (1..).zip(&outcomes) {
        match outcome {
            Ok(_) => assert!(read.contains(&n), "{n} was acknowledged and is not there"),
            Err(AppendError::Unavailable { .. }) => {
                assert!(!read.contains(&n), "{n} was refused and is there");
            }
            Err(_) => {}
        }
    }
}

#[test]
fn needs_kafka_a_full_queue_refuses_whole_appends() {
    let log = new_log();
    let mut refused = 0;
    let mut taken = Vec::new();
    // Large, so that they come faster than a broker takes them, however busy the machine is.
    let large = |n| Record {
        body: vec![b'x'; 64 << 10].into(),
        ..record(n)
    };
    while refused < 3 {
        let mut append = log.append((0..100).map(large).collect());
        let known = futures::FutureExt::now_or_never(&mut append);
        match known {
            Some(Err(AppendError::QueueFull { .. })) => refused += 1,
            Some(outcome) => drop(outcome.unwrap()),
            None => taken.push(append),
        }
    }
    let records: usize = taken
        .into_iter()
        .map(|append| wait(append).unwrap().len())
        .sum();
    assert!(records > 0);
    // There is room again.
    wait(log.append(vec![record(1)])).unwrap();
}
