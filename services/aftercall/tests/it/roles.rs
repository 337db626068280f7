//! Services in processes of their own, which meet in a log that they share.

use std::collections::BTreeSet;
use std::sync::Arc;

use aftercall::app::{App, Service};
use aftercall_client::Error;
use aftercall_log::testing::FaultyLog;
use aftercall_log::{Log, LogId, MemoryLog};
use aftercall_proto::history::v1::GetInteractionRequest;
use tempfile::TempDir;
use tonic::Code;
use tonic::transport::Channel;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

use crate::app::{around, client, clock, config, promise};

const RECORDER: &str = "aftercall.recorder.v1.RecorderService";
const HISTORY: &str = "aftercall.history.v1.HistoryService";

pub(crate) async fn start(log: Arc<dyn Log>, data: &TempDir, asked: &[Service]) -> App {
    let config = config(data);
    let started = App::start_on(log, &config, asked, around(&clock()));
    started.await.unwrap()
}

async fn health(app: &App) -> HealthClient<Channel> {
    let channel = Channel::from_shared(format!("http://{}", app.grpc_addr())).unwrap();
    HealthClient::new(channel.connect().await.unwrap())
}

fn of(service: &str) -> HealthCheckRequest {
    HealthCheckRequest {
        service: service.to_owned(),
    }
}

/// Waits until the service has this health.
pub(crate) async fn until(app: &App, service: &str, status: ServingStatus) {
    let watch = health(app).await.watch(of(service)).await;
    let mut watch = watch.unwrap().into_inner();
    while watch.message().await.unwrap().unwrap().status() != status {}
}

#[tokio::test(flavor = "multi_thread")]
async fn services_in_processes_of_their_own_meet_in_the_log() {
    let log = MemoryLog::new(LogId([7; 16]), 3);
    let other = Arc::new(log.of_another_process());
    let (data, others) = (TempDir::new().unwrap(), TempDir::new().unwrap());
    let recorder = start(Arc::new(log), &data, &[Service::Recorder]).await;
    let history = start(other, &others, &[Service::History]).await;

    let writer = client(&recorder).await;
    let recorded = writer.call(promise()).await.unwrap();
    let wanted = GetInteractionRequest {
        which: Some(recorded.interaction_id.clone().into()),
        min_position: recorded.position.clone(),
        ..Default::default()
    };
    let reader = client(&history).await;
    let found = reader.call(wanted.clone()).await.unwrap();
    let found = found.interaction.unwrap();
    assert_eq!(found.interaction_id, recorded.interaction_id);

    // What a process does not serve is not there, nor does it count for its health.
    match writer.call(wanted).await {
        Err(Error::Refused(refusal)) => assert_eq!(refusal.code, Code::Unimplemented),
        other => panic!("{other:?}"),
    }
    until(&history, HISTORY, ServingStatus::Serving).await;
    until(&history, "", ServingStatus::Serving).await;
    let unknown = health(&history).await.check(of(RECORDER)).await;
    assert_eq!(unknown.unwrap_err().code(), Code::NotFound);
    let views = std::fs::read_dir(others.path().join("views")).unwrap();
    let views = views.map(|view| view.unwrap().file_name());
    let views: BTreeSet<_> = views.collect();
    let expected = ["history", "ledger"].map(Into::into);
    assert_eq!(
        views,
        BTreeSet::from(expected),
        "a view of its own and no other"
    );
    for app in [recorder, history] {
        app.run(std::future::ready(())).await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recorder_is_healthy_while_the_log_can_be_written() {
    let log = FaultyLog::new(MemoryLog::new(LogId([7; 16]), 1));
    let data = TempDir::new().unwrap();
    let services = [Service::Recorder, Service::History];
    let app = start(Arc::new(log.clone()), &data, &services).await;
    until(&app, RECORDER, ServingStatus::Serving).await;
    log.set_writable(false);
    until(&app, RECORDER, ServingStatus::NotServing).await;
    // Who only reads goes on.
    until(&app, HISTORY, ServingStatus::Serving).await;
    log.set_writable(true);
    until(&app, RECORDER, ServingStatus::Serving).await;
    app.run(std::future::ready(())).await.unwrap();
}
