//! Claims on ids: from before a record is appended until the ledger has it.

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use aftercall_ledger::{Accepted, Happening, Id, Name, What, names};
use aftercall_log::{AppendError, Position};
use aftercall_view::Observer;
use parking_lot::{Mutex, MutexGuard};
use tokio::sync::Notify;
use uuid::Uuid;

use crate::failure::Refusal;

/// A power of two: several threads claim at once.
const SHARDS: usize = 64;

/// What a request says, in short: tells a repetition from a re-used id.
pub(crate) type Hash = [u8; 16];

/// What can be claimed: a contact of a tenant by its id, or another name that a record brings.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    pub(crate) tenant_id: Arc<str>,
    pub(crate) id: Uuid,
    sort: Sort,
}

/// What an id names. A reference in another system has an id as contacts have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Sort {
    Contact,
    Promise,
}

impl Key {
    /// The contact of an id.
    pub(crate) fn contact(tenant_id: Arc<str>, id: Uuid) -> Self {
        Self {
            tenant_id,
            id,
            sort: Sort::Contact,
        }
    }

    /// A name; none for one that nobody can claim.
    pub(crate) fn name(tenant_id: Arc<str>, name: &Name) -> Option<Self> {
        let (id, sort) = match name {
            Name::Reference(id) => (id, Sort::Contact),
            Name::Promise(id) => (id, Sort::Promise),
            Name::NotTheirs(_) => return None,
        };
        Some(Self {
            tenant_id,
            id: id.uuid()?,
            sort,
        })
    }
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
    /// The contact that it records.
    contact: Uuid,
    /// Whose record it is: another customer's with the same id is not this one.
    whose: u64,
    /// All that it claims: the contact's id, and its other names.
    keys: Vec<Key>,
    /// Whether it took the place of one of which nobody knows whether it was written. Then what is
    /// appended settles nothing, for nobody who waits for it: the ledger is to be asked.
    is_doubtful: bool,
    outcome: OnceLock<Outcome>,
    landed: Notify,
}

impl Flight {
    /// Whether the ledger has the last word.
    pub(crate) fn is_doubtful(&self) -> bool {
        self.is_doubtful
    }

    /// The contact that it records.
    pub(crate) fn contact(&self) -> Uuid {
        self.contact
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
    /// The id: look into the ledger, then append. If the flight is doubtful, let the ledger catch up
    /// before.
    Mine(Arc<Flight>),
    /// Somebody has the id for the same content: wait for the outcome.
    Shared(Arc<Flight>),
    /// Somebody has the id for another content: if that is written, the id is gone.
    Contested(Arc<Flight>),
    /// Another contact has one of the names, the id itself too: if that is written, the name is gone.
    Taken {
        /// The other contact's record.
        flight: Arc<Flight>,
        /// Which of the names; none for the id.
        name: Option<usize>,
    },
    /// There are too many claims.
    Full,
}

/// What a record claims.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted<'a> {
    pub(crate) key: &'a Key,
    /// Its other names.
    pub(crate) names: &'a [Key],
    pub(crate) hash: Hash,
    pub(crate) whose: u64,
}

type Shard = HashMap<Key, Arc<Flight>>;

/// All claims.
#[derive(Debug)]
pub(crate) struct Pending {
    shards: [Mutex<Shard>; SHARDS],
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

    /// Claims an id for a content, and all names that come with it, or nothing.
    pub(crate) fn claim(&self, wanted: Wanted<'_>) -> Claimed {
        if self.claims.load(Ordering::Relaxed) >= self.claims_max {
            return Claimed::Full;
        }
        let Wanted {
            key,
            names,
            hash,
            whose,
        } = wanted;
        let mut shards = self.lock(key, names);
        let mut is_doubtful = false;
        if let Some(held) = shards.of(key).get(key).map(Arc::clone) {
            if held.in_doubt() {
                is_doubtful = true;
            } else if held.contact != key.id {
                return Claimed::Taken {
                    flight: held,
                    name: None,
                };
            } else if held.hash == hash {
                return Claimed::Shared(held);
            } else {
                return Claimed::Contested(held);
            }
        }
        for (index, name) in names.iter().enumerate() {
            match shards.of(name).get(name) {
                Some(held) if held.in_doubt() => is_doubtful = true,
                Some(held) if held.contact != key.id => {
                    return Claimed::Taken {
                        flight: Arc::clone(held),
                        name: Some(index),
                    };
                }
                _ => {}
            }
        }
        let keys = std::iter::once(key).chain(names).cloned();
        let flight = Arc::new(Flight {
            hash,
            contact: key.id,
            whose,
            keys: keys.collect(),
            is_doubtful,
            outcome: OnceLock::new(),
            landed: Notify::new(),
        });
        for key in &flight.keys {
            let held = shards.of(key).insert(key.clone(), Arc::clone(&flight));
            if held.is_none() {
                self.claims.fetch_add(1, Ordering::Relaxed);
            }
        }
        Claimed::Mine(flight)
    }

