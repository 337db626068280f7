//! Load on a gRPC method: closed (so many in flight) or open (so many a second).

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use aftercall_client::{Client, Retry};
use aftercall_service::testing::Raw;
use bytes::Bytes;
use hdrhistogram::Histogram;
use http::uri::PathAndQuery;
use tonic::Status;
use tonic::client::Grpc;

/// Connections that share a load; a call centre's CRM keeps a few, not hundreds.
pub(crate) const CONNECTIONS: usize = 4;

/// Connections to `address`. What fails has failed: a retry would hide it.
pub(crate) async fn connect(address: &str) -> anyhow::Result<Vec<Client>> {
    let mut clients = Vec::new();
    for _ in 0..CONNECTIONS {
        let client = Client::builder(address).retry(Retry::never());
        clients.push(client.connect().await?);
    }
    Ok(clients)
}

/// What a load came to.
pub(crate) struct Outcome {
    pub(crate) calls: u64,
    pub(crate) failed: u64,
    pub(crate) elapsed: Duration,
    /// Microseconds.
    pub(crate) latency: Histogram<u64>,
}

impl Outcome {
    pub(crate) fn per_second(&self) -> f64 {
        self.calls as f64 / self.elapsed.as_secs_f64()
    }

    pub(crate) fn millis(&self, quantile: f64) -> f64 {
        self.latency.value_at_quantile(quantile) as f64 / 1_000.0
    }
}

/// What to call: a method, and the request with a number.
#[derive(Clone)]
pub(crate) struct Calls {
    pub(crate) path: &'static str,
    pub(crate) request: Arc<dyn Fn(u64) -> Bytes + Send + Sync>,
    /// Gives each request its number; shared, so that no number comes twice.
    pub(crate) numbers: Arc<AtomicU64>,
}

/// One call; whether it went well.
pub(crate) async fn call(
    client: &Client,
    path: &'static str,
    request: Bytes,
) -> Result<Bytes, Status> {
    let mut grpc = Grpc::new(client.transport()).max_decoding_message_size(64 << 20);
    let ready = grpc.ready().await;
    ready.map_err(|error| Status::unavailable(error.to_string()))?;
    let path = PathAndQuery::from_static(path);
    Ok(grpc
        .unary(tonic::Request::new(request), path, Raw)
        .await?
        .into_inner())
}

/// Keeps `in_flight` calls under way for `lasting`.
pub(crate) async fn closed(
    clients: &[Client],
    calls: &Calls,
    in_flight: usize,
    lasting: Duration,
) -> anyhow::Result<Outcome> {
    let began = Instant::now();
    let mut workers = tokio::task::JoinSet::new();
    for worker in 0..in_flight {
        let client = clients[worker % clients.len()].clone();
        let calls = calls.clone();
        workers.spawn(async move {
            let mut mine = (0u64, 0u64, histogram());
            while began.elapsed() < lasting {
                let request = (calls.request)(calls.numbers.fetch_add(1, Ordering::Relaxed));
                let sent = Instant::now();
                let answered = call(&client, calls.path, request).await;
                mine.2.saturating_record(sent.elapsed().as_micros() as u64);
                mine.0 += 1;
                mine.1 += u64::from(answered.is_err());
            }
            mine
        });
    }
    let mut all = Outcome {
        calls: 0,
        failed: 0,
        elapsed: lasting,
        latency: histogram(),
    };
    while let Some(mine) = workers.join_next().await {
        let (calls, failed, latency) = mine?;
        all.calls += calls;
        all.failed += failed;
        all.latency.add(latency)?;
    }
    all.elapsed = began.elapsed();
    Ok(all)
}

/// Begins `rate` calls a second for `lasting`, whether or not earlier ones are answered; latency
/// counts from when a call was due, so that a stall is not hidden.
pub(crate) async fn open(
    clients: &[Client],
    calls: &Calls,
    rate: u64,
    lasting: Duration,
) -> anyhow::Result<Outcome> {
    let began = Instant::now();
    let total = rate * lasting.as_secs();
    let mut under_way = tokio::task::JoinSet::new();
    let mut all = Outcome {
        calls: 0,
        failed: 0,
        elapsed: lasting,
        latency: histogram(),
    };
    let take = |all: &mut Outcome, done: Result<(bool, u64), tokio::task::JoinError>| {
        let (failed, micros) = done?;
        all.calls += 1;
        all.failed += u64::from(failed);
        all.latency.saturating_record(micros);
        anyhow::Ok(())
    };
    for nth in 0..total {
        let due = began + Duration::from_nanos(nth * 1_000_000_000 / rate);
        if due > Instant::now() {
            tokio::time::sleep_until(due.into()).await;
        }
        let client = clients[nth as usize % clients.len()].clone();
        let request = (calls.request)(calls.numbers.fetch_add(1, Ordering::Relaxed));
        let path = calls.path;
        under_way.spawn(async move {
            let failed = call(&client, path, request).await.is_err();
            (failed, due.elapsed().as_micros() as u64)
        });
        while let Some(done) = under_way.try_join_next() {
            take(&mut all, done)?;
        }
    }
    while let Some(done) = under_way.join_next().await {
        take(&mut all, done)?;
    }
    all.elapsed = began.elapsed();
    Ok(all)
}

fn histogram() -> Histogram<u64> {
    let made = Histogram::new_with_bounds(1, 60_000_000, 3);
    made.unwrap_or_else(|_| unreachable!("the bounds are in order"))
}
