//! A recorder that runs, and its clients.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use aftercall_proto::event::v1::Event;
use aftercall_proto::recorder::v1::recorder_service_client::RecorderServiceClient;
use aftercall_recorder::Recorder;
use aftercall_service::server::ServerConfig;
use aftercall_service::{
    ActorKind, Authenticator, Deps, ManualClock, Principal, Roles, Supervisor, TestIds,
};
use bytes::{Buf, BufMut};
use jiff::Timestamp;
use prost::Message;
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::time::Instant;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::codegen::http::uri::PathAndQuery;
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

    /// Two recorders, each a process of its own, on one log.
    pub(crate) async fn two() -> (Self, Self) {
        let log = FaultyLog::new(3);
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

    /// A client that calls the server of [`Self::serve_as_in_life`].
    pub(crate) fn developer(&self) -> RecorderServiceClient<Channel> {
        RecorderServiceClient::new(self.channel())
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

    fn channel(&self) -> Channel {
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

/// Encodes nothing: what goes out is what the test wrote.
#[derive(Debug, Clone, Copy)]
struct Raw;

impl Codec for Raw {
    type Encode = Vec<u8>;
    type Decode = Vec<u8>;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Raw {
    type Item = Vec<u8>;
    type Error = Status;

    fn encode(&mut self, bytes: Vec<u8>, out: &mut EncodeBuf<'_>) -> Result<(), Status> {
        out.put_slice(&bytes);
        Ok(())
    }
}

impl Decoder for Raw {
    type Item = Vec<u8>;
    type Error = Status;

    fn decode(&mut self, bytes: &mut DecodeBuf<'_>) -> Result<Option<Vec<u8>>, Status> {
        Ok(Some(bytes.copy_to_bytes(bytes.remaining()).to_vec()))
    }
}

impl Fixture {
    /// Calls a method with messages that no client would encode, and gives the answers and how it
    /// ended.
    pub(crate) async fn send_raw(
        &self,
        method: &'static str,
        messages: Vec<Vec<u8>>,
    ) -> (Vec<Vec<u8>>, Status) {
        let service = InterceptedService::new(self.channel(), Caller("acme crm agent".to_owned()));
        let mut grpc = tonic::client::Grpc::new(service);
        grpc.ready().await.unwrap();
        let requests = Request::new(tokio_stream::iter(messages));
        let path = PathAndQuery::from_static(method);
        let mut answers = match grpc.streaming(requests, path, Raw).await {
            Ok(answers) => answers.into_inner(),
            Err(status) => return (Vec::new(), status),
        };
        let mut received = Vec::new();
        loop {
            match answers.message().await {
                Ok(Some(answer)) => received.push(answer),
                Ok(None) => return (received, Status::ok("")),
                Err(status) => return (received, status),
            }
        }
    }

    /// From here on clients come to the same recorder behind the server that aftercall has around
    /// every service.
    pub(crate) async fn serve_as_in_life(&mut self) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let clock = Arc::new(self.clock.clone());
        let config = ServerConfig::default();
        let server =
            aftercall_service::server::Server::new(config, Authenticator::development(), clock);
        let server = server.service(self.recorder.server());
        let draining = self.supervisor.draining();
        self.supervisor
            .spawn_front("server in life", server.serve(listener, draining));
        self.address = address;
    }
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
