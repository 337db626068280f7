//! A recorder that runs, and its clients.

use std::sync::Arc;
use std::time::Duration;

use aftercall_log::testing::FaultyLog;
use aftercall_log::{LogId, MemoryLog};
use aftercall_proto::event::v1::Event;
use aftercall_proto::recorder::v1::recorder_service_client::RecorderServiceClient;
use aftercall_recorder::Recorder;
use aftercall_service::server::{Server, ServerConfig};
pub(crate) use aftercall_service::testing::violations_of;
use aftercall_service::testing::{Caller, OPEN, TestServer, call_raw};
use aftercall_service::{ActorKind, Deps, ManualClock, Role, Supervisor, TestIds};
use jiff::Timestamp;
use prost::Message;
use tempfile::TempDir;
use tokio::time::Instant;
use tonic::Status;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::Channel;
use tonic_types::{ErrorDetails, StatusExt};

use crate::contact::NOW_S;

/// Long enough for a busy machine; no test waits for it to pass.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) type Client = RecorderServiceClient<InterceptedService<Channel, Caller>>;

/// A log of three partitions without faults.
fn faulty_log() -> FaultyLog {
    FaultyLog::new(MemoryLog::new(LogId([7; 16]), 3))
}

/// A recorder with its log, clock and directory; the latter outlive a restart.
pub(crate) struct Fixture {
    pub(crate) log: FaultyLog,
    pub(crate) clock: ManualClock,
    pub(crate) recorder: Recorder,
    pub(crate) server: TestServer,
    views: TempDir,
    supervisor: Supervisor,
}

impl Fixture {
    /// A recorder that has caught up with an empty log.
    pub(crate) async fn new() -> Self {
        let fixture = Self::start(faulty_log(), TempDir::new().unwrap()).await;
        fixture.ready().await;
        fixture
    }

    /// Two recorders, each a process of its own, on one log.
    pub(crate) async fn two() -> (Self, Self) {
        let log = faulty_log();
        let other = log.of_another_process();
        let (one, other) = tokio::join!(
            Self::start(log, TempDir::new().unwrap()),
            Self::start(other, TempDir::new().unwrap()),
        );
        one.ready().await;
        other.ready().await;
        (one, other)
    }

    async fn start(log: FaultyLog, views: TempDir) -> Self {
        let clock = ManualClock::at(Timestamp::from_second(NOW_S).unwrap());
        let supervisor = Supervisor::new();
        let ids = Arc::new(TestIds::new(Arc::new(clock.clone()), 1));
        let (deps, feed) = Deps::new(
            Arc::new(log.clone()),
            views.path().to_owned().into(),
            (Arc::new(clock.clone()), ids),
            supervisor.clone(),
        );
        let recorder = Recorder::start(deps.clone());
        deps.run_feed(feed).unwrap();
        let time = Arc::new(clock.clone());
        let server = |server: Server| {
            server
                .access(OPEN)
                .service(recorder.server())
                .service(recorder.call_server())
        };
        let server = TestServer::start(&supervisor, time, server).await;
        Self {
            log,
            clock,
            recorder,
            server,
            views,
            supervisor,
        }
    }

    /// Stops everything but the log, and starts again. The recorder may not have caught up.
    pub(crate) async fn restart(self) -> Self {
        self.supervisor.shutdown(PATIENCE).await.unwrap();
        Self::start(self.log, self.views).await
    }

    pub(crate) async fn ready(&self) {
        self.recorder
            .ready(Instant::now() + PATIENCE)
            .await
            .unwrap();
    }

    /// A client that calls as `who`: tenant, actor and roles, apart by blanks and commas.
    pub(crate) fn client(&self, who: &str) -> Client {
        let parts: Vec<_> = who.split(' ').collect();
        let [tenant, actor, roles] = parts[..] else {
            panic!("tenant, actor and roles, not {who}");
        };
        let roles: Vec<Role> = roles.split(',').map(|role| role.parse().unwrap()).collect();
        let caller = Caller::of_kind(ActorKind::Integration, tenant, actor, &roles);
        RecorderServiceClient::new(self.server.channel_of(caller))
    }

    /// A client of the tenant `acme` that may record and amend any time.
    pub(crate) fn crm(&self) -> Client {
        self.client("acme crm integration,compliance_officer")
    }

    /// Waits until the recorder's view has all that is in the log.
    pub(crate) async fn caught_up(&self) {
        let records = self.log.records();
        let all = records.iter().map(|entry| {
            let position = entry.position;
            (position.partition, position.offset + 1)
        });
        let view = self.recorder.view();
        let deadline = Instant::now() + PATIENCE;
        view.wait_for(&all.collect(), deadline).await.unwrap();
    }

    /// The log's events, one partition after the other.
    pub(crate) fn events(&self) -> Vec<Event> {
        let records = self.log.records().into_iter();
        records
            .map(|entry| Event::decode(entry.record.body).unwrap())
            .collect()
    }
}

impl Fixture {
    /// The same recorder behind a server with these settings.
    pub(crate) async fn behind(&self, config: ServerConfig) -> TestServer {
        let clock = Arc::new(self.clock.clone());
        let server = |server: Server| {
            server
                .access(OPEN)
                .service(self.recorder.server())
                .service(self.recorder.call_server())
        };
        TestServer::with_config(config, &self.supervisor, clock, server).await
    }

    /// Calls a method with messages that no client would encode, and gives the answers and how it
    /// ended.
    pub(crate) async fn send_raw(
        &self,
        method: &str,
        messages: Vec<Vec<u8>>,
    ) -> (Vec<Vec<u8>>, Status) {
        let caller = Caller::new("acme", "crm", &[Role::Agent]);
        call_raw(self.server.channel_of(caller), method, messages).await
    }
}

/// The stable reason of a refusal, and its details.
pub(crate) fn reason_of(status: &Status) -> (String, ErrorDetails) {
    let details = status.get_error_details();
    let info = details.error_info().expect("a refusal says its reason");
    (info.reason.clone(), details)
}
