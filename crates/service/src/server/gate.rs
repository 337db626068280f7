//! What every request passes on its way to a service: one layer, one allocation.

use std::convert::Infallible;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use aftercall_proto::elements::Elements;
use futures::FutureExt;
use futures::future::BoxFuture;
use http::{HeaderName, HeaderValue, Request, Response};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout_at;
use tokio_util::sync::CancellationToken;
use tonic::body::Body;
use tower::{Layer, Service};
use tracing::Instrument;

use super::body::{Finish, Kind, TrackedBody};
use super::config::ServerConfig;
use super::inbound::{Bounds, bounded};
use super::memory::{Held, Memory};
use super::meter::{Meter, Meters};
use super::presence::{Busy, Presence};
use crate::auth::Identity;
use crate::deadline::RequestTimeout;
use crate::supervisor::panic_text;
use crate::{
    Access, Authenticator, Clock, Deadline, Failure, Internal, Permissions, Reason, Untaken,
    to_status,
};

/// Services that are called before anybody can have credentials, and whose streams never end by
/// themselves.
const INFRASTRUCTURE: [&str; 2] = ["/grpc.health.", "/grpc.reflection."];

/// The metadata of an answer that says how far its caller reaches.
const SCOPE: HeaderName = HeaderName::from_static("aftercall-scope");

/// When a caller that was turned away should come again.
const BUSY_RETRY_AFTER: Duration = Duration::from_millis(100);

/// Stands before all services of a server.
#[derive(Debug, Clone)]
pub(super) struct GateLayer {
    pub(super) authenticator: Arc<Authenticator>,
    pub(super) permissions: Permissions,
    pub(super) access: Access,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) meters: Meters,
    pub(super) elements: Elements,
    pub(super) memory: Memory,
    pub(super) config: ServerConfig,
    /// Cancelled when the streams of health and reflection must end, and messages that are on their
    /// way soon.
    pub(super) ending: CancellationToken,
}

impl<S> Layer<S> for GateLayer {
    type Service = Gate<S>;

    fn layer(&self, inner: S) -> Gate<S> {
        Gate {
            inner,
            rules: Arc::new(Rules {
                layer: self.clone(),
                in_flight: AtomicUsize::new(0),
                calls: Arc::new(Semaphore::new(self.config.streams_max)),
                infrastructure: Arc::new(Semaphore::new(self.config.health_streams_max)),
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
    /// How many more calls may be open, until their answers have ended,
    calls: Arc<Semaphore>,
    /// and how many of those that need no credentials.
    infrastructure: Arc<Semaphore>,
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
        let mut finish = Finish::new(meter, Arc::clone(&self.layer.clock));
        let infrastructure = is_infrastructure(request.uri().path());
        let mut identity = None;
        let answer = match self.admit(&mut request, infrastructure) {
            Ok(admitted) => {
                let held = Held::default();
                let request = match &admitted.identity {
                    None => request,
                    Some(identity) => self.bounded(request, (held.clone(), identity.clone())),
                };
                identity = admitted.identity;
                finish.hold(admitted.place);
                let answer = answer(inner, request, admitted.deadline).await;
                drop((admitted.in_flight, held));
                answer
            }
            Err(refusal) => Err(refusal),
        };
        let mut response = answer.unwrap_or_else(tonic::Status::into_http);
        if let Some(note) = identity.as_ref().and_then(|known| self.note(known)) {
            // A service that is elsewhere knows best how far its callers reach.
            response.headers_mut().entry(SCOPE).or_insert(note);
        }
        let kind = match infrastructure {
            true => Kind::Infrastructure(self.layer.ending.clone()),
            false => Kind::Service(identity),
        };
        TrackedBody::track(response, finish, kind)
    }

    fn admit(
        &self,
        request: &mut Request<Body>,
        infrastructure: bool,
    ) -> Result<Admitted<'_>, tonic::Status> {
        let in_flight = InFlight::enter(self).map_err(to_status)?;
        let places = match infrastructure {
            true => &self.infrastructure,
            false => &self.calls,
        };
        let place = Arc::clone(places).try_acquire_owned();
        let place = place.map_err(|_| to_status(TooManyRequests))?;
        let identity = match infrastructure {
            true => None,
            false => Some(self.caller(request)?),
        };
        let timeout_max = self.layer.config.request_timeout;
        let deadline = Deadline::from_headers(request.headers(), timeout_max);
        let extensions = request.extensions_mut();
        extensions.insert(deadline);
        if let Some(identity) = &identity {
            extensions.insert(identity.principal.clone());
            extensions.insert(self.layer.access);
        }
        let busy = extensions.remove::<Arc<Presence>>();
        let busy = busy.map(|presence| presence.enter());
        Ok(Admitted {
            in_flight,
            deadline,
            identity,
            place: OpenCall(place, busy),
        })
    }

    /// What an answer says of how far its caller reaches, if that is not all of the tenant: an empty list is
    /// else taken for an empty house.
    fn note(&self, caller: &Identity) -> Option<HeaderValue> {
        let note = self.layer.access.note(&caller.principal)?;
        HeaderValue::from_str(&note).ok()
    }

    /// The request, whose messages keep within bounds.
    fn bounded(&self, request: Request<Body>, (held, caller): (Held, Identity)) -> Request<Body> {
        let layer = &self.layer;
        let bounds = Bounds {
            elements: layer.elements.of(request.uri().path()),
            message_bytes_max: layer.config.message_bytes_max,
            message_timeout: layer.config.request_timeout,
            memory: layer.memory.clone(),
            held,
            caller,
            ending: layer.ending.clone(),
        };
        let (head, body) = request.into_parts();
        let body = bounded(body, &head.headers, bounds);
        Request::from_parts(head, body)
    }

    /// Who calls, if they may: known before a byte of the message is read.
    fn caller(&self, request: &Request<Body>) -> Result<Identity, tonic::Status> {
        let layer = &self.layer;
        let now = layer.clock.now();
        let identity = layer.authenticator.identity_of(request, now);
        let identity = identity.map_err(to_status)?;
        // Who has no role is told the same of whatever there is or is not.
        identity.principal.require_some().map_err(to_status)?;
        let any_of = self.layer.permissions.of(request.uri().path());
        let any_of = any_of.ok_or_else(|| to_status(Untaken::Method))?;
        let allowed = identity.principal.require_any(any_of);
        allowed.map_err(to_status)?;
        Ok(identity)
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

/// A request that was let in.
struct Admitted<'a> {
    in_flight: InFlight<'a>,
    deadline: Deadline,
    /// Who calls; nobody needs to say so to health and reflection.
    identity: Option<Identity>,
    place: OpenCall,
}

/// A call whose answer has not ended: its place, and that its connection is in use.
#[derive(Debug)]
pub(super) struct OpenCall(
    #[expect(dead_code, reason = "held")] OwnedSemaphorePermit,
    #[expect(dead_code, reason = "held")] Option<Busy>,
);

/// A request that is being worked on.
struct InFlight<'a>(&'a AtomicUsize);

impl<'a> InFlight<'a> {
    fn enter(rules: &'a Rules) -> Result<Self, TooManyRequests> {
        let entered = Self(&rules.in_flight);
        match rules.in_flight.fetch_add(1, Ordering::Relaxed)
            < rules.layer.config.requests_in_flight_max
        {
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
