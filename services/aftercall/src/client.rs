//! The connection to a server: address, credentials, one client for each service.

mod error;
mod pages;

use std::path::PathBuf;
use std::time::Duration;

use aftercall_proto::followups::v1::alert_service_client::AlertServiceClient;
use aftercall_proto::followups::v1::followup_service_client::FollowupServiceClient;
use aftercall_proto::history::v1::history_service_client::HistoryServiceClient;
use aftercall_proto::knowledge::v1::knowledge_service_client::KnowledgeServiceClient;
use aftercall_proto::recorder::v1::recorder_service_client::RecorderServiceClient;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Channel, ClientTlsConfig, Endpoint};
use tonic::{Request, Status};
use tonic_health::pb::health_client::HealthClient;

pub use error::{ClientError, Refusal};
pub use pages::Pages;

/// How long connecting may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// How long a single call may take.
const CALL_TIMEOUT: Duration = Duration::from_secs(30);
/// How long a silent connection is trusted, and how long the server has to show that it lives.
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(20);
const KEEPALIVE_TIMEOUT: Duration = Duration::from_secs(10);
/// The largest answer that is taken. A page of long records is larger than tonic's default.
const ANSWER_BYTES_MAX: usize = 64 * 1024 * 1024;
/// How many bytes of answers may be on their way.
const WINDOW_BYTES: u32 = 8 * 1024 * 1024;

/// Where the server is, and who asks.
#[derive(Debug, Clone, clap::Args)]
#[command(next_help_heading = "Connection")]
pub struct ServerArgs {
    /// The server's address
    #[arg(long, global = true, value_name = "URL", env = "AFTERCALL_SERVER")]
    #[arg(default_value = "http://127.0.0.1:7400")]
    pub server: String,
    /// The bearer token that says who asks; better kept in the environment or a file
    #[arg(long, global = true, env = "AFTERCALL_TOKEN", hide_env_values = true)]
    pub token: Option<Secret>,
    /// A file whose first line is the token
    #[arg(long, global = true, value_name = "FILE", env = "AFTERCALL_TOKEN_FILE")]
    pub token_file: Option<PathBuf>,
}

/// A text that is never shown.
#[derive(Clone)]
pub struct Secret(String);

impl std::str::FromStr for Secret {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(text.trim().to_owned()))
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret")
    }
}

impl ServerArgs {
    /// The server at `url`, without credentials.
    pub fn at(url: &str) -> Self {
        Self {
            server: url.to_owned(),
            token: None,
            token_file: None,
        }
    }

    fn credentials(&self) -> Result<Credentials, ClientError> {
        let token = match (&self.token, &self.token_file) {
            (Some(Secret(token)), _) => Some(token.clone()),
            (None, Some(file)) => {
                let text = std::fs::read_to_string(file).map_err(|source| ClientError::File {
                    path: file.display().to_string(),
                    source,
                })?;
                text.lines().next().map(|line| line.trim().to_owned())
            }
            (None, None) => None,
        };
        let token = token.filter(|token| !token.is_empty());
        let header = token.map(|token| format!("Bearer {token}").parse());
        let mut header: Option<MetadataValue<Ascii>> = header
            .transpose()
            .map_err(|_| ClientError::TokenMalformed)?;
        if let Some(header) = &mut header {
            header.set_sensitive(true);
        }
        Ok(Credentials(header))
    }
}

/// Adds the caller's token to every request.
#[derive(Debug, Clone)]
pub struct Credentials(Option<MetadataValue<Ascii>>);

impl Interceptor for Credentials {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        if let Some(header) = &self.0 {
            request
                .metadata_mut()
                .insert("authorization", header.clone());
        }
        Ok(request)
    }
}

/// What the clients of the services speak over.
pub type Transport = InterceptedService<Channel, Credentials>;

/// A connection to a server.
#[derive(Debug, Clone)]
pub struct Client {
    server: String,
    transport: Transport,
}

impl Client {
    /// Connects to the server that `args` name.
    ///
    /// # Errors
    /// [`ClientError`] when the address or the token can't be used, or nothing answers there.
    pub async fn connect(args: &ServerArgs) -> Result<Self, ClientError> {
        let credentials = args.credentials()?;
        let endpoint = endpoint(&args.server)?;
        let connected = endpoint.connect().await;
        let channel = connected.map_err(|source| ClientError::Unreachable {
            server: args.server.clone(),
            source,
        })?;
        Ok(Self {
            server: args.server.clone(),
            transport: InterceptedService::new(channel, credentials),
        })
    }

    /// The server's address, as given.
    pub fn server(&self) -> &str {
        &self.server
    }

    /// Writes contacts.
    pub fn recorder(&self) -> RecorderServiceClient<Transport> {
        RecorderServiceClient::new(self.transport.clone())
    }

    /// Asks about the past.
    pub fn history(&self) -> HistoryServiceClient<Transport> {
        HistoryServiceClient::new(self.transport.clone())
            .max_decoding_message_size(ANSWER_BYTES_MAX)
    }

    /// Keeps promises in view.
    pub fn followups(&self) -> FollowupServiceClient<Transport> {
        FollowupServiceClient::new(self.transport.clone())
            .max_decoding_message_size(ANSWER_BYTES_MAX)
    }

    /// Raises the alarm.
    pub fn alerts(&self) -> AlertServiceClient<Transport> {
        AlertServiceClient::new(self.transport.clone()).max_decoding_message_size(ANSWER_BYTES_MAX)
    }

    /// Says whether it does its work.
    pub fn health(&self) -> HealthClient<Transport> {
        HealthClient::new(self.transport.clone())
    }

    /// Finds answers.
    pub fn knowledge(&self) -> KnowledgeServiceClient<Transport> {
        KnowledgeServiceClient::new(self.transport.clone())
            .max_decoding_message_size(ANSWER_BYTES_MAX)
    }
}

/// `message` as a single call, with the time that it may take.
pub fn call<M>(message: M) -> Request<M> {
    let mut request = Request::new(message);
    request.set_timeout(CALL_TIMEOUT);
    request
}

fn endpoint(server: &str) -> Result<Endpoint, ClientError> {
    let malformed = || ClientError::ServerMalformed {
        server: server.to_owned(),
    };
    let endpoint = Endpoint::from_shared(server.to_owned()).map_err(|_| malformed())?;
    let endpoint = match endpoint.uri().scheme_str() {
        Some("http") => endpoint,
        Some("https") => {
            let tls = ClientTlsConfig::new().with_native_roots();
            endpoint
                .tls_config(tls)
                .map_err(|source| ClientError::Unreachable {
                    server: server.to_owned(),
                    source,
                })?
        }
        _ => return Err(malformed()),
    };
    Ok(endpoint
        .connect_timeout(CONNECT_TIMEOUT)
        .tcp_nodelay(true)
        .http2_keep_alive_interval(KEEPALIVE_INTERVAL)
        .keep_alive_timeout(KEEPALIVE_TIMEOUT)
        .initial_stream_window_size(WINDOW_BYTES)
        .initial_connection_window_size(WINDOW_BYTES))
}
