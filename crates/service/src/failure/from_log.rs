//! What the log's own errors mean to a caller.

use aftercall_log::{AppendError, ReadError};

use crate::{Failure, Reason};

impl Failure for AppendError {
    fn reason(&self) -> Reason {
        match self {
            Self::QueueFull { .. } => Reason::LogQueueFull,
            Self::DiskFull { .. } => Reason::LogDiskFull,
            Self::TooLarge { .. } | Self::TooMuch { .. } => Reason::MessageTooLarge,
            Self::Unavailable { .. } => Reason::LogUnavailable,
            Self::Closed | Self::Unknown(_) => Reason::WriteInDoubt,
        }
    }

    fn retry_after(&self) -> Option<std::time::Duration> {
        match self {
            Self::QueueFull { retry_after }
            | Self::DiskFull { retry_after }
            | Self::Unavailable { retry_after, .. } => Some(*retry_after),
            Self::TooLarge { .. } | Self::TooMuch { .. } | Self::Closed | Self::Unknown(_) => None,
        }
    }
}

impl Failure for ReadError {
    fn reason(&self) -> Reason {
        match self {
            Self::NoSuchPartition(_) | Self::OffsetOutOfRange { .. } => Reason::PositionInvalid,
            Self::Closed | Self::Unavailable { .. } | Self::Io(_) => Reason::LogUnavailable,
            Self::NoFiles => Reason::MethodUnknown,
            // We never ask so, and a damaged log is nothing that a caller can do anything about.
            Self::NoPartitions | Self::Corrupt { .. } => Reason::Internal,
        }
    }
}
