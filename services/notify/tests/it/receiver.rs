//! A receiver of webhooks that does what a test says.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use parking_lot::Mutex;
use ring::hmac;
use ring::signature::{ED25519, UnparsedPublicKey};
use rustls::ServerConfig;
use serde_json::Value;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use crate::world::PATIENCE;

/// What is answered to a message.
#[derive(Debug, Clone)]
pub(crate) enum Answer {
    /// A status, with further header lines.
    Status(u16, &'static str),
    /// The connection breaks.
    Reset,
    /// Something that is no HTTP.
    Garbage,
    /// A status, and a body without end.
    Endless(u16),
    /// Nothing, for ever.
    Silence,
}

/// A message that arrived.
#[derive(Debug, Clone)]
pub(crate) struct Received {
    pub(crate) path: String,
    headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Received {
    pub(crate) fn header(&self, name: &str) -> &str {
        let mut headers = self.headers.iter();
        let found = headers.find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value)
    }

    pub(crate) fn id(&self) -> &str {
        self.header("webhook-id")
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn timestamp(&self) -> i64 {
        self.header("webhook-timestamp").parse().unwrap()
    }

    /// Its signatures, each with its version.
    pub(crate) fn signatures(&self) -> Vec<&str> {
        self.header("webhook-signature").split(' ').collect()
    }

    /// Whether one of its signatures is by the key of which this is the public half (`whpk_`).
    pub(crate) fn is_signed_by_key(&self, public: &str) -> bool {
        let public = STANDARD
            .decode(public.strip_prefix("whpk_").unwrap())
            .unwrap();
        let key = UnparsedPublicKey::new(&ED25519, public);
        let signed = format!("{}.{}.", self.id(), self.timestamp());
        let signed = [signed.as_bytes(), &self.body].concat();
        let mut signatures = self.signatures().into_iter();
        signatures.any(|one| {
            let signature = one.strip_prefix("v1a,");
            let signature = signature.map(|text| STANDARD.decode(text).unwrap());
            signature.is_some_and(|signature| key.verify(&signed, &signature).is_ok())
        })
    }

    pub(crate) fn sequence(&self) -> u64 {
        self.json()["data"]["sequence"].as_u64().unwrap()
    }

    /// Whether one of its signatures is by this secret (`whsec_`), computed here as the specification says.
    pub(crate) fn is_signed_by(&self, secret: &str) -> bool {
        let secret = STANDARD
            .decode(secret.strip_prefix("whsec_").unwrap())
            .unwrap();
        let key = hmac::Key::new(hmac::HMAC_SHA256, &secret);
        let signed = format!("{}.{}.", self.id(), self.header("webhook-timestamp"));
        let signed = [signed.as_bytes(), &self.body].concat();
        let expected = STANDARD.encode(hmac::sign(&key, &signed));
        self.signatures().contains(&&*format!("v1,{expected}"))
    }
}

/// A receiver on a port of its own.
#[derive(Debug)]
pub(crate) struct Receiver {
    pub(crate) address: SocketAddr,
    shared: Arc<Shared>,
    serving: JoinSet<()>,
}

#[derive(Debug)]
struct Shared {
    received: watch::Sender<Vec<Received>>,
    next: Mutex<VecDeque<Answer>>,
    usual: Mutex<Answer>,
    connections: watch::Sender<usize>,
}

impl Receiver {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        Self::on(listener, Self::shared())
    }

    /// One that speaks TLS alone.
    pub(crate) async fn secure(tls: Arc<ServerConfig>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let shared = Self::shared();
        let address = listener.local_addr().unwrap();
        let (mut serving, of) = (JoinSet::new(), Arc::clone(&shared));
        serving.spawn(async move {
            let (acceptor, mut connections) = (TlsAcceptor::from(tls), JoinSet::new());
            while let Ok((stream, _)) = listener.accept().await {
                of.connections.send_modify(|count| *count += 1);
                let (accepting, of) = (acceptor.accept(stream), Arc::clone(&of));
                connections.spawn(async move {
                    if let Ok(stream) = accepting.await {
                        serve(stream, of).await;
                    }
                });
            }
        });
        Self {
            address,
            shared,
            serving,
        }
    }

    fn shared() -> Arc<Shared> {
        Arc::new(Shared {
            received: watch::Sender::default(),
            next: Mutex::default(),
            usual: Mutex::new(Answer::Status(204, "")),
            connections: watch::Sender::default(),
        })
    }

