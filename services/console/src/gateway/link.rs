//! The connections to one address, and what is passed on over them.

use std::error::Error;
use std::future::{poll_fn, ready};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use aftercall_service::{Failure, Reason, to_status};
use bytes::Bytes;
use futures::StreamExt;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, HOST};
use http::{HeaderMap, HeaderName, Request, Response, Uri, Version};
use http_body::{Body as HttpBody, Frame};
use http_body_util::{BodyExt, BodyStream, StreamBody};
use tonic::body::Body;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint};
use tonic::{Status, TimeoutExpired};
use tower::Service;

use super::GatewayError;

/// How many connections one address has at most.
const LINES: usize = 16;

/// How many calls are open on a connection before another one is opened. A role takes 1,024 unless it is told
/// otherwise (`server.streams_per_connection_max`); what is more waits, behind streams that never end.
const CALLS_EACH: u32 = 512;

/// How many bytes of an answer may be on their way to somebody who does not read them,
const STREAM_WINDOW_BYTES: u32 = 64 << 10;
/// and of all answers of a connection: so many that those who don't read leave room for everybody else.
const CONNECTION_WINDOW_BYTES: u32 = STREAM_WINDOW_BYTES * CALLS_EACH;

/// How long connecting may take. Less than a look at the role, which is to see that it failed.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// How long a silent connection is trusted, and how long the role has to show that it lives.
const KEEPALIVE_INTERVAL: Duration = Duration::from_secs(10);
const KEEPALIVE_TIMEOUT: Duration = Duration::from_secs(5);

/// The header in which the status is of an answer without messages.
const GRPC_STATUS: HeaderName = HeaderName::from_static("grpc-status");

/// The connections to one address. Clones are the same.
#[derive(Debug, Clone)]
pub(super) struct Link(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    lines: [Line; LINES],
    /// For looks at the role alone: they don't wait behind calls.
    looking: Channel,
    /// Whether anything is passed on.
    passes: AtomicBool,
}

/// A connection, which is made anew when it is needed and gone.
#[derive(Debug)]
struct Line {
    channel: Channel,
    /// Held by each of its calls, until the answer has ended.
    calls: Arc<()>,
}

