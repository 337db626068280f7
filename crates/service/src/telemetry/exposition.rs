//! Metrics over HTTP, for Prometheus to collect.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::time::{MissedTickBehavior, interval, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::server::{Arrival, Entrance, Listener};

const TEXT_FORMAT: HeaderValue = HeaderValue::from_static("text/plain; version=0.0.4");

/// How often samples are folded into their histograms when nobody collects.
const UPKEEP_EVERY: Duration = Duration::from_secs(5);

/// A collector that has not been answered by then is cut off.
const CONNECTION_TIMEOUT: Duration = Duration::from_secs(30);

/// How many collectors are connected at a time, and how many of them from one address. One that has not
/// asked gives way to the next.
const CONNECTIONS_MAX: usize = 64;
const PER_ADDRESS_MAX: usize = 16;

pub(super) async fn serve(
    handle: PrometheusHandle,
    listener: Listener,
    stopping: CancellationToken,
) {
    let connections = TaskTracker::new();
    let entrance = Entrance::new(listener, CONNECTIONS_MAX, PER_ADDRESS_MAX);
    let mut upkeep = interval(UPKEEP_EVERY);
    upkeep.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stopping.cancelled() => return,
            _ = upkeep.tick() => handle.run_upkeep(),
            arrival = entrance.next() => {
                connections.spawn(answer(handle.clone(), arrival));
            }
        }
    }
}

async fn answer(handle: PrometheusHandle, arrival: Arrival) {
    let leave = arrival.place.leave.clone();
    let presence = Arc::clone(&arrival.place.presence);
    let answered = async {
        let (stream, _, _place) = arrival.secured(CONNECTION_TIMEOUT).await?;
        let service = service_fn(|request| {
            let _busy = presence.enter();
            std::future::ready(respond(&handle, &request))
        });
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new()).keep_alive(false);
        let connection = http.serve_connection(TokioIo::new(stream), service);
        connection.await.map_err(std::io::Error::other)
    };
    let ended = tokio::select! {
        ended = timeout(CONNECTION_TIMEOUT, answered) => ended,
        () = leave.cancelled() => return,
    };
    match ended {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::debug!(%error, "metrics connection failed"),
        Err(_) => tracing::debug!("metrics connection timed out"),
    }
}

fn respond(
    handle: &PrometheusHandle,
    request: &Request<Incoming>,
) -> Result<Response<Full<Bytes>>, Infallible> {
    let (status, text) = match (request.method(), request.uri().path()) {
        (&Method::GET, "/metrics") => (StatusCode::OK, handle.render()),
        (_, "/metrics") => (StatusCode::METHOD_NOT_ALLOWED, "GET /metrics\n".to_owned()),
        _ => (
            StatusCode::NOT_FOUND,
            "metrics are at /metrics\n".to_owned(),
        ),
    };
    let mut response = Response::new(Full::from(text));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, TEXT_FORMAT);
    Ok(response)
}
