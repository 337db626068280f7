//! The way to roles in processes of their own: what has passed the gate of this process is passed on to theirs.
//!
//! A caller's credentials go along, so each role knows and judges callers by itself. Messages are passed on as they
//! are, in both directions, no faster than whoever reads them; whoever goes away is gone there, too.

mod link;
mod look;

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::task::{Context, Poll};

use futures::future::{BoxFuture, join_all};
use http::{Request, Response};
use tonic::Status;
use tonic::body::Body;
use tower::Service;

use aftercall_service::Supervisor;
use aftercall_service::server::Health;

use crate::config::ServicesConfig;
use link::Link;

/// A role that runs elsewhere.
#[derive(Debug, Clone, Copy)]
pub struct Role {
    /// Its name, as in `console.services`.
    pub name: &'static str,
    /// The full names of the gRPC services that it serves.
    pub services: &'static [&'static str],
}

/// Why roles can't be reached, whatever they do.
#[derive(Debug, thiserror::Error)]
pub enum GatewayError {
    /// People sign in at a provider: then they have no token that the roles know.
    #[error(
        "console.oidc.issuer can't be set where the console stands in front of roles in other processes: these know \
         callers by their tokens alone; take it out, and let people sign in with tokens"
    )]
    Oidc,
    /// Nobody said where a role is.
    #[error(
        "console.services.{role} is missing: say where the role is reached, as in \"http://127.0.0.1:7410\""
    )]
    Unnamed {
        /// The role.
        role: &'static str,
    },
    /// An address that can't be one.
    #[error(
        "console.services.{role}: \"{address}\" must be http:// or https://, a host and a port, as in \
         http://127.0.0.1:7410"
    )]
    Address {
        /// The role.
        role: &'static str,
        /// What stands there.
        address: String,
    },
    /// The authorities' certificates can't be read.
    #[error("console.services.ca_file, {}, can't be read", path.display())]
    Authorities {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// There can be no TLS to a role.
    #[error(
        "console.services.{role}: no TLS can be spoken with it; look at console.services.ca_file"
    )]
    Tls {
        /// The role.
        role: &'static str,
        /// Why.
        #[source]
        source: tonic::transport::Error,
    },
}

/// Passes requests on to the roles that they are for. Clones are the same.
#[derive(Debug, Clone)]
pub struct Gateway(Arc<[Arc<Way>]>);

/// A role, and the way to it.
#[derive(Debug)]
struct Way {
    role: Role,
    link: Link,
    /// Whether callers are told apart here, so that they must be there, too.
    is_by_credentials: bool,
}

impl Gateway {
    /// The ways to `roles`. Nothing is connected before it is needed. Within a runtime of tokio only.
    ///
    /// # Errors
    /// [`GatewayError`], which names the setting, and what to do.
    pub fn open(
        config: &ServicesConfig,
        roles: impl IntoIterator<Item = Role>,
        is_by_credentials: bool,
    ) -> Result<Self, GatewayError> {
        let authorities = match &config.ca_file {
            None => None,
            Some(path) => Some(std::fs::read(path).map_err(|source| {
                let path = path.clone();
                GatewayError::Authorities { path, source }
            })?),
        };
        // Roles that share a process share its connections.
        let mut links = BTreeMap::<&str, Link>::new();
        let mut ways = Vec::new();
        for role in roles {
            let address = config.address(role.name);
            let address = address.ok_or(GatewayError::Unnamed { role: role.name })?;
            let link = match links.get(address) {
                Some(link) => link.clone(),
                None => Link::open(role.name, address, authorities.as_deref())?,
            };
            links.insert(address, link.clone());
            ways.push(Arc::new(Way {
                role,
                link,
                is_by_credentials,
            }));
        }
        Ok(Self(ways.into()))
    }

    /// The full names of the services that are reached by it.
    pub fn services(&self) -> Vec<&'static str> {
        let roles = self.0.iter().map(|way| way.role.services);
        roles.flatten().copied().collect()
    }

    /// Sets the health of the services as their roles tell it, and keeps it true until the process stops. Returns when
    /// each role was looked at once; none has to be there.
    pub async fn follow(&self, health: &Health, supervisor: &Supervisor) {
        join_all(self.0.iter().map(|way| way.follow(health, supervisor))).await;
    }

    async fn pass_on(&self, request: Request<Body>) -> Result<Response<Body>, Status> {
        let path = request.uri().path().trim_start_matches('/');
        let service = path.split_once('/').map_or(path, |(service, _)| service);
        let mut ways = self.0.iter();
        match ways.find(|way| way.role.services.contains(&service)) {
            Some(way) => way.link.call(way.role.name, request).await,
            // The gate tells it with details.
            None => Err(Status::unimplemented("")),
        }
    }
}

impl Service<Request<Body>> for Gateway {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let gateway = self.clone();
        Box::pin(async move {
            let answer = gateway.pass_on(request).await;
            Ok(answer.unwrap_or_else(Status::into_http))
        })
    }
}
