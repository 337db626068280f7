//! Timers: how late a lapse is, how many a second are recorded, what a million open promises take; beside a table in
//! PostgreSQL and the usual poller.

mod poller;

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use aftercall_client::Client;
use aftercall_proto::followups::v1::{CommitmentFilter, WatchCommitmentsRequest};
use aftercall_proto::model::v1::{CommitmentKind, Timeliness};
use anyhow::{Context, bail};
use futures::StreamExt;
use hdrhistogram::Histogram;
use jiff::{SignedDuration, Timestamp};

use crate::promises::{Promised, create_policy, fill};
use crate::report::{Figure, Goal, Report};
use crate::server::Server;
use poller::Poller;

/// How many open promises there are, unless `AFTERCALL_BENCH_PROMISES` says another number.
const OPEN: u64 = 1_000_000;

/// How many are due a second, and for how long, to see how late their lapses are.
const RATE: u64 = 1_000;
const LASTING: Duration = Duration::from_secs(20);

/// One overdue promise at the start for so many open ones.
const OPEN_PER_OVERDUE: u64 = 10;

/// How long before a due everything is recorded, at least.
const AHEAD: SignedDuration = SignedDuration::from_secs(20);

/// How many promises are recorded a second at the least, to know how long before their dues to begin.
const RECORDED_A_SECOND_MIN: u64 = 2_000;

/// How long lapses may take before something is wrong.
const PATIENCE: Duration = Duration::from_secs(600);

/// The counter of lapses that the server tells.
const LAPSES: &str = "aftercall_followups_lapses_total";

/// How late lapses are.
struct Lateness {
    p50_ms: f64,
    p99_ms: f64,
}

impl Lateness {
    fn of(micros: &Histogram<u64>) -> Self {
        let at = |quantile| micros.value_at_quantile(quantile) as f64 / 1_000.0;
        Self {
            p50_ms: at(0.5),
            p99_ms: at(0.99),
        }
    }
}

/// From a due until it is known that it has passed, in microseconds.
fn histogram() -> anyhow::Result<Histogram<u64>> {
    Ok(Histogram::new_with_bounds(1, 3_600_000_000, 3)?)
}

fn late_us(due: Timestamp) -> u64 {
    let late = Timestamp::now().duration_since(due).as_micros();
    u64::try_from(late).unwrap_or_default()
}

/// How many open promises there are.
pub(crate) fn open() -> anyhow::Result<u64> {
    match std::env::var("AFTERCALL_BENCH_PROMISES") {
        Ok(asked) => asked
            .parse()
            .context("AFTERCALL_BENCH_PROMISES is no number"),
        Err(_) => Ok(OPEN),
    }
}

pub(crate) async fn run(report: &mut Report) -> anyhow::Result<()> {
    let open = open()?;
    let overdue = open.div_ceil(OPEN_PER_OVERDUE);
    let peer = peer(open, overdue).await?;
    let data = tempfile::tempdir()?;
    footprint(data.path(), open, report).await?;
    let ours = lateness(data.path(), open).await?;
    for (name, value, peer, goal) in [
        (
            "timers.lateness_at_1k.p50",
            ours.p50_ms,
            peer.lateness.p50_ms,
            None,
        ),
        (
            "timers.lateness_at_1k.p99",
            ours.p99_ms,
            peer.lateness.p99_ms,
            Some(250.0),
        ),
    ] {
        compared(report, (name, "ms"), (value, peer), goal.map(Goal::AtMost));
    }
    let first = open + RATE * LASTING.as_secs();
    let drained = drain(data.path(), (first, overdue)).await?;
    let goal = Goal::AtLeast(10_000.0);
    let rate = overdue as f64 / drained.as_secs_f64();
    compared(
        report,
        ("timers.lapses", "lapses/s"),
        (rate, peer.rate),
        Some(goal),
    );
    let seconds = drained.as_secs_f64() * 100_000.0 / overdue as f64;
    report.add(&Figure {
        name: "timers.drain_of_100k_at_start",
        value: seconds,
        unit: "s",
        against: None,
        goal: Goal::AtMost(10.0),
    });
    Ok(())
}

/// A figure with its goal, and beside it as a ratio the poller's.
fn compared(
    report: &mut Report,
    (name, unit): (&str, &str),
    (value, peer): (f64, f64),
    goal: Option<Goal>,
) {
    report.add(&Figure {
        name,
        value,
        unit,
        against: None,
        goal: goal.unwrap_or(Goal::None),
    });
    report.add(&Figure {
        name: &format!("{name} ÷ poller"),
        value,
        unit,
        against: Some(("PostgreSQL", peer)),
        goal: Goal::None,
    });
}

/// What the poller does.
struct Peer {
    lateness: Lateness,
    rate: f64,
}

async fn peer(open: u64, overdue: u64) -> anyhow::Result<Peer> {
    let poller = Poller::start().await?;
    poller
        .fill(open, Timestamp::now() + SignedDuration::from_hours(240), 0)
        .await?;
    let begin = Timestamp::now() + AHEAD;
    let due = RATE * LASTING.as_secs();
    poller.fill(due, begin, 1_000_000 / RATE).await?;
    let lateness = Lateness::of(&poller.lateness(due).await?);
    poller
        .fill(overdue, Timestamp::now() - SignedDuration::from_secs(60), 0)
        .await?;
    let drained = poller.drain(overdue).await?;
    Ok(Peer {
        lateness,
        rate: overdue as f64 / drained.as_secs_f64(),
    })
}

