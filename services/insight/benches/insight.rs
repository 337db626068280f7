//! How fast the view is built, and how fast it answers: `cargo xtask bench insight`.
//!
//! The log is in memory and the service in this process, behind a real server; one client asks, one question at a time.
//! `CONTACTS` sets how many contacts there are (1,000,000). Beside it stands a plain pass over the same facts in memory, in a
//! vector of the compiler's layout, single-threaded, without a store, filters and words; and the same aggregate by DuckDB from a
//! table in memory, where `AFTERCALL_BENCH_PYTHON` names a Python that has it, as `cargo xtask bench` sees to.

#![allow(clippy::unwrap_used, reason = "a measurement that can't go on stops")]

use std::collections::BTreeMap;
use std::fmt::Write;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use aftercall_insight::Insight;
use aftercall_log::{Log, LogId, MemoryLog, Record};
use aftercall_proto::envelope::{Fact, customer_key};
use aftercall_proto::event::v1::{Event, InteractionRecorded};
use aftercall_proto::insight::v1::insight_service_client::InsightServiceClient;
use aftercall_proto::insight::v1::{AggregateRequest, ContactFilter, Dimension, TimeBucket};
use aftercall_proto::model::v1::{
    Channel, ContactReason, Customer, Direction, Interaction, Segment, SegmentKind,
};
use aftercall_service::{ActorKind, Deps, Principal, Roles, Supervisor, SystemClock, SystemIds};
use hdrhistogram::Histogram;
use pbjson_types::Timestamp;
use prost::Message;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use tonic::service::interceptor::InterceptedService;
use tonic::transport::server::TcpIncoming;
use tonic::transport::{Endpoint, Server};
use tonic::{Request, Status};

const TENANT: &str = "acme";
const BEGIN_S: i64 = 1_700_000_000;
const YEAR_S: i64 = 365 * 86_400;
const WEEK_S: i64 = 7 * 86_400;
const TEAMS: i64 = 20;
const WARM_UP: usize = 5;
const ASKED: usize = 60;

/// What the plain pass has of a contact.
#[derive(Debug, Clone, Copy)]
struct Plain {
    at_s: i64,
    team: u32,
    handle_ms: u32,
}

#[tokio::main(worker_threads = 2)]
async fn main() {
    let count = std::env::var("CONTACTS").map_or(1_000_000, |count| count.parse().unwrap());
    let log = MemoryLog::new(LogId([1; 16]), 1);
    let mut random = StdRng::seed_from_u64(7);
    let plain: Vec<Plain> = (0..count)
        .map(|n| append(&log, &mut random, (n, count)))
        .collect();
    let dir = tempfile::tempdir().unwrap();
    let supervisor = Supervisor::new();
    let clock = Arc::new(SystemClock::new());
    let ids = Arc::new(SystemIds::new(clock.clone()));
    let views = dir.path().to_owned().into();
    let (deps, feed) = Deps::new(Arc::new(log), views, (clock, ids), supervisor.clone());
    let began = now();
    let insight = Insight::start(&deps).unwrap();
    deps.run_feed(feed).unwrap();
    let patience = tokio::time::Instant::now() + Duration::from_secs(3_600);
    insight.view().ready(patience).await.unwrap();
    let took = began.elapsed();
    let rate = count as f64 / took.as_secs_f64();
    println!("{count} contacts: built in {took:.1?}, {rate:.0} a second (with the ledger)");
    let bytes = insight.view().store().disk_bytes().unwrap();
    println!("store {} MB", bytes >> 20);

    let mut client = serve(&insight, &supervisor).await;
    let weekly = AggregateRequest {
        dimensions: vec![Dimension::Team.into()],
        bucket: TimeBucket::Week.into(),
        time_zone: "Europe/Berlin".to_owned(),
        ..AggregateRequest::default()
    };
    ask(&mut client, "aggregate by week and team", &weekly).await;
    let month = AggregateRequest {
        filter: Some(ContactFilter {
            occurred_from: Some(at(BEGIN_S + YEAR_S / 2)),
            occurred_before: Some(at(BEGIN_S + YEAR_S / 2 + 30 * 86_400)),
            ..ContactFilter::default()
        }),
        dimensions: vec![Dimension::Team.into(), Dimension::Reason.into()],
        ..AggregateRequest::default()
    };
    ask(&mut client, "a month by team and reason", &month).await;
    plainly(&plain);
    if let Ok(python) = std::env::var("AFTERCALL_BENCH_PYTHON") {
        beside_duckdb(&plain, &python, dir.path());
    }
    supervisor.shutdown(Duration::from_secs(60)).await.unwrap();
}

type Client = InsightServiceClient<tonic::transport::Channel>;

async fn ask(client: &mut Client, name: &str, request: &AggregateRequest) {
    let mut took = Histogram::<u64>::new(3).unwrap();
    let (mut rows, mut contacts) = (0, 0);
    for asked in 0..WARM_UP + ASKED {
        let began = now();
        let answer = client
            .aggregate(request.clone())
            .await
            .unwrap()
            .into_inner();
        if asked >= WARM_UP {
            took.record(began.elapsed().as_micros() as u64).unwrap();
        }
        (rows, contacts) = (answer.rows.len(), answer.total.unwrap().contacts);
    }
    println!(
        "{name}, {rows} groups of {contacts} contacts: {}",
        told(&took)
    );
}

fn told(took: &Histogram<u64>) -> String {
    let ms = |quantile| took.value_at_quantile(quantile) as f64 / 1_000.0;
    let (p50, p99, max) = (ms(0.5), ms(0.99), ms(1.0));
    format!("p50 {p50:.1} ms, p99 {p99:.1} ms, max {max:.1} ms")
}

