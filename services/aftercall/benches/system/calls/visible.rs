//! From an event that is told until somebody who watches has the change.

use std::pin::pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use aftercall_client::Client;
use aftercall_proto::followups::v1::WatchCallsRequest;
use aftercall_proto::model::v1::{Call, CallState};
use anyhow::Context;
use hdrhistogram::Histogram;
use tokio::task::JoinSet;
use tokio_stream::StreamExt;

use super::events::{AT_ONCE, Events, STEPS, call_of, number_of};
use super::{all_of, lane_of, report_over};
use crate::load;
use crate::report::{Figure, Goal, Report};
use crate::server::Server;

/// Events a second.
const RATE: u64 = 2_000;
/// For how long they are told before it counts, and while it does.
const WARM_UP_S: u64 = 5;
const LASTING_S: u64 = 30;
const TOTAL: u64 = RATE * (WARM_UP_S + LASTING_S);
/// How long after the last one all of them may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// When each event is to be sent.
#[derive(Debug, Clone, Copy)]
struct Pace(Instant);

impl Pace {
    fn due(self, number: u64) -> Instant {
        self.0 + Duration::from_nanos(number * 1_000_000_000 / RATE)
    }
}

pub(super) async fn run(report: &mut Report, events: &Arc<Events>) -> anyhow::Result<()> {
    let data = tempfile::tempdir()?;
    let server = Server::aftercall(data.path())?;
    let micros = seen(&server, events).await?;
    let lag = server.metric_max("aftercall_view_lag_records")?;
    let memory = server.rss_mib()?;
    server.stop()?;
    let millis = |quantile| micros.value_at_quantile(quantile) as f64 / 1_000.0;
    report.note("calls.visible_at_2k.p50", millis(0.5), "ms");
    report.add(&Figure {
        name: "calls.visible_at_2k.p99",
        value: millis(0.99),
        unit: "ms",
        against: None,
        goal: Goal::AtMost(250.0),
    });
    report.note("calls.visible_at_2k.max", millis(1.0), "ms");
    report.note("calls.visible_at_2k.view_lag", lag, "records");
    report.note("calls.visible_at_2k.memory", memory, "MiB");
    Ok(())
}

/// Tells events at their pace while somebody watches; from when each was due to be sent until they had it, in
/// microseconds. So what a slow server keeps from being sent counts as late, too.
async fn seen(server: &Server, events: &Arc<Events>) -> anyhow::Result<Histogram<u64>> {
    let client = Client::builder(&server.grpc).connect().await?;
    let mut watch = pin!(client.watch_calls(WatchCallsRequest::default()));
    watch.next().await.context("the watch begins")??;
    let tellers = load::connect(&server.grpc).await?;
    let pace = Pace(Instant::now());
    let numbers = 0..TOTAL;
    let mut streams = JoinSet::new();
    for (lane, client) in (0..).zip(tellers) {
        let events = Arc::clone(events);
        let requests = tokio_stream::iter(lane_of(&numbers, lane)).then(move |number| {
            let request = events.request(number);
            async move {
                tokio::time::sleep_until(pace.due(number).into()).await;
                request
            }
        });
        streams.spawn(report_over(client, requests));
    }
    let mut progress = Progress::new()?;
    let until = pace.due(TOTAL) + PATIENCE;
    while progress.missing > 0 {
        let answer = tokio::time::timeout_at(until.into(), watch.next()).await;
        let answer = answer
            .with_context(|| format!("{} events were never seen", progress.missing))?
            .context("the watch ended")??;
        if let Some(call) = answer.call {
            progress.take(&call, pace)?;
        }
    }
    all_of(streams, &numbers).await?;
    Ok(progress.micros)
}

/// How far those who watch have seen each call come.
struct Progress {
    steps: Vec<u64>,
    missing: u64,
    micros: Histogram<u64>,
}

impl Progress {
    fn new() -> anyhow::Result<Self> {
        let rounds = TOTAL.div_ceil(AT_ONCE * STEPS);
        Ok(Self {
            steps: vec![0; (rounds * AT_ONCE) as usize],
            missing: TOTAL,
            micros: Histogram::new_with_bounds(1, 600_000_000, 3)?,
        })
    }

    /// A call as it is told. One that changed several times before it was told shows all of that at once.
    fn take(&mut self, call: &Call, pace: Pace) -> anyhow::Result<()> {
        let name = call.external_ref.as_ref().map(|it| &*it.external_id);
        let number = name.and_then(call_of).context("a call without its name")?;
        let known = self.steps.get_mut(number as usize);
        let known = known.with_context(|| format!("nobody told of call {number}"))?;
        for step in *known..steps_of(call) {
            let event = number_of(number, step);
            if event >= RATE * WARM_UP_S {
                let late = pace.due(event).elapsed().as_micros();
                self.micros.saturating_record(late as u64);
            }
            self.missing -= 1;
            *known = step + 1;
        }
        Ok(())
    }
}

/// How many of its steps a call shows.
fn steps_of(call: &Call) -> u64 {
    let segments = || call.segments.iter();
    if segments().any(|one| one.acw_ended_at.is_some()) {
        return 9;
    }
    if segments().any(|one| one.acw_started_at.is_some()) {
        return 8;
    }
    let mut holds = segments().flat_map(|one| &one.holds);
    match call.state() {
        CallState::WrapUp => 7,
        CallState::Connected if holds.any(|hold| hold.ended_at.is_some()) => 6,
        CallState::OnHold => 5,
        CallState::Connected => 4,
        CallState::Ringing => 3,
        CallState::Queued => 2,
        CallState::Initiated => 1,
        _ => 0,
    }
}
