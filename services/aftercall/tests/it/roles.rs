//! Services in processes of their own, which meet in a log that they share.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use aftercall::app::{App, Service};
use aftercall_client::Error;
use aftercall_log::{
    Append, Claim, Log, LogId, MemoryLog, Offset, Partition, Position, ReadError, Reader, Record,
    WriteBlocked,
};
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

/// A log that can't be written while a test says so.
#[derive(Debug, Clone)]
struct Guarded {
    log: MemoryLog,
    closed: Arc<AtomicBool>,
}

impl Log for Guarded {
    fn id(&self) -> LogId {
        self.log.id()
    }

    fn partitions(&self) -> u32 {
        self.log.partitions()
    }

    fn is_shared(&self) -> bool {
        self.log.is_shared()
    }

    fn partition_of(&self, key: &[u8]) -> Partition {
        self.log.partition_of(key)
    }

    fn append(&self, records: Vec<Record>) -> Append {
        self.log.append(records)
    }

    fn tails(&self) -> Result<Vec<Offset>, ReadError> {
        self.log.tails()
    }

    fn offset_at(&self, partition: Partition, recorded_at_us: i64) -> Result<Offset, ReadError> {
        self.log.offset_at(partition, recorded_at_us)
    }

    fn reader(&self, from: &[Position]) -> Result<Box<dyn Reader>, ReadError> {
        self.log.reader(from)
    }

    fn claim(&self, role: &'static str) -> Claim {
        self.log.claim(role)
    }

    fn check_writable(&self) -> Result<(), WriteBlocked> {
        match self.closed.load(Ordering::Relaxed) {
            true => Err(WriteBlocked::Closed),
            false => Ok(()),
        }
    }
}

async fn start(log: Arc<dyn Log>, data: &TempDir, asked: &[Service]) -> App {
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
async fn until(app: &App, service: &str, status: ServingStatus) {
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
        latest: false,
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
    let log = Guarded {
        log: MemoryLog::new(LogId([7; 16]), 1),
        closed: Arc::default(),
    };
    let data = TempDir::new().unwrap();
    let services = [Service::Recorder, Service::History];
    let app = start(Arc::new(log.clone()), &data, &services).await;
    until(&app, RECORDER, ServingStatus::Serving).await;
    log.closed.store(true, Ordering::Relaxed);
    until(&app, RECORDER, ServingStatus::NotServing).await;
    // Who only reads goes on.
    until(&app, HISTORY, ServingStatus::Serving).await;
    log.closed.store(false, Ordering::Relaxed);
    until(&app, RECORDER, ServingStatus::Serving).await;
    app.run(std::future::ready(())).await.unwrap();
}
