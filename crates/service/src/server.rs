//! The gRPC server: what stands around every service.

mod body;
mod bounded;
mod config;
mod connections;
mod door;
mod elsewhere;
mod entrance;
mod fresh;
mod gate;
mod health;
mod inbound;
mod listener;
mod memory;
mod meter;
pub(crate) mod pages;
mod places;
mod presence;
mod tls;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;

use aftercall_proto::elements::Elements;
use http::{Request, Response};
use prost::Message;
use prost_types::FileDescriptorSet;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tonic::body::Body;
use tonic::server::NamedService;
use tonic::service::Routes;
use tower::{Layer, Service};

use crate::{Access, Authenticator, Clock, Permissions};
use connections::Connections;
use elsewhere::Elsewhere;
use fresh::Fresh;
use gate::GateLayer;
use memory::Memory;
use meter::Meters;

pub use bounded::Bounded;
pub use config::{ServerConfig, TlsConfig};
pub use door::{Behind, Door};
pub(crate) use entrance::Entrance;
pub use health::Health;
pub use listener::Listener;
pub use pages::{Page, serve as serve_pages};
pub(crate) use tls::Peer;
pub(crate) use tls::Port;
pub use tls::{Tls, TlsError};

/// Takes the port on which `config` says to listen. Do this before any other work: a port that is
/// taken should be known at once.
///
/// # Errors
/// [`ServerError::Setting`] when nobody could be served; [`ServerError::Credentials`] and
/// [`ServerError::Open`] when the address can be reached from outside, and callers are not told apart
/// or others may read along; [`ServerError::Tls`] when the certificates are of no use;
/// [`ServerError::Bind`] when the address can't be had.
pub async fn bind(
    config: &ServerConfig,
    authenticator: &Authenticator,
) -> Result<Listener, ServerError> {
    let address = config.listen;
    if let Some((key, problem)) = config.wrong() {
        return Err(ServerError::Setting { key, problem });
    }
    if !authenticator.may_listen_on(address) {
        return Err(ServerError::Credentials { address });
    }
    let outside = [Some(address), config.metrics_listen, config.feeds_listen];
    let mut outside = outside.into_iter().flatten();
    if let Some(address) = outside.find(|address| !config.is_private(*address)) {
        return Err(ServerError::Open { address });
    }
    let tls = Tls::open(&config.tls)?;
    let bound = Listener::bind(address, Port::Grpc, tls);
    let listener = bound.map_err(|source| ServerError::Bind {
        setting: "listen",
        address,
        source,
    })?;
    listener.warn_if_files_are_few(config.connections_max);
    Ok(listener)
}

/// Takes the port on which calendars are fetched, with the server's TLS; none where the configuration names none.
///
/// # Errors
/// [`ServerError::Bind`] when the address can't be had.
pub async fn bind_feeds(
    config: &ServerConfig,
    tls: Option<&Tls>,
) -> Result<Option<Listener>, ServerError> {
    let Some(address) = config.feeds_listen else {
        return Ok(None);
    };
    let bound = Listener::bind(address, Port::Pages, tls.cloned());
    bound.map(Some).map_err(|source| ServerError::Bind {
        setting: "feeds_listen",
        address,
        source,
    })
}

