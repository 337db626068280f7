//! Why a question isn't answered.

use std::time::Duration;

use aftercall_domain::Violations;
use aftercall_service::command::Undone;
use aftercall_service::seal::TooLarge;
use aftercall_service::{Failure, Forbidden, Reason, Unauthenticated, Unfound, Unread};
use aftercall_view::{ApplyError, StoreError};

use crate::search::SearchError;

/// When an export that found no place may find one.
const EXPORT_RETRY_AFTER: Duration = Duration::from_secs(30);

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
        "too much has changed since then to tell what was known; ask as of a later time, or for less: one customer, one \
         contact, or a search without filters on what has changed"
    )]
    AsOfTooFarBack,
    #[error("this server has no key to sign exports by; the operator gives it a data directory")]
    ExportKeyMissing,
    #[error(
        "resume_token can't be used: it was not made by this server's key, or for another caller or other teams and \
         sites; begin the export anew"
    )]
    ExportTokenInvalid,
    #[error(
        "the export would have {rows} contacts; at most 10,000,000 in 2,000 files are taken: raise part_rows, or ask for \
         less, such as one month"
    )]
    ExportTooLarge { rows: u64 },
    #[error("as many exports run as may; wait until one of them has ended")]
    TooManyExports,
    #[error(transparent)]
    TooLarge(#[from] TooLarge),
    #[error(transparent)]
    Undone(#[from] Undone),
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
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
            Self::AsOfTooFarBack => Reason::AsOfTooFarBack,
            Self::ExportKeyMissing => Reason::ExportKeyMissing,
            Self::ExportTokenInvalid => Reason::ExportTokenInvalid,
            Self::ExportTooLarge { .. } => Reason::ExportTooLarge,
            Self::TooManyExports => Reason::TooManyExports,
            Self::TooLarge(failure) => failure.reason(),
            Self::Undone(failure) => failure.reason(),
            Self::Forbidden(failure) => failure.reason(),
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

    fn metadata(&self) -> Vec<(&'static str, String)> {
        match self {
            Self::Forbidden(failure) => failure.metadata(),
            _ => Vec::new(),
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Unread(failure) => failure.retry_after(),
            Self::Undone(failure) => failure.retry_after(),
            Self::Unfound(failure) => failure.retry_after(),
            Self::TooManyExports => Some(EXPORT_RETRY_AFTER),
            _ => None,
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
