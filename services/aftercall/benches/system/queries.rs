//! Questions about the past: a customer's timeline, searches, and how fresh the answers are.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::{Duration, Instant};

use aftercall_client::Client;
use aftercall_proto::history::v1::{
    Facet, InteractionFilter, ListTimelineRequest, SearchInteractionsRequest,
};
use hdrhistogram::Histogram;
use prost::Message;

use crate::load::{self, Calls};
use crate::message::{Messages, customer_id};
use crate::record::RECORD;
use crate::report::{Figure, Goal, Report};
use crate::server::Server;
use crate::stream;

const TIMELINE: &str = "/aftercall.history.v1.HistoryService/ListTimeline";
const LASTING: Duration = Duration::from_secs(10);

/// A customer's timeline of about twenty entries, beside an echo of the same bytes.
pub(crate) async fn timeline(report: &mut Report) -> anyhow::Result<()> {
    let data = tempfile::tempdir()?;
    let server = Server::aftercall(data.path())?;
    stream::fill(&server, 0, 1_000_000).await?;
    server.caught_up().await?;
    let clients = load::connect(&server.grpc).await?;
    let calls = Calls {
        path: TIMELINE,
        request: Arc::new(|number| {
            let request = ListTimelineRequest {
                whose: Some(customer_id(number).into()),
                page_size: 20,
                ..Default::default()
            };
            request.encode_to_vec().into()
        }),
        numbers: Arc::new(AtomicU64::new(0)),
    };
    let sample = load::call(&clients[0], TIMELINE, (calls.request)(1)).await?;
    report.note("timeline.response", sample.len() as f64, "bytes");
    load::closed(&clients, &calls, 64, Duration::from_secs(3)).await?;
    let ours = load::closed(&clients, &calls, 64, LASTING).await?;
    let steady = load::open(&clients, &calls, 5_000, LASTING).await?;
    anyhow::ensure!(ours.failed + steady.failed == 0, "timelines failed");
    drop(clients);
    server.stop()?;

    let file = tempfile::NamedTempFile::new()?;
    std::fs::write(file.path(), &sample)?;
    let echo = Server::echo(Some(file.path()))?;
    let clients = load::connect(&echo.grpc).await?;
    load::closed(&clients, &calls, 64, Duration::from_secs(3)).await?;
    let limit = load::closed(&clients, &calls, 64, LASTING).await?;
    report.add(&Figure {
        name: "timeline",
        value: ours.per_second(),
        unit: "calls/s",
        against: Some(("tonic echo", limit.per_second())),
        goal: Goal::AtLeast(0.7),
    });
    let (value, goal) = (steady.millis(0.99), Goal::AtMost(5.0));
    report.add(&Figure {
        name: "timeline.at_5k.p99",
        value,
        unit: "ms",
        against: None,
        goal,
    });
    Ok(())
}

/// Searches among a million contacts.
pub(crate) async fn search(report: &mut Report) -> anyhow::Result<()> {
    let data = tempfile::tempdir()?;
    let server = Server::aftercall(data.path())?;
    stream::fill(&server, 0, 1_000_000).await?;
    server.caught_up().await?;
    let client = client(&server).await?;
    let filters = asked(&client, |number| SearchInteractionsRequest {
        filter: Some(InteractionFilter {
            agent_ids: vec![format!("agent-{:03}", number % 400)],
            reason_codes: vec!["billing".to_owned(), "internet".to_owned()],
            ..Default::default()
        }),
        ..Default::default()
    });
    quantiles(report, "search.filters", filters.await?, 20.0);
    let text = asked(&client, |number| SearchInteractionsRequest {
        query: TEXTS[number % TEXTS.len()].to_owned(),
        ..Default::default()
    });
    quantiles(report, "search.text", text.await?, 50.0);
    let facets = asked(&client, |number| SearchInteractionsRequest {
        filter: Some(InteractionFilter {
            team_ids: vec![format!("team-{:02}", number % 24)],
            ..Default::default()
        }),
        facets: vec![
            Facet::Reason.into(),
            Facet::Agent.into(),
            Facet::Sentiment.into(),
        ],
        ..Default::default()
    });
    quantiles(report, "search.facets", facets.await?, 100.0);
    drop(client);
    server.stop()
}

const TEXTS: [&str; 8] = [
    "refund",
    "router orange light",
    "\"charged twice\"",
    "technician visit -cable",
    "meter reading",
    "delivery waiting",
    "firmware",
    "password account",
];