/// What became of a request on its way.
#[derive(Debug, thiserror::Error)]
pub(super) enum Astray {
    #[error("the service {role} is not reached at present; it is tried again")]
    Unreached {
        role: &'static str,
        #[source]
        source: Option<tonic::transport::Error>,
    },
    #[error("what answers in the place of the service {role} speaks no gRPC")]
    NoGrpc { role: &'static str },
    #[error("the connection to the service {role} broke off before the answer had ended")]
    BrokenOff {
        role: &'static str,
        #[source]
        source: Status,
    },
    #[error("the service {role} did not answer before the request's deadline")]
    Late { role: &'static str },
}

impl Failure for Astray {
    fn reason(&self) -> Reason {
        match self {
            Self::Late { .. } => Reason::RequestTimeout,
            Self::Unreached { .. } | Self::NoGrpc { .. } | Self::BrokenOff { .. } => {
                Reason::ServiceUnreached
            }
        }
    }

    fn metadata(&self) -> Vec<(&'static str, String)> {
        let (Self::Unreached { role, .. }
        | Self::NoGrpc { role }
        | Self::BrokenOff { role, .. }
        | Self::Late { role }) = self;
        vec![("service", (*role).to_owned())]
    }
}

impl Link {
    /// The connections to the address of `role`; none is made yet. Nothing is passed on until [`Link::let_pass`] says so.
    pub(super) fn open(
        role: &'static str,
        address: &str,
        authorities: Option<&[u8]>,
    ) -> Result<Self, GatewayError> {
        let endpoint = endpoint(role, address, authorities)?;
        Ok(Self(Arc::new(Shared {
            lines: std::array::from_fn(|_| Line {
                channel: endpoint.connect_lazy(),
                calls: Arc::default(),
            }),
            looking: endpoint.connect_lazy(),
            passes: AtomicBool::new(false),
        })))
    }

    /// What looks at the role are made over.
    pub(super) fn looking(&self) -> Channel {
        self.0.looking.clone()
    }

    /// Says whether requests are passed on. Those that are not are refused at once: connecting in vain takes time,
    /// and requests would wait for it one after the other.
    pub(super) fn let_pass(&self, passes: bool) {
        self.0.passes.store(passes, Ordering::Relaxed);
    }

    /// Passes a request on, and the answer back.
    pub(super) async fn call(
        &self,
        role: &'static str,
        request: Request<Body>,
    ) -> Result<Response<Body>, Status> {
        if !self.0.passes.load(Ordering::Relaxed) {
            let source = None;
            return Err(to_status(Astray::Unreached { role, source }));
        }
        let (channel, open) = self.line();
        let (request, refused) = onward(request);
        match send(channel, request).await {
            Ok(response) if is_grpc(response.headers()) => {
                Ok(response.map(|body| carried(body, role, open)))
            }
            Ok(_) => Err(to_status(Astray::NoGrpc { role })),
            Err(source) => Err(match refused.get() {
                Some(status) => status.clone(),
                None if is_late(&source) => to_status(Astray::Late { role }),
                None => {
                    let source = Some(source);
                    to_status(Astray::Unreached { role, source })
                }
            }),
        }
    }

    /// The first connection with room for a call, or the one with the fewest.
    fn line(&self) -> (Channel, Arc<()>) {
        let mut best = &self.0.lines[0];
        for line in &self.0.lines {
            if Arc::strong_count(&best.calls) <= CALLS_EACH as usize {
                break;
            }
            if Arc::strong_count(&line.calls) < Arc::strong_count(&best.calls) {
                best = line;
            }
        }
        (best.channel.clone(), Arc::clone(&best.calls))
    }
}

fn endpoint(
    role: &'static str,
    address: &str,
    authorities: Option<&[u8]>,
) -> Result<Endpoint, GatewayError> {
    let malformed = || GatewayError::Address {
        role,
        address: address.to_owned(),
    };
    let endpoint = Endpoint::from_shared(address.to_owned()).map_err(|_| malformed())?;
    let uri = endpoint.uri();
    if uri.host().is_none() || !matches!(uri.path(), "" | "/") || uri.query().is_some() {
        return Err(malformed());
    }
    let endpoint = match uri.scheme_str() {
        Some("http") => endpoint,
        Some("https") => {
            let mut tls = ClientTlsConfig::new().with_native_roots();
            if let Some(pem) = authorities {
                tls = tls.ca_certificate(Certificate::from_pem(pem));
            }
            let secured = endpoint.tls_config(tls);
            secured.map_err(|source| GatewayError::Tls { role, source })?
        }
        _ => return Err(malformed()),
    };
    Ok(endpoint
        .connect_timeout(CONNECT_TIMEOUT)
        .tcp_nodelay(true)
        .http2_keep_alive_interval(KEEPALIVE_INTERVAL)
        .keep_alive_timeout(KEEPALIVE_TIMEOUT)
        .keep_alive_while_idle(true)
        .initial_stream_window_size(STREAM_WINDOW_BYTES)
        .initial_connection_window_size(CONNECTION_WINDOW_BYTES))
}

/// Sends a request once the connection is there.
pub(super) async fn send(
    mut channel: Channel,
    request: Request<Body>,
) -> Result<Response<Body>, tonic::transport::Error> {
    poll_fn(|cx| channel.poll_ready(cx)).await?;
    channel.call(request).await
}

/// The request as it is passed on; and, once its body ends before its time, why the gate ended it. The transport
/// tells no more than that it did.
fn onward(request: Request<Body>) -> (Request<Body>, Arc<OnceLock<Status>>) {
    let (head, body) = request.into_parts();
    let refused = Arc::new(OnceLock::new());
    let told = Arc::clone(&refused);
    let body = body.map_err(move |status: Status| {
        // A body fails once.
        let _ = told.set(status.clone());
        status
    });
    let mut onward = Request::new(Body::new(body));
    *onward.method_mut() = head.method;
    *onward.version_mut() = Version::HTTP_2;
    // The name is the role's own, and extensions are this process's.
    if let Some(path) = head.uri.path_and_query() {
        *onward.uri_mut() = Uri::from(path.clone());
    }
    *onward.headers_mut() = head.headers;
    onward.headers_mut().remove(HOST);
    // The gate unfolds what is compressed.
    onward.headers_mut().remove(CONTENT_LENGTH);
    (onward, refused)
}

/// The body of an answer. One that breaks off ends with a status, as a role's own does.
fn carried(body: Body, role: &'static str, open: Arc<()>) -> Body {
    // An answer without messages has its status in its headers.
    if body.is_end_stream() {
        return body;
    }
    let frames = BodyStream::new(body).scan(Some(open), move |open, frame| {
        ready(match (frame, open.is_some()) {
            (Ok(frame), true) => Some(Ok::<_, Status>(frame)),
            (Err(source), true) => {
                *open = None;
                Some(Ok(ending(Astray::BrokenOff { role, source })))
            }
            (_, false) => None,
        })
    });
    Body::new(StreamBody::new(frames))
}

fn ending(failure: Astray) -> Frame<Bytes> {
    let status = to_status(failure);
    let mut trailers = HeaderMap::new();
    if status.add_header(&mut trailers).is_err() {
        trailers.insert(GRPC_STATUS, (status.code() as i32).into());
    }
    Frame::trailers(trailers)
}

fn is_grpc(headers: &HeaderMap) -> bool {
    const GRPC: &[u8] = b"application/grpc";
    let content = headers.get(CONTENT_TYPE);
    content.is_some_and(|content| content.as_bytes().starts_with(GRPC))
}

/// Whether it is the caller's deadline that has passed, which the transport keeps, too.
fn is_late(error: &tonic::transport::Error) -> bool {
    let mut cause = error.source();
    while let Some(error) = cause {
        if error.is::<TimeoutExpired>() {
            return true;
        }
        cause = error.source();
    }
    false
}

#[cfg(test)]
mod tests {
    use http::header::AUTHORIZATION;

    use super::*;

    #[test]
    fn an_address_is_a_scheme_a_host_and_no_more() {
        for address in ["http://127.0.0.1:7410", "http://recorder:7400/"] {
            assert!(endpoint("recorder", address, None).is_ok(), "{address}");
        }
        for address in [
            "",
            "recorder:7400",
            "ftp://recorder",
            "http://recorder/path",
            "/",
        ] {
            let refused = endpoint("recorder", address, None).unwrap_err();
            let said = refused.to_string();
            assert!(said.starts_with("console.services.recorder: "), "{said}");
        }
    }

    #[test]
    fn credentials_go_along_and_names_do_not() {
        let asked = Request::post("http://console.example/a.B/C")
            .header(AUTHORIZATION, "Bearer one")
            .header(HOST, "console.example")
            .body(Body::empty())
            .unwrap();
        let (onward, refused) = onward(asked);
        assert_eq!(onward.uri(), "/a.B/C");
        assert_eq!(onward.headers()[AUTHORIZATION], "Bearer one");
        assert!(!onward.headers().contains_key(HOST));
        assert!(refused.get().is_none());
    }

    #[tokio::test]
    async fn calls_go_where_there_is_room() {
        let link = Link::open("recorder", "http://127.0.0.1:1", None).unwrap();
        let open: Vec<_> = (0..=CALLS_EACH).map(|_| link.line()).collect();
        let counts = || {
            link.0
                .lines
                .each_ref()
                .map(|line| Arc::strong_count(&line.calls) - 1)
        };
        assert_eq!(counts()[..3], [CALLS_EACH as usize, 1, 0]);
        drop(open);
        assert_eq!(counts()[..3], [0, 0, 0]);
    }

    #[tokio::test]
    async fn an_answer_that_breaks_off_ends_with_a_status() {
        let data = Ok(Frame::data(Bytes::from_static(b"one")));
        let broken = Err(Status::unknown("reset"));
        let frames = futures::stream::iter([data, broken]);
        let body = Body::new(StreamBody::new(frames));
        let read = carried(body, "history", Arc::default())
            .collect()
            .await
            .unwrap();
        let trailers = read.trailers().unwrap().clone();
        assert_eq!(read.to_bytes(), "one");
        let status = Status::from_header_map(&trailers).unwrap();
        assert_eq!(status.code(), tonic::Code::Unavailable);
        assert!(status.message().contains("history"), "{status}");
    }
}
