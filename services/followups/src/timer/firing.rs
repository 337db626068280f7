//! From watched promises to what the log says of them.

use std::sync::Arc;
use std::time::Duration;

use aftercall_domain::commitment::Change;
use aftercall_ledger::Calendars;
use aftercall_log::{AppendError, Partition, Position, Record};
use aftercall_proto::convert::commitment::fact;
use aftercall_proto::convert::time::microseconds;
use aftercall_service::ActorKind;
use aftercall_service::seal::{Author, Sealing};
use aftercall_view::{ApplyError, Direction, Store};
use jiff::Timestamp;
use tokio::time::error::Elapsed;

use super::{APPEND_RECORDS_MAX, RETRY_AFTER, TrackerError};
use crate::keys::{self, Watched};
use crate::{meters, stored};

/// Who says so.
const ACTOR: &str = "aftercall-tracker";

/// What is ready for the log.
#[derive(Debug, Default)]
pub(super) struct Batch {
    pub(super) records: Vec<Record>,
    /// How long after its due each lapse was noticed.
    pub(super) lateness: Vec<Duration>,
    /// The last promise that was looked at; none if there are no more.
    pub(super) last_key: Option<Vec<u8>>,
}

/// What became of the appends of a round.
#[derive(Debug, Default)]
pub(super) struct Sent {
    /// How many records are in the log.
    pub(super) records: usize,
    /// When the log wants to be asked again, if it did not take everything.
    pub(super) trouble: Option<Duration>,
}

impl Sent {
    /// Notes the outcome of one append.
    ///
    /// # Errors
    /// When the log is closed or never will take such a record.
    pub(super) fn take(
        &mut self,
        outcome: Result<Result<Vec<Position>, AppendError>, Elapsed>,
        lateness: &[Duration],
    ) -> Result<(), TrackerError> {
        let outcome = outcome.unwrap_or_else(|late| Err(AppendError::Unknown(Arc::new(late))));
        match outcome {
            Ok(positions) => {
                self.records += positions.len();
                lateness.iter().copied().for_each(meters::lapsed);
            }
            Err(
                AppendError::QueueFull { retry_after }
                | AppendError::DiskFull { retry_after }
                | AppendError::Unavailable { retry_after, .. },
            ) => {
                self.trouble = self.trouble.max(Some(retry_after.max(RETRY_AFTER)));
            }
            Err(AppendError::Unknown(cause)) => {
                tracing::warn!(error = %cause, "it is not known what was recorded; recording it again");
                self.trouble = self.trouble.max(Some(RETRY_AFTER));
            }
            Err(error) => return Err(TrackerError::Append(error)),
        }
        Ok(())
    }
}

/// Reads of the promises of a partition, after the key `after`, what is to be said of each first at `now`; at most
/// as much as one append takes.
pub(super) fn read(
    store: &Store,
    calendars: &Calendars,
    partition: Partition,
    after: Option<Vec<u8>>,
    (now, detected_at): (Timestamp, Timestamp),
) -> Result<Batch, ApplyError> {
    let from = after.map_or_else(
        || Vec::from(keys::all_watched(partition)),
        |mut key| {
            key.push(0);
            key
        },
    );
    let to = keys::watched_from(partition, microseconds(now));
    let watched = store.scan_range(from, Some(&to), Direction::Ascending);
    let mut batch = Batch::default();
    let mut seen = 0;
    for entry in watched.take(APPEND_RECORDS_MAX) {
        let (key, _) = entry?;
        seen += 1;
        if let Some((record, lateness)) = fire(store, calendars, &key, detected_at)? {
            batch.records.push(record);
            batch.lateness.extend(lateness);
        }
        batch.last_key = Some(key.to_vec());
    }
    if seen < APPEND_RECORDS_MAX {
        batch.last_key = None;
    }
    Ok(batch)
}

/// What is to be said of the promise that `key` watches, and of a lapse how late; nothing if it changed meanwhile.
fn fire(
    store: &Store,
    calendars: &Calendars,
    key: &[u8],
    detected_at: Timestamp,
) -> Result<Option<(Record, Option<Duration>)>, ApplyError> {
    let Watched {
        tenant_id,
        commitment_id,
        whose,
        ..
    } = keys::read_watched(key).map_err(ApplyError::record)?;
    let found = stored::commitment(&tenant_id, &commitment_id, whose, |key| store.get(key))?;
    let Some(commitment) = found else {
        return Ok(None);
    };
    let needed = commitment.calendar_ids();
    let calendars = calendars.all(&tenant_id, needed)?;
    let Ok((due, event)) = commitment.fire(ACTOR, detected_at, &calendars) else {
        return Ok(None);
    };
    let is_lapse = matches!(event.change, Change::Lapsed(_));
    let log_key = stored::log_key(store, &tenant_id, &commitment, whose)?;
    let by = Author {
        tenant_id: &tenant_id,
        actor_id: &event.actor_id,
        kind: ActorKind::System,
    };
    let sealing = Sealing {
        by,
        aggregate_id: &commitment_id,
        interaction_id: &commitment.interaction_id,
        customer_id: commitment.customer_id.as_deref().unwrap_or_default(),
        sequence: event.sequence,
        occurred_at: due,
        recorded_at: event.recorded_at,
        import_batch: "",
        request: None,
    };
    let record = sealing
        .seal_under(log_key, &fact(event.change))
        .map_err(ApplyError::record)?;
    let lateness = Duration::try_from(detected_at.duration_since(due)).unwrap_or_default();
    Ok(Some((record, is_lapse.then_some(lateness))))
}
