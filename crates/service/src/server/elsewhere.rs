//! What is served elsewhere, as the router takes it: whatever bodies are.

use std::error::Error;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::Request;
use tonic::body::Body;
use tower::Service;

/// A service that takes the router's own requests.
#[derive(Debug, Clone)]
pub(super) struct Elsewhere<S>(pub(super) S);

impl<S, B> Service<Request<B>> for Elsewhere<S>
where
    S: Service<Request<Body>>,
    B: http_body::Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> S::Future {
        self.0.call(request.map(Body::new))
    }
}
