//! The life of a connection: it speaks in time, it is used, it comes to an end.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt;
use futures::future::BoxFuture;
use http::{Request, Response};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep, sleep_until};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tonic::body::Body;
use tonic::service::Routes;
use tower::Service;

use super::config::ServerConfig;
use super::door::{Behind, Door, is_grpc};
use super::entrance::{Arrival, Entrance, Secured};
use super::gate::Gate;
use super::places::Place;
use super::presence::{Heard, Presence};
use super::tls::Peer;

/// How long a connection without open requests stays when it is to end: what was answered last gets
/// through, and the peer hears that it ends.
const FAREWELL: Duration = Duration::from_millis(500);
/// How often it is looked whether it has become quiet.
const FAREWELL_LOOKED_EVERY: Duration = Duration::from_millis(50);

/// Serves connections, each on a task of its own.
pub(super) struct Connections {
    pub(super) service: Gate<Routes>,
    /// Who answers browsers. Without it only HTTP/2 is spoken.
    pub(super) door: Option<Arc<dyn Door>>,
    pub(super) config: ServerConfig,
    /// Cancelled when connections are to end.
    pub(super) ending: CancellationToken,
    pub(super) tasks: TaskTracker,
}

/// Why a connection is to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Parting {
    /// It has not said in time what every client says first.
    Silent,
    /// Nothing was asked for so long, or another connection needs its place.
    Unused,
    /// It is open for so long.
    Old,
    /// The server stops.
    Stop,
}

impl Connections {
    /// Accepts connections until `draining`.
    pub(super) async fn accept(self: &Arc<Self>, entrance: Entrance, draining: &CancellationToken) {
        loop {
            let arrival = tokio::select! {
                () = draining.cancelled() => return,
                next = entrance.next() => next,
            };
            let connections = Arc::clone(self);
            self.tasks.spawn(async move {
                if let Some((stream, peer, place)) = connections.secured(arrival).await {
                    connections.live((stream, peer), place).await;
                }
            });
        }
    }

    async fn secured(&self, arrival: Arrival) -> Option<(Secured, Option<Peer>, Place)> {
        let leave = arrival.place.leave.clone();
        tokio::select! {
            secured = arrival.secured(self.config.handshake_timeout) => match secured {
                Ok(secured) => Some(secured),
                Err(error) => {
                    tracing::debug!(%error, "no agreement on TLS");
                    None
                }
            },
            () = leave.cancelled() => None,
            () = self.ending.cancelled() => None,
        }
    }

    async fn live(&self, (stream, peer): (Secured, Option<Peer>), place: Place) {
        let presence = Arc::clone(&place.presence);
        let peer = peer.map(Arc::new);
        let service = service_fn(|request: Request<Incoming>| {
            let mut request = request.map(Body::new);
            let extensions = request.extensions_mut();
            extensions.insert(Arc::clone(&presence));
            if let Some(peer) = &peer {
                extensions.insert(Arc::clone(peer));
            }
            self.answer(request)
        });
        let stream = TokioIo::new(Heard::new(stream, Arc::clone(&presence)));
        let http = self.http();
        let connection = http.serve_connection(stream, service);
        let mut connection = std::pin::pin!(connection);
        let parting = tokio::select! {
            ended = &mut connection => return said(ended),
            parting = self.parting(&place) => parting,
        };
        tracing::debug!(?parting, "connection to end");
        if parting == Parting::Silent {
            return;
        }
        connection.as_mut().graceful_shutdown();
        tokio::select! {
            ended = &mut connection => said(ended),
            () = self.farewell(&presence, parting) => {}
        }
    }