/// Records the open promises, each with two stages, and tells what they take.
async fn footprint(data: &Path, open: u64, report: &mut Report) -> anyhow::Result<()> {
    let server = start(data)?;
    let client = Client::builder(&server.grpc).connect().await?;
    create_policy(&client).await?;
    let promised = Promised {
        kind: CommitmentKind::CallBack,
        first_due: Timestamp::now() + SignedDuration::from_hours(240),
        apart: SignedDuration::from_millis(1),
    };
    fill(&server, (0, open), promised).await?;
    server.caught_up().await?;
    server.stop()?;
    let server = start(data)?;
    server.caught_up().await?;
    report.add(&Figure {
        name: "timers.ready",
        value: server.ready_in.as_secs_f64(),
        unit: "s",
        against: None,
        goal: Goal::AtMost(5.0),
    });
    report.add(&Figure {
        name: "timers.memory_per_million",
        value: server.rss_mib()? * 1_000_000.0 / open as f64,
        unit: "MiB",
        against: None,
        goal: Goal::AtMost(300.0),
    });
    server.stop()
}

/// How late somebody who watches hears of lapses, at so many dues a second.
async fn lateness(data: &Path, open: u64) -> anyhow::Result<Lateness> {
    let server = start(data)?;
    let client = Client::builder(&server.grpc).connect().await?;
    let filter = CommitmentFilter {
        kinds: vec![CommitmentKind::Other.into()],
        timeliness: vec![Timeliness::Overdue.into()],
        ..CommitmentFilter::default()
    };
    let request = WatchCommitmentsRequest {
        filter: Some(filter),
        ..WatchCommitmentsRequest::default()
    };
    let mut watch = std::pin::pin!(client.watch_commitments(request));
    watch.next().await.context("the watch begins")??;
    let due = RATE * LASTING.as_secs();
    let promised = Promised {
        kind: CommitmentKind::Other,
        first_due: Timestamp::now() + ahead(due),
        apart: SignedDuration::from_micros(1_000_000 / RATE as i64),
    };
    let first_due = promised.first_due;
    fill(&server, (open, due), promised).await?;
    anyhow::ensure!(
        Timestamp::now() < first_due,
        "recording took longer than the dues were ahead"
    );
    let (mut micros, until) = (histogram()?, Instant::now() + PATIENCE);
    while micros.len() < due {
        let answer = tokio::time::timeout_at(until.into(), watch.next()).await;
        let answer = answer
            .context("lapses are missing")?
            .context("the watch ended")??;
        // What is told of promises that are not overdue yet says that they are none of those.
        let overdue = answer.commitment.filter(|_| !answer.left);
        if let Some(at) = overdue.and_then(|promise| promise.promised_by) {
            let at = Timestamp::new(at.seconds, at.nanos)?;
            micros.saturating_record(late_us(at));
        }
    }
    server.stop()?;
    Ok(Lateness::of(&micros))
}

/// How long a server takes from its start until it has recorded lapses that came due while there was none.
async fn drain(data: &Path, (first, overdue): (u64, u64)) -> anyhow::Result<Duration> {
    let server = start(data)?;
    let promised = Promised {
        kind: CommitmentKind::Other,
        first_due: Timestamp::now() + ahead(overdue),
        apart: SignedDuration::ZERO,
    };
    let due = promised.first_due;
    fill(&server, (first, overdue), promised).await?;
    server.caught_up().await?;
    anyhow::ensure!(
        Timestamp::now() < due,
        "recording took longer than the dues were ahead"
    );
    server.stop()?;
    let left = due.duration_since(Timestamp::now());
    tokio::time::sleep(Duration::try_from(left).unwrap_or_default()).await;
    let began = Instant::now();
    let server = start(data)?;
    loop {
        // There is no such counter before the first lapse.
        let lapses = server.metric_max(LAPSES).unwrap_or_default();
        if lapses >= overdue as f64 {
            break;
        }
        if began.elapsed() > PATIENCE {
            bail!("{lapses} of {overdue} lapses were recorded");
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let drained = began.elapsed();
    server.caught_up().await?;
    server.stop()?;
    Ok(drained)
}

/// How far ahead the dues of so many promises are when their recording begins.
fn ahead(promises: u64) -> SignedDuration {
    let recording = promises.div_ceil(RECORDED_A_SECOND_MIN);
    AHEAD + SignedDuration::from_secs(i64::try_from(recording).unwrap_or(i64::MAX))
}

fn start(data: &Path) -> anyhow::Result<Server> {
    Server::serve(program(), data)
}

/// The program that is measured: the one that is built, or another by `AFTERCALL_BENCH_SERVER`.
pub(crate) fn program() -> Command {
    let program = std::env::var("AFTERCALL_BENCH_SERVER");
    Command::new(program.unwrap_or_else(|_| env!("CARGO_BIN_EXE_aftercall").to_owned()))
}
