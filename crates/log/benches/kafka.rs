//! The log on Kafka beside a bare rdkafka producer with the same settings and the same bytes, in
//! turns on one cluster. `--json` prints one object a line.
//!
//! `AFTERCALL_TEST_KAFKA=HOST:PORT cargo bench -p aftercall-log --bench kafka -- [--json] [--seconds N]`

#![expect(
    clippy::unwrap_used,
    reason = "a benchmark that can't run has nothing to say"
)]
#![expect(clippy::disallowed_methods, reason = "a benchmark measures time")]

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use aftercall_log::kafka::{Config, Headers, KafkaLog, NewLog, Security, init};
use aftercall_log::{Log, Position, Record};
use bytes::Bytes;
use futures::executor::block_on;
use rdkafka::ClientConfig;
use rdkafka::ClientContext;
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, DeliveryResult, Producer, ProducerContext};

/// About what a contact with a promise takes.
const BODY_BYTES: usize = 700;
/// Records of one append: what a recording stream brings at a time.
const CHUNK: usize = 64;
/// Records under way.
const UNDER_WAY: usize = 16_384;
const TURNS: usize = 3;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let json = arguments.iter().any(|argument| argument == "--json");
    let seconds = arguments
        .iter()
        .position(|argument| argument == "--seconds")
        .and_then(|at| arguments.get(at + 1)?.parse().ok())
        .unwrap_or(12.0);
    let turn = Duration::from_secs_f64(seconds / TURNS as f64);
    let brokers = std::env::var("AFTERCALL_TEST_KAFKA")
        .expect("AFTERCALL_TEST_KAFKA: run this by `cargo xtask bench kafka`");
    let config = new_log(&brokers);
    let log = Arc::new(KafkaLog::open(&config, headers()).unwrap());
    let report = Report { json };

    let (mut ours, mut bare) = (Vec::new(), Vec::new());
    for _ in 0..TURNS {
        ours.push(stream(&log, turn));
        bare.push(bare_stream(&config, &log, turn));
    }
    let (ours, bare) = (median(ours), median(bare));
    report.line(
        "kafka_append_stream",
        ours,
        "records/s",
        ours / bare,
        "a bare producer",
        Some(0.8),
    );

    for callers in [1, 64] {
        let (rate, mut times) = unary(&log, callers, turn);
        times.sort_unstable();
        let name = format!("kafka_append_{callers}_callers");
        report.line(
            &name,
            rate,
            "records/s",
            rate / bare,
            "a bare producer's stream",
            None,
        );
        for (name, part) in [("p50", 50), ("p99", 99)] {
            let at = times[(times.len() - 1) * part / 100].as_secs_f64() * 1e3;
            let name = format!("kafka_append_{callers}_callers_{name}");
            report.line(&name, at, "ms", at, "1 ms", None);
        }
    }
    let read = reading(&log, turn);
    report.line(
        "kafka_read",
        read,
        "records/s",
        read / 40_000.0,
        "the rate that is needed",
        Some(1.0),
    );
}

struct Report {
    json: bool,
}

impl Report {
    #[expect(clippy::too_many_arguments, reason = "the columns of a line")]
    fn line(
        &self,
        name: &str,
        value: f64,
        unit: &str,
        ratio: f64,
        against: &str,
        goal: Option<f64>,
    ) {
        let met = goal.is_none_or(|goal| ratio >= goal);
        if self.json {
            let goal = goal.map_or("null".to_owned(), |goal| goal.to_string());
            println!(
                "{{\"name\":\"{name}\",\"value\":{value:.2},\"unit\":\"{unit}\",\
                 \"against\":\"{against}\",\"ratio\":{ratio:.3},\"goal\":{goal},\"met\":{met}}}"
            );
        } else {
            let verdict = if met { "" } else { "  missed" };
            println!("{name:32} {value:>12.2} {unit:10} {ratio:>6.2} x {against}{verdict}");
        }
    }
}

fn median(mut rates: Vec<f64>) -> f64 {
    rates.sort_by(f64::total_cmp);
    rates[rates.len() / 2]
}

/// A topic of its own, on as many replicas as there are brokers, at most three.
fn new_log(brokers: &str) -> Config {
    let brokers: Vec<_> = brokers.split(',').map(str::to_owned).collect();
    let replication = brokers.len().min(3) as u32;
    let config = Config {
        brokers,
        topic: format!("bench-{}", std::process::id()),
        security: Security::default(),
    };
    let new = NewLog {
        partitions: 12,
        replication,
        replicas_min: replication / 2 + 1,
    };
    init(&config, &new).unwrap();
    config
}

/// As many headers, of the same length, as an event has.
fn headers() -> Headers {
    Arc::new(|record| {
        ATTRIBUTES
            .iter()
            .map(|name| (*name, attribute(record)))
            .collect()
    })
}

const ATTRIBUTES: [&str; 12] = [
    "content-type",
    "ce_specversion",
    "ce_type",
    "ce_source",
    "ce_subject",
    "ce_dataschema",
    "ce_sequence",
    "ce_partitionkey",
    "ce_time",
    "ce_recordedtime",
    "ce_id",
    "ce_actorid",
];

fn attribute(record: &Record) -> String {
    format!("acme|{}|interaction", record.recorded_at_us)
}

fn records(from: u64, count: usize) -> Vec<Record> {
    (from..from + count as u64).map(record).collect()
}

