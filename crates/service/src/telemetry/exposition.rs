//! Metrics over HTTP, for Prometheus to collect.

use std::time::Duration;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::server::{Entrance, Listener, pages};

const TEXT_FORMAT: HeaderValue = HeaderValue::from_static("text/plain; version=0.0.4");

/// How often samples are folded into their histograms when nobody collects.
const UPKEEP_EVERY: Duration = Duration::from_secs(5);

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
                let handle = handle.clone();
                connections.spawn(async move {
                    let respond = |request| std::future::ready(respond(&handle, &request));
                    pages::answer(arrival, respond).await;
                });
            }
        }
    }
}

fn respond(handle: &PrometheusHandle, request: &Request<Incoming>) -> Response<Full<Bytes>> {
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
    response
}
