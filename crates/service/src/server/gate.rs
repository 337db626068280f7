//! What every request passes on its way to a service: one layer, one allocation.

use std::convert::Infallible;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use http::{Request, Response};
use tokio::time::timeout_at;
use tokio_util::sync::CancellationToken;
use tonic::body::Body;
use tower::{Layer, Service};
use tracing::Instrument;

use super::body::{Finish, Kind, TrackedBody};
use super::meter::{Meter, Meters};
use crate::deadline::RequestTimeout;
use crate::supervisor::panic_text;
use crate::{
    Authenticator, Clock, Deadline, Failure, Internal, Permissions, Principal, Reason, Untaken,
    to_status,
};

/// Services that are called before anybody can have credentials, and whose streams never end by
/// themselves.
const INFRASTRUCTURE: [&str; 2] = ["/grpc.health.", "/grpc.reflection."];

/// When a caller that was turned away should come again.
const BUSY_RETRY_AFTER: Duration = Duration::from_millis(100);

/// Stands before all services of a server.
#[derive(Debug, Clone)]
pub(super) struct GateLayer {
    pub(super) authenticator: Arc<Authenticator>,
    pub(super) permissions: Permissions,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) meters: Meters,
    pub(super) timeout_max: Duration,
    pub(super) in_flight_max: usize,
    /// Cancelled when the streams of health and reflection must end.
    pub(super) cut: CancellationToken,
}

impl<S> Layer<S> for GateLayer {
    type Service = Gate<S>;

    fn layer(&self, inner: S) -> Gate<S> {
        Gate {
            inner,
            rules: Arc::new(Rules {
                layer: self.clone(),
                in_flight: AtomicUsize::new(0),
            }),
        }
    }
}

/// A service behind the gate.
#[derive(Debug, Clone)]
pub(super) struct Gate<S> {
    inner: S,
    rules: Arc<Rules>,
}

#[derive(Debug)]
struct Rules {
    layer: GateLayer,
    in_flight: AtomicUsize,
}

impl<S> Service<Request<Body>> for Gate<S>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible>,
    S: Clone + Send + 'static,
    S::Future: Send + 'static,
{
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let waiting = self.inner.clone();
        let ready = std::mem::replace(&mut self.inner, waiting);
        let rules = Arc::clone(&self.rules);
        let meter = Arc::clone(rules.layer.meters.of(request.uri().path()));
        let span = tracing::debug_span!("grpc", service = meter.service, method = meter.method);
        Box::pin(async move { Ok(rules.pass(meter, ready, request).await) }.instrument(span))
    }
}

impl Rules {
    async fn pass<S>(
        &self,
        meter: Arc<Meter>,
        inner: S,
        mut request: Request<Body>,
    ) -> Response<Body>
    where
        S: Service<Request<Body>, Response = Response<Body>, Error = Infallible> + Send,
        S::Future: Send,
    {
        let finish = Finish::new(meter, Arc::clone(&self.layer.clock));
        let infrastructure = is_infrastructure(request.uri().path());
        let answer = match self.admit(&mut request, infrastructure) {
            Ok((in_flight, deadline)) => {
                let answer = answer(inner, request, deadline).await;
                drop(in_flight);
                answer
            }
            Err(refusal) => Err(refusal),
        };
        let response = answer.unwrap_or_else(tonic::Status::into_http);
        let kind = match infrastructure {
            true => Kind::Infrastructure(self.layer.cut.clone()),
            false => Kind::Service,
        };
        TrackedBody::track(response, finish, kind)
    }

    fn admit(
        &self,
        request: &mut Request<Body>,
        infrastructure: bool,
    ) -> Result<(InFlight<'_>, Deadline), tonic::Status> {
        let in_flight = InFlight::enter(self).map_err(to_status)?;
        if !infrastructure {
            let principal = self.caller(request)?;
            request.extensions_mut().insert(principal);
        }
        let deadline = Deadline::from_headers(request.headers(), self.layer.timeout_max);
        request.extensions_mut().insert(deadline);
        Ok((in_flight, deadline))
    }

    /// Who calls, if they may: known before a byte of the message is read.
    fn caller(&self, request: &Request<Body>) -> Result<Principal, tonic::Status> {
        let principal = self.layer.authenticator.principal(request.headers());
        let principal = principal.map_err(to_status)?;
        let any_of = self.layer.permissions.of(request.uri().path());
        let any_of = any_of.ok_or_else(|| to_status(Untaken::Method))?;
        principal.require_any(any_of).map_err(to_status)?;
        Ok(principal)
    }
}

async fn answer<S>(
    mut inner: S,
    request: Request<Body>,
    deadline: Deadline,
) -> Result<Response<Body>, tonic::Status>
where
    S: Service<Request<Body>, Response = Response<Body>, Error = Infallible> + Send,
    S::Future: Send,
{
    let call = AssertUnwindSafe(async { inner.call(request).await }).catch_unwind();
    match timeout_at(deadline.instant(), call).await {
        Ok(Ok(Ok(response))) => Ok(response),
        Ok(Err(panic)) => Err(to_status(Internal::new(format!(
            "handler panicked: {}",
            panic_text(&*panic)
        )))),
        Err(_) => Err(to_status(RequestTimeout)),
    }
}

fn is_infrastructure(path: &str) -> bool {
    INFRASTRUCTURE.iter().any(|prefix| path.starts_with(prefix))
}

/// A request that is being worked on.
struct InFlight<'a>(&'a AtomicUsize);

impl<'a> InFlight<'a> {
    fn enter(rules: &'a Rules) -> Result<Self, TooManyRequests> {
        let entered = Self(&rules.in_flight);
        match rules.in_flight.fetch_add(1, Ordering::Relaxed) < rules.layer.in_flight_max {
            true => Ok(entered),
            false => Err(TooManyRequests),
        }
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

#[derive(Debug, thiserror::Error)]
#[error("the server is working on as many requests as it takes; try again")]
struct TooManyRequests;

impl Failure for TooManyRequests {
    fn reason(&self) -> Reason {
        Reason::TooManyRequests
    }

    fn retry_after(&self) -> Option<Duration> {
        Some(BUSY_RETRY_AFTER)
    }
}
