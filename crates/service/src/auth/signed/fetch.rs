//! An issuer's keys over HTTP.

use std::io;
use std::path::Path;

use bytes::Bytes;
use http::header::ACCEPT;
use http::{Request, StatusCode, Uri};

use crate::fetch::{self, FetchError};

/// Why keys can't be had.
#[derive(Debug, thiserror::Error)]
pub(super) enum KeysError {
    #[error("the file can't be read")]
    File(#[from] io::Error),
    #[error(transparent)]
    Fetch(#[from] FetchError),
    #[error("the request can't be made")]
    Request(#[from] http::Error),
    #[error("answered {0}")]
    Status(StatusCode),
    #[error("not a JSON Web Key Set")]
    Json(#[from] serde_json::Error),
}

/// What is at `url`.
pub(super) async fn fetch(url: &Uri, ca: Option<&Path>) -> Result<Vec<u8>, KeysError> {
    let request = Request::get(url.clone());
    let request = request
        .header(ACCEPT, "application/json")
        .body(Bytes::new())?;
    let answer = fetch::fetch(request, ca).await?;
    match answer.status() {
        StatusCode::OK => Ok(answer.into_body().to_vec()),
        status => Err(KeysError::Status(status)),
    }
}
