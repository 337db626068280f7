//! What this service notices by itself, and why it can't go on.

use std::time::Duration;

use aftercall_log::{AppendError, ReadError, Record};
use aftercall_proto::envelope::Fact;
use aftercall_service::seal::{Author, Sealing, TooLarge};
use aftercall_service::writing::WriteError;
use aftercall_service::{ActorKind, Internal, Reading};
use aftercall_view::{ApplyError, StoreError};
use jiff::Timestamp;
use tokio::time::Instant;

pub(crate) use aftercall_service::writing::RETRY_AFTER;

/// Who notices.
pub(crate) const ACTOR: &str = "aftercall-notify";

/// How long the view may take to show what is durable.
const WAIT: Duration = Duration::from_secs(30);

/// Why this service can't go on.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Ended {
    #[error("the log can't be read")]
    Log(#[from] ReadError),
    #[error("the log takes no records any more")]
    Append(#[source] AppendError),
    #[error("an event is larger than the log takes")]
    TooLarge(#[from] TooLarge),
    #[error("the view ended")]
    View,
    #[error("the view makes no sense")]
    Store(#[source] ApplyError),
    #[error("a query was cancelled")]
    Query(#[from] Internal),
}

impl From<WriteError> for Ended {
    fn from(error: WriteError) -> Self {
        match error {
            WriteError::Log(error) => Self::Log(error),
            WriteError::Append(error) => Self::Append(error),
            WriteError::View => Self::View,
        }
    }
}

/// A read of the view, unless the view is being opened.
pub(crate) fn unless_opening<T>(read: Result<T, ApplyError>) -> Result<Option<T>, Ended> {
    match read {
        Ok(read) => Ok(Some(read)),
        Err(ApplyError::Store(StoreError::Opening | StoreError::Failed(_))) => Ok(None),
        Err(error) => Err(Ended::Store(error)),
    }
}

/// An event about a webhook that nobody asked for.
pub(crate) fn record(
    (tenant_id, webhook_id): (&str, &str),
    sequence: u64,
    fact: &Fact,
    now: Timestamp,
) -> Result<Record, TooLarge> {
    let by = Author {
        tenant_id,
        actor_id: ACTOR,
        kind: ActorKind::System,
    };
    Sealing::alone(by, (webhook_id, sequence), now).seal(fact)
}

/// Waits until the view of `reading` has folded all that is durable now: says no if it has to be asked again.
pub(crate) async fn caught_up(reading: &Reading) -> Result<bool, Ended> {
    let until = Instant::now() + WAIT;
    if reading.ready(until).await.is_err() {
        return Ok(false);
    }
    Ok(reading.catch_up(until).await.is_ok())
}
