//! Topics that are no logs, and clusters that can't be asked.

use std::path::PathBuf;

use aftercall_log::kafka::{Config, KafkaError, KafkaLog, NewLog, Security, Tls, init};
use aftercall_log::{Log, Position, ReadError, Record};
use futures::executor::block_on;
use rdkafka::admin::TopicReplication;
use rdkafka::admin::{AdminClient, AdminOptions, AlterConfig, NewTopic, ResourceSpecifier};
use rdkafka::client::DefaultClientContext;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use rdkafka::{Offset, TopicPartitionList};

use super::{SMALL, client, config, new_log, no_headers, open};

fn refused(config: &Config) -> KafkaError {
    KafkaLog::open(config, no_headers()).unwrap_err()
}

fn admin(config: &Config) -> AdminClient<DefaultClientContext> {
    client(config).create().unwrap()
}

fn create(config: &Config, settings: &[(&str, &str)]) {
    let mut topic = NewTopic::new(&config.topic, 2, TopicReplication::Fixed(1));
    for (setting, value) in settings {
        topic = topic.set(setting, value);
    }
    let created = block_on(admin(config).create_topics([&topic], &AdminOptions::new()));
    created.unwrap()[0].as_ref().unwrap();
}

#[test]
fn needs_kafka_a_topic_that_is_not_there_is_not_made_by_opening() {
    let config = config();
    for _ in 0..2 {
        let refused = refused(&config);
        assert!(matches!(refused, KafkaError::Missing { .. }), "{refused}");
        assert!(refused.to_string().contains("aftercall log init"));
    }
}

#[test]
fn needs_kafka_each_setting_that_differs_is_named() {
    let config = config();
    create(
        &config,
        &[("retention.ms", "60000"), ("cleanup.policy", "compact")],
    );
    let KafkaError::Settings { differences, .. } = refused(&config) else {
        panic!("a topic with these settings is no log");
    };
    let named: Vec<_> = differences
        .iter()
        .map(|one| (one.setting.as_str(), one.is.as_str()))
        .collect();
    for expected in [
        ("cleanup.policy", "compact"),
        ("retention.ms", "60000"),
        ("max.message.bytes", "1048588"),
        ("message.timestamp.after.max.ms", "3600000"),
    ] {
        assert!(
            named.contains(&expected),
            "{expected:?} is not in {named:?}"
        );
    }
    let refused = init(&config, &SMALL).unwrap_err();
    assert!(matches!(refused, KafkaError::Settings { .. }), "{refused}");
}

#[test]
fn needs_kafka_a_setting_that_was_changed_later_is_noticed() {
    let config = new_log();
    let topic = ResourceSpecifier::Topic(&config.topic);
    let changed = AlterConfig::new(topic).set("retention.ms", "1000");
    block_on(admin(&config).alter_configs([&changed], &AdminOptions::new())).unwrap();
    let refused = refused(&config);
    assert!(matches!(refused, KafkaError::Settings { .. }), "{refused}");
    assert!(
        refused
            .to_string()
            .contains("retention.ms is 1000 and should be -1")
    );
}

#[test]
fn needs_kafka_another_number_of_partitions_is_refused_by_init() {
    let config = new_log();
    let other = NewLog {
        partitions: 5,
        ..SMALL
    };
    let refused = init(&config, &other).unwrap_err().to_string();
    assert!(
        refused.contains("partitions is 3 and should be 5"),
        "{refused}"
    );
}

#[test]
fn needs_kafka_more_replicas_than_brokers_are_explained() {
    let new = NewLog {
        replication: 50,
        replicas_min: 26,
        ..SMALL
    };
    let refused = init(&config(), &new).unwrap_err();
    assert!(
        matches!(refused, KafkaError::NotCreated { .. }),
        "{refused}"
    );
    assert!(refused.to_string().contains("--replication"), "{refused}");
}

