//! Why a request failed.

pub(crate) mod unsolved;

use std::time::Duration;

use aftercall_domain::Violations;
use aftercall_domain::masking::PersonalKind;
use aftercall_proto::model::v1::CandidateState;
use aftercall_service::command::Undone;
use aftercall_service::seal::TooLarge;
use aftercall_service::{Failure, Forbidden, Precondition, Reason, Unauthenticated, Unread};
use aftercall_view::StoreError;
use jiff::Timestamp;

use crate::personal;

pub(crate) use unsolved::Unsolved;

/// Why a request failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error(transparent)]
    Unauthenticated(#[from] Unauthenticated),
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    #[error(transparent)]
    Invalid(#[from] Violations),
    #[error(
        "there is no such candidate for you to see; list the candidates for those that there are"
    )]
    CandidateNotFound,
    #[error("there is no such solution; list the solutions for those that there are")]
    SolutionNotFound,
    #[error(
        "there is no contact for you to see in which that solution was used; sample the links for those that there are"
    )]
    LinkNotFound,
    #[error("the candidate has become a solution already: {solution_id}")]
    AlreadyPromoted { solution_id: String },
    #[error(
        "another reviewer has the candidate in hand until {until}: {claimed_by}; ask them, wait until then, or \
         have a kb_coach or kb_publisher decide"
    )]
    CandidateClaimed {
        claimed_by: String,
        until: Timestamp,
    },
    #[error(
        "the candidate is in the state {}, in which this can't be done with it; release one that was rejected \
         before anything else is done with it",
        .state.as_str_name()
    )]
    CandidateState { state: CandidateState },
    #[error(
        "words that seem to be personal are left: {}; put others in their place, or send personal_reviewed if \
         they must be published",
        named(left)
    )]
    PersonalWords {
        /// Which fields hold which.
        left: Vec<(String, PersonalKind)>,
    },
    #[error("the solution has no version {version}; list its versions for those that there are")]
    VersionNotFound {
        /// Which was asked for.
        version: u32,
    },
    #[error(
        "several solutions have the number {number}: {}; name one of them by its id",
        .solution_ids.join(", ")
    )]
    NumberShared {
        number: String,
        solution_ids: Vec<String>,
    },
    #[error(
        "there is no such contact for you to see; look it up in the history, or leave interaction_id out"
    )]
    InteractionNotFound,
    #[error("the solution has no such flag; list its flags for those that there are")]
    FlagNotFound,
    #[error("the version was not recalled; list the solution's versions for those that were")]
    NotRecalled,
    #[error(transparent)]
    Refused(#[from] Unsolved),
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
            Self::Forbidden(error) => error.reason(),
            Self::Invalid(error) => error.reason(),
            Self::CandidateNotFound => Reason::CandidateNotFound,
            Self::SolutionNotFound => Reason::SolutionNotFound,
            Self::LinkNotFound => Reason::LinkNotFound,
            Self::AlreadyPromoted { .. } => Reason::CandidateAlreadyPromoted,
            Self::CandidateClaimed { .. } => Reason::CandidateClaimed,
            Self::CandidateState { .. } => Reason::CandidateState,
            Self::PersonalWords { .. } => Reason::PersonalWords,
            Self::VersionNotFound { .. } => Reason::VersionNotFound,
            Self::NumberShared { .. } => Reason::SolutionNumberShared,
            Self::InteractionNotFound => Reason::InteractionNotFound,
            Self::FlagNotFound => Reason::FlagNotFound,
            Self::NotRecalled => Reason::RecallNotFound,
            Self::Refused(error) => error.reason(),
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
        let left = match self {
            Self::PersonalWords { left } => left,
            Self::Refused(error) => return error.preconditions(),
            _ => return Vec::new(),
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
            Self::CandidateClaimed { claimed_by, until } => vec![
                ("claimed_by", claimed_by.clone()),
                ("until", until.to_string()),
            ],
            Self::NumberShared { solution_ids, .. } => {
                vec![("solution_ids", solution_ids.join(","))]
            }
            Self::CandidateState { state } => vec![("state", state.as_str_name().to_owned())],
            Self::Forbidden(error) => error.metadata(),
            Self::Refused(error) => error.metadata(),
            _ => Vec::new(),
        }
    }
}
