//! Writes what a service notices by itself, and waits until its view shows it.
//!
//! What could not be written, or may have been, is decided anew after a pause, by what the view has then: to say
//! something twice is harmless, because its event has the same id.

use std::sync::Arc;
use std::time::Duration;

use aftercall_log::{AppendError, Position, ReadError, Record};
use aftercall_view::{Positions, WaitError};
use tokio::time::{Instant, timeout};

use crate::Reading;

/// How long the log may take to say whether it has what was appended, and the view to show it.
const WAIT: Duration = Duration::from_secs(30);

/// How long to leave a log alone that did not say when to come back.
pub const RETRY_AFTER: Duration = Duration::from_millis(200);

/// The longest that a log may ask to be left alone.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(5);

/// What became of a write.
#[derive(Debug)]
pub enum Written {
    /// It stands there, and the view has folded it.
    At(Vec<Position>),
    /// It may, or not: to be looked at anew after a pause.
    Again(Duration),
}

/// Why nothing can be written any more.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The log failed for good.
    #[error("the log can't be read")]
    Log(#[source] ReadError),
    /// It is closed, or never takes such a record.
    #[error("the log takes no such records any more")]
    Append(#[source] AppendError),
    /// The view stopped.
    #[error("the view ended")]
    View,
}

/// Appends `records`, and waits until the view of `reading` has folded them.
///
/// # Errors
/// When the log or the view has failed for good.
pub async fn write(reading: &Reading, records: Vec<Record>) -> Result<Written, WriteError> {
    let appended = timeout(WAIT, reading.log().append(records)).await;
    let appended = appended.unwrap_or_else(|late| Err(AppendError::Unknown(Arc::new(late))));
    let positions = match appended {
        Ok(positions) => positions,
        Err(
            AppendError::QueueFull { retry_after }
            | AppendError::DiskFull { retry_after }
            | AppendError::Unavailable { retry_after, .. },
        ) => {
            let pause = retry_after.clamp(RETRY_AFTER, RETRY_AFTER_MAX);
            return Ok(Written::Again(pause));
        }
        Err(AppendError::Unknown(cause)) => {
            tracing::warn!(error = %cause, "it is not known what was recorded; looking again");
            return Ok(Written::Again(RETRY_AFTER));
        }
        Err(error) => return Err(WriteError::Append(error)),
    };
    let mut through = Positions::new();
    positions.iter().for_each(|at| through.include(*at));
    let until = Instant::now() + WAIT;
    match reading.view().wait_for(&through, until).await {
        Ok(()) => Ok(Written::At(positions)),
        Err(WaitError::DeadlineExceeded { .. } | WaitError::Log(ReadError::Unavailable { .. })) => {
            Ok(Written::Again(RETRY_AFTER))
        }
        Err(WaitError::Log(error)) => Err(WriteError::Log(error)),
        Err(WaitError::Stopped | WaitError::BeyondTail) => Err(WriteError::View),
    }
}
