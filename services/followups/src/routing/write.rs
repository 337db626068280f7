//! Writes a round, and waits until the view shows it, or another one in its place.

use std::sync::Arc;
use std::time::Duration;

use aftercall_log::{AppendError, ReadError, Record};
use aftercall_proto::envelope::Fact;
use aftercall_proto::event::v1::AlertsRouted;
use aftercall_service::seal::{Author, Sealing, TooLarge};
use aftercall_service::{ActorKind, Reading};
use aftercall_view::{Positions, WaitError};
use jiff::Timestamp;
use tokio::time::{Instant, timeout};

use super::RouterError;

/// Who decides.
const ACTOR: &str = "aftercall-router";

/// The one aggregate of a tenant's decisions.
const AGGREGATE: &str = "alert-routes";

/// How long the log may take to say whether it has what was appended, and the view to show it. Beyond that it is
/// decided anew, by what the view has then.
const WAIT: Duration = Duration::from_secs(30);

/// How long to leave a log alone that did not say when to come back, and the longest that it may ask for.
pub(super) const RETRY_AFTER: Duration = Duration::from_millis(200);
const RETRY_AFTER_MAX: Duration = Duration::from_secs(5);

/// The event of a round.
pub(super) fn record(
    tenant_id: &str,
    sequence: u64,
    routed: &AlertsRouted,
    now: Timestamp,
) -> Result<Record, TooLarge> {
    let sealing = Sealing {
        by: Author {
            tenant_id,
            actor_id: ACTOR,
            kind: ActorKind::System,
        },
        aggregate_id: AGGREGATE,
        interaction_id: "",
        customer_id: "",
        sequence,
        occurred_at: now,
        recorded_at: now,
        import_batch: "",
        request: None,
    };
    sealing.seal(&Fact::AlertsRouted(routed.clone()))
}

/// Appends a round, and waits until the view of `reading` has folded it. What becomes of it is seen when it is
/// decided again.
pub(super) async fn write(reading: &Reading, record: Record) -> Result<(), RouterError> {
    let appended = timeout(WAIT, reading.log().append(vec![record])).await;
    let appended = appended.unwrap_or_else(|late| Err(AppendError::Unknown(Arc::new(late))));
    let positions = match appended {
        Ok(positions) => positions,
        Err(
            AppendError::QueueFull { retry_after }
            | AppendError::DiskFull { retry_after }
            | AppendError::Unavailable { retry_after, .. },
        ) => {
            tokio::time::sleep(retry_after.clamp(RETRY_AFTER, RETRY_AFTER_MAX)).await;
            return Ok(());
        }
        Err(AppendError::Unknown(cause)) => {
            tracing::warn!(error = %cause, "who is told of alerts may not be recorded, looking again");
            tokio::time::sleep(RETRY_AFTER).await;
            return Ok(());
        }
        Err(error) => return Err(RouterError::Append(error)),
    };
    let through: Positions = positions
        .iter()
        .map(|at| (at.partition, at.offset.saturating_add(1)))
        .collect();
    let until = Instant::now() + WAIT;
    match reading.view().wait_for(&through, until).await {
        Ok(()) | Err(WaitError::DeadlineExceeded { .. }) => Ok(()),
        Err(WaitError::Log(ReadError::Unavailable { .. })) => Ok(()),
        Err(WaitError::Log(error)) => Err(error.into()),
        Err(WaitError::Stopped | WaitError::BeyondTail) => Err(RouterError::View(None)),
    }
}

/// Waits until the view of `reading` has folded all that is durable now: says no if it has to be asked again.
pub(super) async fn caught_up(reading: &Reading) -> bool {
    let until = Instant::now() + WAIT;
    reading.ready(until).await.is_ok() && reading.catch_up(until).await.is_ok()
}
