//! A contact's first record, read from the log: the ledger holds only what every request needs.

use std::sync::Arc;

use aftercall_log::{Log, Position, ReadError};
use aftercall_proto::event::v1::{Event, InteractionRecorded};
use aftercall_proto::model::v1::Interaction;
use bytes::Bytes;
use prost::Message;
use tokio::time::Instant;

use crate::failure::Refusal;

/// Bytes that are read of the log for one record.
const READ_BYTES_MAX: usize = 1;

/// What was recorded of a contact at first.
#[derive(Debug)]
pub(crate) struct First {
    /// The key under which it stands.
    pub(crate) log_key: Bytes,
    /// Whose it was.
    pub(crate) customer_id: String,
    /// The record.
    pub(crate) interaction: Interaction,
}

impl First {
    /// Reads it, where the ledger says that it stands. Blocks.
    pub(crate) fn read(log: &Arc<dyn Log>, at: Position, until: Instant) -> Result<Self, Refusal> {
        let wait = until.saturating_duration_since(Instant::now());
        let mut reader = log.reader(&[at])?;
        let entries = reader.next(1, READ_BYTES_MAX, wait)?;
        let missing = || Refusal::internal("the log lacks a record that the ledger has");
        // Nothing, although it is there: the log's cluster did not answer in time.
        let entry = entries
            .into_iter()
            .next()
            .ok_or_else(|| ReadError::Unavailable {
                detail: "a record that is there could not be read in time".to_owned(),
            })?;
        let event = Event::decode(entry.record.body).map_err(Refusal::internal)?;
        let data = event.data().cloned().ok_or_else(missing)?;
        let recorded = InteractionRecorded::decode(data).map_err(Refusal::internal)?;
        Ok(Self {
            log_key: entry.record.key,
            customer_id: event.customer_id,
            interaction: recorded.interaction.ok_or_else(missing)?,
        })
    }
}
