//! Why a question isn't answered.

use std::time::Duration;

use aftercall_domain::Violations;
use aftercall_service::{Failure, Internal, Reason, Unauthenticated};
use aftercall_view::{ApplyError, StoreError, TokenError, WaitError};

use crate::search::SearchError;

/// When to ask again while the view is being opened or rebuilt.
const OPENING_RETRY_AFTER: Duration = Duration::from_secs(1);

/// A question that isn't answered.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unanswered {
    #[error(transparent)]
    Invalid(#[from] Violations),
    #[error(transparent)]
    Unauthenticated(#[from] Unauthenticated),
    #[error("there is no such interaction; check the id")]
    InteractionNotFound,
    #[error("page_token can't be used: {0}; begin with the first page again")]
    PageToken(TokenError),
    #[error("min_position can't be used: {0}")]
    Position(TokenError),
    #[error(
        "min_position is beyond the end of the log; pass a position exactly as it was received"
    )]
    PositionBeyondLog,
    #[error("the answer does not include min_position yet; ask again")]
    PositionNotReached,
    #[error("the history is being opened or rebuilt; ask again soon")]
    Unavailable,
    #[error(transparent)]
    Internal(#[from] Internal),
}

impl Unanswered {
    /// A wait for what the first page included that failed.
    pub(crate) fn on_later_page(error: WaitError) -> Self {
        match error {
            // No page was ever complete through what the log doesn't have.
            WaitError::BeyondTail => Self::PageToken(TokenError::Malformed),
            error => error.into(),
        }
    }
}

impl Failure for Unanswered {
    fn reason(&self) -> Reason {
        match self {
            Self::Invalid(violations) => violations.reason(),
            Self::Unauthenticated(failure) => failure.reason(),
            Self::InteractionNotFound => Reason::InteractionNotFound,
            Self::PageToken(_) => Reason::PageTokenInvalid,
            Self::Position(_) | Self::PositionBeyondLog => Reason::PositionInvalid,
            Self::PositionNotReached => Reason::PositionNotReached,
            Self::Unavailable => Reason::ViewUnavailable,
            Self::Internal(failure) => failure.reason(),
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
            Self::Unavailable | Self::PositionNotReached => Some(OPENING_RETRY_AFTER),
            _ => None,
        }
    }
}

impl From<StoreError> for Unanswered {
    fn from(error: StoreError) -> Self {
        match error {
            // A failed store is rebuilt by itself.
            StoreError::Opening | StoreError::Failed(_) => Self::Unavailable,
            error => Self::Internal(Internal::new(error)),
        }
    }
}

impl From<ApplyError> for Unanswered {
    fn from(error: ApplyError) -> Self {
        match error {
            ApplyError::Store(error) => error.into(),
            error => Self::Internal(Internal::new(error)),
        }
    }
}

impl From<WaitError> for Unanswered {
    fn from(error: WaitError) -> Self {
        match error {
            WaitError::DeadlineExceeded { .. } => Self::PositionNotReached,
            WaitError::BeyondTail => Self::PositionBeyondLog,
            WaitError::Stopped => Self::Unavailable,
            error => Self::Internal(Internal::new(error)),
        }
    }
}

impl From<SearchError> for Unanswered {
    fn from(error: SearchError) -> Self {
        Self::Internal(Internal::new(error))
    }
}

impl From<prost::DecodeError> for Unanswered {
    fn from(error: prost::DecodeError) -> Self {
        Self::Internal(Internal::new(error))
    }
}
