//! Why a question isn't answered.

use std::time::Duration;

use aftercall_domain::Violations;
use aftercall_service::{Failure, Reason, Unauthenticated, Unread};
use aftercall_view::{ApplyError, StoreError};

use crate::search::SearchError;

/// A question that isn't answered.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unanswered {
    #[error(transparent)]
    Invalid(#[from] Violations),
    #[error(transparent)]
    Unauthenticated(#[from] Unauthenticated),
    #[error(
        "there is no such interaction for you to see; check the id, and the teams and sites of your \
         credentials"
    )]
    InteractionNotFound,
    #[error(transparent)]
    Unread(#[from] Unread),
}

impl Failure for Unanswered {
    fn reason(&self) -> Reason {
        match self {
            Self::Invalid(violations) => violations.reason(),
            Self::Unauthenticated(failure) => failure.reason(),
            Self::InteractionNotFound => Reason::InteractionNotFound,
            Self::Unread(failure) => failure.reason(),
        }
    }

    fn violations(&self) -> Option<&Violations> {
        match self {
            Self::Invalid(violations) => Some(violations),
            Self::Unauthenticated(_) | Self::InteractionNotFound | Self::Unread(_) => None,
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Unread(failure) => failure.retry_after(),
            Self::Invalid(_) | Self::Unauthenticated(_) | Self::InteractionNotFound => None,
        }
    }
}

impl From<StoreError> for Unanswered {
    fn from(error: StoreError) -> Self {
        Self::Unread(error.into())
    }
}

impl From<ApplyError> for Unanswered {
    fn from(error: ApplyError) -> Self {
        Self::Unread(error.into())
    }
}

impl From<SearchError> for Unanswered {
    fn from(error: SearchError) -> Self {
        Self::Unread(Unread::internal(error))
    }
}

impl From<prost::DecodeError> for Unanswered {
    fn from(error: prost::DecodeError) -> Self {
        Self::Unread(error.into())
    }
}
