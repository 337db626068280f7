//! The embedded log beside what else could keep it: a plain file, fjall, redb. All commits are
//! durable. `--json` prints one object a line.
//!
//! `cargo bench -p aftercall-log --bench engines -- [--json] [--seconds N]`

#![expect(
    clippy::unwrap_used,
    reason = "a benchmark that can't run has nothing to say"
)]
#![expect(clippy::disallowed_methods, reason = "a benchmark measures time")]

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use aftercall_log::{Append, EmbeddedLog, Log, Options, Position, Record};
use bytes::Bytes;

const BODY_BYTES: usize = 1024;
const BATCHES: [usize; 3] = [1, 64, 512];

/// Commits batches until the time is over; returns records a second.
type Engine = fn(&Path, usize, Duration) -> f64;

/// The first is what the others are compared with.
const ENGINES: [(&str, Engine); 4] = [
    ("embedded", embedded),
    ("file", plain_file),
    ("fjall", fjall),
    ("redb", redb),
];

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let json = arguments.iter().any(|argument| argument == "--json");
    let seconds = arguments
        .iter()
        .position(|argument| argument == "--seconds")
        .and_then(|at| arguments.get(at + 1)?.parse().ok())
        .unwrap_or(2.0);
    let report = Report { json };
    for batch in BATCHES {
        compare(&report, batch, Duration::from_secs_f64(seconds));
    }
    let time = Duration::from_secs_f64(seconds);
    let concurrent = measure(|dir| callers(dir, time));
    report.goal("log_append_256_callers", concurrent, 30_000.0);
    let stream = measure(|dir| pipelined(dir, time));
    report.goal("log_append_stream", stream, 100_000.0);
    let read = measure(|dir| reading(dir, time));
    report.goal("log_read", read, 40_000.0);
}

struct Report {
    json: bool,
}

/// What was measured, in records a second, and how it compares.
struct Line<'a> {
    name: &'a str,
    value: f64,
    against: &'a str,
    ratio: f64,
    /// What the ratio should reach.
    goal: Option<f64>,
}

impl Report {
    fn goal(&self, name: &str, value: f64, goal: f64) {
        let against = "the rate that is needed";
        self.line(&Line {
            name,
            value,
            against,
            ratio: value / goal,
            goal: Some(1.0),
        });
    }

    fn line(&self, line: &Line<'_>) {
        let Line {
            name,
            value,
            against,
            ratio,
            goal,
        } = line;
        let met = goal.is_none_or(|goal| *ratio >= goal);
        if self.json {
            let goal = goal.map_or("null".to_owned(), |goal| goal.to_string());
            println!(
                "{{\"name\":\"{name}\",\"value\":{value:.0},\"unit\":\"records/s\",\
                 \"against\":\"{against}\",\"ratio\":{ratio:.3},\"goal\":{goal},\"met\":{met}}}"
            );
        } else {
            let verdict = if met { "" } else { "  missed" };
            println!("{name:28} {value:>10.0} records/s   {ratio:>6.2} x {against}{verdict}");
        }
    }
}

/// Runs each engine in three turns, and takes the median: other work on the machine comes in
/// bursts.
fn compare(report: &Report, batch: usize, time: Duration) {
    let mut measured = ENGINES.map(|_| Vec::new());
    for _ in 0..3 {
        for ((_, engine), rates) in ENGINES.into_iter().zip(&mut measured) {
            rates.push(measure(|dir| engine(dir, batch, time / 3)));
        }
    }
    let [embedded, file, fjall, redb] = measured.map(|mut rates| {
        rates.sort_by(f64::total_cmp);
        rates[rates.len() / 2]
    });
    let stores = fjall.max(redb);
    report.line(&Line {
        name: &format!("log_embedded_batch_{batch}"),
        value: embedded,
        against: "the better of fjall and redb",
        ratio: embedded / stores,
        goal: Some(1.0),
    });
    for (name, value) in [("file", file), ("fjall", fjall), ("redb", redb)] {
        let name = &format!("log_{name}_batch_{batch}");
        report.line(&Line {
            name,
            value,
            against: "embedded",
            ratio: value / embedded,
            goal: None,
        });
    }
}

fn measure(run: impl FnOnce(&Path) -> f64) -> f64 {
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    run(dir.path())
}

/// Calls `commit` with the number of the batch until the time is over.
fn rate(batch: usize, time: Duration, mut commit: impl FnMut(u64)) -> f64 {
    let start = Instant::now();
    let mut batches = 0;
    while start.elapsed() < time {
        commit(batches);
        batches += 1;
    }
    (batches * batch as u64) as f64 / start.elapsed().as_secs_f64()
}

