//! Alerts as they happen, across broken connections.

use std::time::Duration;

use aftercall_proto::alerts::v1::alert_service_client::AlertServiceClient;
use aftercall_proto::alerts::v1::{WatchAlertsRequest, WatchAlertsResponse};
use futures::{Stream, stream};
use tonic::{Request, Status, Streaming};

use crate::client::{ANSWER_BYTES_MAX, Client, Error};
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

/// A watch, and the place that it has come to.
struct Watch {
    client: Client,
    request: WatchAlertsRequest,
    answers: Option<Streaming<WatchAlertsResponse>>,
    wait: Duration,
}

impl Watch {
    async fn next(&mut self) -> Result<WatchAlertsResponse, Error> {
        loop {
            match self.answer().await {
                Ok(Some(answer)) => {
                    self.wait = RETRY_FIRST;
                    self.request.resume_token.clone_from(&answer.resume_token);
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

    async fn answer(&mut self) -> Result<Option<WatchAlertsResponse>, Refusal> {
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

    async fn open(&self) -> Result<Streaming<WatchAlertsResponse>, Refusal> {
        let alerts = AlertServiceClient::new(self.client.transport());
        let mut alerts = alerts.max_decoding_message_size(ANSWER_BYTES_MAX);
        let request = Request::new(self.request.clone());
        let opened = tokio::time::timeout(self.client.call_timeout(), alerts.watch_alerts(request));
        match opened.await {
            Ok(opened) => Ok(opened?.into_inner()),
            Err(_) => Err(Status::deadline_exceeded("the watch was not begun in time").into()),
        }
    }

    /// A watch that has no place yet would begin anew, and miss what fired between.
    fn has_place(&self) -> bool {
        !self.request.resume_token.is_empty()
    }

    async fn pause(&mut self) {
        tokio::time::sleep(self.wait).await;
        self.wait = (self.wait * 2).min(RETRY_MAX);
    }
}