/// The same groups by a pass over a vector.
fn plainly(plain: &[Plain]) {
    let mut took = Histogram::<u64>::new(3).unwrap();
    let mut groups = 0;
    for _ in 0..ASKED {
        let began = now();
        let mut sums: BTreeMap<(i64, u32), (u64, u64)> = BTreeMap::new();
        for contact in plain {
            let sum = sums
                .entry((contact.at_s / WEEK_S, contact.team))
                .or_default();
            sum.0 += 1;
            sum.1 += u64::from(contact.handle_ms);
        }
        took.record(began.elapsed().as_micros() as u64).unwrap();
        groups = std::hint::black_box(sums).len();
    }
    println!(
        "a plain pass, count and handle time, {groups} groups: {}",
        told(&took)
    );
}

/// The same groups by DuckDB, on two threads, from a table in memory.
fn beside_duckdb(plain: &[Plain], python: &str, dir: &std::path::Path) {
    let mut lines = String::from("at_s,team,handle_ms\n");
    for Plain {
        at_s,
        team,
        handle_ms,
    } in plain
    {
        writeln!(lines, "{at_s},{team},{handle_ms}").unwrap();
    }
    let file = dir.join("contacts.csv");
    std::fs::write(&file, lines).unwrap();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/beside.py");
    let status = Command::new(python).arg(script).arg(file).status().unwrap();
    assert!(status.success());
}

async fn serve(insight: &Insight, supervisor: &Supervisor) -> Client {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let server = InterceptedService::new(insight.server(), authenticate);
    let stopping = supervisor.draining();
    supervisor.spawn_front("server", async move {
        let server = Server::builder().add_service(server);
        let incoming = TcpIncoming::from(listener).with_nodelay(Some(true));
        server
            .serve_with_incoming_shutdown(incoming, stopping.cancelled_owned())
            .await
    });
    let endpoint = Endpoint::from_shared(endpoint).unwrap();
    InsightServiceClient::new(endpoint.connect().await.unwrap())
}

fn authenticate(mut request: Request<()>) -> Result<Request<()>, Status> {
    let everybody = Principal::new(TENANT, "bench", ActorKind::Integration, Roles::all());
    request.extensions_mut().insert(everybody);
    Ok(request)
}

fn at(seconds: i64) -> Timestamp {
    Timestamp { seconds, nanos: 0 }
}

#[expect(clippy::disallowed_methods, reason = "this measures")]
fn now() -> Instant {
    Instant::now()
}

fn append(log: &MemoryLog, random: &mut StdRng, (n, count): (i64, i64)) -> Plain {
    let at_s = BEGIN_S + n * YEAR_S / count;
    let team = random.random_range(0..TEAMS);
    let (wait, talk) = (random.random_range(1..120), random.random_range(30..900));
    let customer_id = format!("customer-{}", random.random_range(0..count / 4 + 1));
    let (queued, ended) = (at_s + wait, at_s + wait + talk);
    let interaction = Interaction {
        interaction_id: format!("0190d2c8-0001-7000-8000-{n:012x}"),
        channel: Channel::Voice.into(),
        direction: Direction::Inbound.into(),
        customer: Some(Customer {
            customer_id: customer_id.clone(),
            ..Customer::default()
        }),
        agent_id: format!("agent-{}", team * 15 + random.random_range(0..15)),
        team_id: format!("team-{team}"),
        site_id: format!("site-{}", team % 3),
        occurred_at: Some(at(at_s)),
        ended_at: Some(at(ended)),
        segments: vec![
            Segment {
                kind: SegmentKind::Queue.into(),
                queue_id: format!("queue-{}", team % 5),
                enqueued_at: Some(at(at_s)),
                dequeued_at: Some(at(queued)),
                ..Segment::default()
            },
            Segment {
                kind: SegmentKind::Agent.into(),
                offered_at: Some(at(queued)),
                answered_at: Some(at(queued)),
                ended_at: Some(at(ended)),
                acw_started_at: Some(at(ended)),
                acw_ended_at: Some(at(ended + 20)),
                ..Segment::default()
            },
        ],
        contact_reasons: vec![ContactReason {
            code: format!(
                "family-{}.reason-{}",
                random.random_range(0..8),
                random.random_range(0..12)
            ),
            primary: true,
            ..ContactReason::default()
        }],
        ..Interaction::default()
    };
    write(log, interaction, customer_id);
    Plain {
        at_s,
        team: team as u32,
        handle_ms: (talk as u32 + 20) * 1_000,
    }
}

fn write(log: &MemoryLog, interaction: Interaction, customer_id: String) {
    let at = interaction.occurred_at;
    let fact = Fact::InteractionRecorded(Box::new(InteractionRecorded {
        interaction: Some(interaction.clone()),
        ..InteractionRecorded::default()
    }));
    let event = Event {
        event_id: interaction.interaction_id.clone(),
        tenant_id: TENANT.to_owned(),
        aggregate_id: interaction.interaction_id.clone(),
        interaction_id: interaction.interaction_id,
        sequence: 1,
        occurred_at: at,
        recorded_at: at,
        customer_id: customer_id.clone(),
        ..fact.event()
    };
    let record = Record {
        key: customer_key(TENANT, &customer_id),
        recorded_at_us: at.unwrap_or_default().seconds * 1_000_000,
        body: event.encode_to_vec().into(),
    };
    futures::executor::block_on(log.append(vec![record])).unwrap();
}
