//! Reads streams into an outbox: standard input, sockets of whatever format, and the manager interface.

pub(super) mod ami;

use std::time::Duration;

use aftercall_service::Clock;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::net::{TcpStream, UnixStream};

use super::cutter::{Cut, Cutter, Found};
use super::outbox::{Kept, Outbox};
use super::pump::{stdin, unreadable};
use super::say;
use crate::command::CommandError;

/// How much is read at a time.
const PIECE_BYTES: usize = 64 << 10;
/// How long a connection may take to be made.
const CONNECT_WITHIN: Duration = Duration::from_secs(10);
/// How long to wait before the next connection, at first and at most.
const WAIT_MIN: Duration = Duration::from_millis(200);
const WAIT_MAX: Duration = Duration::from_secs(30);

/// Where a stream comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Address {
    /// A host and a port.
    Tcp(String),
    /// A socket in the file system.
    Unix(String),
}

impl std::str::FromStr for Address {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Some(path) = text.strip_prefix("unix:") {
            return match path {
                "" => Err("write unix:PATH".to_owned()),
                path => Ok(Self::Unix(path.to_owned())),
            };
        }
        let port = text.rsplit_once(':').filter(|(host, _)| !host.is_empty());
        match port.map(|(_, port)| port.parse::<u16>()) {
            Some(Ok(_)) => Ok(Self::Tcp(text.to_owned())),
            _ => Err("write HOST:PORT, or unix:PATH".to_owned()),
        }
    }
}

impl std::fmt::Display for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Tcp(address) => f.write_str(address),
            Self::Unix(path) => write!(f, "unix:{path}"),
        }
    }
}

/// A connection, whatever it goes over.
pub(super) trait Connection: AsyncRead + tokio::io::AsyncWrite + Unpin + Send {}
impl<C: AsyncRead + tokio::io::AsyncWrite + Unpin + Send> Connection for C {}

impl Address {
    async fn connect(&self) -> std::io::Result<Box<dyn Connection>> {
        let connecting = async {
            let stream: Box<dyn Connection> = match self {
                Self::Tcp(address) => Box::new(TcpStream::connect(address.as_str()).await?),
                Self::Unix(path) => Box::new(UnixStream::connect(path).await?),
            };
            Ok::<_, std::io::Error>(stream)
        };
        match tokio::time::timeout(CONNECT_WITHIN, connecting).await {
            Ok(connected) => connected,
            Err(_) => Err(std::io::Error::new(
                std::io::ErrorKind::TimedOut,
                "it took more than 10 seconds",
            )),
        }
    }
}

/// Keeps what a stream brings.
#[derive(Debug)]
pub(super) struct Gatherer<'a> {
    pub(super) outbox: Outbox,
    pub(super) clock: &'a dyn Clock,
    pub(super) cut: Cut,
}

impl Gatherer<'_> {
    fn kept(&self, record: Option<String>) -> Kept {
        Kept {
            at: self.clock.now(),
            record,
        }
    }

    /// Keeps records, when there is room for them.
    async fn keep(&self, all: &[Kept]) -> Result<(), CommandError> {
        let mut is_said = false;
        while self.outbox.is_full() {
            if !std::mem::replace(&mut is_said, true) {
                say(
                    "what is not told yet fills the outbox (--outbox-mib): nothing more is read until the server takes it",
                );
            }
            self.outbox.went().await;
        }
        if is_said {
            say("the outbox has room again");
        }
        self.outbox.keep(all)
    }

    async fn keep_found(&self, found: Vec<Found>) -> Result<(), CommandError> {
        let too_long = found.iter().filter(|one| one.bytes.is_none()).count();
        if too_long > 0 {
            say(&format!(
                "{too_long} records are longer than 1 MiB, and are passed over"
            ));
        }
        let texts = found.into_iter().filter_map(|one| one.bytes);
        let kept = texts.map(|bytes| self.kept(Some(String::from_utf8_lossy(&bytes).into_owned())));
        self.keep(&kept.collect::<Vec<_>>()).await
    }

    /// Standard input, to its end.
    ///
    /// # Errors
    /// When it can't be read, or not be kept.
    pub(super) async fn stdin(&self) -> Result<(), CommandError> {
        let mut pieces = stdin()?;
        let mut cutter = Cutter::new(self.cut, 0);
        while let Some(piece) = pieces.recv().await {
            let mut found = Vec::new();
            cutter.push(&piece.map_err(unreadable)?, &mut found);
            self.keep_found(found).await?;
        }
        let mut found = Vec::new();
        cutter.finish(&mut found);
        self.keep_found(found).await?;
        self.outbox.close();
        Ok(())
    }

    /// A socket that brings records, for ever: when its connection ends, the next one is made.
    ///
    /// # Errors
    /// When what it brings can't be kept.
    pub(super) async fn socket(&self, address: &Address) -> Result<(), CommandError> {
        let mut line = Line::default();
        loop {
            match address.connect().await {
                Ok(mut stream) => {
                    line.is_there(address);
                    let why = self.read(&mut stream).await?;
                    line.is_lost(address, &why).await;
                }
                Err(error) => line.is_lost(address, &error.to_string()).await,
            }
        }
    }

    /// Reads a connection to its end, and says why it ended.
    async fn read(&self, stream: &mut Box<dyn Connection>) -> Result<String, CommandError> {
        let mut cutter = Cutter::new(self.cut, 0);
        let mut piece = vec![0; PIECE_BYTES];
        loop {
            let why = match stream.read(&mut piece).await {
                Ok(0) => "the other side closed it".to_owned(),
                Ok(read) => {
                    let mut found = Vec::new();
                    cutter.push(&piece[..read], &mut found);
                    self.keep_found(found).await?;
                    continue;
                }
                Err(error) => error.to_string(),
            };
            return Ok(match cutter.abandon() {
                true => format!("{why}, in the midst of a record, which is not told"),
                false => why,
            });
        }
    }
}

/// What is said of a connection that comes and goes.
#[derive(Debug, Default)]
pub(super) struct Line {
    is_lost: bool,
    wait: Duration,
}

impl Line {
    fn is_there(&mut self, address: &Address) {
        if std::mem::take(&mut self.is_lost) {
            say(&format!("the connection to {address} is back"));
        }
        self.wait = Duration::ZERO;
    }

    /// Says it once, and waits before the next try.
    async fn is_lost(&mut self, address: &Address, why: &str) {
        if !std::mem::replace(&mut self.is_lost, true) {
            say(&format!(
                "the connection to {address} is lost, and is made again: {why}"
            ));
        }
        self.wait = (self.wait * 2).clamp(WAIT_MIN, WAIT_MAX);
        tokio::time::sleep(self.wait).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_host_and_a_port_or_a_socket() {
        for (text, expected) in [
            ("pbx:5038", Address::Tcp("pbx:5038".to_owned())),
            ("[::1]:5038", Address::Tcp("[::1]:5038".to_owned())),
            ("unix:/run/x", Address::Unix("/run/x".to_owned())),
        ] {
            assert_eq!(text.parse(), Ok(expected));
        }
        for text in ["pbx", ":5038", "pbx:x", "pbx:70000", "unix:", ""] {
            assert!(text.parse::<Address>().is_err(), "{text}");
        }
    }
}