/// Why a server did not start, or ended.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// A setting with which nobody would be served.
    #[error("server.{key} {problem}")]
    Setting {
        /// The setting.
        key: &'static str,
        /// What is wrong with it.
        problem: &'static str,
    },
    /// The address can be reached from outside, and everybody could call.
    #[error(
        "server.listen {address} can be reached from other machines, and no credentials are configured: name a file of tokens in server.credentials, or listen on 127.0.0.1"
    )]
    Credentials {
        /// The address.
        address: SocketAddr,
    },
    /// The address can be reached from outside, and what is said there can be read.
    #[error(
        "{address} can be reached from other machines, and there is no TLS: set \
         server.tls.certificate_file and key_file; or name the proxy that speaks TLS in the server's \
         place in server.tls_proxy; or listen on 127.0.0.1"
    )]
    Open {
        /// The address.
        address: SocketAddr,
    },
    /// The certificates are of no use.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The port can't be had.
    #[error(
        "can't listen on {address} (server.{setting}): free the address or choose another; port 0 takes any"
    )]
    Bind {
        /// The setting.
        setting: &'static str,
        /// The address.
        address: SocketAddr,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A descriptor that was passed in is none.
    #[error("a file descriptor set can't be read")]
    Descriptor(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// A gRPC server with its services. Around each of them: authentication, the roles that a method
/// asks for, the request's deadline, a limit of requests in flight, panics answered as `INTERNAL`,
/// metrics and a span; beside them: health and reflection.
#[derive(Debug)]
pub struct Server {
    config: ServerConfig,
    authenticator: Arc<Authenticator>,
    clock: Arc<dyn Clock>,
    permissions: Permissions,
    access: Access,
    health: Health,
    descriptors: Vec<&'static [u8]>,
    /// The full names of what is served.
    services: Vec<&'static str>,
    routes: Routes,
    /// Who answers browsers, if anybody does.
    door: Option<Arc<dyn Door>>,
}

impl Server {
    /// A server without services.
    pub fn new(config: ServerConfig, authenticator: Authenticator, clock: Arc<dyn Clock>) -> Self {
        let (health, service) = Health::new();
        Self {
            config,
            authenticator: Arc::new(authenticator),
            clock,
            permissions: Permissions::default(),
            access: Access::default(),
            health,
            descriptors: vec![tonic_health::pb::FILE_DESCRIPTOR_SET],
            services: vec![
                tonic_health::pb::health_server::SERVICE_NAME,
                tonic_reflection::pb::v1::server_reflection_server::SERVICE_NAME,
                tonic_reflection::pb::v1alpha::server_reflection_server::SERVICE_NAME,
            ],
            routes: Routes::new(service),
            door: None,
        }
    }

    /// Lets browsers in, too, by `door`: HTTP/1.1 is spoken beside HTTP/2.
    pub fn door(mut self, door: Arc<dyn Door>) -> Self {
        self.door = Some(door);
        self
    }

    /// Who decides who a caller is.
    pub fn authenticator(&self) -> Arc<Authenticator> {
        Arc::clone(&self.authenticator)
    }

    /// Who may call what, where it is not aftercall's own services that are served.
    pub fn permissions(mut self, permissions: Permissions) -> Self {
        self.permissions = permissions;
        self
    }

    /// Whose records callers read.
    pub fn access(mut self, access: Access) -> Self {
        self.access = access;
        self
    }

    /// Adds an encoded `FileDescriptorSet`: reflection explains its messages, and its services have
    /// metrics of their own.
    pub fn descriptors(mut self, encoded: &'static [u8]) -> Self {
        self.descriptors.push(encoded);
        self
    }

    /// Adds a service, which reflection lists, and which is healthy until [`Health::set`] says
    /// otherwise.
    pub fn service<S>(mut self, service: S) -> Self
    where
        S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
        S: Bounded + NamedService + Clone + Send + Sync + 'static,
        S::Future: Send + 'static,
    {
        let service = service.bounded(self.config.message_bytes_max);
        self.health.add(S::NAME);
        self.services.push(S::NAME);
        self.routes = self.routes.add_service(service);
        self
    }

    /// Adds services that are served elsewhere: `service` is given what is asked of those `names`, and of none that is
    /// served here. Callers pass the same gate; their credentials go along. They are healthy until [`Health::set`] says
    /// otherwise.
    pub fn elsewhere<S>(mut self, names: impl IntoIterator<Item = &'static str>, service: S) -> Self
    where
        S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
        S: Clone + Send + Sync + 'static,
        S::Future: Send + 'static,
    {
        for name in names {
            self.health.add(name);
            self.services.push(name);
        }
        let router = self.routes.into_axum_router();
        self.routes = router.fallback_service(Elsewhere(service)).into();
        self
    }

    /// A handle on the health of the services.
    pub fn health(&self) -> Health {
        self.health.clone()
    }

    /// Serves on `listener` until `draining`: then all services are NOT_SERVING, no connection is
    /// accepted, and what is in flight is answered. Streams end by themselves, because their
    /// services hold the same token. A connection that goes on all the same is cut before
    /// `drain_timeout` is over.
    ///
    /// # Errors
    /// [`ServerError`] when a descriptor can't be read.
    pub async fn serve(
        self,
        mut listener: Listener,
        draining: CancellationToken,
    ) -> Result<(), ServerError> {
        let Self {
            config,
            authenticator,
            clock,
            permissions,
            access,
            health,
            descriptors,
            services,
            routes,
            door,
        } = self;
        if door.is_some() {
            listener.let_browsers_in();
        }
        let routes = with_reflection(routes, &descriptors, &services)?;
        let described = decoded(&descriptors)?;
        authenticator.warn_of_lacking_teams(access);
        let ending = CancellationToken::new();
        let fresh = Fresh {
            authenticator: Arc::clone(&authenticator),
            tls: listener.tls().cloned(),
        };
        let gate = GateLayer {
            authenticator,
            permissions,
            access,
            clock,
            meters: Meters::new(&described),
            elements: Elements::new(&described),
            memory: Memory::new(config.requests_bytes_max),
            config: config.clone(),
            ending: ending.clone(),
        };
        let per_address_max = config.connections_per_address_max;
        let entrance = Entrance::new(listener, config.connections_max, per_address_max);
        let connections = Arc::new(Connections {
            service: gate.layer(routes.prepare()),
            door,
            config,
            ending: ending.clone(),
            tasks: TaskTracker::new(),
        });
        health.start().await;
        tokio::select! {
            () = connections.accept(entrance, &draining) => {}
            () = fresh.keep() => {}
        }
        health.drain().await;
        ending.cancel();
        connections.tasks.close();
        connections.tasks.wait().await;
        Ok(())
    }
}

fn with_reflection(
    routes: Routes,
    descriptors: &[&'static [u8]],
    services: &[&'static str],
) -> Result<Routes, ServerError> {
    let builder = || {
        let builder = tonic_reflection::server::Builder::configure();
        let builder = descriptors.iter().fold(builder, |builder, encoded| {
            builder.register_encoded_file_descriptor_set(encoded)
        });
        // The descriptors are of all services; a process may serve some of them.
        let named = services.iter().copied();
        named.fold(builder, |builder, name| builder.with_service_name(name))
    };
    let unreadable = |error| ServerError::Descriptor(Box::new(error));
    let v1 = builder().build_v1().map_err(unreadable)?;
    let v1alpha = builder().build_v1alpha().map_err(unreadable)?;
    Ok(routes.add_service(v1).add_service(v1alpha))
}

fn decoded(descriptors: &[&'static [u8]]) -> Result<Vec<FileDescriptorSet>, ServerError> {
    let reflection = [
        tonic_reflection::pb::v1::FILE_DESCRIPTOR_SET,
        tonic_reflection::pb::v1alpha::FILE_DESCRIPTOR_SET,
    ];
    let all = descriptors.iter().copied().chain(reflection);
    let decoded = all.map(FileDescriptorSet::decode).collect::<Result<_, _>>();
    decoded.map_err(|error| ServerError::Descriptor(Box::new(error)))
}