    /// gRPC's clients pass the gate; whoever else asks is answered at the door.
    fn answer(
        &self,
        request: Request<Body>,
    ) -> BoxFuture<'static, Result<Response<Body>, Infallible>> {
        let mut gate = self.service.clone();
        match &self.door {
            Some(door) if !is_grpc(&request) => {
                door.answer(request, Behind::new(gate)).map(Ok).boxed()
            }
            _ => gate.call(request),
        }
    }

    /// Waits until the connection is to end.
    async fn parting(&self, place: &Place) -> Parting {
        let config = &self.config;
        let opened = place.presence.opened();
        let presence = &place.presence;
        tokio::select! {
            () = self.ending.cancelled() => unless_silent(presence, Parting::Stop),
            () = place.leave.cancelled() => unless_silent(presence, Parting::Unused),
            () = sleep_until(after(opened, config.connection_age_max)) => Parting::Old,
            parting = async {
                sleep_until(after(opened, config.handshake_timeout)).await;
                match presence.spoke() {
                    true => unused(presence, config.idle_timeout).await,
                    false => Parting::Silent,
                }
            } => parting,
        }
    }

    /// Waits until nothing holds the connection any more, or it has had its time.
    async fn farewell(&self, presence: &Presence, parting: Parting) {
        let stays = match parting {
            Parting::Silent | Parting::Unused => FAREWELL,
            Parting::Old => self.config.connection_age_grace,
            Parting::Stop => self.config.connections_cut_after(),
        };
        let quiet = async {
            let mut looks = interval(FAREWELL_LOOKED_EVERY);
            looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
            while !presence.is_quiet_for(FAREWELL) {
                looks.tick().await;
            }
        };
        let cut = async {
            self.ending.cancelled().await;
            sleep(self.config.connections_cut_after()).await;
        };
        tokio::select! {
            () = quiet => {}
            () = sleep(stays) => {}
            () = cut => {}
        }
    }

    /// Windows are fixed: measuring the connection instead costs a ping per read.
    fn http(&self) -> auto::Builder<OnTracker> {
        let config = &self.config;
        let mut http = auto::Builder::new(OnTracker(self.tasks.clone()));
        http.http2()
            .timer(TokioTimer::new())
            .max_concurrent_streams(config.streams_per_connection_max)
            .initial_stream_window_size(config.stream_window_bytes)
            .initial_connection_window_size(config.connection_window_bytes)
            .keep_alive_interval(config.keepalive_interval)
            .keep_alive_timeout(config.keepalive_timeout)
            .max_header_list_size(ServerConfig::HEADER_BYTES_MAX);
        if self.door.is_none() {
            return http.http2_only();
        }
        http.http1()
            .timer(TokioTimer::new())
            .header_read_timeout(config.handshake_timeout)
            .max_buf_size(ServerConfig::HEADER_BYTES_MAX as usize);
        http
    }
}

/// Nobody says farewell to who has not spoken.
fn unless_silent(presence: &Presence, parting: Parting) -> Parting {
    match presence.spoke() {
        true => parting,
        false => Parting::Silent,
    }
}

/// Waits until no request has been open for `idle_timeout`.
async fn unused(presence: &Presence, idle_timeout: Duration) -> Parting {
    loop {
        let since = presence.quiet_since().unwrap_or_else(Instant::now);
        let until = after(since, idle_timeout);
        if until <= Instant::now() {
            return Parting::Unused;
        }
        sleep_until(until).await;
    }
}

fn after(start: Instant, long: Duration) -> Instant {
    /// What tokio takes for never.
    const FOR_EVER: Duration = Duration::from_secs(86_400 * 365 * 30);
    start + long.min(FOR_EVER)
}

fn said(ended: Result<(), Box<dyn std::error::Error + Send + Sync>>) {
    if let Err(error) = ended {
        tracing::debug!(error = %crate::chain(error.as_ref()), "connection failed");
    }
}

/// Runs what a connection has to run beside itself where a stop waits for it.
#[derive(Debug, Clone)]
struct OnTracker(TaskTracker);

impl<F> hyper::rt::Executor<F> for OnTracker
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    fn execute(&self, task: F) {
        self.0.spawn(task);
    }
}
