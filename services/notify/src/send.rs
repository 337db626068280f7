//! Sends a message, and reads what comes back: to addresses that were checked, within deadlines, to a bound.

mod connection;
mod pool;
mod resolve;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use aftercall_proto::model::v1::WebhookFailure;
use aftercall_service::Clock;
use bytes::Bytes;
use http::header::{CONTENT_TYPE, HOST, HeaderValue, USER_AGENT};
use http::{HeaderMap, Request, StatusCode};
use http_body_util::Full;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::{self, PemObject};
use rustls::{ClientConfig, RootCertStore};

use crate::target::{Allowed, Target};
use connection::Connection;

pub(crate) use pool::Pool;
pub use resolve::{Resolve, Resolving, SystemResolver};

/// How long the name of a receiver may take to be found, a connection to it to be made (with TLS), and the
/// whole of an attempt.
const RESOLVED_WITHIN: Duration = Duration::from_secs(5);
const CONNECTED_WITHIN: Duration = Duration::from_secs(10);
const ANSWERED_WITHIN: Duration = Duration::from_secs(30);

/// How many of a name's addresses are tried.
const ADDRESSES_MAX: usize = 4;

/// Who sends.
const AGENT: &str = concat!("aftercall/", env!("CARGO_PKG_VERSION"));

/// A message, signed.
#[derive(Debug, Clone)]
pub(crate) struct Message {
    pub(crate) content_type: &'static str,
    /// What Standard Webhooks says of it.
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// What came back.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) retry_after: Option<HeaderValue>,
    /// The beginning of what was said.
    pub(crate) excerpt: String,
}

