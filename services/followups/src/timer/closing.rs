//! Calls of which nothing more is told: that they are closed is said by whoever holds their partition.
//!
//! What is said follows from the call and from what is waited for, and so does its id: of two trackers that say it at
//! once one counts. It is said once the view has all that was durable when the time had passed, and harms nothing if
//! the end or the wrap-up comes later all the same.

use std::convert::Infallible;

use aftercall_log::{Partition, Record};
use aftercall_proto::convert::time::microseconds;
use aftercall_proto::envelope::Fact;
use aftercall_proto::event::v1::CallClosed;
use aftercall_service::ActorKind;
use aftercall_service::seal::{Author, Request, RequestHash, Sealing};
use aftercall_view::{ApplyError, Direction, Store, StoreError};
use jiff::Timestamp;

use super::firing::ACTOR;
use super::{RETRY_AFTER, Tracker, TrackerError};
use crate::keys::calls::{self, CALLS};

/// The most that is closed at once.
const CLOSED_AT_ONCE_MAX: usize = 500;

impl Tracker {
    /// Closes the calls of a partition of which nothing more is told, whenever it is this tracker's.
    pub(super) async fn close_calls(
        &self,
        partition: Partition,
    ) -> Result<Infallible, TrackerError> {
        let mut progress = self.view.progress();
        loop {
            self.claim.until(partition, true).await;
            progress.borrow_and_update();
            match self.first_call(partition)? {
                Some(due) if self.clock.now() >= due => {
                    let pause = self.close_due(partition).await?;
                    tokio::time::sleep(pause).await;
                }
                Some(due) => tokio::select! {
                    biased;
                    () = self.clock.sleep_until(due) => {}
                    _ = progress.changed() => {}
                    () = self.claim.until(partition, false) => {}
                },
                None => tokio::select! {
                    biased;
                    _ = progress.changed() => {}
                    () = self.claim.until(partition, false) => {}
                },
            }
        }
    }

    /// When the first call of a partition is to be closed; none if none is, or while the view is being opened.
    fn first_call(&self, partition: Partition) -> Result<Option<Timestamp>, TrackerError> {
        let store = self.view.store();
        let mut due = store.scan_prefix(calls::all_due(partition), Direction::Ascending);
        let key = match due.next() {
            Some(Ok((key, _))) => key,
            None | Some(Err(StoreError::Opening | StoreError::Failed(_))) => return Ok(None),
            Some(Err(error)) => return Err(TrackerError::Store(error.into())),
        };
        let (at_us, ..) = calls::read_due(&key)
            .map_err(ApplyError::record)
            .map_err(TrackerError::Store)?;
        Ok(Timestamp::from_microsecond(at_us.saturating_add(1)).ok())
    }

    async fn close_due(&self, partition: Partition) -> Result<std::time::Duration, TrackerError> {
        let now = self.clock.now();
        let Some(tail) = self.tail(partition).await? else {
            return Ok(RETRY_AFTER);
        };
        if !self.includes(&tail).await? {
            return Ok(RETRY_AFTER);
        }
        let store = self.view.store();
        let records = self.read(move || closed(&store, partition, now)).await?;
        let records = records.unwrap_or_default();
        match records.is_empty() || !self.claim.holds(partition) {
            true => Ok(RETRY_AFTER),
            false => self.say(records).await,
        }
    }
}

/// What is to be said of the calls of a partition whose time has passed.
fn closed(store: &Store, partition: Partition, now: Timestamp) -> Result<Vec<Record>, ApplyError> {
    let to = calls::due_from(partition, microseconds(now));
    let due = store.scan_range(calls::all_due(partition), Some(&to), Direction::Ascending);
    let mut records = Vec::new();
    for entry in due.take(CLOSED_AT_ONCE_MAX) {
        let (at_us, tenant_id, id) = calls::read_due(&entry?.0).map_err(ApplyError::record)?;
        let Some(row) = CALLS.read(&tenant_id, &id, |key| store.get(key))? else {
            continue;
        };
        let due_at = Timestamp::from_microsecond(at_us).unwrap_or(now);
        let Some((closing, _)) = row.closing() else {
            continue;
        };
        let closed = CallClosed {
            closing: closing.into(),
            due_at: Some(aftercall_proto::convert::time::to_wire(due_at)),
        };
        // Which it is follows from what is waited for, whoever says it.
        let hash = RequestHash::of(&CallClosed {
            closing: closing.into(),
            due_at: None,
        });
        let sealing = Sealing {
            by: Author {
                tenant_id: &tenant_id,
                actor_id: ACTOR,
                kind: ActorKind::System,
            },
            aggregate_id: &id,
            interaction_id: &id,
            customer_id: &row.shown().customer_id,
            sequence: 1,
            occurred_at: due_at,
            recorded_at: now,
            import_batch: "",
            request: Some(Request { id: "", hash }),
        };
        let record = sealing.seal(&Fact::CallClosed(closed));
        records.push(record.map_err(ApplyError::record)?);
    }
    Ok(records)
}
