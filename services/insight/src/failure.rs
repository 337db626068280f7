//! Why a question isn't answered.

use std::time::Duration;

use aftercall_domain::Violations;
use aftercall_service::command::Undone;
use aftercall_service::seal::TooLarge;
use aftercall_service::{Failure, Reason, Unauthenticated, Unfound, Unread};
use aftercall_view::{ApplyError, StoreError};

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
    #[error(
        "you took this contact, and its root cause is for somebody else to say; ask a colleague who may"
    )]
    RootCauseBySamePerson,
    #[error(
        "there is no such problem; list them, or pass the position of what made it as min_position"
    )]
    ProblemNotFound,
    #[error("nothing was done about it that has this number; list its improvements, or record one")]
    ImprovementNotFound,
    #[error("it has another version now; read it again, and send the version that it has")]
    VersionMismatch { current: u64 },
    #[error("the request_id was used for another request; give each request its own")]
    RequestIdReused,
    #[error(transparent)]
    TooLarge(#[from] TooLarge),
    #[error(transparent)]
    Undone(#[from] Undone),
    #[error(transparent)]
    Unfound(#[from] Unfound),
    #[error(transparent)]
    Unread(#[from] Unread),
}

impl Failure for Unanswered {
    fn reason(&self) -> Reason {
        match self {
            Self::Invalid(violations) => violations.reason(),
            Self::Unauthenticated(failure) => failure.reason(),
            Self::InteractionNotFound => Reason::InteractionNotFound,
            Self::RootCauseBySamePerson => Reason::RootCauseBySamePerson,
            Self::ProblemNotFound => Reason::ProblemNotFound,
            Self::ImprovementNotFound => Reason::ImprovementNotFound,
            Self::VersionMismatch { .. } => Reason::VersionMismatch,
            Self::RequestIdReused => Reason::RequestIdReused,
            Self::TooLarge(failure) => failure.reason(),
            Self::Undone(failure) => failure.reason(),
            Self::Unfound(failure) => failure.reason(),
            Self::Unread(failure) => failure.reason(),
        }
    }

    fn violations(&self) -> Option<&Violations> {
        match self {
            Self::Invalid(violations) => Some(violations),
            Self::Unfound(failure) => failure.violations(),
            _ => None,
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Undone(failure) => failure.retry_after(),
            Self::Unfound(failure) => failure.retry_after(),
            Self::Unread(failure) => failure.retry_after(),
            _ => None,
        }
    }

    fn metadata(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::VersionMismatch { current } => vec![("current_version", current.to_string())],
            _ => Vec::new(),
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

impl From<prost::DecodeError> for Unanswered {
    fn from(error: prost::DecodeError) -> Self {
        Self::Unread(error.into())
    }
}
