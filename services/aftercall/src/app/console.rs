//! The console, where browsers can reach all services in one process.

use std::net::SocketAddr;
use std::sync::Arc;

use aftercall_console::{Console, ConsoleError, Place};
use aftercall_service::server::Server;
use aftercall_service::{Clock, Ids};

use super::Service;
use crate::config::Config;

/// Where browsers find the console of a server that listens on `listen`; none where it serves none.
pub(super) fn address(
    config: &Config,
    asked: &[Service],
    (scheme, listen): (&str, SocketAddr),
) -> Option<String> {
    let is_whole = asked.is_empty() || Service::ALL.iter().all(|one| asked.contains(one));
    if !config.console.serve || !is_whole {
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
