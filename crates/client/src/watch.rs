//! Alerts and promises as they change, across broken connections.

use std::time::Duration;

use aftercall_proto::alerts::v1::alert_service_client::AlertServiceClient;
use aftercall_proto::alerts::v1::{WatchAlertsRequest, WatchAlertsResponse};
use aftercall_proto::followups::v1::followup_service_client::FollowupServiceClient;
use aftercall_proto::followups::v1::live_call_service_client::LiveCallServiceClient;
use aftercall_proto::followups::v1::{
    WatchCallsRequest, WatchCallsResponse, WatchCommitmentsRequest, WatchCommitmentsResponse,
};
use aftercall_proto::notify::v1::event_service_client::EventServiceClient;
use aftercall_proto::notify::v1::{SubscribeEventsRequest, SubscribeEventsResponse};
use futures::{Stream, stream};
use tonic::{Request, Status, Streaming};

use crate::client::{ANSWER_BYTES_MAX, Client, Error, Transport};
use crate::refusal::Refusal;

/// How long to wait before a watch that broke is begun again, at first and at most.
const RETRY_FIRST: Duration = Duration::from_millis(250);
const RETRY_MAX: Duration = Duration::from_secs(10);

/// How long a watch may be silent: the server speaks every 5 seconds at least.
const SILENCE_MAX: Duration = Duration::from_secs(15);

impl Client {
    /// Alerts that fire or are resolved, as it happens. An answer without an alert says that the watch
    /// lives: the first one that it has begun, later ones that nothing was missed.
    ///
    /// A watch that breaks, or is silent for longer than a server that lives, is begun again after the
    /// last answer, however long the server is away: nothing is missed, and nothing comes twice. The stream ends with an error when it can't be
    /// begun, or the server refuses for good. To go on in another process, keep the last answer's
    /// `resume_token`.
    pub fn watch_alerts(
        &self,
        request: WatchAlertsRequest,
    ) -> impl Stream<Item = Result<WatchAlertsResponse, Error>> + Send + use<> {
        self.watch(request)
    }

    /// Promises that are made or change, as it happens. An answer without a promise says that the watch lives. It goes on
    /// across broken connections as [`Client::watch_alerts`] does; of a promise that changed several times meanwhile,
    /// the latest state is told alone.
    pub fn watch_commitments(
        &self,
        request: WatchCommitmentsRequest,
    ) -> impl Stream<Item = Result<WatchCommitmentsResponse, Error>> + Send + use<> {
        self.watch(request)
    }

    /// Events of the tenant, from a place in the log on. An answer without an event says that the stream lives. It goes
    /// on across broken connections as [`Client::watch_alerts`] does.
    pub fn subscribe_events(
        &self,
        request: SubscribeEventsRequest,
    ) -> impl Stream<Item = Result<SubscribeEventsResponse, Error>> + Send + use<> {
        self.watch(request)
    }

    /// Calls as they happen: first all that are live, then those that change. It goes on across broken connections as
    /// [`Client::watch_alerts`] does, but for one that breaks before all that are live were told: that ends.
    pub fn watch_calls(
        &self,
        request: WatchCallsRequest,
    ) -> impl Stream<Item = Result<WatchCallsResponse, Error>> + Send + use<> {
        self.watch(request)
    }

    fn watch<R: Watched>(
        &self,
        request: R,
    ) -> impl Stream<Item = Result<R::Answer, Error>> + Send + use<R> {
        let watch = Watch {
            client: self.clone(),
            request,
            answers: None,
            wait: RETRY_FIRST,
        };
        stream::try_unfold(watch, |mut watch| async move {
            let answer = watch.next().await?;
            Ok(Some((answer, watch)))
        })
    }
}

/// A request that is answered by a stream which can be gone on with.
trait Watched: Clone + Send + Sync + 'static {
    type Answer: Send;

    /// Where it goes on.
    fn place(&mut self) -> &mut String;

    /// Where to go on after an answer.
    fn after(answer: &Self::Answer) -> &str;

    fn open(
        self,
        transport: Transport,
    ) -> impl Future<Output = Result<Streaming<Self::Answer>, Status>> + Send;
}

macro_rules! watched {
    ($($request:ident => $answer:ident: $client:ident.$method:ident;)+) => {$(
        impl Watched for $request {
            type Answer = $answer;

            fn place(&mut self) -> &mut String {
                &mut self.resume_token
            }

            fn after(answer: &$answer) -> &str {
                &answer.resume_token
            }

            async fn open(self, transport: Transport) -> Result<Streaming<$answer>, Status> {
                let client = $client::new(transport);
                let mut client = client.max_decoding_message_size(ANSWER_BYTES_MAX);
                Ok(client.$method(Request::new(self)).await?.into_inner())
            }
        }
    )+};
}

watched! {
    WatchAlertsRequest => WatchAlertsResponse: AlertServiceClient.watch_alerts;
    WatchCommitmentsRequest => WatchCommitmentsResponse: FollowupServiceClient.watch_commitments;
    SubscribeEventsRequest => SubscribeEventsResponse: EventServiceClient.subscribe_events;
    WatchCallsRequest => WatchCallsResponse: LiveCallServiceClient.watch_calls;
}

/// A watch, and the place that it has come to.
struct Watch<R: Watched> {
    client: Client,
    request: R,
    answers: Option<Streaming<R::Answer>>,
    wait: Duration,
}

impl<R: Watched> Watch<R> {
    async fn next(&mut self) -> Result<R::Answer, Error> {
        loop {
            match self.answer().await {
                Ok(Some(answer)) => {
                    self.wait = RETRY_FIRST;
                    R::after(&answer).clone_into(self.request.place());
                    return Ok(answer);
                }
                // A server that stops may end the stream without a failure.
                Ok(None) if self.has_place() => self.pause().await,
                Ok(None) => return Err(Status::unavailable("the watch did not begin").into()),
                Err(refusal) if self.has_place() && refusal.is_retryable() => {
                    tracing::debug!(code = ?refusal.code, "watch broken, going on");
                    self.pause().await;
                }
                Err(refusal) => return Err(refusal.into()),
            }
        }
    }

    async fn answer(&mut self) -> Result<Option<R::Answer>, Refusal> {
        let mut answers = match self.answers.take() {
            Some(answers) => answers,
            None => self.open().await?,
        };
        let Ok(answer) = tokio::time::timeout(SILENCE_MAX, answers.message()).await else {
            return Err(Status::unavailable("the watch is silent").into());
        };
        let answer = answer?;
        // What has ended is not kept: the next answer comes from a new stream.
        self.answers = answer.is_some().then_some(answers);
        Ok(answer)
    }

    async fn open(&self) -> Result<Streaming<R::Answer>, Refusal> {
        let opening = self.request.clone().open(self.client.transport());
        match tokio::time::timeout(self.client.call_timeout(), opening).await {
            Ok(opened) => Ok(opened?),
            Err(_) => Err(Status::deadline_exceeded("the watch was not begun in time").into()),
        }
    }

    /// A watch that has no place yet would begin anew, and miss what happened between.
    fn has_place(&mut self) -> bool {
        !self.request.place().is_empty()
    }

    async fn pause(&mut self) {
        tokio::time::sleep(self.wait).await;
        self.wait = (self.wait * 2).min(RETRY_MAX);
    }
}
