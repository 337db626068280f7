//! The recorder's view: which ids were recorded, with what, where, and in which version they are.

#[cfg(test)]
mod tests;

use std::sync::Arc;

use aftercall_log::Position;
use aftercall_proto::convert::time;
use aftercall_proto::event::v1::{Event, EventType};
use aftercall_view::key::Key as StoreKey;
use aftercall_view::{ApplyError, Positions, Projection, Store, Txn};
use prost::Message;
use uuid::Uuid;

use crate::failure::Refusal;
use crate::pending::{Key, Pending, Written};

/// tag, tenant, the id's two halves → [`Recorded`]
const INTERACTION_TAG: u8 = 1;
/// tag, tenant, request id → [`Recorded`]
const REQUEST_TAG: u8 = 2;

/// Of an interaction: the first record of its id. Of an amendment: the first that counts of its
/// request id.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Recorded {
    #[prost(bytes = "vec", tag = "1")]
    pub(crate) hash: Vec<u8>,
    #[prost(uint32, tag = "2")]
    partition: u32,
    #[prost(uint64, tag = "3")]
    offset: u64,
    #[prost(int64, tag = "4")]
    pub(crate) recorded_at_us: i64,
    /// The interaction's version: 1, and one more for each amendment that counts. The version that
    /// an amendment made.
    #[prost(uint64, tag = "5")]
    pub(crate) version: u64,
}

impl Recorded {
    pub(crate) fn position(&self) -> Position {
        Position {
            partition: self.partition,
            offset: self.offset,
        }
    }

    pub(crate) fn written(&self) -> Written {
        Written {
            position: self.position(),
            recorded_at_us: self.recorded_at_us,
        }
    }
}

fn interaction_key(tenant_id: &str, id: Uuid) -> StoreKey {
    let (high, low) = id.as_u64_pair();
    StoreKey::new(INTERACTION_TAG)
        .text(tenant_id)
        .u64(high)
        .u64(low)
}

fn request_key(tenant_id: &str, request_id: &str) -> StoreKey {
    StoreKey::new(REQUEST_TAG).text(tenant_id).text(request_id)
}

/// Reads the view.
#[derive(Debug)]
pub(crate) struct Ledger(Store);

impl Ledger {
    pub(crate) fn new(store: Store) -> Self {
        Self(store)
    }

    pub(crate) fn interaction(&self, key: &Key) -> Result<Option<Recorded>, Refusal> {
        let value = self.0.get(interaction_key(&key.tenant_id, key.id))?;
        let decoded = value.map(Recorded::decode).transpose();
        decoded.map_err(Refusal::internal)
    }

    pub(crate) fn amendment(
        &self,
        tenant_id: &str,
        request_id: &str,
    ) -> Result<Option<Recorded>, Refusal> {
        let value = self.0.get(request_key(tenant_id, request_id))?;
        value
            .map(Recorded::decode)
            .transpose()
            .map_err(Refusal::internal)
    }
}

/// Folds the log into the view, and ends the claims of what it has.
#[derive(Debug)]
pub(crate) struct LedgerFold {
    pending: Arc<Pending>,
    /// What this batch has brought.
    applied: Vec<Key>,
    /// The last tenant, to be shared by its keys.
    tenant_id: Arc<str>,
}

impl LedgerFold {
    pub(crate) fn new(pending: Arc<Pending>) -> Self {
        Self {
            pending,
            applied: Vec::new(),
            tenant_id: "".into(),
        }
    }

    /// The first record of an id counts.
    fn recorded(
        &mut self,
        position: Position,
        event: &Event,
        txn: &mut Txn<'_>,
    ) -> Result<(), ApplyError> {
        let id = uuid(event)?;
        let key = interaction_key(&event.tenant_id, id);
        if txn.get(&key)?.is_none() {
            let recorded = Recorded {
                hash: event.request_hash.to_vec(),
                partition: position.partition,
                offset: position.offset,
                recorded_at_us: recorded_at_us(event),
                version: 1,
            };
            txn.put(key, recorded.encode_to_vec())?;
        }
        if !self.pending.is_empty() {
            if *self.tenant_id != *event.tenant_id {
                self.tenant_id = event.tenant_id.as_str().into();
            }
            let tenant_id = Arc::clone(&self.tenant_id);
            self.applied.push(Key { tenant_id, id });
        }
        Ok(())
    }

    /// An amendment counts when its sequence is the next one.
    fn amended(position: Position, event: &Event, txn: &mut Txn<'_>) -> Result<(), ApplyError> {
        let key = interaction_key(&event.tenant_id, uuid(event)?);
        let Some(value) = txn.get(&key)? else {
            return Ok(());
        };
        let mut recorded = Recorded::decode(value).map_err(ApplyError::record)?;
        if event.sequence != recorded.version + 1 {
            return Ok(());
        }
        recorded.version = event.sequence;
        txn.put(key, recorded.encode_to_vec())?;
        let request = request_key(&event.tenant_id, &event.request_id);
        if txn.get(&request)?.is_none() {
            let amended = Recorded {
                hash: event.request_hash.to_vec(),
                partition: position.partition,
                offset: position.offset,
                recorded_at_us: recorded_at_us(event),
                version: event.sequence,
            };
            txn.put(request, amended.encode_to_vec())?;
        }
        Ok(())
    }
}

impl Projection for LedgerFold {
    fn name(&self) -> &'static str {
        "recorder"
    }

    fn version(&self) -> u32 {
        1
    }

    fn opened(&mut self, _: &Store, _: &Positions) -> Result<(), ApplyError> {
        self.applied.clear();
        Ok(())
    }

    fn apply(&mut self, entry: &aftercall_log::Entry, txn: &mut Txn<'_>) -> Result<(), ApplyError> {
        let event = Event::decode(entry.record.body.clone()).map_err(ApplyError::record)?;
        match event.r#type() {
            EventType::InteractionRecorded => self.recorded(entry.position, &event, txn),
            EventType::InteractionAmended => Self::amended(entry.position, &event, txn),
            _ => Ok(()),
        }
    }

    fn committed(&mut self, _: &Positions) {
        for key in self.applied.drain(..) {
            self.pending.evict(&key);
        }
    }
}

fn uuid(event: &Event) -> Result<Uuid, ApplyError> {
    Uuid::try_parse(&event.aggregate_id).map_err(ApplyError::record)
}

fn recorded_at_us(event: &Event) -> i64 {
    let at = event.recorded_at.as_ref().and_then(time::from_wire);
    at.map_or(0, time::microseconds)
}
