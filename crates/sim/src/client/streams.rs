//! Callers who record many contacts by one stream, which may break in its middle.

use std::task::{Context, Poll};

use aftercall_proto::recorder::v1::record_interactions_response::Outcome;
use aftercall_proto::recorder::v1::recorder_service_client::RecorderServiceClient;
use aftercall_proto::recorder::v1::{RecordInteractionsRequest, RecordInteractionsResponse};
use aftercall_proto::status::from_wire;
use futures::{Stream, StreamExt, stream};
use http::{Request, Response};
use http_body_util::{BodyStream, StreamBody};
use tonic::Status;
use tonic::body::Body;
use tonic::service::Routes;
use tower::Service;

use super::{Asking, Done, Ended, asked, is_passing, refused, requests, seen};
use crate::executor::{Executor, pause};
use crate::plan::{Contact, Wish};

impl Asking<'_> {
    /// Records `contacts`, of which each is answered in its turn; the connection breaks after some of
    /// them, if it is said so and this is the first one.
    pub(super) async fn record_many(
        &self,
        contacts: &[Contact],
        breaks_after: Option<u8>,
    ) -> Result<Ended, String> {
        let breaks_after = breaks_after.filter(|_| self.is_first);
        let sent = breaks_after.map_or(contacts.len(), usize::from);
        let requests = contacts.iter().take(sent).zip(0_u64..);
        let requests = requests.map(|(contact, number)| RecordInteractionsRequest {
            correlation_id: number.to_string(),
            request: Some(requests::record(self.tenant, contact)),
        });
        let requests = paused(self.world.executor().clone(), requests.collect());
        let mut recorder = RecorderServiceClient::new(Connection {
            services: self.process.services.clone(),
            breaks: breaks_after.is_some(),
        });
        let begun = recorder.record_interactions(asked(self.tenant, requests));
        let mut answers = match begun.await {
            Ok(answers) => answers.into_inner(),
            Err(status) => return Ok(ended_by(status)),
        };
        let (mut answered, mut failed) = (0, None);
        loop {
            let answer = match answers.message().await {
                Ok(Some(answer)) => answer,
                Ok(None) if answered < sent => {
                    return Err(format!("{answered} answers, and {sent} contacts were sent"));
                }
                Ok(None) => break,
                Err(_) if breaks_after.is_some() => {
                    self.world.counts().fault();
                    failed = Some(Status::unavailable("the connection broke"));
                    break;
                }
                Err(status) => return Ok(ended_by(status)),
            };
            let contact = contacts.get(answered);
            let contact = contact.ok_or("more answers than contacts were sent")?;
            failed = self.take(contact, answered, answer)?.or(failed);
            answered += 1;
        }
        Ok(failed.map_or(Ended::Answered, Ended::Failed))
    }

    /// Takes the answer for one contact: why it may be sent again, if it may.
    fn take(
        &self,
        contact: &Contact,
        number: usize,
        answer: RecordInteractionsResponse,
    ) -> Result<Option<Status>, String> {
        if answer.correlation_id != number.to_string() {
            return Err(format!("the answer for {number} is {answer:?}"));
        }
        let wish = Wish::Record(contact.clone());
        match answer.outcome {
            Some(Outcome::Response(answer)) => {
                seen::check(self.world, self.tenant, &wish, Done::from(answer))?;
                Ok(None)
            }
            Some(Outcome::Failure(status)) => {
                let status = from_wire(&status);
                if is_passing(&status) {
                    return Ok(Some(status));
                }
                refused(self.world, self.tenant, &wish, &status)?;
                Ok(None)
            }
            None => Err(format!("an answer says nothing: {number}")),
        }
    }
}

fn ended_by(status: Status) -> Ended {
    match is_passing(&status) {
        true => Ended::Failed(status),
        false => Ended::Refused(status),
    }
}

/// The messages, with time between some of them.
fn paused<T: Send + 'static>(
    executor: Executor,
    messages: Vec<T>,
) -> impl Stream<Item = T> + Send + 'static {
    stream::unfold(messages.into_iter(), move |mut messages| {
        let executor = executor.clone();
        async move {
            let message = messages.next()?;
            pause(executor.draw(20).saturating_sub(10)).await;
            Some((message, messages))
        }
    })
}

/// A connection to the services, which may break behind the last message.
#[derive(Debug, Clone)]
struct Connection {
    services: Routes,
    breaks: bool,
}

impl Service<Request<Body>> for Connection {
    type Response = Response<Body>;
    type Error = <Routes as Service<Request<Body>>>::Error;
    type Future = <Routes as Service<Request<Body>>>::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Service::<Request<Body>>::poll_ready(&mut self.services, cx)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let broken = self
            .breaks
            .then(|| Err(Status::unknown("connection reset")));
        let request = request.map(|body| {
            let sent = BodyStream::new(body).chain(stream::iter(broken));
            Body::new(StreamBody::new(sent))
        });
        self.services.call(request)
    }
}
