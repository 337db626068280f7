//! A receiver of webhooks, such as a chat or a pager has one: it takes what is signed as agreed.

use std::convert::Infallible;
use std::net::Ipv4Addr;
use std::sync::{Arc, OnceLock};

use anyhow::Context;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::{HeaderMap, Request, Response, StatusCode};
use http_body_util::{BodyExt, Empty, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use ring::hmac;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

/// The longest message that is read, in bytes.
const MESSAGE_BYTES_MAX: usize = 1 << 20;
/// How many messages wait to be shown. More are not taken, and come again.
const WAITING_MAX: usize = 100;

/// A receiver that runs until it is dropped.
pub(super) struct Receiver {
    pub(super) url: String,
    secret: Arc<OnceLock<hmac::Key>>,
    messages: mpsc::Receiver<Value>,
    /// Ends with the receiver.
    _serving: JoinSet<()>,
}

impl Receiver {
    /// Listens on a port of this machine.
    pub(super) async fn start() -> anyhow::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let url = format!("http://{}/alerts", listener.local_addr()?);
        let (sender, messages) = mpsc::channel(WAITING_MAX);
        let secret = Arc::new(OnceLock::new());
        let door = Door {
            secret: Arc::clone(&secret),
            sender,
        };
        let mut serving = JoinSet::new();
        serving.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((connection, _)) = listener.accept().await {
                let door = door.clone();
                connections.spawn(async move {
                    let service = service_fn(|request| door.take(request));
                    let connection = TokioIo::new(connection);
                    // Whoever breaks off sends again.
                    let _ = http1::Builder::new()
                        .serve_connection(connection, service)
                        .await;
                });
            }
        });
        Ok(Self {
            url,
            secret,
            messages,
            _serving: serving,
        })
    }

    /// The secret by which messages are signed, as it was told when the webhook was made.
    pub(super) fn agree(&self, secret: &str) -> anyhow::Result<()> {
        let secret = secret.strip_prefix("whsec_").context("a secret")?;
        let key = hmac::Key::new(hmac::HMAC_SHA256, &STANDARD.decode(secret)?);
        let _ = self.secret.set(key);
        Ok(())
    }

    /// The next message.
    pub(super) async fn next(&mut self) -> anyhow::Result<Value> {
        self.messages.recv().await.context("the receiver ended")
    }
}

/// Where messages come in.
#[derive(Clone)]
struct Door {
    secret: Arc<OnceLock<hmac::Key>>,
    sender: mpsc::Sender<Value>,
}

impl Door {
    async fn take(&self, request: Request<Incoming>) -> Result<Response<Empty<Bytes>>, Infallible> {
        let (head, body) = request.into_parts();
        let body = Limited::new(body, MESSAGE_BYTES_MAX).collect().await;
        let status = match body.map(|body| body.to_bytes()) {
            Ok(body) if self.is_signed(&head.headers, &body) => self.keep(&body),
            Ok(_) => StatusCode::UNAUTHORIZED,
            Err(_) => StatusCode::BAD_REQUEST,
        };
        let mut response = Response::new(Empty::new());
        *response.status_mut() = status;
        Ok(response)
    }

    fn keep(&self, body: &[u8]) -> StatusCode {
        match serde_json::from_slice(body) {
            Ok(message) => match self.sender.try_send(message) {
                Ok(()) => StatusCode::NO_CONTENT,
                Err(_) => StatusCode::SERVICE_UNAVAILABLE,
            },
            Err(_) => StatusCode::BAD_REQUEST,
        }
    }

    /// Whether one of a message's signatures is by our secret: Standard Webhooks signs id, time and body.
    fn is_signed(&self, headers: &HeaderMap, body: &[u8]) -> bool {
        let header = |name| headers.get(name).and_then(|value| value.to_str().ok());
        let (Some(key), Some(id), Some(time), Some(signatures)) = (
            self.secret.get(),
            header("webhook-id"),
            header("webhook-timestamp"),
            header("webhook-signature"),
        ) else {
            return false;
        };
        let signed = [format!("{id}.{time}.").as_bytes(), body].concat();
        let signatures = signatures
            .split(' ')
            .filter_map(|one| one.strip_prefix("v1,"));
        let mut signatures = signatures.filter_map(|one| STANDARD.decode(one).ok());
        signatures.any(|signature| hmac::verify(key, &signed, &signature).is_ok())
    }
}
