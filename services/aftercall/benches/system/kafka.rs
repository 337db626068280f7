//! Recording on Kafka: beside the embedded log, and beside a producer that does nothing else.
//!
//! `AFTERCALL_TEST_KAFKA` names the brokers; `cargo xtask bench kafka` starts some. With one broker
//! the goals hold; with more the figures are reported beside them.

mod takeover;

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context;
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::{Message, OwnedMessage};
use rdkafka::producer::{BaseProducer, BaseRecord, DeliveryResult, Producer, ProducerContext};
use rdkafka::{ClientContext, Offset, TopicPartitionList};

use crate::queries::{Seen, seen_under_load};
use crate::record::{self, IN_FLIGHT, LASTING, WARM_UP};
use crate::report::{Figure, Goal, Report};
use crate::server::Server;
use crate::{load, stream};

const PARTITIONS: i32 = 12;
/// Contacts in the stream that is measured, and before all else.
const RECORDS: u64 = 400_000;
const BEFORE: u64 = 200_000;
/// Records that the bare producer has under way.
const UNDER_WAY: usize = 16_384;

pub(crate) async fn run(report: &mut Report) -> anyhow::Result<()> {
    let brokers = std::env::var("AFTERCALL_TEST_KAFKA")
        .context("AFTERCALL_TEST_KAFKA names no brokers: run `cargo xtask bench kafka`")?;
    let many = brokers.split(',').count();
    let name = |what: &str| match many {
        1 => format!("kafka.{what}"),
        _ => format!("kafka.{many}_brokers.{what}"),
    };
    let goal = |goal| if many == 1 { goal } else { Goal::None };
    let cluster = Cluster { brokers, many };

    let data = tempfile::tempdir()?;
    let server = Server::aftercall(data.path())?;
    let (embedded, _) = unary(&server).await?;
    server.stop()?;

    let topic = cluster.new_log("contacts")?;
    let data = tempfile::tempdir()?;
    let server = cluster.serve(&topic, data.path())?;
    // Numbers that the calls don't have. The first records are for the brokers to warm up on: theirs
    // is a virtual machine that compiles what it does often.
    let first = 100_000_000;
    stream::fill(&server, first, BEFORE).await?;
    server.caught_up().await?;
    let (ours, p99) = unary(&server).await?;
    let began = Instant::now();
    stream::fill(&server, first + BEFORE, RECORDS).await?;
    let streamed = RECORDS as f64 / began.elapsed().as_secs_f64();
    let lag = server.metric_max("aftercall_view_lag_records")?;
    let caught_up = server.caught_up().await?;
    let seen = seen_under_load(&server, cluster.rate(), Seen::InTimeline).await?;
    server.stop()?;
    let bare = cluster.bare(&topic)?;

    report.add(&Figure {
        name: &name("unary"),
        value: ours,
        unit: "rec/s",
        against: Some(("embedded", embedded)),
        goal: goal(Goal::AtLeast(0.6)),
    });
    report.note(&name("unary.p99"), p99, "ms");
    report.add(&Figure {
        name: &name("stream"),
        value: streamed,
        unit: "rec/s",
        against: Some(("bare producer", bare)),
        goal: goal(Goal::AtLeast(0.8)),
    });
    report.note(&name("stream.view_lag"), lag, "records");
    report.note(&name("stream.catch_up"), caught_up.as_secs_f64(), "s");
    let millis = |quantile| seen.value_at_quantile(quantile) as f64 / 1_000.0;
    let at = format!("timeline_at_{}", cluster.rate());
    report.note(&name(&format!("{at}.p50")), millis(0.5), "ms");
    report.add(&Figure {
        name: &name(&format!("{at}.p99")),
        value: millis(0.99),
        unit: "ms",
        against: None,
        goal: goal(Goal::AtMost(100.0)),
    });
    report_takeover(report, &cluster, &name("takeover")).await
}

/// How late the dues of a process that was killed are noticed at the most, and dues usually.
async fn report_takeover(report: &mut Report, cluster: &Cluster, name: &str) -> anyhow::Result<()> {
    let (longest, median) = takeover::measure(cluster).await?;
    report.add(&Figure {
        name,
        value: longest,
        unit: "s",
        against: None,
        goal: Goal::AtMost(15.0),
    });
    report.note(&format!("{name}.p50"), median * 1_000.0, "ms");
    Ok(())
}

/// Single contacts as fast as they go: how many a second, and the 99th percentile of how long one took, in milliseconds.
async fn unary(server: &Server) -> anyhow::Result<(f64, f64)> {
    let calls = record::calls();
    let clients = load::connect(&server.grpc).await?;
    load::closed(&clients, &calls, IN_FLIGHT, WARM_UP).await?;
    let outcome = load::closed(&clients, &calls, IN_FLIGHT, LASTING).await?;
    anyhow::ensure!(outcome.failed == 0, "{} calls failed", outcome.failed);
    Ok((outcome.per_second(), outcome.millis(0.99)))
}

