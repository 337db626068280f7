//! Recording in bulk over streams.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use aftercall_client::Client;
use aftercall_proto::model::v1::Interaction;
use aftercall_proto::recorder::v1::record_interactions_response::Outcome;
use aftercall_proto::recorder::v1::recorder_service_client::RecorderServiceClient;
use aftercall_proto::recorder::v1::{RecordInteractionRequest, RecordInteractionsRequest};
use aftercall_service::testing::Raw;
use bytes::Bytes;
use http::uri::PathAndQuery;
use tokio_stream::StreamExt;
use tonic::client::Grpc;

use crate::load;
use crate::message::Messages;
use crate::report::{Figure, Goal, Report};
use crate::server::Server;

const PATH: &str = "/aftercall.recorder.v1.RecorderService/RecordInteractions";
const RECORDS: u64 = 1_000_000;

pub(crate) async fn run(report: &mut Report) -> anyhow::Result<()> {
    let data = tempfile::tempdir()?;
    let server = Server::aftercall(data.path())?;
    fill(&server, 0, 50_000).await?;
    server.caught_up().await?;
    let began = Instant::now();
    fill(&server, 50_000, RECORDS).await?;
    let value = RECORDS as f64 / began.elapsed().as_secs_f64();
    let lag = server.metric_max("aftercall_view_lag_records")?;
    let caught_up = server.caught_up().await?;
    server.stop()?;
    let goal = Goal::AtLeast(100_000.0);
    report.add(&Figure {
        name: "record.stream",
        value,
        unit: "rec/s",
        against: None,
        goal,
    });
    report.note("record.stream.view_lag", lag, "records");
    report.note("record.stream.catch_up", caught_up.as_secs_f64(), "s");
    Ok(())
}

/// Records `count` contacts, numbered from `first`, over one stream for each connection.
pub(crate) async fn fill(server: &Server, first: u64, count: u64) -> anyhow::Result<()> {
    let messages = Arc::new(Messages::new(jiff::Timestamp::now()));
    let clients = load::connect(&server.grpc).await?;
    let share = count.div_ceil(clients.len() as u64);
    let mut streams = tokio::task::JoinSet::new();
    for (nth, client) in clients.into_iter().enumerate() {
        let from = first + nth as u64 * share;
        let until = (from + share).min(first + count);
        streams.spawn(record(client, Arc::clone(&messages), from, until));
    }
    while let Some(done) = streams.join_next().await {
        done??;
    }
    Ok(())
}

async fn record(
    client: Client,
    messages: Arc<Messages>,
    from: u64,
    until: u64,
) -> anyhow::Result<()> {
    let mut grpc = Grpc::new(client.transport());
    grpc.ready().await?;
    let requests = tokio_stream::iter((from..until).map(move |number| messages.stream(number)));
    let path = PathAndQuery::from_static(PATH);
    let mut answers = grpc
        .streaming(tonic::Request::new(requests), path, Raw)
        .await?
        .into_inner();
    let mut answered = 0;
    while let Some(answer) = answers.next().await {
        anyhow::ensure!(recorded(&answer?), "a record was refused");
        answered += 1;
    }
    anyhow::ensure!(
        answered == until - from,
        "{answered} answers to {} records",
        until - from
    );
    Ok(())
}

/// Records the contacts of `requests` one after the other over one stream, which takes as many at once as the server does.
/// Counts in `answered` those that are recorded.
pub(crate) async fn record_each(
    client: Client,
    requests: impl Iterator<Item = RecordInteractionsRequest> + Send + 'static,
    answered: Arc<AtomicU64>,
) -> anyhow::Result<()> {
    let mut recorder = RecorderServiceClient::new(client.transport());
    let requests = tokio_stream::iter(requests);
    let mut answers = recorder.record_interactions(requests).await?.into_inner();
    while let Some(answer) = answers.message().await? {
        let recorded = matches!(answer.outcome, Some(Outcome::Response(_)));
        anyhow::ensure!(recorded, "a record was refused: {answer:?}");
        answered.fetch_add(1, Ordering::Relaxed);
    }
    Ok(())
}

/// The request that records a contact in a stream.
pub(crate) fn request(interaction: Interaction) -> RecordInteractionsRequest {
    RecordInteractionsRequest {
        correlation_id: String::new(),
        request: Some(RecordInteractionRequest {
            interaction: Some(interaction),
            ..RecordInteractionRequest::default()
        }),
    }
}

/// Whether an encoded answer says that it is recorded, by its field 2, of wire type 2. The requests
/// carry no correlation id, so nothing stands before it.
pub(crate) fn recorded(answer: &Bytes) -> bool {
    answer.first() == Some(&0x12)
}
