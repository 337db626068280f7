//! The recorder's view: which ids were recorded, with what, where, and in which version they are.

#[cfg(test)]
mod tests;

use std::sync::Arc;

use aftercall_log::Position;
use aftercall_proto::convert::time;
use aftercall_proto::event::v1::{Event, EventType};
use aftercall_view::key::{Key as StoreKey, whose};
use aftercall_view::{ApplyError, Direction, Positions, Projection, Store, Txn};
use prost::Message;
use uuid::Uuid;

use crate::failure::Refusal;
use crate::pending::{Hash, Key, Pending, Written};

/// tag, tenant, the id's two halves → [`Recorded`]
const INTERACTION_TAG: u8 = 1;
/// tag, tenant, request id, the interaction's id in two halves, whose → [`Recorded`]
const REQUEST_TAG: u8 = 2;

/// Of an interaction: the first record of its id. Of an amendment: the first that counts of its
/// request id and interaction.
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
    /// Whose it is: see [`whose`].
    #[prost(fixed64, tag = "6")]
    pub(crate) whose: u64,
    /// The first records of other customers that have the same id, each later than this. There are
    /// none unless several recorders were asked at once, and then at most as many.
    #[prost(message, repeated, tag = "7")]
    rivals: Vec<Recorded>,
}

impl Recorded {
    pub(crate) fn position(&self) -> Position {
        Position {
            partition: self.partition,
            offset: self.offset,
        }
    }

    /// The record of the same id that is `whose`.
    pub(crate) fn of(self, whose: u64) -> Option<Self> {
        if self.whose == whose {
            return Some(self);
        }
        self.rivals.into_iter().find(|rival| rival.whose == whose)
    }

    fn of_mut(&mut self, whose: u64) -> Option<&mut Self> {
        if self.whose == whose {
            return Some(self);
        }
        self.rivals.iter_mut().find(|rival| rival.whose == whose)
    }

    /// Takes in a record of the same id for another customer. The earliest one comes first, in
    /// whatever order they are read.
    fn add(&mut self, mut rival: Self) {
        let order = |one: &Self| (one.recorded_at_us, one.position());
        if order(&rival) < order(self) {
            std::mem::swap(&mut rival.rivals, &mut self.rivals);
            std::mem::swap(&mut rival, self);
        }
        self.rivals.push(rival);
        self.rivals.sort_by_key(order);
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

fn requests_key(tenant_id: &str, request_id: &str) -> StoreKey {
    StoreKey::new(REQUEST_TAG).text(tenant_id).text(request_id)
}

fn request_key(tenant_id: &str, request_id: &str, id: Uuid, whose: u64) -> StoreKey {
    let (high, low) = id.as_u64_pair();
    requests_key(tenant_id, request_id)
        .u64(high)
        .u64(low)
        .u64(whose)
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

    /// The amendment that a request made with this content; if there is none, one that it made with
    /// another.
    pub(crate) fn amendment(
        &self,
        tenant_id: &str,
        request_id: &str,
        hash: Hash,
    ) -> Result<Option<Recorded>, Refusal> {
        let requests = requests_key(tenant_id, request_id);
        let mut other = None;
        for entry in self.0.scan_prefix(requests, Direction::Ascending) {
            let amended = Recorded::decode(entry?.1).map_err(Refusal::internal)?;
            if amended.hash == hash {
                return Ok(Some(amended));
            }
            other.get_or_insert(amended);
        }
        Ok(other)
    }
}

/// Folds the log into the view, and ends the claims of what it has.
#[derive(Debug)]
pub(crate) struct LedgerFold {
    pending: Arc<Pending>,
    /// What this batch has brought, and whose it is.
    applied: Vec<(Key, u64)>,
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

    /// The first record of an id counts, of each customer.
    fn recorded(
        &mut self,
        position: Position,
        whose: u64,
        event: &Event,
        txn: &mut Txn<'_>,
    ) -> Result<(), ApplyError> {
        let id = uuid(event)?;
        let key = interaction_key(&event.tenant_id, id);
        let new = || new_recorded(position, whose, event, 1);
        let known = match txn.get(&key)? {
            None => Some(new()),
            Some(value) => {
                let mut known = Recorded::decode(value).map_err(ApplyError::record)?;
                match known.of_mut(whose) {
                    Some(_) => None,
                    None => {
                        known.add(new());
                        Some(known)
                    }
                }
            }
        };
        if let Some(known) = known {
            txn.put(key, known.encode_to_vec())?;
        }
        if !self.pending.is_empty() {
            if *self.tenant_id != *event.tenant_id {
                self.tenant_id = event.tenant_id.as_str().into();
            }
            let tenant_id = Arc::clone(&self.tenant_id);
            self.applied.push((Key { tenant_id, id }, whose));
        }
        Ok(())
    }

    /// An amendment counts when its sequence is the next one.
    fn amended(
        position: Position,
        whose: u64,
        event: &Event,
        txn: &mut Txn<'_>,
    ) -> Result<(), ApplyError> {
        let id = uuid(event)?;
        let key = interaction_key(&event.tenant_id, id);
        let Some(value) = txn.get(&key)? else {
            return Ok(());
        };
        let mut known = Recorded::decode(value).map_err(ApplyError::record)?;
        match known.of_mut(whose) {
            Some(recorded) if event.sequence == recorded.version + 1 => {
                recorded.version = event.sequence;
            }
            _ => return Ok(()),
        }
        txn.put(key, known.encode_to_vec())?;
        let request = request_key(&event.tenant_id, &event.request_id, id, whose);
        if txn.get(&request)?.is_none() {
            let amended = new_recorded(position, whose, event, event.sequence);
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
        2
    }

    fn opened(&mut self, _: &Store, _: &Positions) -> Result<(), ApplyError> {
        self.applied.clear();
        Ok(())
    }

    fn apply(&mut self, entry: &aftercall_log::Entry, txn: &mut Txn<'_>) -> Result<(), ApplyError> {
        let event = Event::decode(entry.record.body.clone()).map_err(ApplyError::record)?;
        let (position, whose) = (entry.position, || whose(&entry.record.key));
        match event.r#type() {
            EventType::InteractionRecorded => self.recorded(position, whose(), &event, txn),
            EventType::InteractionAmended => Self::amended(position, whose(), &event, txn),
            _ => Ok(()),
        }
    }

    fn committed(&mut self, _: &Positions) {
        for (key, whose) in self.applied.drain(..) {
            self.pending.evict(&key, whose);
        }
    }
}

fn new_recorded(position: Position, whose: u64, event: &Event, version: u64) -> Recorded {
    Recorded {
        hash: event.request_hash.to_vec(),
        partition: position.partition,
        offset: position.offset,
        recorded_at_us: recorded_at_us(event),
        version,
        whose,
        rivals: Vec::new(),
    }
}

fn uuid(event: &Event) -> Result<Uuid, ApplyError> {
    Uuid::try_parse(&event.aggregate_id).map_err(ApplyError::record)
}

fn recorded_at_us(event: &Event) -> i64 {
    let at = event.recorded_at.as_ref().and_then(time::from_wire);
    at.map_or(0, time::microseconds)
}
