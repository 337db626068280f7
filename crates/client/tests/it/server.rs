//! A server that answers by a script.

use std::collections::{HashMap, VecDeque};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use aftercall_client::{Builder, Client, Retry};
use aftercall_proto::alerts::v1::alert_service_server::{AlertService, AlertServiceServer};
use aftercall_proto::alerts::v1::{
    AcknowledgeAlertRequest, AcknowledgeAlertResponse, CloseAlertRequest, CloseAlertResponse,
    ExplainAlertRequest, ExplainAlertResponse, ListAlertsRequest, ListAlertsResponse,
    SnoozeAlertRequest, SnoozeAlertResponse, TestRouteRequest, TestRouteResponse,
    WatchAlertsRequest, WatchAlertsResponse,
};
use aftercall_proto::recorder::v1::recorder_service_server::{
    RecorderService, RecorderServiceServer,
};
use aftercall_proto::recorder::v1::{
    AmendInteractionRequest, AmendInteractionResponse, AnalyseInteractionRequest,
    AnalyseInteractionResponse, FindPromisesRequest, FindPromisesResponse,
    IdentifyInteractionRequest, IdentifyInteractionResponse, MergeCustomersRequest,
    MergeCustomersResponse, RecordInteractionRequest, RecordInteractionResponse,
    RecordInteractionsRequest, RecordInteractionsResponse, ScoreTextRequest, ScoreTextResponse,
    UnmergeCustomersRequest, UnmergeCustomersResponse,
};
use futures::Stream;
use parking_lot::Mutex;
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{Code, Request, Response, Status, Streaming};
use tonic_types::{ErrorDetails, StatusExt};

/// One stream of alerts: what it says, and how it ends.
pub(crate) type Watched = Vec<Result<WatchAlertsResponse, Status>>;

/// What a server is to say, and what it was asked.
#[derive(Debug, Default)]
pub(crate) struct Script {
    /// Failures of records, the first ones first; after them, records succeed.
    pub(crate) failures: VecDeque<Status>,
    pub(crate) recorded: Vec<RecordInteractionRequest>,
    pub(crate) tokens: Vec<Option<String>>,
    /// What each stream of alerts says; the last one never ends.
    pub(crate) watches: VecDeque<Watched>,
    pub(crate) watched: Vec<WatchAlertsRequest>,
    /// Pages of alerts, by the number of alerts on each.
    pub(crate) pages: Vec<usize>,
    pub(crate) listed: Vec<ListAlertsRequest>,
}

/// A server on a port of its own, until the test ends.
#[derive(Debug, Clone)]
pub(crate) struct Server {
    pub(crate) script: Arc<Mutex<Script>>,
    address: String,
}

impl Server {
    pub(crate) async fn start(script: Script) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Self {
            script: Arc::new(Mutex::new(script)),
            address: format!("http://{}", listener.local_addr().unwrap()),
        };
        let serving = tonic::transport::Server::builder()
            .add_service(RecorderServiceServer::new(server.clone()))
            .add_service(AlertServiceServer::new(server.clone()))
            .serve_with_incoming(TcpListenerStream::new(listener));
        #[allow(clippy::disallowed_methods, reason = "it ends with the test's runtime")]
        tokio::spawn(serving);
        server
    }

    /// A client that waits no longer than it must.
    pub(crate) fn builder(&self) -> Builder {
        Client::builder(&self.address).retry(Retry {
            step_first: Duration::from_millis(1),
            step_max: Duration::from_millis(1),
            ..Retry::default()
        })
    }

    pub(crate) async fn client(&self) -> Client {
        self.builder().connect().await.unwrap()
    }
}

/// A refusal with a reason and, maybe, a time to retry.
pub(crate) fn refusal(code: Code, reason: &str, retry_after: Option<Duration>) -> Status {
    let mut details = ErrorDetails::with_error_info(reason, "aftercall", HashMap::new());
    if retry_after.is_some() {
        details.set_retry_info(retry_after);
    }
    Status::with_error_details(code, "it says why", details)
}

/// Where the write with this number stands.
pub(crate) fn position(number: usize) -> String {
    format!("position-{number}")
}

#[tonic::async_trait]
impl RecorderService for Server {
    type RecordInteractionsStream =
        Pin<Box<dyn Stream<Item = Result<RecordInteractionsResponse, Status>> + Send>>;

