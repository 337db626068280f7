//! A connection to a server, and one call over it, tried again where that helps.

use std::sync::Arc;

use aftercall_proto::recorder::v1::recorder_service_client::RecorderServiceClient;
use aftercall_proto::recorder::v1::{RecordInteractionsRequest, RecordInteractionsResponse};
use futures::Stream;
use http::uri::PathAndQuery;
use parking_lot::Mutex;
use tonic::client::Grpc;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::Channel;
use tonic::{Request, Status, Streaming};
use tonic_health::ServingStatus;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;
use tonic_prost::ProstCodec;

use crate::builder::{Builder, Credentials};
use crate::refusal::Refusal;
use crate::rpc::Rpc;

/// The largest answer that is taken. A page of long records is larger than tonic's default.
pub(crate) const ANSWER_BYTES_MAX: usize = 64 * 1024 * 1024;

/// What calls go over: a connection that comes back by itself, and the caller's token.
pub type Transport = InterceptedService<Channel, Credentials>;

/// Why something could not be had from a server.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The address is none.
    #[error("\"{address}\" is not a server's address: write http://HOST:PORT or https://HOST:PORT")]
    AddressMalformed {
        /// The address as given.
        address: String,
    },
    /// The token has characters that no token has.
    #[error("the token has characters that a header can't carry: check the file or variable")]
    TokenMalformed,
    /// Nobody answers.
    #[error("no server answers at {address}")]
    Unreachable {
        /// The address.
        address: String,
        /// Why.
        #[source]
        source: tonic::transport::Error,
    },
    /// The server said no, or the connection broke and did not come back in time.
    #[error(transparent)]
    Refused(Box<Refusal>),
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(Box::new(refusal))
    }
}

impl From<Status> for Error {
    fn from(status: Status) -> Self {
        Refusal::from(status).into()
    }
}

/// A connection to a server. Clones share it, and what it remembers.
#[derive(Debug, Clone)]
pub struct Client {
    transport: Transport,
    settings: Arc<Builder>,
    /// The position of the last write.
    last: Arc<Mutex<String>>,
}

impl Client {
    /// A client of the server at `address`, such as `https://aftercall.example.com:7400`.
    pub fn builder(address: impl Into<String>) -> Builder {
        Builder::new(address)
    }

    pub(crate) fn new(settings: Builder, transport: Transport) -> Self {
        Self {
            transport,
            settings: Arc::new(settings),
            last: Arc::default(),
        }
    }

    /// The server's address, as given.
    pub fn address(&self) -> &str {
        self.settings.address()
    }

    /// For the clients that tonic generates: with this client's connection and token, without its
    /// retries and limits.
    pub fn transport(&self) -> Transport {
        self.transport.clone()
    }

    /// The position of the last write that was answered; empty before the first one. A query that
    /// names it as `min_position` includes that write.
    pub fn last_position(&self) -> String {
        self.last.lock().clone()
    }

    /// Sends a request, and again while that may help, and gives its answer.
    ///
    /// # Errors
    /// [`Error::Refused`] when the server refuses for good, or too often.
    pub async fn call<R: Rpc>(&self, mut request: R) -> Result<R::Answer, Error> {
        request.name(fresh_id);
        self.freshen(&mut request);
        let mut tries = self.settings.retry.begin();
        loop {
            let refusal = match self.once(&request).await {
                Ok(answer) => {
                    self.remember::<R>(&answer);
                    return Ok(answer);
                }
                Err(status) => Refusal::from(status),
            };
            let Some(wait) = tries.after(&refusal) else {
                return Err(refusal.into());
            };
            tracing::debug!(
                path = R::PATH,
                reason = refusal.reason,
                ?wait,
                "trying again"
            );
            tokio::time::sleep(wait).await;
        }
    }

    /// Sends a request once.
    async fn once<R: Rpc>(&self, request: &R) -> Result<R::Answer, Status> {
        let mut grpc =
            Grpc::new(self.transport.clone()).max_decoding_message_size(ANSWER_BYTES_MAX);
        ready(&mut grpc).await?;
        let mut request = Request::new(request.clone());
        request.set_timeout(self.settings.call_timeout);
        let path = PathAndQuery::from_static(R::PATH);
        let codec = ProstCodec::<R, R::Answer>::default();
        Ok(grpc.unary(request, path, codec).await?.into_inner())
    }

    /// Records many contacts over one stream, for bulk. Each request has an answer, in the order of the
    /// requests; a stream that breaks is not begun again here.
    ///
    /// # Errors
    /// [`Error::Refused`] when the stream can't be opened.
    pub async fn record_interactions(
        &self,
        requests: impl Stream<Item = RecordInteractionsRequest> + Send + 'static,
    ) -> Result<Streaming<RecordInteractionsResponse>, Error> {
        let mut recorder = RecorderServiceClient::new(self.transport.clone());
        Ok(recorder.record_interactions(requests).await?.into_inner())
    }

    /// Whether the server does its work. An empty `service` asks for all that it serves, otherwise
    /// for one by its full name. Asked once: a probe wants to know how it is now.
    ///
    /// # Errors
    /// [`Error::Refused`] when it doesn't say.
    pub async fn is_serving(&self, service: &str) -> Result<bool, Error> {
        let mut request = Request::new(HealthCheckRequest {
            service: service.to_owned(),
        });
        request.set_timeout(self.settings.call_timeout);
        let answer = HealthClient::new(self.transport.clone())
            .check(request)
            .await?;
        Ok(answer.into_inner().status == ServingStatus::Serving as i32)
    }

    /// Asks a query that says nothing of it to include what it should.
    fn freshen<R: Rpc>(&self, request: &mut R) {
        let Some(named) = request.min_position().filter(|named| named.is_empty()) else {
            return;
        };
        if self.settings.read_own_writes {
            *named = self.last_position();
        }
        if self.settings.latest {
            request.ask_latest();
        }
    }

    fn remember<R: Rpc>(&self, answer: &R::Answer) {
        if let Some(position) = R::position(answer) {
            position.clone_into(&mut self.last.lock());
        }
    }

    pub(crate) fn call_timeout(&self) -> std::time::Duration {
        self.settings.call_timeout
    }
}

/// Waits until the connection can take a call.
pub(crate) async fn ready(grpc: &mut Grpc<Transport>) -> Result<(), Status> {
    let ready = grpc.ready().await;
    ready.map_err(|error| Status::unavailable(error.to_string()))
}

fn fresh_id() -> String {
    uuid::Builder::from_random_bytes(rand::random())
        .into_uuid()
        .to_string()
}
