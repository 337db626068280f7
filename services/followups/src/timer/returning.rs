//! Customers who were back soon after a call that may have been lost: that they were is said by whoever holds the call.
//!
//! Whether the call was lost follows from its events and from what is said here. Which event it is follows from the call
//! and the contact by which the customer was back: of two trackers that say it at once one counts.

use std::convert::Infallible;

use aftercall_log::{Partition, Record};
use aftercall_proto::envelope::Fact;
use aftercall_proto::event::v1::CallDropJudged;
use aftercall_proto::model::v1::DropClass;
use aftercall_service::ActorKind;
use aftercall_service::seal::{Author, Request, RequestHash, Sealing};
use aftercall_view::{ApplyError, Direction, Store};
use jiff::Timestamp;
use prost::Message;

use super::firing::ACTOR;
use super::{RETRY_AFTER, Tracker, TrackerError};
use crate::keys::calls::{self, Back, CALLS};

/// The most that is said at once.
const SAID_AT_ONCE_MAX: usize = 500;

impl Tracker {
    /// Says after which calls of a partition their customers were back, whenever it is this tracker's.
    pub(super) async fn tell_returns(
        &self,
        partition: Partition,
    ) -> Result<Infallible, TrackerError> {
        let mut progress = self.view.progress();
        loop {
            self.claim.until(partition, true).await;
            progress.borrow_and_update();
            let records = self.read_returns(partition).await?;
            if records.is_empty() {
                tokio::select! {
                    biased;
                    _ = progress.changed() => {}
                    () = self.claim.until(partition, false) => {}
                }
                continue;
            }
            let pause = self.say(records).await?;
            tokio::time::sleep(pause.max(RETRY_AFTER)).await;
        }
    }

    /// What there is to say of a partition's calls; nothing while the view is being built.
    async fn read_returns(&self, partition: Partition) -> Result<Vec<Record>, TrackerError> {
        let store = self.view.store();
        // Usually there is nothing, which takes no thread that may block.
        let mut returns = store.scan_prefix(calls::all_back(partition), Direction::Ascending);
        if !self.view.is_ready() || returns.next().is_none() {
            return Ok(Vec::new());
        }
        drop(returns);
        let now = self.clock.now();
        let records = self.read(move || said(&store, partition, now)).await?;
        Ok(records.unwrap_or_default())
    }
}

/// The events. Blocks.
fn said(store: &Store, partition: Partition, now: Timestamp) -> Result<Vec<Record>, ApplyError> {
    let returns = store.scan_prefix(calls::all_back(partition), Direction::Ascending);
    let mut records = Vec::new();
    for entry in returns.take(SAID_AT_ONCE_MAX) {
        let (key, back) = entry?;
        let (tenant_id, id) = calls::read_back(&key).map_err(ApplyError::record)?;
        let back = Back::decode(back).map_err(ApplyError::record)?;
        let row = CALLS.read(&tenant_id, &id, |key| store.get(key))?;
        let (Some(row), Ok(back_at)) = (row, Timestamp::from_microsecond(back.began_at_us)) else {
            continue;
        };
        // What was taken to be lost is so for certain, and what nobody explained is taken to be so.
        let drop_class = match row.lost() {
            Some(_) => DropClass::Confirmed,
            None => DropClass::Suspected,
        };
        let by = CallDropJudged {
            back_by_interaction_id: back.interaction_id,
            ..CallDropJudged::default()
        };
        let hash = RequestHash::of(&by);
        let judged = CallDropJudged {
            drop_class: drop_class.into(),
            ..by
        };
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
            occurred_at: back_at,
            recorded_at: now,
            import_batch: "",
            request: Some(Request { id: "", hash }),
        };
        let record = sealing.seal(&Fact::CallDropJudged(Box::new(judged)));
        records.push(record.map_err(ApplyError::record)?);
    }
    Ok(records)
}
