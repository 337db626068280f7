//! The gRPC server: what stands around every service.

mod body;
mod bounded;
mod config;
mod gate;
mod health;
mod incoming;
mod meter;

use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;

use http::{Request, Response};
use prost::Message;
use prost_types::FileDescriptorSet;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tonic::body::Body;
use tonic::server::NamedService;
use tonic::service::Routes;
use tower::Service;

use crate::{Authenticator, Clock, Permissions};
use gate::GateLayer;
use incoming::incoming;
use meter::Meters;

pub use bounded::Bounded;
pub use config::ServerConfig;
pub use health::Health;

/// Takes the port on which `config` says to listen. Do this before any other work: a port that is
/// taken should be known at once.
///
/// # Errors
/// [`ServerError::Credentials`] when the address can be reached from outside and callers are not
/// told apart; [`ServerError::Bind`] when it can't be had.
pub async fn bind(
    config: &ServerConfig,
    authenticator: &Authenticator,
) -> Result<TcpListener, ServerError> {
    let address = config.listen;
    if !authenticator.may_listen_on(address) {
        return Err(ServerError::Credentials { address });
    }
    let bound = TcpListener::bind(address).await;
    bound.map_err(|source| ServerError::Bind { address, source })
}

/// Why a server did not start, or ended.
#[derive(Debug, thiserror::Error)]
pub enum ServerError {
    /// The address can be reached from outside, and everybody could call.
    #[error(
        "server.listen {address} can be reached from other machines, and no credentials are configured: name a file of tokens in server.credentials, or listen on 127.0.0.1"
    )]
    Credentials {
        /// The address.
        address: SocketAddr,
    },
    /// The port can't be had.
    #[error(
        "can't listen on {address} (server.listen): free the address or choose another; port 0 takes any"
    )]
    Bind {
        /// The address.
        address: SocketAddr,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A descriptor that was passed in is none.
    #[error("a file descriptor set can't be read")]
    Descriptor(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The transport failed.
    #[error("the transport failed")]
    Transport(#[from] tonic::transport::Error),
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
    health: Health,
    descriptors: Vec<&'static [u8]>,
    /// The full names of what is served.
    services: Vec<&'static str>,
    routes: Routes,
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
            health,
            descriptors: vec![tonic_health::pb::FILE_DESCRIPTOR_SET],
            services: vec![
                tonic_health::pb::health_server::SERVICE_NAME,
                tonic_reflection::pb::v1::server_reflection_server::SERVICE_NAME,
                tonic_reflection::pb::v1alpha::server_reflection_server::SERVICE_NAME,
            ],
            routes: Routes::new(service),
        }
    }

    /// Who may call what, where it is not aftercall's own services that are served.
    pub fn permissions(mut self, permissions: Permissions) -> Self {
        self.permissions = permissions;
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

    /// A handle on the health of the services.
    pub fn health(&self) -> Health {
        self.health.clone()
    }

    /// Serves on `listener` until `draining`: then all services are NOT_SERVING, no connection is
    /// accepted, and what is in flight is answered. Streams end by themselves, because their
    /// services hold the same token. The caller bounds how long that may take.
    ///
    /// # Errors
    /// [`ServerError`] when a descriptor can't be read or the transport fails.
    pub async fn serve(
        self,
        listener: TcpListener,
        draining: CancellationToken,
    ) -> Result<(), ServerError> {
        let Self {
            config,
            authenticator,
            clock,
            permissions,
            health,
            descriptors,
            services,
            routes,
        } = self;
        let routes = with_reflection(routes, &descriptors, &services)?;
        let ended = CancellationToken::new();
        let gate = GateLayer {
            authenticator,
            permissions,
            clock,
            meters: Meters::new(&decoded(&descriptors)?),
            timeout_max: config.request_timeout,
            in_flight_max: config.requests_in_flight_max,
            cut: ended.clone(),
        };
        let incoming = incoming(listener, config.connections_max);
        let stop = async {
            draining.cancelled().await;
            health.drain().await;
            ended.cancel();
        };
        health.start().await;
        let router = config.transport().layer(gate).add_routes(routes);
        Ok(router.serve_with_incoming_shutdown(incoming, stop).await?)
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
