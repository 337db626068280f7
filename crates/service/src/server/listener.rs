//! A port, from which connections are taken no faster than files allow.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::time::Instant;

use super::tls::{Port, Tls};
use crate::files::Files;

/// How many connections may wait to be accepted: every desk of a large house, which all come back
/// in the same moment after a restart. The system may hold fewer (`net.core.somaxconn`).
const BACKLOG: u32 = 4096;

/// How long to rest when no connection can be accepted, as when files run out: the next attempt
/// would fail too, and without a rest the loop would take a core for itself.
const ACCEPT_RETRY_AFTER: Duration = Duration::from_millis(100);
/// How long a connection that gives way takes to close its file.
const ROOM_AFTER: Duration = Duration::from_millis(5);
/// How often it is said that files run out.
const SAID_EVERY: Duration = Duration::from_secs(60);

/// A port that was taken.
#[derive(Debug)]
pub struct Listener {
    socket: TcpListener,
    files: Files,
    tls: Option<Tls>,
    port: Port,
    /// When it was said last that files run out.
    said: Mutex<Option<Instant>>,
}

impl Listener {
    pub(crate) fn bind(address: SocketAddr, port: Port, tls: Option<Tls>) -> io::Result<Self> {
        let socket = match address {
            SocketAddr::V4(_) => TcpSocket::new_v4(),
            SocketAddr::V6(_) => TcpSocket::new_v6(),
        }?;
        socket.set_reuseaddr(true)?;
        socket.bind(address)?;
        Ok(Self {
            socket: socket.listen(BACKLOG)?,
            files: Files::raised(),
            tls,
            port,
            said: Mutex::default(),
        })
    }

    /// The address that was taken: with its number where any port would do.
    ///
    /// # Errors
    /// When the system does not say.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    /// Agrees on HTTP/1.1, too, where TLS is spoken.
    pub(crate) fn let_browsers_in(&mut self) {
        self.port = Port::Browsers;
    }

    /// The TLS that is spoken here, if it is; and with it on the metrics' port.
    pub fn tls(&self) -> Option<&Tls> {
        self.tls.as_ref()
    }

    /// What has to be done with a connection before it is used.
    pub(crate) fn tls_of_port(&self) -> Option<(Tls, Port)> {
        self.tls.clone().map(|tls| (tls, self.port))
    }

    /// Says so when files run out before connections do.
    pub(crate) fn warn_if_files_are_few(&self, connections_max: usize) {
        let files = self.files.for_connections();
        if u64::try_from(connections_max).is_ok_and(|wanted| wanted > files) {
            tracing::warn!(
                connections_max,
                files,
                "the limit of open files allows fewer connections than server.connections_max; \
                 raise it (ulimit -n, or LimitNOFILE of the unit), or lower the setting"
            );
        }
    }

    /// The next connection, and whose it is. While files run out, `make_room` may close another one, and
    /// says whether it did.
    pub(crate) async fn accept(&self, make_room: impl Fn() -> bool) -> (TcpStream, IpAddr) {
        loop {
            if !self.files.have_room(&self.socket) {
                self.say_that_files_run_out();
                let rest = match make_room() {
                    true => ROOM_AFTER,
                    false => ACCEPT_RETRY_AFTER,
                };
                tokio::time::sleep(rest).await;
                continue;
            }
            match self.socket.accept().await {
                Ok((stream, peer)) => {
                    // A peer that has gone again is found out by the first read.
                    let _ = stream.set_nodelay(true);
                    return (stream, peer.ip());
                }
                Err(error) => {
                    tracing::warn!(%error, "connection not accepted");
                    tokio::time::sleep(ACCEPT_RETRY_AFTER).await;
                }
            }
        }
    }

    fn say_that_files_run_out(&self) {
        let mut said = self.said.lock();
        if said.is_none_or(|said| said.elapsed() >= SAID_EVERY) {
            *said = Some(Instant::now());
            tracing::warn!("files run out: a connection is accepted only when another one closes");
        }
    }
}
