//! The rest of an answer: watched until its status is known.

use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures::FutureExt;
use futures::future::BoxFuture;
use http::{HeaderMap, Response};
use http_body::{Body as HttpBody, Frame, SizeHint};
use tokio_util::sync::CancellationToken;
use tonic::body::Body;
use tonic::{Code, Status};

use super::gate::OpenCall;
use super::meter::Meter;
use crate::auth::Identity;
use crate::supervisor::panic_text;
use crate::{Clock, Failure, Internal, ServerStopping, Unauthenticated, explained, to_status};

const GRPC_STATUS: &str = "grpc-status";

/// Records a request once, when its status is known. One that is dropped before counts as
/// cancelled: its caller is gone.
#[derive(Debug)]
pub(super) struct Finish {
    meter: Arc<Meter>,
    clock: Arc<dyn Clock>,
    started: Duration,
    code: Option<Code>,
    /// What the call holds until then.
    open: Option<OpenCall>,
}

impl Finish {
    pub(super) fn new(meter: Arc<Meter>, clock: Arc<dyn Clock>) -> Self {
        let started = clock.monotonic();
        Self {
            meter,
            clock,
            started,
            code: None,
            open: None,
        }
    }

    pub(super) fn hold(&mut self, open: OpenCall) {
        self.open = Some(open);
    }

    fn set(&mut self, code: Code) {
        self.code.get_or_insert(code);
    }
}

impl Drop for Finish {
    fn drop(&mut self) {
        let took = self.clock.monotonic().saturating_sub(self.started);
        self.meter
            .record(self.code.unwrap_or(Code::Cancelled), took);
    }
}

/// Whose answer a body is.
#[derive(Debug)]
pub(super) enum Kind {
    /// A service's of ours, whose streams end with the credentials of whoever called.
    Service(Option<Identity>),
    /// Health's or reflection's, whose statuses are told as they are, and whose streams end when the
    /// token is cancelled.
    Infrastructure(CancellationToken),
}

/// A body that records its status, answers a panic as `INTERNAL`, and can be cut.
pub(super) struct TrackedBody {
    inner: Body,
    finish: Option<Finish>,
    /// Whether it comes from a service of ours, which explains what it refuses.
    is_ours: bool,
    kind: Kind,
    /// Waits until the answer is to be cut; there once the answer had to be waited for.
    cut: Option<BoxFuture<'static, ()>>,
    ended: bool,
}

impl TrackedBody {
    /// `response`, watched.
    pub(super) fn track(
        mut response: Response<Body>,
        mut finish: Finish,
        kind: Kind,
    ) -> Response<Body> {
        let is_ours = matches!(kind, Kind::Service(_));
        if is_ours {
            explain(response.headers_mut());
        }
        // An answer without messages has its status in the headers.
        if let Some(code) = code(response.headers()) {
            finish.set(code);
            return response;
        }
        response.map(|inner| {
            Body::new(Self {
                inner,
                finish: Some(finish),
                is_ours,
                kind,
                cut: None,
                ended: false,
            })
        })
    }

    /// Whether the answer is to be cut, and with what.
    fn poll_cut(&mut self, cx: &mut Context<'_>) -> Poll<Frame<Bytes>> {
        let cut = self.cut.get_or_insert_with(|| match &self.kind {
            Kind::Service(None) => std::future::pending().boxed(),
            Kind::Service(Some(caller)) => {
                let caller = caller.clone();
                async move { caller.over().await }.boxed()
            }
            Kind::Infrastructure(ending) => ending.clone().cancelled_owned().boxed(),
        });
        std::task::ready!(cut.poll_unpin(cx));
        // What it would have gone on with is let go.
        self.inner = Body::empty();
        Poll::Ready(match self.kind {
            Kind::Service(_) => self.end(Unauthenticated::Over),
            Kind::Infrastructure(_) => self.end(ServerStopping),
        })
    }

    fn end(&mut self, failure: impl Failure) -> Frame<Bytes> {
        self.ended = true;
        let status = to_status(failure);
        let mut trailers = HeaderMap::new();
        if status.add_header(&mut trailers).is_err() {
            // The details did not fit into headers: the code alone always does.
            trailers.insert(GRPC_STATUS, (status.code() as i32).into());
        }
        self.record(status.code());
        Frame::trailers(trailers)
    }

    fn record(&mut self, code: Code) {
        if let Some(mut finish) = self.finish.take() {
            finish.set(code);
        }
    }
}

impl HttpBody for TrackedBody {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        if self.ended {
            return Poll::Ready(None);
        }
        // An answer that never has to be waited for ends all the same.
        if let Kind::Service(Some(caller)) = &self.kind
            && caller.is_over()
        {
            self.inner = Body::empty();
            return Poll::Ready(Some(Ok(self.end(Unauthenticated::Over))));
        }
        let is_ours = self.is_ours;
        let inner = &mut self.inner;
        let polled = AssertUnwindSafe(|| Pin::new(inner).poll_frame(cx));
        match std::panic::catch_unwind(polled) {
            Ok(Poll::Ready(mut frame)) => {
                match &mut frame {
                    Some(Ok(frame)) => {
                        if is_ours && let Some(trailers) = frame.trailers_mut() {
                            explain(trailers);
                        }
                        if let Some(code) = frame.trailers_ref().and_then(code) {
                            self.record(code);
                        }
                    }
                    Some(Err(status)) => self.record(status.code()),
                    None => self.record(Code::Ok),
                }
                Poll::Ready(frame)
            }
            Ok(Poll::Pending) => self.poll_cut(cx).map(|frame| Some(Ok(frame))),
            Err(panic) => {
                let cause = format!("stream panicked: {}", panic_text(&*panic));
                Poll::Ready(Some(Ok(self.end(Internal::new(cause)))))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.ended || self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

/// Gives a status with details to what the transport refuses by itself, such as a message that is no
/// Protocol Buffers. Every status of a service has details already.
fn explain(headers: &mut HeaderMap) {
    let Some(status) = Status::from_header_map(headers) else {
        return;
    };
    if !status.details().is_empty() || status.code() == Code::Ok {
        return;
    }
    // Without room for the details the status stays as it was.
    let _ = explained(status).add_header(headers);
}

fn code(headers: &HeaderMap) -> Option<Code> {
    headers
        .get(GRPC_STATUS)
        .map(|value| Code::from_bytes(value.as_bytes()))
}