fn body() -> Bytes {
    (0..BODY_BYTES).map(|n| (n * 31 % 251) as u8).collect()
}

fn records(count: usize, body: &Bytes) -> Vec<Record> {
    let key = Bytes::from_static(b"tenant|customer-0000001");
    (0..count)
        .map(|n| Record {
            key: key.clone(),
            recorded_at_us: n as i64,
            body: body.clone(),
        })
        .collect()
}

fn open(dir: &Path) -> EmbeddedLog {
    EmbeddedLog::open(dir, Options::default()).unwrap()
}

fn wait(append: Append) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(append).unwrap();
}

fn embedded(dir: &Path, batch: usize, time: Duration) -> f64 {
    let (log, body) = (open(dir), body());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    rate(batch, time, |_| {
        drop(runtime.block_on(log.append(records(batch, &body))).unwrap())
    })
}

fn plain_file(dir: &Path, batch: usize, time: Duration) -> f64 {
    let mut file = File::create(dir.join("file")).unwrap();
    let bytes = body().repeat(batch);
    rate(batch, time, |_| {
        file.write_all(&bytes).unwrap();
        file.sync_data().unwrap();
    })
}

fn fjall(dir: &Path, batch: usize, time: Duration) -> f64 {
    let database = fjall::Database::builder(dir).open().unwrap();
    let keyspace = database
        .keyspace("log", fjall::KeyspaceCreateOptions::default)
        .unwrap();
    let body = body();
    rate(batch, time, |nth| {
        let mut commit = database
            .batch()
            .durability(Some(fjall::PersistMode::SyncData));
        for n in 0..batch as u64 {
            let offset = nth * batch as u64 + n;
            commit.insert(&keyspace, offset.to_be_bytes(), &body[..]);
        }
        commit.commit().unwrap();
    })
}

fn redb(dir: &Path, batch: usize, time: Duration) -> f64 {
    const TABLE: redb::TableDefinition<'_, u64, &[u8]> = redb::TableDefinition::new("log");
    let database = redb::Database::create(dir.join("redb")).unwrap();
    let body = body();
    rate(batch, time, |nth| {
        let commit = database.begin_write().unwrap();
        {
            let mut table = commit.open_table(TABLE).unwrap();
            for n in 0..batch as u64 {
                table.insert(nth * batch as u64 + n, &body[..]).unwrap();
            }
        }
        commit.commit().unwrap();
    })
}

/// 256 tasks on two threads, each of which awaits one record after the other.
fn callers(dir: &Path, time: Duration) -> f64 {
    let (log, done) = (Arc::new(open(dir)), Arc::new(AtomicU64::new(0)));
    let over = Arc::new(AtomicBool::new(false));
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_time()
        .build()
        .unwrap();
    let start = Instant::now();
    let tasks: Vec<_> = (0..256)
        .map(|_| {
            let (log, done, over) = (Arc::clone(&log), Arc::clone(&done), Arc::clone(&over));
            let body = body();
            runtime.spawn(async move {
                while !over.load(Ordering::Relaxed) {
                    log.append(records(1, &body)).await.unwrap();
                    done.fetch_add(1, Ordering::Relaxed);
                }
            })
        })
        .collect();
    runtime.block_on(async {
        tokio::time::sleep(time).await;
        over.store(true, Ordering::Relaxed);
        for task in tasks {
            task.await.unwrap();
        }
    });
    done.load(Ordering::Relaxed) as f64 / start.elapsed().as_secs_f64()
}

/// One caller that keeps 4,096 appends of one record under way.
fn pipelined(dir: &Path, time: Duration) -> f64 {
    let (log, body) = (open(dir), body());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let mut under_way = std::collections::VecDeque::new();
    let rate = rate(1, time, |_| {
        under_way.push_back(log.append(records(1, &body)));
        if under_way.len() > 4096 {
            runtime.block_on(under_way.pop_front().unwrap()).unwrap();
        }
    });
    under_way.into_iter().for_each(wait);
    rate
}

/// One reader, from the first record to the last, and again.
fn reading(dir: &Path, time: Duration) -> f64 {
    let (log, body) = (open(dir), body());
    (0..200).for_each(|_| wait(log.append(records(512, &body))));
    let tail = log.tails().unwrap()[0];
    let start = Position {
        partition: 0,
        offset: 0,
    };
    rate(tail as usize, time, |_| {
        let mut reader = log.reader(&[start]).unwrap();
        while reader.positions()[0].offset < tail {
            reader.next(1024, 1 << 20, Duration::ZERO).unwrap();
        }
    })
}
