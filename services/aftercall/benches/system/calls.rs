//! Calls as telephony tells of them: how many events a second are taken, and how soon somebody who watches has one.

mod events;
mod visible;

use std::ops::Range;
use std::sync::Arc;
use std::time::Instant;

use aftercall_client::Client;
use aftercall_service::testing::Raw;
use bytes::Bytes;
use http::uri::PathAndQuery;
use tokio_stream::{Stream, StreamExt};
use tonic::client::Grpc;

use crate::knowledge::asked;
use crate::load;
use crate::report::{Figure, Goal, Report};
use crate::server::Server;
use crate::stream::recorded;
use events::{AT_ONCE, Events, STEPS};

const PATH: &str = "/aftercall.recorder.v1.CallService/ReportCallEvents";

/// How many events are told, unless `AFTERCALL_BENCH_EVENTS` says another number.
const EVENTS: u64 = 1_000_000;
/// How many are told before, to warm up: whole calls.
const BEFORE: u64 = 5 * AT_ONCE * STEPS;

/// What telling events came to.
struct Told {
    per_second: f64,
    /// Processor time of the server and all that runs in it, in microseconds an event.
    cpu: f64,
}

pub(crate) async fn run(report: &mut Report) -> anyhow::Result<()> {
    let count = asked("AFTERCALL_BENCH_EVENTS", EVENTS)?;
    anyhow::ensure!(count > 0, "AFTERCALL_BENCH_EVENTS is 0");
    let events = Arc::new(Events::new(jiff::Timestamp::now()));
    report.note("calls.event", events.bytes_mean(), "bytes");

    let echo = Server::echo(None)?;
    tell(&echo, &events, 0..BEFORE).await?;
    let limit = measured(&echo, &events, count).await?;
    drop(echo);

    let data = tempfile::tempdir()?;
    let server = Server::aftercall(data.path())?;
    tell(&server, &events, 0..BEFORE).await?;
    server.caught_up().await?;
    let ours = measured(&server, &events, count).await?;
    let lag = server.metric_max("aftercall_view_lag_records")?;
    let memory = server.rss_mib()?;
    let caught_up = server.caught_up().await?;
    let memory_after = server.rss_mib()?;
    server.stop()?;
    // The rest is on a server of its own, whose disk need not hold all this, too.
    drop(data);

    let (name, unit) = ("calls.events", "events/s");
    for (against, goal) in [
        (None, Goal::AtLeast(50_000.0)),
        (Some(("tonic echo", limit.per_second)), Goal::None),
    ] {
        report.add(&Figure {
            name,
            value: ours.per_second,
            unit,
            against,
            goal,
        });
    }
    report.note("calls.events.echo", limit.per_second, unit);
    report.note("calls.events.echo.cpu", limit.cpu, "µs/event");
    report.note("calls.events.cpu", ours.cpu, "µs/event");
    report.note("calls.events.view_lag", lag, "records");
    report.note("calls.events.catch_up", caught_up.as_secs_f64(), "s");
    report.note("calls.events.memory", memory, "MiB");
    report.note("calls.events.memory.caught_up", memory_after, "MiB");
    visible::run(report, &events).await
}

/// Tells `count` events after those of the warm-up.
async fn measured(server: &Server, events: &Arc<Events>, count: u64) -> anyhow::Result<Told> {
    let (before, began) = (server.cpu()?, Instant::now());
    tell(server, events, BEFORE..BEFORE + count).await?;
    let per_second = count as f64 / began.elapsed().as_secs_f64();
    let cpu = (server.cpu()? - before).as_secs_f64() * 1e6 / count as f64;
    Ok(Told { per_second, cpu })
}

/// Tells the events of these numbers as fast as they are taken, over one stream for each connection.
async fn tell(server: &Server, events: &Arc<Events>, numbers: Range<u64>) -> anyhow::Result<()> {
    let clients = load::connect(&server.grpc).await?;
    let mut streams = tokio::task::JoinSet::new();
    for (lane, client) in (0..).zip(clients) {
        let events = Arc::clone(events);
        let requests = lane_of(&numbers, lane).map(move |number| events.request(number));
        streams.spawn(report_over(client, tokio_stream::iter(requests)));
    }
    all_of(streams, &numbers).await
}

/// The numbers that one of the connections tells of. All events of a call are on the same one, as they come from the
/// same switch, and so in their order: calls that go on at once are a multiple of the connections.
fn lane_of(numbers: &Range<u64>, lane: u64) -> impl Iterator<Item = u64> + Send + use<> {
    (numbers.start + lane..numbers.end).step_by(load::CONNECTIONS)
}

/// Waits for streams that together tell of these numbers.
async fn all_of(
    mut streams: tokio::task::JoinSet<anyhow::Result<u64>>,
    numbers: &Range<u64>,
) -> anyhow::Result<()> {
    let mut answered = 0;
    while let Some(done) = streams.join_next().await {
        answered += done??;
    }
    let told = numbers.end - numbers.start;
    anyhow::ensure!(answered == told, "{answered} answers to {told} events");
    Ok(())
}

/// Sends encoded requests over one stream; how many were answered.
async fn report_over<S>(client: Client, requests: S) -> anyhow::Result<u64>
where
    S: Stream<Item = Bytes> + Send + 'static,
{
    let mut grpc = Grpc::new(client.transport());
    grpc.ready().await?;
    let path = PathAndQuery::from_static(PATH);
    let mut answers = grpc
        .streaming(tonic::Request::new(requests), path, Raw)
        .await?
        .into_inner();
    let mut answered = 0;
    while let Some(answer) = answers.next().await {
        anyhow::ensure!(recorded(&answer?), "an event was refused");
        answered += 1;
    }
    Ok(answered)
}
