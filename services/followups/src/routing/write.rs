//! Writes a round, and waits until the view shows it, or another one in its place.

use std::time::Duration;

use aftercall_log::Record;
use aftercall_proto::envelope::Fact;
use aftercall_proto::event::v1::AlertsRouted;
use aftercall_service::seal::{Author, Sealing, TooLarge};
use aftercall_service::writing::{self, WriteError, Written};
use aftercall_service::{ActorKind, Reading};
use jiff::Timestamp;
use tokio::time::Instant;

use super::RouterError;

/// Who decides.
const ACTOR: &str = "aftercall-router";

/// The one aggregate of a tenant's decisions.
const AGGREGATE: &str = "alert-routes";

/// How long the view may take to show what is durable.
const WAIT: Duration = Duration::from_secs(30);

/// The event of a round.
pub(super) fn record(
    tenant_id: &str,
    sequence: u64,
    routed: &AlertsRouted,
    now: Timestamp,
) -> Result<Record, TooLarge> {
    let by = Author {
        tenant_id,
        actor_id: ACTOR,
        kind: ActorKind::System,
    };
    let sealing = Sealing::alone(by, (AGGREGATE, sequence), now);
    sealing.seal(&Fact::AlertsRouted(routed.clone()))
}

/// Appends a round, and waits until the view of `reading` has folded it. What becomes of it is seen when it is
/// decided again.
pub(super) async fn write(reading: &Reading, record: Record) -> Result<(), RouterError> {
    match writing::write(reading, vec![record]).await {
        Ok(Written::At(_)) => {}
        Ok(Written::Again(pause)) => tokio::time::sleep(pause).await,
        Err(WriteError::Log(error)) => return Err(RouterError::Log(error)),
        Err(WriteError::Append(error)) => return Err(RouterError::Append(error)),
        Err(WriteError::View) => return Err(RouterError::View(None)),
    }
    Ok(())
}

/// Waits until the view of `reading` has folded all that is durable now: says no if it has to be asked again.
pub(super) async fn caught_up(reading: &Reading) -> bool {
    let until = Instant::now() + WAIT;
    reading.ready(until).await.is_ok() && reading.catch_up(until).await.is_ok()
}
