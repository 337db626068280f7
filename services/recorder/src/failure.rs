//! Why a request was refused, and how a caller is told.

use std::sync::Arc;
use std::time::Duration;

use aftercall_domain::Violations;
use aftercall_domain::limits::AMENDMENTS_MAX;
use aftercall_domain::violation::Reason as FieldReason;
use aftercall_ledger::{Id, Place};
use aftercall_log::{AppendError, ReadError};
use aftercall_proto::google::rpc::Status;
use aftercall_proto::status;
use aftercall_service::command::Undone;
use aftercall_service::seal::TooLarge;
use aftercall_service::{Failure, Forbidden, Reason, Unauthenticated, Unread, to_status};
use aftercall_view::{ApplyError, StoreError, WaitError};

/// Why a request was refused.
#[derive(Debug, Clone, thiserror::Error)]
pub(crate) enum Refusal {
    #[error(transparent)]
    Invalid(#[from] Violations),
    #[error(transparent)]
    Unauthenticated(#[from] Unauthenticated),
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    #[error(transparent)]
    TooLarge(#[from] TooLarge),
    #[error(
        "the id was used before, with another content; send what was sent first, or take a new id. A \
         contact's record is corrected by AmendInteraction; an integration may amend occurred_at, \
         ended_at, segments and disconnect"
    )]
    IdReused,
    #[error(
        "there is no such interaction for you to see; check the id, and the teams and sites of your \
         credentials"
    )]
    NotFound,
    #[error("the two customers are merged already; ask for either, and both are shown")]
    Merged,
    #[error("the two customers are not merged; nothing is to be undone")]
    NotMerged,
    #[error(
        "the two customers were merged the other way round; exchange customer_id and \
         merged_customer_id"
    )]
    MergedTheOtherWayRound,
    #[error("the time to amend the record was over {hours} hours after it was recorded")]
    TooLate { hours: i64 },
    #[error(
        "the contact's record was changed {AMENDMENTS_MAX} times, which is the most; record what is still \
         to be said as a contact of its own"
    )]
    AmendedTooOften,
    #[error("the record has version {current}; read it again, and amend that")]
    VersionMismatch { current: u64 },
    #[error("too many records wait for the recorder's view; try again in a moment")]
    Behind,
    #[error("the recorder is catching up with the log; try again in a moment")]
    NotReady,
    #[error("the record's outcome is not known in time; a retry is harmless")]
    Unconfirmed,
    #[error(transparent)]
    Settings(Arc<Unread>),
    #[error(transparent)]
    Undone(Undone),
    #[error(transparent)]
    Log(#[from] AppendError),
    #[error("the log can't be read")]
    LogRead(#[from] ReadError),
    #[error("internal error")]
    Internal(#[source] Arc<dyn std::error::Error + Send + Sync>),
}

impl Refusal {
    /// A fault of the server.
    pub(crate) fn internal(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Internal(Arc::from(cause.into()))
    }

    /// One wrong field.
    pub(crate) fn field(field: &str, reason: FieldReason, description: &str) -> Self {
        let mut violations = Violations::new();
        violations.add(field, reason, description);
        Self::Invalid(violations)
    }

    /// A name that another contact has.
    pub(crate) fn taken(place: Place, holder: &Id) -> Self {
        let (field, description) = match place {
            Place::Id => (
                "interaction.interaction_id".to_owned(),
                format!(
                    "is the id of the reference of contact {holder}; give this contact an id of its own"
                ),
            ),
            Place::Reference => (
                "interaction.external_ref".to_owned(),
                format!(
                    "names contact {holder} already; send that contact's record as it was, or give \
                     this one a reference of its own"
                ),
            ),
            Place::Promise(index) => (
                format!("interaction.commitments[{index}].commitment_id"),
                format!(
                    "is the id of a promise of contact {holder}; give this promise an id of its own, \
                     or none"
                ),
            ),
        };
        Self::field(&field, FieldReason::Conflicting, &description)
    }
}

impl From<StoreError> for Refusal {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::ReservedKey => Self::internal(error),
            StoreError::Opening | StoreError::Failed(_) => Self::NotReady,
        }
    }
}

impl From<ApplyError> for Refusal {
    fn from(error: ApplyError) -> Self {
        match error {
            ApplyError::Store(error) => error.into(),
            error => Self::internal(error),
        }
    }
}

impl From<WaitError> for Refusal {
    fn from(error: WaitError) -> Self {
        match error {
            WaitError::Log(error) => Self::LogRead(error),
            WaitError::DeadlineExceeded { .. } => Self::Unconfirmed,
            WaitError::BeyondTail | WaitError::Stopped => Self::NotReady,
        }
    }
}

impl From<Unread> for Refusal {
    fn from(error: Unread) -> Self {
        match error {
            Unread::NotReached | Unread::Late => Self::Unconfirmed,
            Unread::Unavailable(_) => Self::NotReady,
            Unread::Log(error) => Self::LogRead(error),
            Unread::PageToken(_)
            | Unread::Position { .. }
            | Unread::BeyondLog { .. }
            | Unread::Internal(_) => Self::internal(error),
        }
    }
}

impl From<Undone> for Refusal {
    fn from(error: Undone) -> Self {
        match error {
            Undone::InDoubt => Self::Unconfirmed,
            Undone::Append(error) => Self::Log(error),
            Undone::Outrun => Self::Undone(error),
        }
    }
}

impl Failure for Refusal {
    fn reason(&self) -> Reason {
        match self {
            Self::Invalid(_) => Reason::InvalidRequest,
            Self::Unauthenticated(error) => error.reason(),
            Self::Forbidden(error) => error.reason(),
            Self::TooLarge(error) => error.reason(),
            Self::IdReused => Reason::RequestIdReused,
            Self::NotFound => Reason::InteractionNotFound,
            Self::Merged => Reason::CustomersAlreadyMerged,
            Self::NotMerged | Self::MergedTheOtherWayRound => Reason::CustomersNotMerged,
            Self::TooLate { .. } => Reason::AmendmentTooLate,
            Self::AmendedTooOften => Reason::AmendedTooOften,
            Self::VersionMismatch { .. } => Reason::VersionMismatch,
            Self::Behind => Reason::ViewBehind,
            Self::NotReady => Reason::ViewUnavailable,
            Self::Unconfirmed => Reason::WriteInDoubt,
            Self::Settings(error) => error.reason(),
            Self::Undone(error) => error.reason(),
            Self::Log(error) => error.reason(),
            Self::LogRead(error) => error.reason(),
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
            Self::Settings(error) => error.retry_after(),
            Self::Undone(error) => error.retry_after(),
            Self::Log(error) => error.retry_after(),
            Self::LogRead(error) => error.retry_after(),
            _ => None,
        }
    }

    fn metadata(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Forbidden(error) => error.metadata(),
            Self::VersionMismatch { current } => {
                vec![("current_version", current.to_string())]
            }
            _ => Vec::new(),
        }
    }
}

/// The same in a stream's answer, where one failure must not end the stream.
pub(crate) fn record_failure(refusal: Refusal) -> Status {
    status::to_wire(&to_status(refusal))
}
