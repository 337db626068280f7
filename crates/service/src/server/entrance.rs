//! Where connections come in: a port with its places.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::server::TlsStream;
use tokio_util::either::Either;

use super::listener::Listener;
use super::places::{Place, Places};
use super::tls::{Peer, Port, Tls};

/// A port that lets so many in.
#[derive(Debug)]
pub(crate) struct Entrance {
    listener: Listener,
    places: Arc<Places>,
}

/// A connection that was let in.
#[derive(Debug)]
pub(crate) struct Arrival {
    pub(crate) place: Place,
    stream: TcpStream,
    tls: Option<(Tls, Port)>,
}

/// What is spoken over, with TLS or without.
pub(crate) type Secured = Either<TcpStream, TlsStream<TcpStream>>;

impl Entrance {
    pub(crate) fn new(listener: Listener, connections_max: usize, per_address_max: usize) -> Self {
        Self {
            listener,
            places: Places::new(connections_max, per_address_max),
        }
    }

    /// The next connection that is let in.
    pub(crate) async fn next(&self) -> Arrival {
        loop {
            let (stream, address) = self.listener.accept(|| self.places.make_room()).await;
            // Only now: nobody has to give way before somebody is there who wants in.
            let Some(permit) = self.places.free().await else {
                // Nobody closes the places; without them nobody is let in.
                return std::future::pending().await;
            };
            if let Some(place) = self.places.take(permit, address) {
                let tls = self.listener.tls_of_port();
                return Arrival { place, stream, tls };
            }
            tracing::debug!(%address, "connection refused: its address has its share");
            metrics::counter!("aftercall_connections_refused_total").increment(1);
        }
    }
}

impl Arrival {
    /// Agrees on TLS where it is spoken, within `patience`.
    pub(crate) async fn secured(
        self,
        patience: Duration,
    ) -> io::Result<(Secured, Option<Peer>, Place)> {
        let Self { place, stream, tls } = self;
        let Some((tls, port)) = tls else {
            return Ok((Either::Left(stream), None, place));
        };
        let (stream, peer) = timeout(patience, tls.accept(port, stream)).await??;
        Ok((Either::Right(stream), peer, place))
    }
}
