//! Why a request failed.

use std::time::Duration;

use aftercall_domain::Violations;
use aftercall_service::command::Undone;
use aftercall_service::seal::TooLarge;
use aftercall_service::{Failure, Reason, Unauthenticated, Unread};
use aftercall_view::{ApplyError, StoreError};

/// Why a request failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error(transparent)]
    Unauthenticated(#[from] Unauthenticated),
    #[error(transparent)]
    Invalid(#[from] Violations),
    #[error("the tenant has no such webhook; list them for those that there are")]
    NotFound,
    #[error(
        "the server has no key that opens this webhook's secret, or by which a new one is sealed; the operator \
         names its file in notify.secrets_key_file"
    )]
    NoKey,
    #[error("the tenant has no such receiver in use; list them for those that there are")]
    ReceiverNotFound,
    #[error("this server sends no mail; the operator sets notify.mail.host and notify.mail.from")]
    MailNotConfigured,
    #[error("the webhook has version {current}; read it again, and change that")]
    VersionMismatch { current: u64 },
    #[error("the request_id was used for another request; use a new one")]
    RequestIdReused,
    #[error(transparent)]
    TooLarge(#[from] TooLarge),
    #[error(transparent)]
    Undone(#[from] Undone),
    #[error(transparent)]
    Unread(#[from] Unread),
}

impl From<ApplyError> for Error {
    fn from(error: ApplyError) -> Self {
        Self::Unread(error.into())
    }
}

impl From<StoreError> for Error {
    fn from(error: StoreError) -> Self {
        Self::Unread(error.into())
    }
}

impl Failure for Error {
    fn reason(&self) -> Reason {
        match self {
            Self::Unauthenticated(error) => error.reason(),
            Self::Invalid(error) => error.reason(),
            Self::NotFound => Reason::WebhookNotFound,
            Self::NoKey => Reason::SecretsKeyMissing,
            Self::ReceiverNotFound => Reason::SettingNotFound,
            Self::MailNotConfigured => Reason::MailNotConfigured,
            Self::VersionMismatch { .. } => Reason::VersionMismatch,
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

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Undone(error) => error.retry_after(),
            Self::Unread(error) => error.retry_after(),
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
