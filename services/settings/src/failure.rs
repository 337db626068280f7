//! Why a request failed.

use std::time::Duration;

use aftercall_domain::Violations;
use aftercall_service::command::Undone;
use aftercall_service::seal::TooLarge;
use aftercall_service::{Failure, Forbidden, Reason, Unauthenticated, Unread};
use aftercall_view::ApplyError;

/// Why a request failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error(transparent)]
    Unauthenticated(#[from] Unauthenticated),
    #[error(transparent)]
    Forbidden(#[from] Forbidden),
    #[error(transparent)]
    Invalid(#[from] Violations),
    #[error("the tenant has no such setting; list those of its kind for those that there are")]
    NotFound,
    #[error("{setting_id} has version {current}; read it again, and change that")]
    VersionMismatch { setting_id: String, current: u64 },
    #[error(
        "the calendar {calendar_id} was changed after the holidays were staged, and has version {current}; stage them again"
    )]
    CalendarChanged { calendar_id: String, current: u64 },
    #[error("the holidays wait for nothing: they were approved or rejected; stage them again")]
    HolidaysDecided,
    #[error(
        "the run was not finished before the request's deadline: {looked_at} promises were looked at; wait longer \
         (grpc-timeout, up to the server's request_timeout), or ask for fewer days"
    )]
    ShadowNotFinished { looked_at: u64 },
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

impl Failure for Error {
    fn reason(&self) -> Reason {
        match self {
            Self::Unauthenticated(error) => error.reason(),
            Self::Forbidden(error) => error.reason(),
            Self::Invalid(error) => error.reason(),
            Self::NotFound => Reason::SettingNotFound,
            Self::VersionMismatch { .. } | Self::CalendarChanged { .. } => Reason::VersionMismatch,
            Self::HolidaysDecided => Reason::HolidaysDecided,
            Self::ShadowNotFinished { .. } => Reason::ShadowNotFinished,
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
            Self::Forbidden(error) => error.metadata(),
            Self::VersionMismatch {
                setting_id,
                current,
            }
            | Self::CalendarChanged {
                calendar_id: setting_id,
                current,
            } => vec![
                ("setting_id", setting_id.clone()),
                ("current_version", current.to_string()),
            ],
            _ => Vec::new(),
        }
    }
}
