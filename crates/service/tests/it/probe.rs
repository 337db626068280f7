//! A small service, a server around it, and a client: what the other modules test with.

use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::task::{Context, Poll};

use aftercall_domain::Violations;
use aftercall_domain::violation::Reason::TooLong;
use aftercall_service::server::{Bounded, Server, ServerConfig, bind};
use aftercall_service::{
    Authenticator, Deadline, Internal, Permissions, Role, ServerStopping, Supervisor, SystemClock,
    principal_of, to_status,
};
use futures::future::BoxFuture;
use futures::stream::{self, BoxStream, StreamExt};
use http::uri::PathAndQuery;
use http::{Request, Response};
use prost::Message;
use prost_types::{
    DescriptorProto, FieldDescriptorProto, FileDescriptorProto, FileDescriptorSet,
    MethodDescriptorProto, ServiceDescriptorProto, field_descriptor_proto,
};
use tokio::sync::{Notify, Semaphore};
use tokio_util::sync::CancellationToken;
use tonic::body::Body;
use tonic::server::NamedService;
use tonic::transport::{Channel, Endpoint};
use tonic::{Status, Streaming};
use tonic_prost::ProstCodec;
use tower::{Service, service_fn};

pub(crate) const SERVICE: &str = "test.v1.ProbeService";
/// What the probe's faults know, and no caller may read.
pub(crate) const SECRET: &str = "the cause that only the log may say";

/// A service that behaves as the called method says.
#[derive(Debug, Clone)]
pub(crate) struct Probe {
    draining: CancellationToken,
    /// Notified when `Hold` has been entered.
    pub(crate) entered: Arc<Notify>,
    /// Each permit lets one `Hold` go.
    pub(crate) release: Arc<Semaphore>,
}

impl Probe {
    async fn unary(
        self,
        method: String,
        request: tonic::Request<String>,
    ) -> Result<tonic::Response<String>, Status> {
        let answer = match method.as_str() {
            "WhoAmI" | "Counted" => {
                let principal = principal_of(&request).map_err(to_status)?;
                format!("{}/{}", principal.tenant_id, principal.actor_id)
            }
            "Remaining" => {
                let deadline = Deadline::of(&request).expect("the server sets a deadline");
                deadline.remaining().as_millis().to_string()
            }
            "Hold" => {
                self.entered.notify_one();
                self.release.acquire().await.expect("never closed").forget();
                "released".to_owned()
            }
            "Hang" => {
                self.entered.notify_one();
                std::future::pending().await
            }
            "Refuse" => return Err(to_status(violations())),
            "Fault" => return Err(to_status(Internal::new(SECRET))),
            "Panic" => panic!("{SECRET}"),
            LEADERS_ONLY => "led".to_owned(),
            other => panic!("the probe has no method {other}"),
        };
        Ok(tonic::Response::new(answer))
    }

    fn watch(self, method: &str) -> BoxStream<'static, Result<String, Status>> {
        let first = stream::iter([Ok("first".to_owned())]);
        if method == "WatchPanic" {
            return first.chain(stream::once(panic_later())).boxed();
        }
        let end = async move {
            self.draining.cancelled().await;
            Err(to_status(ServerStopping))
        };
        first.chain(stream::once(end)).boxed()
    }
}

/// What was sent before has left by then.
async fn panic_later() -> Result<String, Status> {
    tokio::task::yield_now().await;
    panic!("{SECRET}")
}

/// More violations than a status takes.
fn violations() -> Violations {
    let mut violations = Violations::new();
    for index in 0..120 {
        violations.add(
            format!("interaction.labels[{index}].value"),
            TooLong,
            "é".repeat(200),
        );
    }
    violations
}

impl Bounded for Probe {
    fn bounded(self, _: usize) -> Self {
        self
    }
}

impl NamedService for Probe {
    const NAME: &'static str = SERVICE;
}

impl Service<Request<Body>> for Probe {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let probe = self.clone();
        let method = request
            .uri()
            .path()
            .rsplit('/')
            .next()
            .unwrap_or_default()
            .to_owned();
        let mut grpc = tonic::server::Grpc::new(ProstCodec::<String, String>::default());
        Box::pin(async move {
            if method.starts_with("Watch") {
                let watch = service_fn(move |_: tonic::Request<String>| {
                    let stream = probe.clone().watch(&method);
                    async move { Ok(tonic::Response::new(stream)) }
                });
                return Ok(grpc.server_streaming(watch, request).await);
            }
            if method == "Echo" {
                let echo = service_fn(|request: tonic::Request<Streaming<String>>| async {
                    Ok(tonic::Response::new(request.into_inner()))
                });
                return Ok(grpc.streaming(echo, request).await);
            }
            let unary = service_fn(move |request| probe.clone().unary(method.clone(), request));
            Ok(grpc.unary(unary, request).await)
        })
    }
}

/// A server with the probe, until it is shut down.
pub(crate) struct Running {
    pub(crate) address: SocketAddr,
    pub(crate) supervisor: Supervisor,
    pub(crate) probe: Probe,
}

/// The settings of a test's server: any free port of loopback.
pub(crate) fn config() -> ServerConfig {
    ServerConfig {
        listen: (Ipv4Addr::LOCALHOST, 0).into(),
        ..ServerConfig::default()
    }
}

