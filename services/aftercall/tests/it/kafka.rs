//! The log's commands, and a server, on a real Apache Kafka, which `cargo xtask test` provides.

use std::path::Path;
use std::process::{Command, Stdio};

use aftercall_log::kafka::{Config, KafkaLog, Security};
use aftercall_log::{EmbeddedLog, Log, Options};
use tempfile::TempDir;

use crate::command::{Server, Site, aftercall, lines, run, run_with};
use crate::log::data;

/// A topic of its own for each test.
struct Topic {
    brokers: String,
    name: String,
}

impl Topic {
    fn new() -> Self {
        let brokers = std::env::var("AFTERCALL_TEST_KAFKA");
        Self {
            brokers: brokers.expect(
                "AFTERCALL_TEST_KAFKA: run the tests by `cargo xtask test`, or \
                 `eval \"$(cargo xtask kafka up)\"` first",
            ),
            name: format!("test-{:016x}", rand::random::<u64>()),
        }
    }

    /// A command that is configured for the topic.
    fn aftercall<const N: usize>(&self, args: [&str; N]) -> Command {
        let mut command = aftercall(args);
        command
            .env("AFTERCALL_LOG__ENGINE", "kafka")
            .env("AFTERCALL_LOG__KAFKA__BROKERS", &self.brokers)
            .env("AFTERCALL_LOG__KAFKA__TOPIC", &self.name);
        command
    }

    fn init(&self) -> Command {
        let mut init = self.aftercall(["log", "init", "--json", "--partitions", "4"]);
        init.args(["--replication", "1", "--min-in-sync", "1"]);
        init
    }

    fn copy(&self, from: &str, to: &str) -> Command {
        self.aftercall(["log", "copy", "--json", "--from", from, "--to", to])
    }

    fn open(&self) -> KafkaLog {
        let config = Config {
            brokers: vec![self.brokers.clone()],
            topic: self.name.clone(),
            security: Security::default(),
        };
        KafkaLog::open(&config, std::sync::Arc::new(|_| Vec::new())).unwrap()
    }
}

fn tail(data: &Path) -> u64 {
    let log = EmbeddedLog::open(data.join("log"), Options::default()).unwrap();
    log.tails().unwrap()[0]
}

#[test]
fn needs_kafka_a_log_is_made_copied_printed_and_copied_back() {
    let topic = Topic::new();
    let made = run(&mut topic.init()).messages().remove(0);
    assert_eq!(
        (&made["created"], &made["partitions"]),
        (&true.into(), &4.into())
    );
    let again = run(&mut topic.init()).messages().remove(0);
    assert_eq!(
        (&again["created"], &again["log"]),
        (&false.into(), &made["log"])
    );

    let data = data(300);
    let here = data.path().to_str().unwrap();
    let records = tail(data.path());
    let copied = run(&mut topic.copy(here, "kafka")).messages().remove(0);
    assert_eq!(
        (&copied["records"], &copied["found"]),
        (&records.into(), &0.into())
    );
    let again = run(&mut topic.copy(here, "kafka")).messages().remove(0);
    assert_eq!(again["found"], records);
    assert_eq!(again["digest"], copied["digest"]);

    let mut cat = topic.aftercall(["log", "cat", "--kafka", "--json"]);
    let printed = run(&mut cat).messages();
    assert_eq!(printed.len() as u64, records);
    assert!(printed.iter().all(|line| line["partition"].is_u64()));

    let back = TempDir::new().unwrap();
    let there = back.path().to_str().unwrap();
    let copied = run(&mut topic.copy("kafka", there)).messages().remove(0);
    assert_eq!(copied["records"], records);
    assert_eq!(tail(back.path()), records);

    // A log that has something else can't be a copy's target.
    let other = data_of_another();
    let refused = run(&mut topic.copy(other.path().to_str().unwrap(), "kafka")).fails(1);
    assert!(refused.contains("copy into a new log"), "{refused}");
}

fn data_of_another() -> TempDir {
    data(3)
}

#[test]
fn needs_kafka_a_copy_that_was_killed_goes_on() {
    let topic = Topic::new();
    run(&mut topic.init()).ok();
    let data = TempDir::new().unwrap();
    let log = EmbeddedLog::open(data.path().join("log"), Options::default()).unwrap();
    for part in 0..100_i64 {
        let records = (0..1_000).map(|n| aftercall_log::Record {
            key: format!("tenant|customer-{}", n % 300).into(),
            recorded_at_us: part * 1_000 + n,
            body: vec![part as u8; 700].into(),
        });
        futures::executor::block_on(log.append(records.collect())).unwrap();
    }
    drop(log);
    let here = data.path().to_str().unwrap();
    let mut copying = topic
        .copy(here, "kafka")
        .stdin(Stdio::null())
        .spawn()
        .unwrap();
    let target = topic.open();
    // One is the identity.
    let records = || target.tails().unwrap().iter().sum::<u64>() - 1;
    while records() < 5_000 {
        assert!(copying.try_wait().unwrap().is_none(), "over too soon");
    }
    copying.kill().unwrap();
    copying.wait().unwrap();

    let copied = run(&mut topic.copy(here, "kafka")).messages().remove(0);
    assert_eq!(copied["records"], 100_000);
    assert!(copied["found"].as_u64().unwrap() >= 5_000, "{copied}");
    assert_eq!(records(), 100_000);
}

#[test]
fn needs_kafka_what_is_missing_is_said_with_the_remedy() {
    let topic = Topic::new();
    let refused = run(&mut topic.aftercall(["serve", "--listen", "127.0.0.1:0"])).fails(1);
    assert!(refused.contains("aftercall log init"), "{refused}");
    let mut wrong = topic.aftercall(["log", "cat", "--kafka"]);
    wrong.env("AFTERCALL_LOG__KAFKA__USERNAME", "aftercall");
    let refused = run(&mut wrong).fails(1);
    assert!(
        refused.contains("log.kafka.username has no effect"),
        "{refused}"
    );
}

#[test]
fn needs_kafka_servers_share_a_log_and_each_answers_everything() {
    let topic = Topic::new();
    run(&mut topic.init()).ok();
    let config = TempDir::new().unwrap();
    let file = config.path().join("aftercall.toml");
    let text = format!(
        "[log]\nengine = \"kafka\"\n[log.kafka]\nbrokers = \"{}\"\ntopic = \"{}\"\n",
        topic.brokers, topic.name
    );
    std::fs::write(&file, text).unwrap();
    let file = file.to_str().unwrap();
    let start = || Server::start_on(TempDir::new().unwrap(), &["--config", file]);
    let (one, other) = (start(), start());
    let import = |server: &Server, from, to| {
        let rows = lines(from..to);
        run_with(&mut server.client(["import", "-"]), rows.as_bytes()).ok()
    };
    import(&one, 0, 60);
    import(&other, 40, 100);
    let mut log = topic.aftercall(["log", "cat", "--kafka", "--json"]);
    let events = run(&mut log).messages();
    let mut contacts: Vec<_> = events
        .iter()
        .map(|line| line["event"]["aggregateId"].as_str().unwrap().to_owned())
        .collect();
    contacts.sort();
    contacts.dedup();
    assert_eq!(contacts.len(), 100);
    // A server that starts empty has all of it when it has caught up.
    let third = start().caught_up();
    for id in [&contacts[0], &contacts[99]] {
        for server in [&one, &other, &third] {
            run(&mut server.client(["show", id])).ok();
        }
    }
}
