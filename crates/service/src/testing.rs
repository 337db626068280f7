//! For tests of services: the server as it is in life, before callers who say by their credentials
//! who they are.

mod complete;
mod contact;
mod raw;
mod refusal;
mod sealed;
mod settings;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;

use http::HeaderValue;
use http::header::AUTHORIZATION;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Channel, Endpoint};

pub use complete::is_complete;
pub use contact::{contact, promise, reason};
pub use raw::{Raw, call_raw};
pub use refusal::{reason_of, violations_of};
pub use sealed::sealed;
pub use settings::{open_week, setting, setting_changed, since_made, webhook_changed, work_week};

use crate::server::{Server, ServerConfig, bind};
use crate::{
    Access, ActorKind, Agents, Authenticator, Clock, Context, Principal, Role, Roles, Supervisor,
    Supervisors,
};

/// A house in which everybody reads everything: for tests of what else there is.
pub const OPEN: Access = Access {
    agents: Agents::All,
    supervisors: Supervisors::All,
    context: Context::Whole,
};

/// What keeps the parts of a trusted token apart.
const PART: char = '/';
/// What keeps the roles, teams and sites of it apart.
const ROLE: char = ',';

/// Somebody who calls, as a client's interceptor. A request that brings credentials of its own
/// keeps them.
#[derive(Debug, Clone)]
pub struct Caller(MetadataValue<Ascii>);

impl Caller {
    /// A caller with these roles.
    ///
    /// # Panics
    /// When a name can't stand in a header.
    pub fn new(tenant_id: &str, actor_id: &str, roles: &[Role]) -> Self {
        Self::of_kind(ActorKind::Agent, tenant_id, actor_id, roles)
    }

    /// A caller of another kind than a person who talks to customers.
    ///
    /// # Panics
    /// When a name can't stand in a header.
    pub fn of_kind(kind: ActorKind, tenant_id: &str, actor_id: &str, roles: &[Role]) -> Self {
        let roles: Vec<_> = roles.iter().map(|role| role.name()).collect();
        let roles = roles.join(&ROLE.to_string());
        let token = format!("Bearer {tenant_id}{PART}{actor_id}{PART}{kind}{PART}{roles}");
        Self(token.parse().expect("names of letters"))
    }

    /// The same caller, of these teams and sites.
    ///
    /// # Panics
    /// When a name can't stand in a header.
    #[must_use]
    pub fn of_groups(self, teams: &[&str], sites: &[&str]) -> Self {
        let token = self.0.to_str().expect("names of letters");
        let list = |names: &[&str]| names.join(&ROLE.to_string());
        let token = format!("{token}{PART}{}{PART}{}", list(teams), list(sites));
        Self(token.parse().expect("names of letters"))
    }

    /// The caller's credentials, for the metadata `authorization`.
    pub fn credentials(&self) -> MetadataValue<Ascii> {
        self.0.clone()
    }
}

impl Interceptor for Caller {
    fn call(
        &mut self,
        mut request: tonic::Request<()>,
    ) -> Result<tonic::Request<()>, tonic::Status> {
        let headers = request.metadata_mut();
        if !headers.contains_key(AUTHORIZATION.as_str()) {
            headers.insert(AUTHORIZATION.as_str(), self.0.clone());
        }
        Ok(request)
    }
}

/// The caller that a [`Caller`]'s token describes.
pub(crate) fn described(token: &[u8]) -> Option<Principal> {
    let token = HeaderValue::from_bytes(token).ok()?;
    let mut parts = token.to_str().ok()?.split(PART);
    let (tenant_id, actor_id) = (parts.next()?, parts.next()?);
    let kind: ActorKind = parts.next()?.parse().ok()?;
    let list = |part: Option<&str>| -> Vec<String> {
        let names = part.unwrap_or_default().split(ROLE);
        names
            .filter(|name| !name.is_empty())
            .map(str::to_owned)
            .collect()
    };
    let roles = list(Some(parts.next()?)).into_iter();
    let roles: Roles = roles
        .map(|role| role.parse::<Role>())
        .collect::<Result<_, _>>()
        .ok()?;
    let (teams, sites) = (list(parts.next()), list(parts.next()));
    let principal = Principal::new(tenant_id, actor_id, kind, roles);
    Some(principal.of_groups(teams.into_iter().collect(), sites.into_iter().collect()))
}

/// A server on a port of its own.
#[derive(Debug, Clone)]
pub struct TestServer {
    /// Where it listens.
    pub address: SocketAddr,
}

impl TestServer {
    /// Serves what `services` adds, with authentication, permissions, deadlines and limits as in
    /// life, until `supervisor` drains. Callers are who they say: see [`Caller`].
    ///
    /// # Panics
    /// When no port can be had.
    pub async fn start(
        supervisor: &Supervisor,
        clock: Arc<dyn Clock>,
        services: impl FnOnce(Server) -> Server,
    ) -> Self {
        Self::with_config(ServerConfig::default(), supervisor, clock, services).await
    }

    /// The same with the server's settings, of which the address alone is not obeyed.
    ///
    /// # Panics
    /// When no port can be had.
    pub async fn with_config(
        config: ServerConfig,
        supervisor: &Supervisor,
        clock: Arc<dyn Clock>,
        services: impl FnOnce(Server) -> Server,
    ) -> Self {
        let config = ServerConfig {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            ..config
        };
        let authenticator = Authenticator::trusting();
        let listener = bind(&config, &authenticator).await.expect("a free port");
        let address = listener.local_addr().expect("a port that was taken");
        let server = services(Server::new(config, authenticator, clock));
        supervisor.spawn_front("server", server.serve(listener, supervisor.draining()));
        Self { address }
    }

    /// A connection without credentials, made at its first call.
    ///
    /// # Panics
    /// Never: the address is one.
    pub fn channel(&self) -> Channel {
        let endpoint = Endpoint::from_shared(format!("http://{}", self.address));
        let endpoint = endpoint.expect("an address");
        // As little as HTTP/2 has by itself: an answer that nobody reads holds up the server soon.
        endpoint.initial_stream_window_size(65_535).connect_lazy()
    }

    /// A connection of `caller`.
    pub fn channel_of(&self, caller: Caller) -> InterceptedService<Channel, Caller> {
        InterceptedService::new(self.channel(), caller)
    }
}