pub(crate) async fn start(config: ServerConfig, authenticator: Authenticator) -> Running {
    let supervisor = Supervisor::new();
    let probe = Probe {
        draining: supervisor.draining(),
        entered: Arc::default(),
        release: Arc::new(Semaphore::new(0)),
    };
    let listener = bind(&config, &authenticator).await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = Server::new(config, authenticator, Arc::new(SystemClock::new()))
        .permissions(permissions())
        .descriptors(descriptors())
        .service(probe.clone());
    supervisor.spawn_front("grpc", server.serve(listener, supervisor.draining()));
    Running {
        address,
        supervisor,
        probe,
    }
}

/// What the probe understands; anybody may call it, whatever their role.
const METHODS: [&str; 12] = [
    "WhoAmI",
    "Counted",
    "Remaining",
    "Hold",
    "Hang",
    "Echo",
    "Refuse",
    "Fault",
    "Panic",
    "Watch",
    "WatchPanic",
    LEADERS_ONLY,
];

/// What only a team lead may call.
pub(crate) const LEADERS_ONLY: &str = "Lead";

pub(crate) fn permissions() -> Permissions {
    Permissions::new(METHODS.map(|method| {
        let roles: &[Role] = match method {
            LEADERS_ONLY => &[Role::TeamLead],
            _ => Role::ALL,
        };
        (format!("/{SERVICE}/{method}"), roles)
    }))
}

/// The number of a request's list.
pub(crate) const ELEMENTS: i32 = 2;

fn descriptors() -> &'static [u8] {
    let methods = ["WhoAmI", "Counted", "Hold", "Refuse", "Watch"];
    let method = methods.map(|name| MethodDescriptorProto {
        name: Some(name.to_owned()),
        input_type: Some(".test.v1.Asked".to_owned()),
        ..MethodDescriptorProto::default()
    });
    let service = ServiceDescriptorProto {
        name: Some("ProbeService".to_owned()),
        method: method.into(),
        ..ServiceDescriptorProto::default()
    };
    // What the probe doesn't read, but a request may bring.
    let elements = FieldDescriptorProto {
        name: Some("elements".to_owned()),
        number: Some(ELEMENTS),
        label: Some(field_descriptor_proto::Label::Repeated.into()),
        r#type: Some(field_descriptor_proto::Type::Message.into()),
        type_name: Some(".test.v1.Asked".to_owned()),
        ..FieldDescriptorProto::default()
    };
    let asked = DescriptorProto {
        name: Some("Asked".to_owned()),
        field: vec![elements],
        ..DescriptorProto::default()
    };
    let file = FileDescriptorProto {
        message_type: vec![asked],
        name: Some("test/v1/probe.proto".to_owned()),
        package: Some("test.v1".to_owned()),
        service: vec![service],
        ..FileDescriptorProto::default()
    };
    FileDescriptorSet { file: vec![file] }
        .encode_to_vec()
        .leak()
}

impl Running {
    pub(crate) async fn channel(&self) -> Channel {
        let endpoint = Endpoint::from_shared(format!("http://{}", self.address)).unwrap();
        endpoint.connect().await.unwrap()
    }

    /// Calls a unary method of the probe without credentials.
    pub(crate) async fn call(&self, method: &str) -> Result<String, Status> {
        self.call_with(method, tonic::Request::new(String::new()))
            .await
    }

    pub(crate) async fn call_with(
        &self,
        method: &str,
        request: tonic::Request<String>,
    ) -> Result<String, Status> {
        self.call_path(&format!("/{SERVICE}/{method}"), request)
            .await
    }

    pub(crate) async fn call_path(
        &self,
        path: &str,
        request: tonic::Request<String>,
    ) -> Result<String, Status> {
        Self::call_path_over(self.channel().await, path, request).await
    }

    /// Asks over `channel` who calls.
    pub(crate) async fn call_over(
        &self,
        channel: Channel,
        request: tonic::Request<String>,
    ) -> Result<String, Status> {
        Self::call_path_over(channel, &format!("/{SERVICE}/WhoAmI"), request).await
    }

    async fn call_path_over(
        channel: Channel,
        path: &str,
        request: tonic::Request<String>,
    ) -> Result<String, Status> {
        let mut grpc = tonic::client::Grpc::new(channel);
        let ready = grpc.ready().await;
        ready.map_err(|error| Status::unavailable(error.to_string()))?;
        let path = PathAndQuery::try_from(path).unwrap();
        let response = grpc
            .unary(request, path, ProstCodec::<String, String>::default())
            .await?;
        Ok(response.into_inner())
    }

    /// Opens a stream of the probe.
    pub(crate) async fn watch(&self, method: &str) -> Streaming<String> {
        self.watch_with(method, tonic::Request::new(String::new()))
            .await
    }

    pub(crate) async fn watch_with(
        &self,
        method: &str,
        request: tonic::Request<String>,
    ) -> Streaming<String> {
        let mut grpc = tonic::client::Grpc::new(self.channel().await);
        grpc.ready().await.unwrap();
        let path = PathAndQuery::try_from(format!("/{SERVICE}/{method}")).unwrap();
        let codec = ProstCodec::<String, String>::default();
        grpc.server_streaming(request, path, codec)
            .await
            .unwrap()
            .into_inner()
    }
}
