//! What is answered in JSON: to the pages, and as refusals.

use bytes::Bytes;
use http::header::{CONTENT_TYPE, LOCATION};
use http::{HeaderValue, Response, StatusCode};
use http_body_util::Full;
use serde::Serialize;
use tonic::body::Body;

/// Why a request was not answered. Each has a reason that never changes, and says what to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    /// Nobody said that the console is reached under that name.
    #[error(
        "the console is not served under this name: open it by the address that the server prints when it starts, \
         or add the name to console.origins, as in [\"https://console.example\"]"
    )]
    Host,
    /// Another page sent it.
    #[error("this was sent by a page of another origin, or does not say where it comes from")]
    Origin,
    /// There is nothing at that path.
    #[error("there is nothing here")]
    Nothing,
    /// It is not done in that way.
    #[error("this path is not asked by that method")]
    Method,
    /// Nobody is signed in.
    #[error("nobody is signed in, or the session is over: sign in")]
    SignedOut,
    /// The token is nobody's.
    #[error("token is not known: ask whoever keeps the credentials for one, and copy all of it")]
    Token,
    /// The body is not what is asked for.
    #[error(
        "the body must be JSON of at most 8 KiB with the field token, a text of 1 to 2,800 bytes"
    )]
    Body,
    /// There is no such session, or it is somebody else's.
    #[error("there is no such session")]
    NoSession,
    /// What sessions there are can't be written down.
    #[error("the session can't be kept at present: try again; the server's log says more")]
    Unkept,
}

impl Refusal {
    const fn reason(self) -> &'static str {
        match self {
            Self::Host => "HOST_UNKNOWN",
            Self::Origin => "ORIGIN_FOREIGN",
            Self::Nothing => "NOT_FOUND",
            Self::Method => "METHOD_NOT_ALLOWED",
            Self::SignedOut => "SIGNED_OUT",
            Self::Token => "TOKEN_UNKNOWN",
            Self::Body => "BODY_INVALID",
            Self::NoSession => "SESSION_NOT_FOUND",
            Self::Unkept => "SESSION_NOT_KEPT",
        }
    }

    const fn status(self) -> StatusCode {
        match self {
            Self::Host => StatusCode::MISDIRECTED_REQUEST,
            Self::Origin => StatusCode::FORBIDDEN,
            Self::Nothing | Self::NoSession => StatusCode::NOT_FOUND,
            Self::Method => StatusCode::METHOD_NOT_ALLOWED,
            Self::SignedOut | Self::Token => StatusCode::UNAUTHORIZED,
            Self::Body => StatusCode::BAD_REQUEST,
            Self::Unkept => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    pub(crate) fn answer(self) -> Response<Body> {
        #[derive(Serialize)]
        struct Said {
            reason: &'static str,
            message: String,
        }
        let said = Said {
            reason: self.reason(),
            message: self.to_string(),
        };
        let mut response = json(&said);
        *response.status_mut() = self.status();
        response
    }
}

/// An answer that leads somewhere else. None where that can't be said in a header.
pub(crate) fn lead(to: &str) -> Option<Response<Body>> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SEE_OTHER;
    let to = HeaderValue::from_str(to).ok()?;
    response.headers_mut().insert(LOCATION, to);
    Some(response)
}

/// An answer in JSON.
pub(crate) fn json(said: &impl Serialize) -> Response<Body> {
    // What we say has no form that JSON lacks.
    let text = serde_json::to_vec(said).unwrap_or_default();
    let mut response = Response::new(Body::new(Full::new(Bytes::from(text))));
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(CONTENT_TYPE, json);
    response
}