    async fn record_interaction(
        &self,
        request: Request<RecordInteractionRequest>,
    ) -> Result<Response<RecordInteractionResponse>, Status> {
        let mut script = self.script.lock();
        let token = request.metadata().get("authorization");
        let token = token.map(|token| token.to_str().unwrap().to_owned());
        script.tokens.push(token);
        script.recorded.push(request.into_inner());
        match script.failures.pop_front() {
            Some(failure) => Err(failure),
            None => Ok(Response::new(RecordInteractionResponse {
                position: position(script.recorded.len()),
                ..Default::default()
            })),
        }
    }

    async fn record_interactions(
        &self,
        _: Request<Streaming<RecordInteractionsRequest>>,
    ) -> Result<Response<Self::RecordInteractionsStream>, Status> {
        Err(Status::unimplemented("not asked for"))
    }

    async fn analyse_interaction(
        &self,
        _: Request<AnalyseInteractionRequest>,
    ) -> Result<Response<AnalyseInteractionResponse>, Status> {
        Err(Status::unimplemented("not asked for"))
    }

    async fn score_text(
        &self,
        _: Request<ScoreTextRequest>,
    ) -> Result<Response<ScoreTextResponse>, Status> {
        Err(Status::unimplemented("not asked for"))
    }

    async fn find_promises(
        &self,
        _: Request<FindPromisesRequest>,
    ) -> Result<Response<FindPromisesResponse>, Status> {
        Err(Status::unimplemented("not asked for"))
    }

    async fn amend_interaction(
        &self,
        _: Request<AmendInteractionRequest>,
    ) -> Result<Response<AmendInteractionResponse>, Status> {
        Err(Status::unimplemented("not asked for"))
    }

    async fn identify_interaction(
        &self,
        _: Request<IdentifyInteractionRequest>,
    ) -> Result<Response<IdentifyInteractionResponse>, Status> {
        Err(Status::unimplemented("not asked for"))
    }

    async fn merge_customers(
        &self,
        _: Request<MergeCustomersRequest>,
    ) -> Result<Response<MergeCustomersResponse>, Status> {
        Err(Status::unimplemented("not asked for"))
    }

    async fn unmerge_customers(
        &self,
        _: Request<UnmergeCustomersRequest>,
    ) -> Result<Response<UnmergeCustomersResponse>, Status> {
        Err(Status::unimplemented("not asked for"))
    }
}

#[tonic::async_trait]
impl AlertService for Server {
    type WatchAlertsStream =
        Pin<Box<dyn Stream<Item = Result<WatchAlertsResponse, Status>> + Send>>;

    async fn list_alerts(
        &self,
        request: Request<ListAlertsRequest>,
    ) -> Result<Response<ListAlertsResponse>, Status> {
        let mut script = self.script.lock();
        let request = request.into_inner();
        let page: usize = request.page_token.parse().unwrap_or(0);
        script.listed.push(request);
        let next = page + 1;
        Ok(Response::new(ListAlertsResponse {
            alerts: vec![Default::default(); script.pages[page]],
            next_page_token: if next < script.pages.len() {
                next.to_string()
            } else {
                String::new()
            },
            ..Default::default()
        }))
    }

    async fn watch_alerts(
        &self,
        request: Request<WatchAlertsRequest>,
    ) -> Result<Response<Self::WatchAlertsStream>, Status> {
        let mut script = self.script.lock();
        script.watched.push(request.into_inner());
        let said = script.watches.pop_front().unwrap_or_default();
        let said = futures::stream::iter(said);
        let stream: Self::WatchAlertsStream = match script.watches.is_empty() {
            true => Box::pin(futures::StreamExt::chain(said, futures::stream::pending())),
            false => Box::pin(said),
        };
        Ok(Response::new(stream))
    }

    async fn acknowledge_alert(
        &self,
        _: Request<AcknowledgeAlertRequest>,
    ) -> Result<Response<AcknowledgeAlertResponse>, Status> {
        Err(Status::unimplemented("not asked for"))
    }

    async fn snooze_alert(
        &self,
        _: Request<SnoozeAlertRequest>,
    ) -> Result<Response<SnoozeAlertResponse>, Status> {
        Err(Status::unimplemented("not asked for"))
    }

    async fn close_alert(
        &self,
        _: Request<CloseAlertRequest>,
    ) -> Result<Response<CloseAlertResponse>, Status> {
        Err(Status::unimplemented("not asked for"))
    }

    async fn explain_alert(
        &self,
        _: Request<ExplainAlertRequest>,
    ) -> Result<Response<ExplainAlertResponse>, Status> {
        Err(Status::unimplemented("not asked for"))
    }

    async fn test_route(
        &self,
        _: Request<TestRouteRequest>,
    ) -> Result<Response<TestRouteResponse>, Status> {
        Err(Status::unimplemented("not asked for"))
    }
}
