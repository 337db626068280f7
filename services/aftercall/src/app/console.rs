//! The console, where browsers can reach all services: in this process, or through it.

use std::net::SocketAddr;
use std::sync::Arc;

use aftercall_console::{Console, ConsoleError, Gateway, GatewayError, Place, Role};
use aftercall_service::server::Server;
use aftercall_service::{Clock, Ids, Supervisor};

use super::Service;
use super::services::is_whole;
use crate::config::Config;

/// Where browsers find the console of a server that listens on `listen`; none where it serves none.
pub(super) fn address(
    config: &Config,
    asked: &[Service],
    (scheme, listen): (&str, SocketAddr),
) -> Option<String> {
    let is_asked = is_whole(asked) || asked.contains(&Service::Console);
    if !config.console.serve || !is_asked {
        return None;
    }
    let named = config.console.origins.first();
    match named {
        Some(origin) => Some(format!("{}/", origin.trim_end_matches('/'))),
        None if listen.ip().to_canonical().is_loopback() => Some(format!("{scheme}://{listen}/")),
        None => {
            tracing::info!("no console is served: say in console.origins how browsers reach it");
            None
        }
    }
}

/// `server`, with the console at its door.
pub(super) fn let_in(
    server: Server,
    config: &Config,
    (listen, is_secured): (SocketAddr, bool),
    around: (Arc<dyn Clock>, Arc<dyn Ids>),
) -> Result<Server, ConsoleError> {
    let dir = config.storage.console();
    let place = Place {
        dir: &dir,
        listen,
        is_secured,
    };
    let console = Console::open(&config.console, place, server.authenticator(), around)?;
    Ok(server.door(Arc::new(console)))
}

/// `server`, which passes on what is asked of services that are in other processes, where the console is one of those
/// that are asked for.
pub(super) async fn pass_on(
    server: Server,
    (asked, config): (&[Service], &Config),
    supervisor: &Supervisor,
) -> Result<Server, GatewayError> {
    let elsewhere = Service::ALL.into_iter().filter(|one| one.is_on_log());
    let elsewhere = elsewhere.filter(|one| !asked.contains(one));
    let roles = elsewhere.map(|service| Role {
        name: service.name(),
        services: service.grpc_names(),
    });
    if !asked.contains(&Service::Console) || roles.clone().next().is_none() {
        return Ok(server);
    }
    if config.console.oidc.issuer.is_some() {
        return Err(GatewayError::Oidc);
    }
    let is_by_credentials = server.authenticator().has_credentials();
    let gateway = Gateway::open(&config.console.services, roles, is_by_credentials)?;
    let server = server.elsewhere(gateway.services(), gateway.clone());
    gateway.follow(&server.health(), supervisor).await;
    Ok(server)
}
