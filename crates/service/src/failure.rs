//! Failures as a service states them, free of the transport.

mod from_log;
mod status;
mod transport;

use std::borrow::Cow;
use std::error::Error;
use std::fmt;
use std::time::Duration;

use aftercall_domain::Violations;

use crate::Reason;

pub use status::to_status;
pub(crate) use transport::Untaken;
pub use transport::explained;

/// The few codes that a caller has to tell apart. A new one needs a new reaction of the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Code {
    /// The request is wrong whatever the state; change it.
    InvalidArgument,
    /// The state does not allow it; look, then decide.
    FailedPrecondition,
    /// Somebody else was first; read again, then retry.
    Aborted,
    /// It is there already, with other content.
    AlreadyExists,
    /// It is not there for this caller.
    NotFound,
    /// The caller may not do this.
    PermissionDenied,
    /// The caller is not known.
    Unauthenticated,
    /// A bounded resource is used up; retry later.
    ResourceExhausted,
    /// Not possible at the moment; retry later.
    Unavailable,
    /// This server does no such thing.
    Unimplemented,
    /// It took longer than the caller waits.
    DeadlineExceeded,
    /// A fault of the server; report it.
    Internal,
}

impl Code {
    /// Whether the same request may succeed later, without a change of request or state. A caller
    /// sees it by the failure's `RetryInfo`, which such failures have and no others.
    pub const fn retryable(self) -> bool {
        matches!(
            self,
            Self::ResourceExhausted | Self::Unavailable | Self::DeadlineExceeded
        )
    }
}

/// An error that a caller is told about.
///
/// `Display` is what the caller reads: it holds no personal data and no internals, and says its own
/// level only. [`Error::source`] is the internal cause, which goes to the log and never to the
/// caller. For [`Code::Internal`] the caller gets a fixed text, and `Display` goes to the log too.
pub trait Failure: Error {
    /// Why; decides the code as well.
    fn reason(&self) -> Reason;

    /// The fields that are wrong, all of them at once.
    fn violations(&self) -> Option<&Violations> {
        None
    }

    /// The conditions that the state does not meet.
    fn preconditions(&self) -> Vec<Precondition> {
        Vec::new()
    }

    /// When a retry has a chance, if that is known better than a second from now. Asked only of a
    /// failure whose code is retryable: see [`Code::retryable`].
    fn retry_after(&self) -> Option<Duration> {
        None
    }

    /// What a program needs in order to react, such as `current_version`. Keys are
    /// `lower_snake_case`; values hold no personal data.
    fn metadata(&self) -> Vec<(&'static str, String)> {
        Vec::new()
    }
}

/// A condition that the state does not meet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Precondition {
    /// The kind of condition, in `UPPER_SNAKE_CASE`.
    pub kind: &'static str,
    /// What it concerns: a resource's id, or a field of it.
    pub subject: String,
    /// How to meet it.
    pub description: Cow<'static, str>,
}

impl<F: Failure + ?Sized> Failure for &F {
    fn reason(&self) -> Reason {
        (**self).reason()
    }

    fn violations(&self) -> Option<&Violations> {
        (**self).violations()
    }

    fn preconditions(&self) -> Vec<Precondition> {
        (**self).preconditions()
    }

    fn retry_after(&self) -> Option<Duration> {
        (**self).retry_after()
    }

    fn metadata(&self) -> Vec<(&'static str, String)> {
        (**self).metadata()
    }
}

impl Failure for Violations {
    fn reason(&self) -> Reason {
        Reason::InvalidRequest
    }

    fn violations(&self) -> Option<&Violations> {
        Some(self)
    }
}

/// A fault of the server, with its cause.
#[derive(Debug, thiserror::Error)]
#[error("internal error")]
pub struct Internal(#[source] Box<dyn Error + Send + Sync>);

impl Internal {
    /// A fault caused by `cause`, which may be an error or a text.
    pub fn new(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self(cause.into())
    }
}

impl Failure for Internal {
    fn reason(&self) -> Reason {
        Reason::Internal
    }
}

/// The server stops, and with it a stream that would have gone on.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("the server is stopping; connect again")]
pub struct ServerStopping;

impl Failure for ServerStopping {
    fn reason(&self) -> Reason {
        Reason::ServerStopping
    }
}

/// Prints an error with its causes, for the log.
pub fn chain<E: Error + ?Sized>(error: &E) -> impl fmt::Display + '_ {
    fmt::from_fn(move |f| {
        write!(f, "{error}")?;
        let mut cause = error.source();
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    })
}
