//! A recorder that runs, and its clients.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use aftercall_proto::event::v1::Event;
use aftercall_proto::recorder::v1::recorder_service_client::RecorderServiceClient;
use aftercall_recorder::Recorder;
use aftercall_service::{ActorKind, Deps, ManualClock, Principal, Roles, Supervisor, TestIds};
use jiff::Timestamp;
use prost::Message;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::time::Instant;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::metadata::MetadataValue;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Channel, Endpoint, Server};
use tonic::{Request, Status};
use tonic_types::{ErrorDetails, StatusExt};

use crate::contact::NOW_S;
use crate::faulty_log::FaultyLog;

/// Says who calls: tenant, actor, roles.
const WHO: &str = "who";

/// Long enough for a busy machine; no test waits for it to pass.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) type Client = RecorderServiceClient<InterceptedService<Channel, Caller>>;

#[derive(Debug, Clone)]
pub(crate) struct Caller(String);

impl tonic::service::Interceptor for Caller {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        let who = MetadataValue::try_from(&self.0).unwrap();
        request.metadata_mut().insert(WHO, who);
        Ok(request)
    }
}

/// A recorder with its log, clock and directory; the latter outlive a restart.
pub(crate) struct Fixture {
    pub(crate) log: FaultyLog,
    pub(crate) clock: ManualClock,
    pub(crate) recorder: Recorder,
    pub(crate) address: SocketAddr,
    views: TempDir,
    supervisor: Supervisor,
}

impl Fixture {
    /// A recorder that has caught up with an empty log.
    pub(crate) async fn new() -> Self {
        let fixture = Self::start(FaultyLog::new(3), TempDir::new().unwrap()).await;
        fixture.ready().await;
        fixture
    }

    async fn start(log: FaultyLog, views: TempDir) -> Self {
        let clock = ManualClock::at(Timestamp::from_second(NOW_S).unwrap());
        let supervisor = Supervisor::new();
        let recorder = Recorder::start(Deps {
            log: Arc::new(log.clone()),
            clock: Arc::new(clock.clone()),
            ids: Arc::new(TestIds::new(Arc::new(clock.clone()), 1)),
            views: views.path().to_owned(),
            supervisor: supervisor.clone(),
        })
        .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let service = InterceptedService::new(recorder.server(), authenticate);
        let stopping = supervisor.stopping();
        let server = Server::builder().add_service(service);
        supervisor.spawn("server", async move {
            let incoming = TcpListenerStream::new(listener);
            server
                .serve_with_incoming_shutdown(incoming, stopping.cancelled())
                .await
        });
        Self {
            log,
            clock,
            recorder,
            address,
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
        RecorderServiceClient::with_interceptor(self.channel(), Caller(who.to_owned()))
    }

    /// A client of the tenant `acme` that may record and amend any time.
    pub(crate) fn crm(&self) -> Client {
        self.client("acme crm integration,compliance_officer")
    }

    pub(crate) fn channel(&self) -> Channel {
        let endpoint = Endpoint::from_shared(format!("http://{}", self.address)).unwrap();
        endpoint.connect_lazy()
    }

    /// The log's events, one partition after the other.
    pub(crate) fn events(&self) -> Vec<Event> {
        let records = self.log.records().into_iter();
        records
            .map(|entry| Event::decode(entry.record.body).unwrap())
            .collect()
    }
}

fn authenticate(mut request: Request<()>) -> Result<Request<()>, Status> {
    let who = request
        .metadata()
        .get(WHO)
        .unwrap()
        .to_str()
        .unwrap()
        .to_owned();
    let mut parts = who.split(' ');
    let (tenant, actor) = (parts.next().unwrap(), parts.next().unwrap());
    let roles: Roles = parts
        .next()
        .unwrap()
        .split(',')
        .map(|role| role.parse().unwrap())
        .collect();
    let principal = Principal::new(tenant, actor, ActorKind::Integration, roles);
    request.extensions_mut().insert(principal);
    Ok(request)
}

/// The stable reason of a refusal, and its details.
pub(crate) fn reason_of(status: &Status) -> (String, ErrorDetails) {
    let details = status.get_error_details();
    let info = details.error_info().expect("a refusal says its reason");
    (info.reason.clone(), details)
}

/// The paths and reasons of the fields that were refused.
pub(crate) fn violations_of(status: &Status) -> Vec<(String, String)> {
    let details = status.get_error_details();
    let violations = details
        .bad_request()
        .map(|bad| bad.field_violations.clone());
    let violations = violations.unwrap_or_default().into_iter();
    violations.map(|one| (one.field, one.reason)).collect()
}
