//! What the log's own errors mean to a caller.

use std::time::Duration;

use aftercall_log::{AppendError, ReadError};

use crate::{Failure, Reason};

/// When to try again after the log gave no answer.
const UNAVAILABLE_RETRY_AFTER: Duration = Duration::from_secs(1);

impl Failure for AppendError {
    fn reason(&self) -> Reason {
        match self {
            Self::QueueFull { .. } => Reason::LogQueueFull,
            Self::DiskFull { .. } => Reason::LogDiskFull,
            Self::TooLarge { .. } => Reason::MessageTooLarge,
            Self::Unavailable { .. } | Self::Closed | Self::Unknown(_) => Reason::LogUnavailable,
            _ => Reason::Internal,
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::QueueFull { retry_after }
            | Self::DiskFull { retry_after }
            | Self::Unavailable { retry_after, .. } => Some(*retry_after),
            Self::Closed | Self::Unknown(_) => Some(UNAVAILABLE_RETRY_AFTER),
            _ => None,
        }
    }
}

impl Failure for ReadError {
    fn reason(&self) -> Reason {
        match self {
            Self::NoSuchPartition(_) | Self::OffsetOutOfRange { .. } => Reason::PositionInvalid,
            Self::Closed | Self::Unavailable { .. } | Self::Io(_) => Reason::LogUnavailable,
            _ => Reason::Internal,
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Closed | Self::Unavailable { .. } | Self::Io(_) => Some(UNAVAILABLE_RETRY_AFTER),
            _ => None,
        }
    }
}