async fn asked(
    client: &Client,
    request: impl Fn(usize) -> SearchInteractionsRequest,
) -> anyhow::Result<Histogram<u64>> {
    let mut latency = Histogram::new_with_bounds(1, 60_000_000, 3)?;
    for number in 0..550 {
        let sent = Instant::now();
        client.call(request(number)).await?;
        // The first ones warm the caches.
        if number >= 50 {
            latency.saturating_record(sent.elapsed().as_micros() as u64);
        }
    }
    Ok(latency)
}

fn quantiles(report: &mut Report, name: &str, latency: Histogram<u64>, p99_ms_max: f64) {
    let millis = |quantile| latency.value_at_quantile(quantile) as f64 / 1_000.0;
    report.note(&format!("{name}.p50"), millis(0.5), "ms");
    let (name, value, goal) = (
        format!("{name}.p99"),
        millis(0.99),
        Goal::AtMost(p99_ms_max),
    );
    report.add(&Figure {
        name: &name,
        value,
        unit: "ms",
        against: None,
        goal,
    });
}

/// How long after its acknowledgement a contact is found by a search, at 5,000 recordings a second.
pub(crate) async fn fresh(report: &mut Report) -> anyhow::Result<()> {
    let data = tempfile::tempdir()?;
    let server = Server::aftercall(data.path())?;
    let latency = seen_under_load(&server, 5_000, Seen::InSearch).await?;
    let millis = |quantile| latency.value_at_quantile(quantile) as f64 / 1_000.0;
    report.add(&Figure {
        name: "fresh.search.p99",
        value: millis(0.99),
        unit: "ms",
        against: None,
        goal: Goal::AtMost(1_000.0),
    });
    report.note("fresh.search.p50", millis(0.5), "ms");
    server.stop()
}

/// How long after its acknowledgement a contact is `seen`, at `rate` recordings a second.
pub(crate) async fn seen_under_load(
    server: &Server,
    rate: u64,
    seen: Seen,
) -> anyhow::Result<Histogram<u64>> {
    let messages = Arc::new(Messages::new(jiff::Timestamp::now()));
    let calls = Calls {
        path: RECORD,
        request: Arc::new(move |number| messages.unary(number)),
        // Numbers that neither the probe nor a stream before has.
        numbers: Arc::new(AtomicU64::new(500_000_000)),
    };
    let clients = load::connect(&server.grpc).await?;
    let probing = clients.clone();
    let probes = calls.clone();
    let probe = tokio::spawn(async move { probe(&probing[0], &probes, seen).await });
    let steady = load::open(&clients, &calls, rate, LASTING).await?;
    let latency = probe.await??;
    anyhow::ensure!(steady.failed == 0, "{} calls failed", steady.failed);
    Ok(latency)
}

/// Where a contact is looked for that was just acknowledged.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Seen {
    /// In a search.
    InSearch,
    /// In its customer's timeline.
    InTimeline,
}

/// Records contacts one after the other, beside whatever load there is, and measures how long after
/// its acknowledgement each is `seen`.
async fn probe(client: &Client, calls: &Calls, seen: Seen) -> anyhow::Result<Histogram<u64>> {
    let mut latency = Histogram::new_with_bounds(1, 60_000_000, 3)?;
    let began = Instant::now();
    // Numbers far from those of the load.
    let mut number = 1_000_000_000;
    while began.elapsed() + Duration::from_secs(1) < LASTING {
        let answer = load::call(client, RECORD, (calls.request)(number)).await?;
        let recorded = Instant::now();
        let answer = aftercall_proto::recorder::v1::RecordInteractionResponse::decode(answer)?;
        match seen {
            Seen::InSearch => {
                let request = SearchInteractionsRequest {
                    filter: Some(InteractionFilter {
                        customer_ids: vec![customer_id(number)],
                        ..Default::default()
                    }),
                    min_position: answer.position,
                    ..Default::default()
                };
                client.call(request).await?;
            }
            Seen::InTimeline => {
                let request = ListTimelineRequest {
                    whose: Some(customer_id(number).into()),
                    page_size: 20,
                    min_position: answer.position,
                    ..Default::default()
                };
                client.call(request).await?;
            }
        }
        latency.saturating_record(recorded.elapsed().as_micros() as u64);
        number += 1;
    }
    Ok(latency)
}

pub(crate) async fn client(server: &Server) -> anyhow::Result<Client> {
    Ok(load::connect(&server.grpc).await?.swap_remove(0))
}
