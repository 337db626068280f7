//! Topics that change under a log that is open.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::Duration;

use aftercall_log::kafka::{Config, KafkaError, KafkaLog, NewLog, init};
use aftercall_log::{Log, Record};
use futures::executor::block_on;
use rdkafka::admin::{AdminClient, AdminOptions, NewPartitions};
use rdkafka::client::DefaultClientContext;
use rdkafka::error::KafkaResult;
use rdkafka::{Offset, TopicPartitionList};
use tokio::time::Instant;

use super::{SMALL, client, new_log, no_headers, open};

/// Far longer than a change takes to be noticed.
const PATIENCE: Duration = Duration::from_secs(90);

/// Has the cluster changed by `ask`. The client lives until the answer is there: without it, one that takes its time
/// would never come.
fn change<T>(
    config: &Config,
    ask: impl AsyncFnOnce(&AdminClient<DefaultClientContext>) -> KafkaResult<T>,
) -> T {
    let admin = client(config).create().unwrap();
    block_on(ask(&admin)).unwrap()
}

/// A log that is open, and what it says when it is not the same any more.
fn watched(config: &Config) -> (KafkaLog, Receiver<String>) {
    let (tell, told) = sync_channel(8);
    let lost = Arc::new(move |error: &KafkaError| drop(tell.send(error.to_string())));
    let log = KafkaLog::open_with(config, no_headers(), lost).unwrap();
    (log, told)
}

fn append(log: &KafkaLog, count: u64) {
    let record = |n: u64| Record {
        key: format!("key-{n}").into(),
        recorded_at_us: 1_000_000,
        body: "body".into(),
    };
    block_on(log.append((0..count).map(record).collect())).unwrap();
}

fn refused(config: &Config) -> KafkaError {
    KafkaLog::open(config, no_headers()).unwrap_err()
}

#[test]
fn needs_kafka_a_topic_that_grew_is_no_log_any_more() {
    let config = new_log();
    let (log, told) = watched(&config);
    append(&log, 30);
    let six = NewPartitions::new(&config.topic, 6);
    let grown = change(&config, async |admin| {
        admin.create_partitions([&six], &AdminOptions::new()).await
    });
    grown[0].as_ref().unwrap();
    let said = told.recv_timeout(PATIENCE).unwrap();
    let told_what = said.contains("has 6 partitions, and the log was made with 3");
    assert!(told_what && said.contains("aftercall log init"), "{said}");
    let refused = refused(&config);
    assert!(
        matches!(refused, KafkaError::Repartitioned { was: 3, is: 6, .. }),
        "{refused}"
    );
    for partitions in [3, 6] {
        let new = NewLog {
            partitions,
            ..SMALL
        };
        let refused = init(&config, &new).unwrap_err();
        let named = matches!(
            refused,
            KafkaError::Repartitioned { .. } | KafkaError::Settings { .. }
        );
        assert!(named, "{refused}");
    }
}

#[test]
fn needs_kafka_a_topic_that_was_made_anew_is_another_log() {
    let config = new_log();
    let (log, told) = watched(&config);
    append(&log, 30);
    let topic = config.topic.as_str();
    let deleted = change(&config, async |admin| {
        admin.delete_topics(&[topic], &AdminOptions::new()).await
    });
    deleted[0].as_ref().unwrap();
    // The brokers forget it one after the other.
    let begun_at = Instant::now();
    let made = loop {
        match init(&config, &SMALL) {
            Ok(made) if made.id != log.id() => break made,
            made => assert!(begun_at.elapsed() < PATIENCE, "{made:?}"),
        }
    };
    let said = told.recv_timeout(PATIENCE).unwrap();
    assert!(said.contains("was made anew"), "{said}");
    assert_eq!(open(&config).id(), made.id);
}

#[test]
fn needs_kafka_a_topic_that_was_cut_is_noticed() {
    let config = new_log();
    let (log, told) = watched(&config);
    append(&log, 30);
    let mut before = TopicPartitionList::new();
    before
        .add_partition_offset(&config.topic, 1, Offset::Offset(2))
        .unwrap();
    change(&config, async |admin| {
        admin.delete_records(&before, &AdminOptions::new()).await
    });
    let said = told.recv_timeout(PATIENCE).unwrap();
    assert!(said.contains("begins at offset 2"), "{said}");
    let refused = refused(&config);
    assert!(matches!(refused, KafkaError::Truncated { .. }), "{refused}");
}
