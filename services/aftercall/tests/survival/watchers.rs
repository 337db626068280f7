//! Ten thousand who watch alerts: recording goes on, each hears of what happens, and none of them costs much.

use std::time::Duration;

use aftercall_proto::alerts::v1::alert_service_client::AlertServiceClient;
use aftercall_proto::alerts::v1::{WatchAlertsRequest, WatchAlertsResponse};
use aftercall_proto::model::v1::{CommitmentDraft, Direction, Interaction};
use aftercall_proto::recorder::v1::RecordInteractionRequest;
use aftercall_proto::recorder::v1::recorder_service_client::RecorderServiceClient;
use aftercall_service::testing;
use futures::stream::{self, StreamExt};
use jiff::SignedDuration;
use tokio::time::timeout;
use tonic::transport::Channel;
use tonic::{Status, Streaming};
use tonic_types::StatusExt;

use crate::process::Start;
use crate::requests::now;

const WATCHERS: usize = 10_000;
/// As many as one connection has streams, and some less.
const WATCHERS_PER_CONNECTION: usize = 1_000;
/// Those that are opened at a time.
const AT_ONCE: usize = 64;
/// Contacts that are recorded while all watch.
const RECORDS: u64 = 200;
/// What each watcher may cost the server, in KiB: its stream, its filter and its place.
const KIB_PER_WATCHER: u64 = 48;
/// What a slow machine may take.
const PATIENCE: Duration = Duration::from_secs(120);

async fn watch(channel: Channel) -> Result<Streaming<WatchAlertsResponse>, Status> {
    let mut alerts = AlertServiceClient::new(channel);
    let mut answers = alerts
        .watch_alerts(WatchAlertsRequest::default())
        .await?
        .into_inner();
    // The first answer says that the watch has begun.
    match answers.message().await? {
        Some(_) => Ok(answers),
        None => Err(Status::unavailable("it ended")),
    }
}

/// Waits for an alert; in between the server says that it lives.
async fn hears(mut watch: Streaming<WatchAlertsResponse>) -> Streaming<WatchAlertsResponse> {
    loop {
        let answer = watch.message().await.expect("a watch that goes on");
        if answer.expect("a watch without end").alert.is_some() {
            return watch;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_watchers_hear_and_hinder_nobody() {
    let scratch = tempfile::tempdir().expect("a directory");
    let streams_max = (WATCHERS + 1).to_string();
    let settings = [("AFTERCALL_SERVER__STREAMS_MAX".to_owned(), streams_max)];
    let start = Start::on(&scratch.path().join("data"), &scratch.path().join("log"));
    let mut server = start.configured(&settings).ready();
    let mut recorder = RecorderServiceClient::new(server.channel());
    let mut record = async |promises: Vec<CommitmentDraft>| {
        // A customer who calls again and again is one to save, which is told, too.
        let contact = Interaction {
            direction: Direction::Outbound.into(),
            no_follow_up_promised: promises.is_empty(),
            commitments: promises,
            ..testing::contact(now())
        };
        let request = RecordInteractionRequest {
            interaction: Some(contact),
            ..RecordInteractionRequest::default()
        };
        recorder.record_interaction(request).await
    };
    record(Vec::new()).await.expect("a sound record");

    let before = server.memory_max_mib();
    let doors: Vec<_> = (0..WATCHERS / WATCHERS_PER_CONNECTION)
        .map(|_| server.channel())
        .collect();
    let watches =
        (0..WATCHERS).map(|number| watch(doors[number / WATCHERS_PER_CONNECTION].clone()));
    let opened = stream::iter(watches)
        .buffer_unordered(AT_ONCE)
        .collect::<Vec<_>>();
    let opened = timeout(PATIENCE, opened).await.expect("all begin in time");
    let watching: Vec<_> = opened.into_iter().map(|it| it.expect("a watch")).collect();
    let cost = server.memory_max_mib().saturating_sub(before) * 1_024 / WATCHERS as u64;
    println!("{cost} KiB a watcher");
    assert!(cost <= KIB_PER_WATCHER, "{cost} KiB a watcher");

    // There is one place left for a call, and none for two that last.
    let last = watch(server.channel()).await.expect("the last place");
    let refused = watch(server.channel()).await.expect_err("all are taken");
    let reason = refused.get_details_error_info().expect("details").reason;
    assert_eq!(reason, "TOO_MANY_REQUESTS");
    drop(last);

    // While nothing happens to promises, nobody of them is told anything.
    for _ in 0..RECORDS {
        while let Err(status) = record(Vec::new()).await {
            // The last one's place may not be free yet.
            let reason = status.get_details_error_info().expect("details").reason;
            assert_eq!(reason, "TOO_MANY_REQUESTS");
        }
    }
    let soon = testing::promise(now() + SignedDuration::from_secs(1));
    record(vec![soon]).await.expect("a sound record");
    let hearing = stream::iter(watching.into_iter().map(hears)).buffer_unordered(WATCHERS);
    let heard = timeout(PATIENCE, hearing.collect::<Vec<_>>()).await;
    let heard = heard.expect("all of them hear of it");
    assert_eq!(heard.len(), WATCHERS);
    drop((heard, doors));

    // Their places are free again, and the server ends in order.
    let opened = async {
        while watch(server.channel()).await.is_err() {
            tokio::task::yield_now().await;
        }
    };
    timeout(PATIENCE, opened)
        .await
        .expect("places that are left are free");
    assert!(server.runs());
    tokio::task::block_in_place(|| server.stop());
}