    fn on(listener: TcpListener, shared: Arc<Shared>) -> Self {
        let address = listener.local_addr().unwrap();
        let mut serving = JoinSet::new();
        let of = Arc::clone(&shared);
        serving.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                of.connections.send_modify(|count| *count += 1);
                connections.spawn(serve(stream, Arc::clone(&of)));
            }
        });
        Self {
            address,
            shared,
            serving,
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/hooks", self.address)
    }

    /// What is answered to the next messages, one each.
    pub(crate) fn then(&self, answers: impl IntoIterator<Item = Answer>) {
        self.shared.next.lock().extend(answers);
    }

    /// What is answered to all others.
    pub(crate) fn always(&self, answer: Answer) {
        *self.shared.usual.lock() = answer;
    }

    /// Goes away: connections break, and its port is free.
    pub(crate) async fn stop(&mut self) {
        self.serving.shutdown().await;
    }

    /// Comes back where it was.
    pub(crate) async fn restart(&mut self) {
        let listener = TcpListener::bind(self.address).await.unwrap();
        *self = Self::on(listener, Arc::clone(&self.shared));
    }

    /// How many connections were made to it.
    pub(crate) fn connections(&self) -> usize {
        *self.shared.connections.borrow()
    }

    /// What has arrived so far.
    pub(crate) fn so_far(&self) -> Vec<Received> {
        self.shared.received.borrow().clone()
    }

    /// Waits until so many messages have arrived.
    pub(crate) async fn received(&self, count: usize) -> Vec<Received> {
        let mut received = self.shared.received.subscribe();
        let arrived = received.wait_for(|received| received.len() >= count);
        let arrived = tokio::time::timeout(PATIENCE, arrived).await;
        let arrived = arrived.map(|arrived| arrived.unwrap().clone());
        arrived.unwrap_or_else(|_| {
            let so_far = self.so_far();
            panic!("{} of {count} messages arrived: {so_far:#?}", so_far.len())
        })
    }
}

async fn serve(mut stream: impl AsyncRead + AsyncWrite + Unpin, shared: Arc<Shared>) {
    let mut read = Vec::new();
    while let Some(received) = message(&mut stream, &mut read).await {
        let next = shared.next.lock().pop_front();
        let answer = next.unwrap_or_else(|| shared.usual.lock().clone());
        shared.received.send_modify(|all| all.push(received));
        let said = match answer {
            Answer::Status(status, lines) => {
                format!("HTTP/1.1 {status} X\r\n{lines}content-length: 0\r\n\r\n")
            }
            Answer::Reset => return,
            Answer::Garbage => "SSH-2.0-nothing\r\n\r\n".to_owned(),
            Answer::Endless(status) => {
                let head = format!("HTTP/1.1 {status} X\r\ntransfer-encoding: chunked\r\n\r\n");
                if stream.write_all(head.as_bytes()).await.is_err() {
                    return;
                }
                while stream.write_all(b"4\r\nmore\r\n").await.is_ok() {
                    tokio::task::yield_now().await;
                }
                return;
            }
            Answer::Silence => {
                let mut rest = Vec::new();
                let _ = stream.read_to_end(&mut rest).await;
                return;
            }
        };
        if stream.write_all(said.as_bytes()).await.is_err() {
            return;
        }
    }
}

/// The next message on a connection; none at its end.
async fn message(stream: &mut (impl AsyncRead + Unpin), read: &mut Vec<u8>) -> Option<Received> {
    loop {
        if let Some(end) = read.windows(4).position(|four| four == b"\r\n\r\n") {
            let head = String::from_utf8(read[..end].to_vec()).unwrap();
            let mut lines = head.split("\r\n");
            let path = lines.next()?.split(' ').nth(1)?.to_owned();
            let headers = lines.filter_map(|line| line.split_once(": "));
            let headers = headers.map(|(name, value)| (name.to_lowercase(), value.to_owned()));
            let mut received = Received {
                path,
                headers: headers.collect(),
                body: Vec::new(),
            };
            let length: usize = received.header("content-length").parse().unwrap();
            while read.len() < end + 4 + length {
                more(stream, read).await?;
            }
            received.body = read[end + 4..end + 4 + length].to_vec();
            read.drain(..end + 4 + length);
            return Some(received);
        }
        more(stream, read).await?;
    }
}

async fn more(stream: &mut (impl AsyncRead + Unpin), read: &mut Vec<u8>) -> Option<()> {
    match stream.read_buf(read).await {
        Ok(0) | Err(_) => None,
        Ok(_) => Some(()),
    }
}
