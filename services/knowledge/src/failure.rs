//! Why a request failed.

use std::time::Duration;

use aftercall_domain::Violations;
use aftercall_domain::masking::PersonalKind;
use aftercall_service::command::Undone;
use aftercall_service::seal::TooLarge;
use aftercall_service::{Failure, Precondition, Reason, Unauthenticated, Unread};
use aftercall_view::StoreError;

use crate::personal;

/// Why a request failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error(transparent)]
    Unauthenticated(#[from] Unauthenticated),
    #[error(transparent)]
    Invalid(#[from] Violations),
    #[error(
        "there is no such candidate for you to see; list the candidates for those that there are"
    )]
    CandidateNotFound,
    #[error("there is no such solution; list the solutions for those that there are")]
    SolutionNotFound,
    #[error("the candidate has become a solution already: {solution_id}")]
    AlreadyPromoted { solution_id: String },
    #[error(
        "words that seem to be personal are left: {}; put others in their place, or send personal_reviewed if \
         they must be published",
        named(left)
    )]
    PersonalWords {
        /// Which fields hold which.
        left: Vec<(String, PersonalKind)>,
    },
    #[error("the request_id was used for another request; use a new one")]
    RequestIdReused,
    #[error(transparent)]
    TooLarge(#[from] TooLarge),
    #[error(transparent)]
    Undone(#[from] Undone),
    #[error(transparent)]
    Unread(#[from] Unread),
}

/// Fields and what they hold, for a message.
fn named(left: &[(String, PersonalKind)]) -> String {
    let left = left.iter();
    let named: Vec<_> = left
        .map(|(field, kind)| format!("{field}: {}", kind.words()))
        .collect();
    named.join(", ")
}

impl Error {
    /// A fault of ours.
    pub(crate) fn internal(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Unread(Unread::internal(cause))
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        Self::Unread(error.into())
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
            Self::CandidateNotFound => Reason::CandidateNotFound,
            Self::SolutionNotFound => Reason::SolutionNotFound,
            Self::AlreadyPromoted { .. } => Reason::CandidateAlreadyPromoted,
            Self::PersonalWords { .. } => Reason::PersonalWords,
            Self::RequestIdReused => Reason::RequestIdReused,
            Self::TooLarge(error) => error.reason(),
            Self::Undone(error) => error.reason(),
            Self::Unread(error) => error.reason(),
        }
    }

    fn violations(&self) -> Option<&Violations> {
        match self {
            Self::Invalid(violations) => Some(violations),
            _ => None,
        }
    }

    fn preconditions(&self) -> Vec<Precondition> {
        let Self::PersonalWords { left } = self else {
            return Vec::new();
        };
        let conditions = left.iter().map(|(field, kind)| Precondition {
            kind: personal::to_wire(*kind).as_str_name(),
            subject: field.clone(),
            description: format!(
                "holds what seems to be a personal {}; take it out, or send personal_reviewed",
                kind.words()
            )
            .into(),
        });
        conditions.collect()
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Undone(error) => error.retry_after(),
            Self::Unread(error) => error.retry_after(),
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
