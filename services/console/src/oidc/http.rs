//! How the provider is spoken to.

use std::path::PathBuf;

use aftercall_service::fetch::{FetchError, fetch};
use bytes::Bytes;
use futures::future::BoxFuture;
use openidconnect::{AsyncHttpClient, HttpRequest, HttpResponse};

/// Asks over TLS, bounded in time and bytes, and follows no redirect.
#[derive(Debug)]
pub(super) struct Http {
    pub(super) ca_file: Option<PathBuf>,
}

impl<'c> AsyncHttpClient<'c> for Http {
    type Error = FetchError;
    type Future = BoxFuture<'c, Result<HttpResponse, FetchError>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(async move {
            let request = request.map(Bytes::from);
            let answer = fetch(request, self.ca_file.as_deref()).await?;
            Ok(answer.map(|body| body.to_vec()))
        })
    }
}
