//! Pages over HTTP/1.1, one request a connection: what programs fetch that speak no gRPC.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{
    ALLOW, CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH, REFERRER_POLICY, RETRY_AFTER,
    X_CONTENT_TYPE_OPTIONS,
};
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::entrance::{Arrival, Entrance};
use super::listener::Listener;

/// Whoever has not been answered by then is cut off.
const CONNECTION_TIMEOUT: Duration = Duration::from_secs(30);

/// The longest head of a request, in bytes.
const HEAD_BYTES_MAX: usize = 16 << 10;

/// How many connections are open at a time. One that has not asked gives way to the next.
const CONNECTIONS_MAX: usize = 256;

/// How many pages are made at a time; more wait.
const MADE_AT_ONCE: usize = 8;

/// How long somebody who asks at a bad moment is to wait, in seconds.
const RETRY_AFTER_S: HeaderValue = HeaderValue::from_static("60");

/// What stands at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Page {
    /// This.
    Found {
        /// What sort of content, as `Content-Type` names it.
        media_type: &'static str,
        /// The content.
        body: Bytes,
    },
    /// Nothing, or nothing for whoever asks.
    Nothing,
    /// It can't be said now.
    NotNow,
}

/// Answers one request, and closes the connection.
pub(crate) async fn answer<R, F>(arrival: Arrival, respond: R)
where
    R: Fn(Request<Incoming>) -> F,
    F: Future<Output = Response<Full<Bytes>>>,
{
    let leave = arrival.place.leave.clone();
    let presence = Arc::clone(&arrival.place.presence);
    let answered = async {
        let (stream, _, _place) = arrival.secured(CONNECTION_TIMEOUT).await?;
        let service = service_fn(|request| {
            let busy = presence.enter();
            let responding = respond(request);
            async move {
                let response = responding.await;
                drop(busy);
                Ok::<_, Infallible>(response)
            }
        });
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new()).keep_alive(false);
        http.max_buf_size(HEAD_BYTES_MAX);
        let connection = http.serve_connection(TokioIo::new(stream), service);
        connection.await.map_err(std::io::Error::other)
    };
    let ended = tokio::select! {
        ended = timeout(CONNECTION_TIMEOUT, answered) => ended,
        () = leave.cancelled() => return,
    };
    match ended {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::debug!(%error, "connection for a page failed"),
        Err(_) => tracing::debug!("connection for a page timed out"),
    }
}

/// Serves what `find` finds by paths, until `stopping`. One address has at most `per_address_max` connections.
/// Paths may be secrets: they are never logged.
pub async fn serve<R, F>(
    listener: Listener,
    per_address_max: usize,
    find: R,
    stopping: CancellationToken,
) where
    R: Fn(String) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Page> + Send,
{
    let connections = TaskTracker::new();
    let entrance = Entrance::new(listener, CONNECTIONS_MAX, per_address_max);
    let makers = Arc::new(Semaphore::new(MADE_AT_ONCE));
    loop {
        tokio::select! {
            () = stopping.cancelled() => return,
            arrival = entrance.next() => {
                let (find, makers) = (find.clone(), Arc::clone(&makers));
                connections.spawn(async move {
                    answer(arrival, |request| respond(&find, &makers, request)).await;
                });
            }
        }
    }
}

async fn respond<R, F>(
    find: &R,
    makers: &Semaphore,
    request: Request<Incoming>,
) -> Response<Full<Bytes>>
where
    R: Fn(String) -> F,
    F: Future<Output = Page>,
{
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        let mut response = plain(StatusCode::METHOD_NOT_ALLOWED, "GET it\n");
        let headers = response.headers_mut();
        headers.insert(ALLOW, HeaderValue::from_static("GET, HEAD"));
        return response;
    }
    let path = request.uri().path().to_owned();
    let page = match makers.acquire().await {
        Ok(_making) => find(path).await,
        Err(_) => Page::NotNow,
    };
    match page {
        Page::Found { media_type, body } => found(media_type, body, request.headers()),
        Page::Nothing => plain(StatusCode::NOT_FOUND, "there is nothing here\n"),
        Page::NotNow => {
            let mut response = plain(StatusCode::SERVICE_UNAVAILABLE, "ask again soon\n");
            response.headers_mut().insert(RETRY_AFTER, RETRY_AFTER_S);
            response
        }
    }
}

/// A page, or that whoever asks has it already.
fn found(media_type: &'static str, body: Bytes, asked: &HeaderMap) -> Response<Full<Bytes>> {
    let tag = format!("\"{}\"", blake3::hash(&body).to_hex());
    let mut response = match is_known(asked, &tag) {
        true => {
            let mut response = Response::new(Full::default());
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            response
        }
        false => Response::new(Full::from(body)),
    };
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        headers.insert(ETAG, tag);
    }
    guard(headers);
    response
}

/// Whether one of the versions that the asker has is this one.
fn is_known(asked: &HeaderMap, tag: &str) -> bool {
    let known = asked.get_all(IF_NONE_MATCH).into_iter();
    let mut known = known
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim);
    known.any(|one| one == "*" || one.strip_prefix("W/").unwrap_or(one) == tag)
}

fn plain(status: StatusCode, text: &'static str) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(text));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static("text/plain; charset=utf-8"),
    );
    guard(headers);
    response
}

/// What keeps a page and its address with whoever asked.
fn guard(headers: &mut HeaderMap) {
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("private, no-cache"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(known: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(IF_NONE_MATCH, HeaderValue::from_str(known).unwrap());
        headers
    }

    #[test]
    fn a_version_is_known_by_itself_in_a_list_and_as_a_weak_one() {
        for known in ["\"a\"", "W/\"a\"", "\"b\", \"a\"", "*"] {
            assert!(is_known(&asked(known), "\"a\""), "{known}");
        }
        for other in ["\"b\"", "a", "", "W/\"b\""] {
            assert!(!is_known(&asked(other), "\"a\""), "{other}");
        }
        assert!(!is_known(&HeaderMap::new(), "\"a\""));
    }
}