/// Text of words that differ: it shrinks under lz4 about as calls do.
fn record(n: u64) -> Record {
    let mut body = String::with_capacity(BODY_BYTES + 16);
    let mut word = n.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    while body.len() < BODY_BYTES {
        word = word.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        body.push_str(
            ["router", "orange", "light", "promise", "call back"][(word >> 33) as usize % 5],
        );
        body.push_str(&format!(" {:x} ", word >> 48));
    }
    Record {
        key: Bytes::from(format!("acme|customer-{}", n % 100_000)),
        recorded_at_us: 1_700_000_000_000_000 + n as i64,
        body: body.into(),
    }
}

/// Appends with as much under way as a stream has; records a second.
fn stream(log: &KafkaLog, time: Duration) -> f64 {
    let chunks: Vec<_> = (0..64).map(|n| records(n * CHUNK as u64, CHUNK)).collect();
    let mut under_way = VecDeque::new();
    let begun_at = Instant::now();
    let mut done = 0;
    for chunk in chunks.iter().cycle() {
        if begun_at.elapsed() >= time {
            break;
        }
        under_way.push_back(log.append(chunk.clone()));
        if under_way.len() * CHUNK >= UNDER_WAY {
            block_on(under_way.pop_front().unwrap()).unwrap();
            done += CHUNK;
        }
    }
    let rate = done as f64 / begun_at.elapsed().as_secs_f64();
    under_way
        .into_iter()
        .for_each(|append| drop(block_on(append)));
    rate
}

struct Counting {
    delivered: AtomicUsize,
}

impl ClientContext for Counting {}

impl ProducerContext for Counting {
    type DeliveryOpaque = ();

    fn delivery(&self, result: &DeliveryResult<'_>, (): ()) {
        assert!(result.is_ok(), "a record was not delivered");
        self.delivered.fetch_add(1, Ordering::Relaxed);
    }
}

/// The same records by a producer and nothing else.
fn bare_stream(config: &Config, log: &KafkaLog, time: Duration) -> f64 {
    let mut settings = ClientConfig::new();
    settings
        .set("bootstrap.servers", config.brokers.join(","))
        .set("acks", "all")
        .set("enable.idempotence", "true")
        .set("compression.type", "lz4")
        .set("linger.ms", "5")
        .set("batch.num.messages", "10000")
        .set("queue.buffering.max.messages", "1000000");
    let counting = Counting {
        delivered: AtomicUsize::new(0),
    };
    let producer: BaseProducer<Counting> = settings.create_with_context(counting).unwrap();
    let records = records(0, 64 * CHUNK);
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                producer.poll(Duration::from_millis(5));
            }
        });
        let delivered = || producer.context().delivered.load(Ordering::Relaxed);
        let begun_at = Instant::now();
        for (sent, record) in records.iter().cycle().enumerate() {
            if begun_at.elapsed() >= time {
                break;
            }
            while sent - delivered() >= UNDER_WAY {
                std::thread::yield_now();
            }
            send(&producer, config, log, record);
        }
        let rate = delivered() as f64 / begun_at.elapsed().as_secs_f64();
        producer.flush(Duration::from_secs(60)).unwrap();
        over.store(true, Ordering::Relaxed);
        rate
    })
}

fn send(producer: &BaseProducer<Counting>, config: &Config, log: &KafkaLog, record: &Record) {
    let mut headers = OwnedHeaders::new_with_capacity(13).insert(Header {
        key: "aftercall_recorded_at_us",
        value: Some(&record.recorded_at_us.to_string()),
    });
    for key in ATTRIBUTES {
        headers = headers.insert(Header {
            key,
            value: Some(&attribute(record)),
        });
    }
    let message = BaseRecord::<[u8], [u8]>::to(&config.topic)
        .partition(log.partition_of(&record.key).cast_signed())
        .key(&record.key)
        .payload(&record.body)
        .timestamp(record.recorded_at_us / 1000)
        .headers(headers);
    producer.send(message).map_err(|(error, _)| error).unwrap();
}

/// Callers that await each record; records a second, and how long each took.
fn unary(log: &Arc<KafkaLog>, callers: usize, time: Duration) -> (f64, Vec<Duration>) {
    let next = AtomicU64::new(0);
    let begun_at = Instant::now();
    let times: Vec<_> = std::thread::scope(|scope| {
        let callers: Vec<_> = (0..callers)
            .map(|_| {
                scope.spawn(|| {
                    let mut times = Vec::new();
                    while begun_at.elapsed() < time {
                        let record = record(next.fetch_add(1, Ordering::Relaxed));
                        let asked_at = Instant::now();
                        block_on(log.append(vec![record])).unwrap();
                        times.push(asked_at.elapsed());
                    }
                    times
                })
            })
            .collect();
        let joined = callers.into_iter().map(|caller| caller.join().unwrap());
        joined.flatten().collect()
    });
    (times.len() as f64 / begun_at.elapsed().as_secs_f64(), times)
}

/// One reader of all partitions, from the first records on, again and again.
fn reading(log: &KafkaLog, time: Duration) -> f64 {
    let start = |partition| Position {
        partition,
        offset: 0,
    };
    let from: Vec<_> = (0..log.partitions()).map(start).collect();
    let begun_at = Instant::now();
    let mut read = 0;
    while begun_at.elapsed() < time {
        let mut reader = log.reader(&from).unwrap();
        while begun_at.elapsed() < time {
            let batch = reader.next(1024, 2 << 20, Duration::ZERO).unwrap();
            if batch.is_empty() {
                break;
            }
            read += batch.len();
        }
    }
    read as f64 / begun_at.elapsed().as_secs_f64()
}
