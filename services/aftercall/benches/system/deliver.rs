//! Webhooks: how many a second reach a receiver, and how long after they were recorded.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

use aftercall_client::Client;
use aftercall_proto::model::v1::Webhook;
use aftercall_proto::notify::v1::CreateWebhookRequest;
use anyhow::Context;
use hdrhistogram::Histogram;
use jiff::Timestamp;
use parking_lot::Mutex;
use serde::Deserialize;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use crate::load::{self, Calls};
use crate::message::Messages;
use crate::report::{Figure, Goal, Report};
use crate::server::Server;
use crate::stream;

/// How many are drained as fast as they go.
const DRAINED: u64 = 50_000;

/// How many are recorded a second, and for how long, to see how late they arrive.
const RATE: u64 = 1_000;
const LASTING: Duration = Duration::from_secs(20);

/// How long all of them may take.
const PATIENCE: Duration = Duration::from_secs(300);

/// What is looked at in a message.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Message {
    data: Data,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Data {
    recorded_at: Timestamp,
}

/// A receiver that takes everything.
struct Receiver {
    url: String,
    taken: watch::Sender<u64>,
    /// Microseconds from when it was recorded until it arrived.
    lateness: Arc<Mutex<Histogram<u64>>>,
}

impl Receiver {
    async fn start() -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let url = format!("http://{}/", listener.local_addr()?);
        let (taken, lateness) = (watch::Sender::new(0), Arc::new(Mutex::new(histogram()?)));
        let (counting, timing) = (taken.clone(), Arc::clone(&lateness));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(take(stream, counting.clone(), Arc::clone(&timing)));
            }
        });
        Ok(Self {
            url,
            taken,
            lateness,
        })
    }

    /// Waits until so many have arrived.
    async fn has(&self, count: u64) -> anyhow::Result<()> {
        let mut taken = self.taken.subscribe();
        let arrived = tokio::time::timeout(PATIENCE, taken.wait_for(|taken| *taken >= count));
        arrived.await.context("the webhooks do not arrive")??;
        Ok(())
    }
}

fn histogram() -> anyhow::Result<Histogram<u64>> {
    Ok(Histogram::new_with_bounds(1, 600_000_000, 3)?)
}

/// Takes messages on one connection.
async fn take(
    stream: TcpStream,
    taken: watch::Sender<u64>,
    lateness: Arc<Mutex<Histogram<u64>>>,
) -> anyhow::Result<()> {
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    loop {
        let mut length = 0;
        loop {
            line.clear();
            if stream.read_line(&mut line).await? == 0 {
                return Ok(());
            }
            match line.trim_end().split_once(": ") {
                Some(("content-length", value)) => length = value.parse()?,
                None if line.trim_end().is_empty() => break,
                _ => {}
            }
        }
        let mut body = vec![0; length];
        stream.read_exact(&mut body).await?;
        let message: Message = serde_json::from_slice(&body)?;
        let late = Timestamp::now().duration_since(message.data.recorded_at);
        let micros = u64::try_from(late.as_micros()).unwrap_or_default();
        lateness.lock().saturating_record(micros);
        stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await?;
        taken.send_modify(|taken| *taken += 1);
    }
}

pub(crate) async fn run(report: &mut Report) -> anyhow::Result<()> {
    let data = tempfile::tempdir()?;
    let (server, receiver) = (start(data.path())?, Receiver::start().await?);
    create(&server, &receiver.url).await?;
    let began = Instant::now();
    stream::fill(&server, 0, DRAINED).await?;
    receiver.has(DRAINED).await?;
    report.add(&Figure {
        name: "deliver.webhooks",
        value: DRAINED as f64 / began.elapsed().as_secs_f64(),
        unit: "webhooks/s",
        against: None,
        goal: Goal::None,
    });
    server.caught_up().await?;
    *receiver.lateness.lock() = histogram()?;
    let messages = Arc::new(Messages::new(Timestamp::now()));
    let calls = Calls {
        path: "/aftercall.recorder.v1.RecorderService/RecordInteraction",
        request: Arc::new(move |number| messages.unary(number)),
        numbers: Arc::new(DRAINED.into()),
    };
    let clients = load::connect(&server.grpc).await?;
    let outcome = load::open(&clients, &calls, RATE, LASTING).await?;
    anyhow::ensure!(outcome.failed == 0, "{} calls failed", outcome.failed);
    receiver.has(DRAINED + outcome.calls).await?;
    for (name, quantile) in [("p50", 0.5), ("p99", 0.99)] {
        let micros = receiver.lateness.lock().value_at_quantile(quantile);
        let name = format!("deliver.lateness_at_1k.{name}");
        report.note(&name, micros as f64 / 1_000.0, "ms");
    }
    server.stop()
}

/// A server that may send to this machine.
fn start(data: &Path) -> anyhow::Result<Server> {
    let key = data.join("secrets.key");
    std::fs::write(&key, "0123456789abcdef".repeat(4))?;
    let mut command = Command::new(env!("CARGO_BIN_EXE_aftercall"));
    command
        .env("AFTERCALL_NOTIFY__SECRETS_KEY_FILE", key)
        .env("AFTERCALL_NOTIFY__PRIVATE_NETWORKS", r#"["127.0.0.0/8"]"#);
    Server::serve(command, data)
}

/// Has the receiver told of contacts.
async fn create(server: &Server, url: &str) -> anyhow::Result<()> {
    let client = Client::builder(&server.grpc).connect().await?;
    let request = CreateWebhookRequest {
        webhook: Some(Webhook {
            url: url.to_owned(),
            event_types: vec!["aftercall.interaction.*".to_owned()],
            ..Webhook::default()
        }),
        ..CreateWebhookRequest::default()
    };
    client.call(request).await?;
    Ok(())
}
