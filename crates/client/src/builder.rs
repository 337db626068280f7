//! Where the server is, who asks, and how long to wait.

use std::fmt;
use std::time::Duration;

use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Certificate, ClientTlsConfig, Endpoint, Identity};
use tonic::{Request, Status};

use crate::client::{Client, Error};
use crate::retry::Retry;

/// How long connecting may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a single call may take unless told otherwise.
const CALL_TIMEOUT: Duration = Duration::from_secs(30);
/// How long a silent connection is trusted, and how long the server has to show that it lives.
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(20);
const KEEPALIVE_TIMEOUT: Duration = Duration::from_secs(10);
/// How many bytes of answers may be on their way.
const WINDOW_BYTES: u32 = 8 * 1024 * 1024;
/// How many bytes may come in one frame. Each is written and read by calls of its own, so that long answers come in fewer
/// of them than the 16 KiB that are usual; others on the connection wait no longer for that than a moment.
const FRAME_BYTES: u32 = 64 * 1024;

/// A bearer token, which says who asks. It is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Token(String);

impl Token {
    /// A token, without the white space around it.
    pub fn new(text: impl AsRef<str>) -> Self {
        Self(text.as_ref().trim().to_owned())
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token")
    }
}

/// Adds the caller's token to every request.
#[derive(Debug, Clone)]
pub struct Credentials(Option<MetadataValue<Ascii>>);

impl Credentials {
    fn new(token: Option<&Token>) -> Result<Self, Error> {
        let Some(Token(token)) = token.filter(|token| !token.0.is_empty()) else {
            return Ok(Self(None));
        };
        let header = format!("Bearer {token}").parse();
        let mut header: MetadataValue<Ascii> = header.map_err(|_| Error::TokenMalformed)?;
        header.set_sensitive(true);
        Ok(Self(Some(header)))
    }
}

impl Interceptor for Credentials {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        if let Some(header) = &self.0 {
            let headers = request.metadata_mut();
            headers.insert("authorization", header.clone());
        }
        Ok(request)
    }
}

/// What a client needs to know before it connects.
#[derive(Clone)]
pub struct Builder {
    address: String,
    token: Option<Token>,
    authority: Option<Vec<u8>>,
    /// The certificate and the key.
    shown: Option<(Vec<u8>, Vec<u8>)>,
    pub(crate) call_timeout: Duration,
    pub(crate) retry: Retry,
    pub(crate) read_own_writes: bool,
    pub(crate) latest: bool,
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let builder = &mut f.debug_struct("Builder");
        builder.field("address", &self.address);
        builder.finish_non_exhaustive()
    }
}

impl Builder {
    pub(crate) fn new(address: impl Into<String>) -> Self {
        Self {
            address: address.into(),
            token: None,
            authority: None,
            shown: None,
            call_timeout: CALL_TIMEOUT,
            retry: Retry::default(),
            read_own_writes: false,
            latest: false,
        }
    }

    /// Says who asks. Without a token, a server takes calls of its own machine only.
    #[must_use]
    pub fn token(mut self, token: Token) -> Self {
        self.token = Some(token);
        self
    }

    /// Trusts the authority with this certificate (PEM), besides those that the machine trusts.
    #[must_use]
    pub fn trust(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.authority = Some(pem.into());
        self
    }

    /// Shows this certificate (PEM) and proves by its key (PEM) that it is the client's: a server that
    /// knows it needs no token.
    #[must_use]
    pub fn show(mut self, certificate: impl Into<Vec<u8>>, key: impl Into<Vec<u8>>) -> Self {
        self.shown = Some((certificate.into(), key.into()));
        self
    }

    /// How long each try of a call may take; 30 s unless said. The server is told, and gives up in
    /// time, too.
    #[must_use]
    pub fn call_timeout(mut self, timeout: Duration) -> Self {
        self.call_timeout = timeout;
        self
    }

    /// When to try again; [`Retry::default`] unless said.
    #[must_use]
    pub fn retry(mut self, retry: Retry) -> Self {
        self.retry = retry;
        self
    }

    /// Every query that doesn't say itself what it must include includes the last write that this
    /// client, or a clone of it, had answered.
    #[must_use]
    pub fn read_own_writes(mut self) -> Self {
        self.read_own_writes = true;
        self
    }

    /// Every query that doesn't say itself what it must include waits for all that was durable when it
    /// came, whoever wrote it.
    #[must_use]
    pub fn latest(mut self) -> Self {
        self.latest = true;
        self
    }

    /// Connects.
    ///
    /// # Errors
    /// When the address or the token can't be used, or nobody answers there within five seconds.
    pub async fn connect(self) -> Result<Client, Error> {
        let (endpoint, credentials) = self.prepared()?;
        let connected = endpoint.connect().await;
        let channel = connected.map_err(|source| self.unreachable(source))?;
        let transport = InterceptedService::new(channel, credentials);
        Ok(Client::new(self, transport))
    }

    /// Connects at the first call, for a server that may come later.
    ///
    /// # Errors
    /// When the address or the token can't be used. Within a runtime of tokio only.
    pub fn connect_lazy(self) -> Result<Client, Error> {
        let (endpoint, credentials) = self.prepared()?;
        let transport = InterceptedService::new(endpoint.connect_lazy(), credentials);
        Ok(Client::new(self, transport))
    }

    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    fn prepared(&self) -> Result<(Endpoint, Credentials), Error> {
        let credentials = Credentials::new(self.token.as_ref())?;
        Ok((self.endpoint()?, credentials))
    }

    fn endpoint(&self) -> Result<Endpoint, Error> {
        let malformed = || Error::AddressMalformed {
            address: self.address.clone(),
        };
        let endpoint = Endpoint::from_shared(self.address.clone()).map_err(|_| malformed())?;
        let endpoint = match endpoint.uri().scheme_str() {
            Some("http") => endpoint,
            Some("https") => {
                let mut tls = ClientTlsConfig::new().with_native_roots();
                if let Some(pem) = &self.authority {
                    tls = tls.ca_certificate(Certificate::from_pem(pem));
                }
                if let Some((certificate, key)) = &self.shown {
                    tls = tls.identity(Identity::from_pem(certificate, key));
                }
                let configured = endpoint.tls_config(tls);
                configured.map_err(|source| self.unreachable(source))?
            }
            _ => return Err(malformed()),
        };
        Ok(endpoint
            .connect_timeout(CONNECT_TIMEOUT)
            .tcp_nodelay(true)
            .http2_keep_alive_interval(KEEPALIVE_INTERVAL)
            .keep_alive_timeout(KEEPALIVE_TIMEOUT)
            .initial_stream_window_size(WINDOW_BYTES)
            .initial_connection_window_size(WINDOW_BYTES)
            .max_frame_size(FRAME_BYTES))
    }

    fn unreachable(&self, source: tonic::transport::Error) -> Error {
        Error::Unreachable {
            address: self.address.clone(),
            source,
        }
    }
}
