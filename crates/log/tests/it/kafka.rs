//! The engine on a real Apache Kafka, which `cargo xtask test` provides.

mod changed;
mod claims;
mod messages;
mod refusals;
mod security;

use std::sync::Arc;

use aftercall_log::Log;
use aftercall_log::conformance::Engine;
use aftercall_log::kafka::{Config, Headers, KafkaLog, NewLog, Security, init};
use rdkafka::ClientConfig;

/// One broker's worth of everything: the cluster may have no more.
pub(crate) const SMALL: NewLog = NewLog {
    partitions: 3,
    replication: 1,
    replicas_min: 1,
};

/// A variable that `cargo xtask test` sets.
pub(crate) fn variable(name: &str) -> String {
    match std::env::var(name) {
        Ok(value) => value,
        Err(_) => panic!(
            "{name} is not set: run the tests by `cargo xtask test`, or \
             `eval \"$(cargo xtask kafka up)\"` first"
        ),
    }
}

/// A topic of its own for each test, which is not there yet.
pub(crate) fn config() -> Config {
    let mut name = [0; 8];
    rustix::rand::getrandom(&mut name, rustix::rand::GetRandomFlags::empty()).unwrap();
    Config {
        brokers: vec![variable("AFTERCALL_TEST_KAFKA")],
        topic: format!("test-{:016x}", u64::from_le_bytes(name)),
        security: Security::default(),
    }
}

/// A log of its own for each test.
pub(crate) fn new_log() -> Config {
    let config = config();
    init(&config, &SMALL).unwrap();
    config
}

pub(crate) fn no_headers() -> Headers {
    Arc::new(|_| Vec::new())
}

/// A log that goes on whatever happens to its topic: the tests do not end with it.
pub(crate) fn open(config: &Config) -> KafkaLog {
    KafkaLog::open_with(config, no_headers(), Arc::new(|_| {})).unwrap()
}

/// A client of the cluster that is none of ours.
pub(crate) fn client(config: &Config) -> ClientConfig {
    let mut client = ClientConfig::new();
    client.set("bootstrap.servers", config.brokers.join(","));
    client
}

struct Topic(Config);

impl Engine for Topic {
    fn open(&self) -> Box<dyn Log> {
        Box::new(open(&self.0))
    }
}

mod conformance_needs_kafka {
    aftercall_log::conformance_suite!(|| super::Topic(super::new_log()));
}

/// What `init` was told to make.
#[test]
fn needs_kafka_init_makes_a_log_and_only_once() {
    let config = config();
    let made = init(&config, &SMALL).unwrap();
    assert!(made.created);
    assert_eq!(made.partitions, 3);
    let again = init(&config, &SMALL).unwrap();
    assert!(!again.created);
    assert_eq!(again.id, made.id);
    let log = open(&config);
    assert_eq!((log.id(), log.partitions()), (made.id, 3));
}

#[test]
fn needs_kafka_inits_at_once_agree() {
    let config = config();
    let ids: Vec<_> = std::thread::scope(|scope| {
        let inits: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| init(&config, &SMALL).unwrap().id))
            .collect();
        inits.into_iter().map(|init| init.join().unwrap()).collect()
    });
    let id = open(&config).id();
    assert_eq!(ids, [id; 4]);
}