struct Cluster {
    brokers: String,
    many: usize,
}

impl Cluster {
    /// The recordings a second beside which a timeline is looked at: three brokers and all the rest
    /// are too much for two cores at the rate of the goal.
    fn rate(&self) -> u64 {
        match self.many {
            1 => 2_000,
            _ => 500,
        }
    }

    /// A topic that is a log, on as many replicas as there are brokers, at most three.
    fn new_log(&self, what: &str) -> anyhow::Result<String> {
        let topic = format!("bench-{what}-{}-{}", self.many, std::process::id());
        let replicas = self.many.min(3);
        let mut init = self.aftercall(&topic);
        init.args(["log", "init", "--partitions"])
            .arg(PARTITIONS.to_string())
            .arg("--replication")
            .arg(replicas.to_string())
            .arg("--min-in-sync")
            .arg((replicas / 2 + 1).to_string());
        let made = init.stdout(Stdio::null()).status()?;
        anyhow::ensure!(made.success(), "the topic {topic} was not made");
        Ok(topic)
    }

    fn serve(&self, topic: &str, data: &Path) -> anyhow::Result<Server> {
        Server::serve(self.aftercall(topic), data)
    }

    fn aftercall(&self, topic: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_aftercall"));
        command
            .env("AFTERCALL_LOG__ENGINE", "kafka")
            .env("AFTERCALL_LOG__KAFKA__BROKERS", &self.brokers)
            .env("AFTERCALL_LOG__KAFKA__TOPIC", topic);
        command
    }

    fn client(&self) -> ClientConfig {
        let mut client = ClientConfig::new();
        client.set("bootstrap.servers", &self.brokers);
        client
    }

    /// What a bare producer with the same settings sends a second, of the very messages in `topic`.
    fn bare(&self, topic: &str) -> anyhow::Result<f64> {
        let messages = self.messages(topic)?;
        let mut settings = self.client();
        settings
            .set("acks", "all")
            .set("enable.idempotence", "true")
            .set("compression.type", "lz4")
            .set("linger.ms", "5")
            .set("batch.num.messages", "10000")
            .set("batch.size", "1000000")
            .set("queue.buffering.max.messages", "1000000");
        let producer: BaseProducer<Counting> = settings.create_with_context(Counting::default())?;
        let into = self.new_log("bare")?;
        let over = AtomicBool::new(false);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !over.load(Ordering::Relaxed) {
                    producer.poll(Duration::from_millis(5));
                }
            });
            let began = Instant::now();
            let sent = messages
                .iter()
                .enumerate()
                .try_for_each(|(nth, message)| send(&producer, &into, nth, message));
            let flushed = producer.flush(Duration::from_secs(60));
            let took = began.elapsed();
            over.store(true, Ordering::Relaxed);
            sent?;
            flushed?;
            anyhow::ensure!(
                producer.context().delivered() == messages.len(),
                "the bare producer lost records"
            );
            Ok(messages.len() as f64 / took.as_secs_f64())
        })
    }

    /// As many messages of `topic` as the stream had that was measured.
    fn messages(&self, topic: &str) -> anyhow::Result<Vec<OwnedMessage>> {
        let consumer = self.consumer(topic)?;
        let mut messages = Vec::new();
        while messages.len() < RECORDS as usize {
            let polled = consumer.poll(Duration::from_secs(30));
            messages.push(polled.context("the topic holds too little")??.detach());
        }
        Ok(messages)
    }

    /// Reads all of `topic`.
    fn consumer(&self, topic: &str) -> anyhow::Result<BaseConsumer> {
        let mut settings = self.client();
        settings
            .set("group.id", "bench")
            .set("enable.auto.commit", "false");
        let consumer: BaseConsumer = settings.create()?;
        let mut from = TopicPartitionList::new();
        for partition in 0..PARTITIONS {
            from.add_partition_offset(topic, partition, Offset::Beginning)?;
        }
        consumer.assign(&from)?;
        Ok(consumer)
    }
}

/// Sends a message as it is, once there is room for it.
fn send(
    producer: &BaseProducer<Counting>,
    topic: &str,
    nth: usize,
    message: &OwnedMessage,
) -> anyhow::Result<()> {
    while nth - producer.context().delivered() >= UNDER_WAY {
        std::thread::yield_now();
    }
    let mut record = BaseRecord::<[u8], [u8]>::to(topic).partition(message.partition());
    record.key = message.key();
    record.payload = message.payload();
    record.timestamp = message.timestamp().to_millis();
    record.headers = message.headers().cloned();
    producer.send(record).map_err(|(error, _)| error)?;
    Ok(())
}

/// Counts what was delivered.
#[derive(Debug, Default)]
struct Counting(AtomicUsize);

impl Counting {
    fn delivered(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

impl ClientContext for Counting {}

impl ProducerContext for Counting {
    type DeliveryOpaque = ();

    fn delivery(&self, result: &DeliveryResult<'_>, (): ()) {
        if result.is_ok() {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }
}
