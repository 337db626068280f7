//! The way in for browsers: what is asked over HTTP by others than gRPC's own clients.

use std::convert::Infallible;
use std::task::{Context, Poll};

use futures::future::BoxFuture;
use http::header::CONTENT_TYPE;
use http::{Request, Response, Version};
use tonic::body::Body;
use tonic::service::Routes;
use tower::Service;

use super::gate::Gate;

/// Answers what no client of gRPC asks, on the port where gRPC is served: over HTTP/1.1, and over HTTP/2 without
/// gRPC's own content type.
pub trait Door: std::fmt::Debug + Send + Sync + 'static {
    /// Answers one request. `behind` are the services, behind the same gate that gRPC's clients pass: a caller is
    /// known by the headers of the request that it is given, or by its connection's certificate, unless the door says
    /// who it is by a [`Vouched`](crate::Vouched) among the request's extensions.
    fn answer(&self, request: Request<Body>, behind: Behind) -> BoxFuture<'static, Response<Body>>;
}

/// All services of a server, behind its gate.
#[derive(Debug, Clone)]
pub struct Behind(Gate<Routes>);

impl Behind {
    pub(super) fn new(gate: Gate<Routes>) -> Self {
        Self(gate)
    }
}

impl Service<Request<Body>> for Behind {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        self.0.call(request)
    }
}

/// Whether a client of gRPC asks.
pub(super) fn is_grpc<B>(request: &Request<B>) -> bool {
    const GRPC: &[u8] = b"application/grpc";
    let content = request.headers().get(CONTENT_TYPE);
    let rest = content.and_then(|content| content.as_bytes().strip_prefix(GRPC));
    // `application/grpc-web` begins in the same way.
    request.version() == Version::HTTP_2 && rest.is_some_and(|rest| !rest.starts_with(b"-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grpc_is_told_from_what_browsers_speak() {
        let asked = |version, content: Option<&str>| {
            let mut request = Request::builder().version(version);
            if let Some(content) = content {
                request = request.header(CONTENT_TYPE, content);
            }
            is_grpc(&request.body(()).unwrap())
        };
        for content in ["application/grpc", "application/grpc+proto"] {
            assert!(asked(Version::HTTP_2, Some(content)), "{content}");
            assert!(!asked(Version::HTTP_11, Some(content)), "{content}");
        }
        for content in ["application/grpc-web+proto", "application/json", ""] {
            assert!(!asked(Version::HTTP_2, Some(content)), "{content}");
        }
        assert!(!asked(Version::HTTP_2, None));
    }
}
