//! Why a command failed, as one clear message.

use std::fmt;
use std::io;
use std::time::Duration;

use tonic::{Code, Status};
use tonic_types::StatusExt;

use crate::output::clean;

/// Why a command failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// The address is none.
    #[error("\"{server}\" is not a server's address: write http://HOST:PORT or https://HOST:PORT")]
    ServerMalformed {
        /// The address as given.
        server: String,
    },
    /// The token has characters that no token has.
    #[error("the token has characters that a header can't carry: check the file or variable")]
    TokenMalformed,
    /// Nobody answers.
    #[error(
        "no server answers at {server}: start one with `aftercall serve`, or name another with \
         --server"
    )]
    Unreachable {
        /// The address.
        server: String,
        /// Why.
        #[source]
        source: tonic::transport::Error,
    },
    /// The server lives, but does not do its work.
    #[error(
        "the server at {server} is not serving: its views catch up with the log, the log can't be \
         written, or it is stopping; its own log says which"
    )]
    NotServing {
        /// The address.
        server: String,
    },
    /// The server said no.
    #[error(transparent)]
    Refused(Box<Refusal>),
    /// A file can't be read or written.
    #[error("{path} can't be read or written")]
    File {
        /// The file.
        path: String,
        /// Why.
        source: io::Error,
    },
    /// A log's files are not as they should be.
    #[error(transparent)]
    Log(Box<dyn std::error::Error + Send + Sync>),
    /// What was given makes no sense; the command line's fault, not the server's.
    #[error("{0}")]
    Usage(String),
    /// What was read is not what it should be.
    #[error("{0}")]
    Input(String),
    /// The command did what it could, and has said what failed.
    #[error("not everything succeeded")]
    Reported,
    /// The output takes no more.
    #[error("the output can't be written")]
    Output(#[from] io::Error),
}

impl From<Status> for ClientError {
    fn from(status: Status) -> Self {
        Self::Refused(Box::new(Refusal::from(status)))
    }
}

impl ClientError {
    /// Whether the reader of the output has gone: nothing to complain about.
    pub fn reader_is_gone(&self) -> bool {
        matches!(self, Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }
}

/// What a server's refusal says, taken out of its status.
#[derive(Debug, Clone)]
pub struct Refusal {
    /// The status code.
    pub code: Code,
    /// The stable reason; empty where the status names none.
    pub reason: String,
    /// In a sentence.
    pub message: String,
    /// What is wrong with which field.
    pub violations: Vec<(String, String)>,
    /// When a retry has a chance.
    pub retry_after: Option<Duration>,
}

impl Refusal {
    /// A server that takes no more for now.
    pub(crate) fn busy() -> Self {
        Self {
            code: Code::ResourceExhausted,
            reason: String::new(),
            message: "the server takes no more for now".to_owned(),
            violations: Vec::new(),
            retry_after: Some(Duration::ZERO),
        }
    }

    /// Whether the same request may succeed later. A status without a reason isn't the server's own
    /// but the transport's: the connection broke.
    pub fn is_retryable(&self) -> bool {
        let broken = matches!(self.code, Code::Unknown | Code::Cancelled | Code::Internal);
        self.retry_after.is_some()
            || matches!(self.code, Code::Unavailable | Code::DeadlineExceeded)
            || (self.reason.is_empty() && broken)
    }
}

impl From<Status> for Refusal {
    fn from(status: Status) -> Self {
        let details = status.get_error_details();
        let reason = details.error_info().map(|info| info.reason.clone());
        let fields = details
            .bad_request()
            .into_iter()
            .flat_map(|bad| &bad.field_violations);
        let fields = fields.map(|one| (one.field.clone(), one.description.clone()));
        let conditions = details.precondition_failure();
        let conditions = conditions
            .into_iter()
            .flat_map(|failure| &failure.violations);
        let conditions = conditions.map(|one| (one.subject.clone(), one.description.clone()));
        Self {
            code: status.code(),
            reason: reason.unwrap_or_default(),
            message: status.message().to_owned(),
            violations: fields.chain(conditions).collect(),
            retry_after: details.retry_info().and_then(|info| info.retry_delay),
        }
    }
}

impl std::error::Error for Refusal {}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.violations.as_slice() {
            [] => f.write_str(&self.headline())?,
            violations => {
                f.write_str("the request is refused")?;
                for (field, description) in violations {
                    write!(f, "\n  {}: {}", clean(field), clean(description))?;
                }
            }
        }
        if !self.reason.is_empty() {
            write!(f, "\n  reason: {}", clean(&self.reason))?;
        }
        if let Some(after) = self.retry_after {
            write!(f, "\n  try again in {after:?}")?;
        }
        Ok(())
    }
}

impl Refusal {
    fn headline(&self) -> String {
        let message = clean(&self.message);
        match (self.code, message.is_empty()) {
            (Code::Unavailable, false) if self.reason.is_empty() => {
                format!("the connection to the server was lost: {message}")
            }
            (_, false) => message,
            (code, true) => code.description().to_owned(),
        }
    }
}