#[test]
fn needs_kafka_a_topic_without_identity_is_completed_by_init() {
    let config = config();
    create(
        &config,
        &[
            ("retention.ms", "-1"),
            ("max.message.bytes", "2097152"),
            ("message.timestamp.after.max.ms", "9223372036854775807"),
            ("message.timestamp.before.max.ms", "9223372036854775807"),
        ],
    );
    let refused = refused(&config);
    assert!(
        matches!(refused, KafkaError::NoIdentity { .. }),
        "{refused}"
    );
    let two = NewLog {
        partitions: 2,
        ..SMALL
    };
    let made = init(&config, &two).unwrap();
    assert!(!made.created);
    assert_eq!(open(&config).id(), made.id);
}

#[test]
fn needs_kafka_a_topic_of_somebody_else_is_refused() {
    let config = new_log();
    let elsewhere = Config {
        topic: format!("{}-foreign", config.topic),
        ..config.clone()
    };
    create(
        &elsewhere,
        &[
            ("retention.ms", "-1"),
            ("max.message.bytes", "2097152"),
            ("message.timestamp.after.max.ms", "9223372036854775807"),
            ("message.timestamp.before.max.ms", "9223372036854775807"),
        ],
    );
    produce_foreign(&elsewhere);
    let refused = refused(&elsewhere);
    assert!(matches!(refused, KafkaError::Foreign { .. }), "{refused}");

    // In the middle of a log it is met by those who read there.
    let log = open(&config);
    produce_foreign(&config);
    let start = Position {
        partition: 0,
        offset: 0,
    };
    let mut reader = log.reader(&[start]).unwrap();
    let read = reader.next(10, 1 << 20, std::time::Duration::from_secs(60));
    assert!(
        matches!(&read, Err(ReadError::Corrupt { offset: 1, detail }) if detail.contains("not aftercall's")),
        "{read:?}"
    );
}

fn produce_foreign(config: &Config) {
    let producer: BaseProducer = client(config).create().unwrap();
    let record = BaseRecord::to(&config.topic)
        .partition(0)
        .key("k")
        .payload("not ours");
    producer.send(record).map_err(|(error, _)| error).unwrap();
    producer.flush(std::time::Duration::from_secs(60)).unwrap();
}

#[test]
fn needs_kafka_records_that_are_gone_from_the_front_are_noticed() {
    let config = new_log();
    let log = open(&config);
    let record = Record {
        key: "k".into(),
        recorded_at_us: 1,
        body: "b".into(),
    };
    let at = block_on(log.append(vec![record; 4])).unwrap()[3];
    let mut gone = TopicPartitionList::new();
    let partition = at.partition.cast_signed();
    gone.add_partition_offset(&config.topic, partition, Offset::Offset(2))
        .unwrap();
    block_on(admin(&config).delete_records(&gone, &AdminOptions::new())).unwrap();

    let start = Position { offset: 0, ..at };
    let mut reader = log.reader(&[start]).unwrap();
    let read = reader.next(10, 1 << 20, std::time::Duration::from_secs(60));
    assert!(
        matches!(&read, Err(ReadError::Corrupt { offset: 0, detail }) if detail.contains("begins at offset 2")),
        "{read:?}"
    );
    let refused = refused(&config);
    assert!(
        matches!(refused, KafkaError::Truncated { first: 2, .. }),
        "{refused}"
    );
}

#[test]
fn needs_kafka_brokers_that_do_not_answer_are_named() {
    // Nobody listens on a port that was just given back.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = free.local_addr().unwrap().to_string();
    drop(free);
    let config = Config {
        brokers: vec![address.clone()],
        ..config()
    };
    let refused = refused(&config);
    assert!(
        matches!(refused, KafkaError::Unreachable { .. }),
        "{refused}"
    );
    assert!(refused.to_string().contains(&address), "{refused}");
}

#[test]
fn needs_kafka_a_file_that_is_not_there_is_named() {
    let config = Config {
        security: Security {
            tls: Some(Tls {
                ca_file: Some(PathBuf::from("/no/such/ca.pem")),
                client: None,
            }),
            sasl: None,
        },
        ..config()
    };
    let refused = refused(&config);
    assert!(matches!(refused, KafkaError::File { .. }), "{refused}");
    assert!(refused.to_string().contains("/no/such/ca.pem"), "{refused}");
}
