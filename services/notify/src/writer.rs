//! Writes what this service notices by itself, and waits until the view shows it.

use std::sync::Arc;
use std::time::Duration;

use aftercall_log::{AppendError, Position, ReadError, Record};
use aftercall_proto::envelope::Fact;
use aftercall_service::seal::{Author, Sealing, TooLarge};
use aftercall_service::{ActorKind, Internal, Reading};
use aftercall_view::{ApplyError, Positions, StoreError, WaitError};
use jiff::Timestamp;
use tokio::time::{Instant, timeout};

/// Who notices.
pub(crate) const ACTOR: &str = "aftercall-notify";

/// How long the log may take to say whether it has what was appended, and the view to show it. Beyond that
/// it is looked at anew: to say something twice is harmless.
const WAIT: Duration = Duration::from_secs(30);

/// How long to leave a log alone that did not say when to come back, and the longest that it may ask for.
pub(crate) const RETRY_AFTER: Duration = Duration::from_millis(200);
const RETRY_AFTER_MAX: Duration = Duration::from_secs(5);

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

/// What became of a write.
#[derive(Debug)]
pub(crate) enum Wrote {
    /// It stands there, and the view has folded it.
    At(Vec<Position>),
    /// It may, or not: to be looked at anew after a pause.
    Again(Duration),
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
    let sealing = Sealing {
        by: Author {
            tenant_id,
            actor_id: ACTOR,
            kind: ActorKind::System,
        },
        aggregate_id: webhook_id,
        interaction_id: "",
        customer_id: "",
        sequence,
        occurred_at: now,
        recorded_at: now,
        import_batch: "",
        request: None,
    };
    sealing.seal(fact)
}

/// Appends `records`, and waits until the view of `reading` has folded them.
pub(crate) async fn write(reading: &Reading, records: Vec<Record>) -> Result<Wrote, Ended> {
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
            return Ok(Wrote::Again(pause));
        }
        Err(AppendError::Unknown(cause)) => {
            tracing::warn!(error = %cause, "an event of webhooks may not be recorded, looking again");
            return Ok(Wrote::Again(RETRY_AFTER));
        }
        Err(error) => return Err(Ended::Append(error)),
    };
    let through: Positions = positions
        .iter()
        .map(|at| (at.partition, at.offset.saturating_add(1)))
        .collect();
    match reading
        .view()
        .wait_for(&through, Instant::now() + WAIT)
        .await
    {
        Ok(()) => Ok(Wrote::At(positions)),
        Err(WaitError::DeadlineExceeded { .. } | WaitError::Log(ReadError::Unavailable { .. })) => {
            Ok(Wrote::Again(RETRY_AFTER))
        }
        Err(WaitError::Log(error)) => Err(error.into()),
        Err(WaitError::Stopped | WaitError::BeyondTail) => Err(Ended::View),
    }
}

/// Waits until the view of `reading` has folded all that is durable now: says no if it has to be asked again.
pub(crate) async fn caught_up(reading: &Reading) -> Result<bool, Ended> {
    let until = Instant::now() + WAIT;
    if reading.ready(until).await.is_err() {
        return Ok(false);
    }
    Ok(reading.catch_up(until).await.is_ok())
}
