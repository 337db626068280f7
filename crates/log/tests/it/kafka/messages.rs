//! Records as other Kafka clients see them.

use std::sync::Arc;
use std::time::Duration;

use aftercall_log::kafka::{Headers, KafkaLog};
use aftercall_log::{Log, Position, Record};
use futures::executor::block_on;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::{Headers as _, Message};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use rdkafka::{Offset, TopicPartitionList};

use super::{client, new_log, open};

const FOREVER: Duration = Duration::from_secs(60);

fn record(key: &str, recorded_at_us: i64) -> Record {
    Record {
        key: key.to_owned().into(),
        recorded_at_us,
        body: "what happened".into(),
    }
}

#[test]
fn needs_kafka_another_client_finds_headers_key_time_and_value() {
    let config = new_log();
    let headers: Headers = Arc::new(|record| {
        let type_of = String::from_utf8_lossy(&record.key).to_uppercase();
        vec![("ce_type", type_of), ("ce_id", "7".to_owned())]
    });
    let log = KafkaLog::open(&config, headers).unwrap();
    let at = block_on(log.append(vec![record("tenant|c-1", 1_700_000_000_123_456)])).unwrap()[0];

    let consumer: BaseConsumer = client(&config).set("group.id", "other").create().unwrap();
    let mut from = TopicPartitionList::new();
    let (partition, offset) = (at.partition.cast_signed(), at.offset.cast_signed());
    from.add_partition_offset(&config.topic, partition, Offset::Offset(offset))
        .unwrap();
    consumer.assign(&from).unwrap();
    let message = consumer.poll(FOREVER).unwrap().unwrap();
    assert_eq!(message.key(), Some(&b"tenant|c-1"[..]));
    assert_eq!(message.payload(), Some(&b"what happened"[..]));
    assert_eq!(message.timestamp().to_millis(), Some(1_700_000_000_123));
    let headers = message.headers().unwrap();
    let headers: Vec<_> = headers
        .iter()
        .map(|header| (header.key, String::from_utf8_lossy(header.value.unwrap())))
        .collect();
    assert_eq!(
        headers,
        [
            ("aftercall_recorded_at_us", "1700000000123456".into()),
            ("ce_type", "TENANT|C-1".into()),
            ("ce_id", "7".into()),
        ]
    );
}

#[test]
fn needs_kafka_a_key_is_where_other_producers_put_it() {
    let config = new_log();
    let log = open(&config);
    let producer: BaseProducer = client(&config)
        .set("partitioner", "murmur2_random")
        .create()
        .unwrap();
    let keys: Vec<_> = (0..40).map(|n| format!("tenant|customer-{n}")).collect();
    for key in &keys {
        let record = BaseRecord::to(&config.topic).key(key).payload("other");
        producer.send(record).map_err(|(error, _)| error).unwrap();
    }
    producer.flush(FOREVER).unwrap();

    let consumer: BaseConsumer = client(&config)
        .set("group.id", "other")
        .set("auto.offset.reset", "earliest")
        .create()
        .unwrap();
    let mut from = TopicPartitionList::new();
    for partition in 0..log.partitions() {
        from.add_partition_offset(&config.topic, partition.cast_signed(), Offset::Beginning)
            .unwrap();
    }
    consumer.assign(&from).unwrap();
    let mut left = keys.len();
    while left > 0 {
        let message = consumer.poll(FOREVER).unwrap().unwrap();
        // The identity has no key.
        if let Some(key) = message.key() {
            assert_eq!(log.partition_of(key), message.partition().cast_unsigned());
            left -= 1;
        }
    }
}

#[test]
fn needs_kafka_a_tail_covers_what_another_process_wrote() {
    let config = new_log();
    let (one, other) = (open(&config), open(&config));
    for n in 0..20 {
        let at = block_on(one.append(vec![record(&format!("key-{n}"), n)])).unwrap()[0];
        assert!(at.offset < other.tails().unwrap()[at.partition as usize]);
        let mut reader = other.reader(&[at]).unwrap();
        let read = reader.next(1, 1, FOREVER).unwrap();
        assert_eq!(read[0].position, at);
    }
}

#[test]
fn needs_kafka_a_reader_passes_over_the_identity() {
    let config = new_log();
    let log = open(&config);
    let start = Position {
        partition: 0,
        offset: 0,
    };
    let mut reader = log.reader(&[start]).unwrap();
    assert_eq!(reader.next(10, 1 << 20, Duration::ZERO).unwrap(), []);
    assert_eq!(reader.positions()[0].offset, 1);
    assert_eq!(log.tails().unwrap(), [1, 0, 0]);
}

#[test]
fn needs_kafka_a_closed_log_takes_nothing() {
    let config = new_log();
    let log = open(&config);
    let under_way = log.append(vec![record("k", 1)]);
    log.close();
    block_on(under_way).unwrap();
    let refused = block_on(log.append(vec![record("k", 2)]));
    assert!(matches!(refused, Err(aftercall_log::AppendError::Closed)));
    assert_eq!(
        log.check_writable(),
        Err(aftercall_log::WriteBlocked::Closed)
    );
}
