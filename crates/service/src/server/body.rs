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

use super::meter::Meter;
use crate::supervisor::panic_text;
use crate::{Clock, Failure, Internal, Reason, ServerStopping, to_status};

const GRPC_STATUS: &str = "grpc-status";

/// Records a request once, when its status is known. One that is dropped before counts as
/// cancelled: its caller is gone.
#[derive(Debug)]
pub(super) struct Finish {
    meter: Arc<Meter>,
    clock: Arc<dyn Clock>,
    started: Duration,
    code: Option<Code>,
}

impl Finish {
    pub(super) fn new(meter: Arc<Meter>, clock: Arc<dyn Clock>) -> Self {
        let started = clock.monotonic();
        Self {
            meter,
            clock,
            started,
            code: None,
        }
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

/// A body that records its status, answers a panic as `INTERNAL`, and can be cut.
pub(super) struct TrackedBody {
    inner: Body,
    finish: Option<Finish>,
    cut: Option<BoxFuture<'static, ()>>,
    ended: bool,
}

impl TrackedBody {
    /// `response`, watched. `cut` ends it early when it is cancelled.
    pub(super) fn track(
        mut response: Response<Body>,
        mut finish: Finish,
        cut: Option<CancellationToken>,
    ) -> Response<Body> {
        explain(response.headers_mut());
        // An answer without messages has its status in the headers.
        if let Some(code) = code(response.headers()) {
            finish.set(code);
            return response;
        }
        let cut = cut.map(|cut| cut.cancelled_owned().boxed());
        response.map(|inner| {
            Body::new(Self {
                inner,
                finish: Some(finish),
                cut,
                ended: false,
            })
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
        let inner = &mut self.inner;
        let polled = AssertUnwindSafe(|| Pin::new(inner).poll_frame(cx));
        match std::panic::catch_unwind(polled) {
            Ok(Poll::Ready(mut frame)) => {
                match &mut frame {
                    Some(Ok(frame)) => {
                        if let Some(trailers) = frame.trailers_mut() {
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
            Ok(Poll::Pending) => match &mut self.cut {
                Some(cut) => cut
                    .poll_unpin(cx)
                    .map(|()| Some(Ok(self.end(ServerStopping)))),
                None => Poll::Pending,
            },
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

/// A message that no service got to see.
#[derive(Debug, thiserror::Error)]
enum Unreadable {
    #[error("the message can't be read: {0}")]
    Malformed(String),
    #[error("the message is too large: {0}")]
    TooLarge(String),
}

impl Failure for Unreadable {
    fn reason(&self) -> Reason {
        match self {
            Self::Malformed(_) => Reason::InvalidRequest,
            Self::TooLarge(_) => Reason::MessageTooLarge,
        }
    }
}

/// Gives a status with details to what the transport refuses by itself: a message that is no
/// Protocol Buffers, holds bad UTF-8, or is too large. Every status of a service has details
/// already. Decoding errors name fields, and quote nothing.
fn explain(headers: &mut HeaderMap) {
    let Some(status) = Status::from_header_map(headers) else {
        return;
    };
    if !status.details().is_empty() {
        return;
    }
    let said = status.message().to_owned();
    let explained = match status.code() {
        Code::Internal => Unreadable::Malformed(said),
        Code::OutOfRange => Unreadable::TooLarge(said),
        _ => return,
    };
    // Without room for the details the status stays as it was.
    let _ = to_status(explained).add_header(headers);
}

fn code(headers: &HeaderMap) -> Option<Code> {
    headers
        .get(GRPC_STATUS)
        .map(|value| Code::from_bytes(value.as_bytes()))
}
