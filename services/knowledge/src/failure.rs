//! Why a request failed.

use std::time::Duration;

use aftercall_domain::Violations;
use aftercall_log::{AppendError, ReadError};
use aftercall_service::{Failure, Reason, Unauthenticated};
use aftercall_view::{StoreError, TokenError, WaitError};

/// When to try again while the view isn't there.
const VIEW_RETRY_AFTER: Duration = Duration::from_secs(1);

/// Why a request failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error(transparent)]
    Unauthenticated(#[from] Unauthenticated),
    #[error(transparent)]
    Invalid(#[from] Violations),
    #[error("page_token: {0}")]
    PageToken(TokenError),
    #[error("min_position: {0}")]
    Position(TokenError),
    #[error("min_position: the log doesn't reach that far; pass a position as it was received")]
    BeyondTail,
    #[error("the view didn't reach min_position in time; try again")]
    NotReached,
    #[error("there is no such candidate; list the candidates for those that there are")]
    CandidateNotFound,
    #[error("there is no such solution; list the solutions for those that there are")]
    SolutionNotFound,
    #[error("the candidate has become a solution already: {solution_id}")]
    AlreadyPromoted { solution_id: String },
    #[error("the request_id was used for another request; use a new one")]
    RequestIdReused,
    #[error("the view of solutions is being opened or built; try again")]
    ViewUnavailable(#[source] Option<StoreError>),
    #[error("it is not known in time whether the request was done; repeating it is harmless")]
    InDoubt,
    #[error(transparent)]
    Append(#[from] AppendError),
    #[error(transparent)]
    Read(ReadError),
    #[error("what the view holds makes no sense")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl Error {
    /// A fault of ours.
    pub(crate) fn internal(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Internal(cause.into())
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::ReservedKey => Self::internal(error),
            // What failed is rebuilt by itself.
            StoreError::Opening | StoreError::Failed(_) => Self::ViewUnavailable(Some(error)),
        }
    }
}

impl From<WaitError> for Error {
    fn from(error: WaitError) -> Self {
        match error {
            WaitError::DeadlineExceeded { .. } => Self::NotReached,
            WaitError::BeyondTail => Self::BeyondTail,
            WaitError::Log(error) => Self::Read(error),
            WaitError::Stopped => Self::ViewUnavailable(None),
        }
    }
}

impl From<tantivy::TantivyError> for Error {
    fn from(error: tantivy::TantivyError) -> Self {
        Self::internal(error)
    }
}

impl Failure for Error {
    fn reason(&self) -> Reason {
        match self {
            Self::Unauthenticated(error) => error.reason(),
            Self::Invalid(error) => error.reason(),
            Self::PageToken(_) => Reason::PageTokenInvalid,
            Self::Position(_) | Self::BeyondTail => Reason::PositionInvalid,
            Self::NotReached => Reason::PositionNotReached,
            Self::CandidateNotFound => Reason::CandidateNotFound,
            Self::SolutionNotFound => Reason::SolutionNotFound,
            Self::AlreadyPromoted { .. } => Reason::CandidateAlreadyPromoted,
            Self::RequestIdReused => Reason::RequestIdReused,
            Self::ViewUnavailable(_) => Reason::ViewUnavailable,
            Self::InDoubt => Reason::LogUnavailable,
            Self::Append(error) => error.reason(),
            Self::Read(error) => error.reason(),
            Self::Internal(_) => Reason::Internal,
        }
    }

    fn violations(&self) -> Option<&Violations> {
        match self {
            Self::Invalid(violations) => Some(violations),
            _ => None,
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::NotReached | Self::ViewUnavailable(_) | Self::InDoubt => Some(VIEW_RETRY_AFTER),
            Self::Append(error) => error.retry_after(),
            Self::Read(error) => error.retry_after(),
            _ => None,
        }
    }

    fn metadata(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::AlreadyPromoted { solution_id } => vec![("solution_id", solution_id.clone())],
            _ => Vec::new(),
        }
    }
}
