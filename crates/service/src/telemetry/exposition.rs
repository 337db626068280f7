//! Metrics over HTTP, for Prometheus to collect.

use std::convert::Infallible;
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
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{MissedTickBehavior, interval, timeout};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

const TEXT_FORMAT: HeaderValue = HeaderValue::from_static("text/plain; version=0.0.4");

/// How often samples are folded into their histograms when nobody collects.
const UPKEEP_EVERY: Duration = Duration::from_secs(5);

/// A collector that has not been answered by then is cut off.
const CONNECTION_TIMEOUT: Duration = Duration::from_secs(60);

/// How many collectors are answered at a time.
const CONNECTIONS_MAX: usize = 16;

/// How long to rest when no connection can be accepted, as when files run out.
const ACCEPT_RETRY_AFTER: Duration = Duration::from_millis(100);

pub(super) async fn serve(
    handle: PrometheusHandle,
    listener: TcpListener,
    stopping: CancellationToken,
) {
    let connections = TaskTracker::new();
    let mut upkeep = interval(UPKEEP_EVERY);
    upkeep.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            () = stopping.cancelled() => return,
            _ = upkeep.tick() => handle.run_upkeep(),
            accepted = listener.accept(), if connections.len() < CONNECTIONS_MAX => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(answer(handle.clone(), stream));
                }
                Err(error) => {
                    tracing::warn!(%error, "metrics connection not accepted");
                    tokio::time::sleep(ACCEPT_RETRY_AFTER).await;
                }
            },
        }
    }
}

async fn answer(handle: PrometheusHandle, stream: TcpStream) {
    let service = service_fn(|request| std::future::ready(respond(&handle, &request)));
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).keep_alive(false);
    let connection = http.serve_connection(TokioIo::new(stream), service);
    match timeout(CONNECTION_TIMEOUT, connection).await {
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
