//! Claims on ids: from before a record is appended until the view has it.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use aftercall_log::{AppendError, Position};
use parking_lot::Mutex;
use tokio::sync::Notify;
use uuid::Uuid;

use crate::failure::Refusal;

/// A power of two: several threads claim at once.
const SHARDS: usize = 64;

/// What a request says, in short: tells a repetition from a re-used id.
pub(crate) type Hash = [u8; 16];

/// An interaction of a tenant.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    pub(crate) tenant_id: Arc<str>,
    pub(crate) id: Uuid,
}

/// Where a record stands, and since when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Written {
    pub(crate) position: Position,
    pub(crate) recorded_at_us: i64,
}

/// What became of an append.
pub(crate) type Outcome = Result<Written, Refusal>;

/// A claim's record on its way into the log. Shared by all requests with its id.
#[derive(Debug)]
pub(crate) struct Flight {
    hash: Hash,
    /// Whose record it is: another customer's with the same id is not this one.
    whose: u64,
    outcome: OnceLock<Outcome>,
    landed: Notify,
}

impl Flight {
    fn new(hash: Hash, whose: u64) -> Arc<Self> {
        Arc::new(Self {
            hash,
            whose,
            outcome: OnceLock::new(),
            landed: Notify::new(),
        })
    }

    /// Waits for the outcome.
    pub(crate) async fn outcome(&self) -> Outcome {
        loop {
            let landed = self.landed.notified();
            if let Some(outcome) = self.outcome.get() {
                return outcome.clone();
            }
            landed.await;
        }
    }

    fn land(&self, outcome: Outcome) {
        let _ = self.outcome.set(outcome);
        self.landed.notify_waiters();
    }

    /// Whether it ended without anyone knowing whether the record was written.
    fn in_doubt(&self) -> bool {
        matches!(self.outcome.get(), Some(Err(refusal)) if may_be_written(refusal))
    }
}

/// Whether the record may be in the log all the same.
fn may_be_written(refusal: &Refusal) -> bool {
    use AppendError::{DiskFull, QueueFull, TooLarge, Unavailable};
    match refusal {
        Refusal::Log(QueueFull { .. } | DiskFull { .. } | Unavailable { .. } | TooLarge { .. }) => {
            false
        }
        Refusal::Log(_) => true,
        _ => false,
    }
}

/// What a request gets that asks for an id.
#[derive(Debug)]
pub(crate) enum Claimed {
    /// The id: look into the ledger, then append.
    Mine(Arc<Flight>),
    /// The id, after an append whose outcome nobody knows: let the ledger catch up, look into it,
    /// then append.
    InDoubt(Arc<Flight>),
    /// Somebody has the id for the same content: wait for the outcome.
    Shared(Arc<Flight>),
    /// Somebody has the id for another content: if that is written, the id is gone.
    Contested(Arc<Flight>),
    /// There are too many claims.
    Full,
}

/// All claims.
#[derive(Debug)]
pub(crate) struct Pending {
    shards: [Mutex<HashMap<Key, Arc<Flight>>>; SHARDS],
    claims: AtomicUsize,
    claims_max: usize,
    /// There is room again.
    freed: Notify,
}

impl Pending {
    pub(crate) fn new(claims_max: usize) -> Self {
        Self {
            shards: std::array::from_fn(|_| Mutex::default()),
            claims: AtomicUsize::new(0),
            claims_max,
            freed: Notify::new(),
        }
    }

    /// Waits until there is room for more than a few claims: for those who can wait before they claim.
    /// What is left is for those who can't.
    pub(crate) async fn room(&self) {
        loop {
            let freed = self.freed.notified();
            if self.claims.load(Ordering::Relaxed) < self.waiting_from() {
                return;
            }
            freed.await;
        }
    }

    fn waiting_from(&self) -> usize {
        self.claims_max - self.claims_max / 8
    }

    fn free_one(&self) {
        if self.claims.fetch_sub(1, Ordering::Relaxed) == self.waiting_from() {
            self.freed.notify_waiters();
        }
    }