/// Why nothing came back.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SendError {
    #[error("the URL can't be sent to")]
    Target,
    #[error("the receiver's name has no address")]
    NameNotResolved,
    #[error(
        "the receiver's name leads to addresses only that are not sent to; the operator names private \
         networks in notify.private_networks"
    )]
    AddressForbidden,
    #[error("no connection")]
    Connection(#[source] std::io::Error),
    #[error("TLS failed")]
    Tls(#[source] std::io::Error),
    #[error("the connection broke")]
    Broken(#[source] hyper::Error),
    #[error("what was answered is no HTTP")]
    Malformed(#[source] hyper::Error),
    #[error("the message can't be made")]
    Request(#[from] http::Error),
    #[error("there was no answer in time")]
    Timeout,
}

impl SendError {
    pub(crate) const fn failure(&self) -> WebhookFailure {
        match self {
            Self::Target | Self::AddressForbidden => WebhookFailure::AddressForbidden,
            Self::NameNotResolved => WebhookFailure::NameNotResolved,
            Self::Connection(_) | Self::Broken(_) | Self::Request(_) => WebhookFailure::Connection,
            Self::Tls(_) => WebhookFailure::Tls,
            Self::Malformed(_) => WebhookFailure::MalformedAnswer,
            Self::Timeout => WebhookFailure::Timeout,
        }
    }
}

impl From<hyper::Error> for SendError {
    fn from(error: hyper::Error) -> Self {
        match error.is_parse() {
            true => Self::Malformed(error),
            false => Self::Broken(error),
        }
    }
}

/// Why messages can't be sent at all.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SenderError {
    #[error("the certificates of notify.ca_file, {}, can't be read", path.display())]
    Authority {
        path: PathBuf,
        #[source]
        source: pem::Error,
    },
    #[error("TLS can't be set up")]
    Tls(#[from] rustls::Error),
}

/// Sends messages. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Sender {
    resolver: Arc<dyn Resolve>,
    clock: Arc<dyn Clock>,
    pub(crate) allowed: Arc<Allowed>,
    tls: Arc<ClientConfig>,
}

impl Sender {
    pub(crate) fn new(
        resolver: Arc<dyn Resolve>,
        clock: Arc<dyn Clock>,
        allowed: Allowed,
        ca_file: Option<&Path>,
    ) -> Result<Self, SenderError> {
        Ok(Self {
            resolver,
            clock,
            allowed: Arc::new(allowed),
            tls: Arc::new(tls(ca_file)?),
        })
    }

    /// Sends a message, by a connection of `pool` where there is one that is free.
    pub(crate) async fn send(
        &self,
        url: &str,
        message: &Message,
        pool: &Pool,
    ) -> Result<Answer, SendError> {
        let target = Target::of(url).ok_or(SendError::Target)?;
        let sending = async {
            while let Some(connection) = pool.take(&target) {
                match connection.exchange(request(&target, message)?).await {
                    // It was closed while nobody used it. Whether the receiver has read the message is not
                    // known; it knows the id.
                    Err(SendError::Broken(_)) => {}
                    answered => return self.keep(answered, target.clone(), pool),
                }
            }
            let connection = self.connect(&target).await?;
            let answered = connection.exchange(request(&target, message)?).await;
            self.keep(answered, target.clone(), pool)
        };
        self.within(ANSWERED_WITHIN, sending).await?
    }

    /// Waits no longer than `limit`.
    async fn within<T>(
        &self,
        limit: Duration,
        work: impl Future<Output = T>,
    ) -> Result<T, SendError> {
        tokio::select! {
            biased;
            done = work => Ok(done),
            () = self.clock.sleep_for(limit) => Err(SendError::Timeout),
        }
    }

    fn keep(
        &self,
        answered: Result<(Answer, Option<Connection>), SendError>,
        target: Target,
        pool: &Pool,
    ) -> Result<Answer, SendError> {
        let (answer, connection) = answered?;
        if let Some(connection) = connection {
            pool.put(target, connection);
        }
        Ok(answer)
    }

    async fn connect(&self, target: &Target) -> Result<Connection, SendError> {
        let addresses = self.addresses(target).await?;
        let mut failed = SendError::NameNotResolved;
        for address in addresses {
            let connecting = Connection::open(address, target, Arc::clone(&self.tls));
            match self.within(CONNECTED_WITHIN, connecting).await.flatten() {
                Ok(connection) => return Ok(connection),
                Err(error) => failed = error,
            }
        }
        Err(failed)
    }

    /// The addresses of a receiver that may be connected to.
    async fn addresses(&self, target: &Target) -> Result<Vec<SocketAddr>, SendError> {
        let resolving = self.resolver.resolve(&target.host, target.port);
        let found = self.within(RESOLVED_WITHIN, resolving).await?;
        let found = found.map_err(|_| SendError::NameNotResolved)?;
        if found.is_empty() {
            return Err(SendError::NameNotResolved);
        }
        let mut permitted = found;
        permitted.retain(|address| self.allowed.permits(address.ip(), target.secure));
        permitted.truncate(ADDRESSES_MAX);
        match permitted.is_empty() {
            true => Err(SendError::AddressForbidden),
            false => Ok(permitted),
        }
    }
}

fn request(target: &Target, message: &Message) -> Result<Request<Full<Bytes>>, SendError> {
    let mut request = Request::post(&target.path)
        .header(HOST, &target.authority)
        .header(USER_AGENT, AGENT)
        .header(CONTENT_TYPE, message.content_type)
        .body(Full::new(message.body.clone()))?;
    request.headers_mut().extend(message.headers.clone());
    Ok(request)
}

pub(crate) fn tls(ca_file: Option<&Path>) -> Result<ClientConfig, SenderError> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    if let Some(path) = ca_file {
        let unreadable = |source| SenderError::Authority {
            path: path.to_owned(),
            source,
        };
        let authorities = CertificateDer::pem_file_iter(path).map_err(unreadable)?;
        for authority in authorities {
            roots.add(authority.map_err(unreadable)?)?;
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ClientConfig::builder_with_provider(provider);
    let builder = builder.with_safe_default_protocol_versions()?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}