    /// Ends the claim of a contact's record on one of its names, when the ledger has judged it.
    pub(crate) fn evict(&self, key: &Key, contact: Uuid, whose: u64) {
        let is_its = |held: &Flight| held.contact == contact && held.whose == whose;
        self.remove(key, is_its);
    }

    /// Whether there are no claims at all.
    pub(crate) fn is_empty(&self) -> bool {
        self.claims.load(Ordering::Relaxed) == 0
    }

    /// Ends a claim for which nothing was written.
    fn release(&self, flight: &Arc<Flight>) {
        for key in &flight.keys {
            self.remove(key, |held| std::ptr::eq(held, &**flight));
        }
    }

    fn remove(&self, key: &Key, is_meant: impl Fn(&Flight) -> bool) {
        let mut shard = self.shards[shard_of(key)].lock();
        if shard.get(key).is_some_and(|held| is_meant(held)) {
            shard.remove(key);
            self.free_one();
        }
    }

    /// Locks what holds all of these keys, in one order everywhere.
    fn lock(&self, key: &Key, names: &[Key]) -> Locked<'_> {
        let keys = std::iter::once(key).chain(names);
        let mut numbers: Vec<usize> = keys.map(shard_of).collect();
        numbers.sort_unstable();
        numbers.dedup();
        let locked = numbers.into_iter();
        Locked(
            locked
                .map(|number| (number, self.shards[number].lock()))
                .collect(),
        )
    }
}

fn shard_of(key: &Key) -> usize {
    // The last bits of an id are random in every version but the oldest.
    key.id.as_u128() as usize % SHARDS
}

/// Some shards, locked.
struct Locked<'p>(Vec<(usize, MutexGuard<'p, Shard>)>);

impl Locked<'_> {
    /// The shard of a key that was asked for.
    fn of(&mut self, key: &Key) -> &mut Shard {
        let number = shard_of(key);
        let at = self.0.partition_point(|(one, _)| *one < number);
        &mut self.0[at].1
    }
}

impl Observer<Happening> for Pending {
    fn committed(&self, facts: &[Accepted]) {
        let mut tenant_id: Arc<str> = "".into();
        for fact in facts {
            let What::Recorded { recorded, .. } = &fact.what else {
                continue;
            };
            if self.is_empty() {
                return;
            }
            if *tenant_id != *fact.event.tenant_id {
                tenant_id = fact.event.tenant_id.as_str().into();
            }
            let Some(contact) = Id::of(&fact.event.aggregate_id).uuid() else {
                continue;
            };
            let own = Key::contact(Arc::clone(&tenant_id), contact);
            self.evict(&own, contact, fact.whose);
            let brought = recorded.interaction.iter();
            for named in brought.flat_map(|brought| names(&tenant_id, brought)) {
                if let Some(key) = Key::name(Arc::clone(&tenant_id), &named.name) {
                    self.evict(&key, contact, fact.whose);
                }
            }
        }
    }

    fn hurries(&self) -> bool {
        self.claims.load(Ordering::Relaxed) > self.claims_max / 8
    }
}

/// A claim that somebody must settle. One that is dropped before is in doubt: its append may go on.
#[derive(Debug)]
pub(crate) struct Claim {
    pending: Arc<Pending>,
    flight: Arc<Flight>,
    /// Whether it is kept while it is in doubt. Nobody comes for an id that the server drew; and
    /// where others write too, each answer is the ledger's anyway, and claims of records that never
    /// turn up would fill the memory.
    is_kept_in_doubt: bool,
}

impl Claim {
    pub(crate) fn new(pending: &Arc<Pending>, flight: Arc<Flight>, is_kept_in_doubt: bool) -> Self {
        Self {
            pending: Arc::clone(pending),
            flight,
            is_kept_in_doubt,
        }
    }

    /// Tells all who wait what became of the append. The claim is kept until the ledger has the
    /// record, or for as long as the record may turn up.
    pub(crate) fn settle(self, outcome: Outcome) {
        match &outcome {
            Err(refusal) if !may_be_written(refusal) => self.end(outcome),
            _ => self.flight.land(outcome),
        }
    }

    /// Ends the claim at once: nothing was appended, or the ledger has the record already.
    pub(crate) fn end(self, outcome: Outcome) {
        self.pending.release(&self.flight);
        self.flight.land(outcome);
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        // Only the first outcome counts: after `settle` this changes nothing.
        self.flight.land(Err(Refusal::Log(AppendError::Closed)));
        if !self.is_kept_in_doubt && self.flight.in_doubt() {
            self.pending.release(&self.flight);
        }
    }
}