    /// Claims an id for a content.
    pub(crate) fn claim(&self, key: &Key, hash: Hash, whose: u64) -> Claimed {
        if self.claims.load(Ordering::Relaxed) >= self.claims_max {
            return Claimed::Full;
        }
        match self.shard(key).lock().entry(key.clone()) {
            Entry::Vacant(entry) => {
                let flight = Flight::new(hash, whose);
                entry.insert(Arc::clone(&flight));
                self.claims.fetch_add(1, Ordering::Relaxed);
                Claimed::Mine(flight)
            }
            Entry::Occupied(mut entry) if entry.get().in_doubt() => {
                let flight = Flight::new(hash, whose);
                entry.insert(Arc::clone(&flight));
                Claimed::InDoubt(flight)
            }
            Entry::Occupied(entry) if entry.get().hash == hash => {
                Claimed::Shared(Arc::clone(entry.get()))
            }
            Entry::Occupied(entry) => Claimed::Contested(Arc::clone(entry.get())),
        }
    }

    /// Ends a claim whose record is in the view.
    pub(crate) fn evict(&self, key: &Key, whose: u64) {
        let mut shard = self.shard(key).lock();
        if shard.get(key).is_some_and(|held| held.whose == whose) {
            shard.remove(key);
            self.free_one();
        }
    }

    /// Whether there are no claims at all.
    pub(crate) fn is_empty(&self) -> bool {
        self.claims.load(Ordering::Relaxed) == 0
    }

    /// Ends a claim for which nothing was written.
    fn release(&self, key: &Key, flight: &Arc<Flight>) {
        let mut shard = self.shard(key).lock();
        if shard.get(key).is_some_and(|held| Arc::ptr_eq(held, flight)) {
            shard.remove(key);
            self.free_one();
        }
    }

    fn shard(&self, key: &Key) -> &Mutex<HashMap<Key, Arc<Flight>>> {
        // The last bits of an id are random in every version but the oldest.
        &self.shards[key.id.as_u128() as usize % SHARDS]
    }
}

/// A claim that somebody must settle. One that is dropped before is in doubt: its append may go on.
#[derive(Debug)]
pub(crate) struct Claim {
    pending: Arc<Pending>,
    key: Key,
    flight: Arc<Flight>,
    /// Whether it is kept while it is in doubt. Nobody comes for an id that the server drew; and
    /// where others write too, each answer is the ledger's anyway, and claims of records that never
    /// turn up would fill the memory.
    is_kept_in_doubt: bool,
}

impl Claim {
    pub(crate) fn new(
        pending: &Arc<Pending>,
        key: Key,
        flight: Arc<Flight>,
        is_kept_in_doubt: bool,
    ) -> Self {
        Self {
            pending: Arc::clone(pending),
            key,
            flight,
            is_kept_in_doubt,
        }
    }

    /// Tells all who wait what became of the append. The claim is kept until the view has the
    /// record, or for as long as the record may turn up.
    pub(crate) fn settle(self, outcome: Outcome) {
        match &outcome {
            Err(refusal) if !may_be_written(refusal) => self.end(outcome),
            _ => self.flight.land(outcome),
        }
    }

    /// Ends the claim at once: nothing was appended, or the view has the record already.
    pub(crate) fn end(self, outcome: Outcome) {
        self.pending.release(&self.key, &self.flight);
        self.flight.land(outcome);
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        // Only the first outcome counts: after `settle` this changes nothing.
        self.flight.land(Err(Refusal::Log(AppendError::Closed)));
        if !self.is_kept_in_doubt && self.flight.in_doubt() {
            self.pending.release(&self.key, &self.flight);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(id: u128) -> Key {
        Key {
            tenant_id: "acme".into(),
            id: Uuid::from_u128(id),
        }
    }

    #[tokio::test]
    async fn who_can_wait_waits_for_room_and_who_can_not_is_refused_later() {
        let pending = Pending::new(8);
        let claim = |id| pending.claim(&key(id), [0; 16], 1);
        (0..7).for_each(|id| assert!(matches!(claim(id), Claimed::Mine(_))));
        let mut room = Box::pin(pending.room());
        assert!(futures::poll!(&mut room).is_pending());
        assert!(matches!(claim(7), Claimed::Mine(_)));
        assert!(matches!(claim(8), Claimed::Full));

        pending.evict(&key(0), 1);
        assert!(futures::poll!(&mut room).is_pending());
        pending.evict(&key(1), 1);
        assert!(futures::poll!(&mut room).is_ready());
    }
}
