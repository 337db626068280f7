//! For the tests of folds: a store in memory, and logs folded as no single run loop would.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use aftercall_log::{Entry, Partition, Position, Record};
use bytes::Bytes;
use parking_lot::Mutex;
use tantivy::TantivyDocument;

use crate::{
    Changes, Direction, Engine, EngineScan, FromRecord, Judge, Placed, Positions, Projection,
    Store, StoreError, Txn, Verdict,
};

/// All that a store holds.
pub type Held = BTreeMap<Bytes, Bytes>;

/// A store's engine in memory. Clones share what they hold.
#[derive(Debug, Clone, Default)]
pub struct MemoryEngine(Arc<Mutex<Held>>, Arc<AtomicU64>);

impl MemoryEngine {
    /// How many bytes of keys and values were ever written to it.
    pub fn written_bytes(&self) -> u64 {
        self.1.load(Ordering::Relaxed)
    }

    /// All that it holds.
    pub fn held(&self) -> Held {
        self.0.lock().clone()
    }
}

impl Engine for MemoryEngine {
    fn get(&self, key: &[u8]) -> Result<Option<Bytes>, StoreError> {
        Ok(self.0.lock().get(key).cloned())
    }

    fn scan(&self, from: &[u8], to: Option<&[u8]>, direction: Direction) -> EngineScan {
        let held = self.0.lock();
        let within = |key: &Bytes| key >= from && to.is_none_or(|to| key < to);
        let entries = held.iter().filter(|(key, _)| within(key));
        let mut entries: Vec<_> = entries
            .map(|(key, value)| Ok((key.clone(), value.clone())))
            .collect();
        if direction == Direction::Descending {
            entries.reverse();
        }
        Box::new(entries.into_iter())
    }

    fn apply(&self, changes: Changes) -> Result<(), StoreError> {
        let mut held = self.0.lock();
        for (key, value) in changes {
            let bytes = key.len() + value.as_ref().map_or(0, Bytes::len);
            self.1.fetch_add(bytes as u64, Ordering::Relaxed);
            match value {
                Some(value) => drop(held.insert(key, value)),
                None => drop(held.remove(&key)),
            }
        }
        Ok(())
    }

    fn flush(&self) -> Result<(), StoreError> {
        Ok(())
    }

    fn reserve_bytes(&self) -> u64 {
        0
    }

    fn disk_bytes(&self) -> Result<u64, StoreError> {
        Ok(0)
    }
}

/// What a fold leaves behind.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Folded {
    /// The store.
    pub held: Held,
    /// The documents of the index, by key.
    pub documents: BTreeMap<Bytes, String>,
}

/// A log of several partitions, as a test writes it.
#[derive(Debug, Clone)]
pub struct Partitions(Vec<Vec<Entry>>);

impl Partitions {
    /// An empty log.
    pub fn new(count: Partition) -> Self {
        Self((0..count).map(|_| Vec::new()).collect())
    }

    /// Appends a record to the partition that its key asks for.
    pub fn append(&mut self, record: Record) -> Position {
        let partition = crc32c::crc32c(&record.key) % self.0.len() as u32;
        let entries = &mut self.0[partition as usize];
        let position = Position {
            partition,
            offset: entries.len() as u64,
        };
        entries.push(Entry { position, record });
        position
    }

    /// Judges the log, and folds what is accepted into an empty store: batch after batch, each of the
    /// partition and size that `turns` name, over and over until all is folded. A partition that is
    /// at its end gives its turn to the next one.
    ///
    /// # Panics
    /// When the fold fails, or `turns` is empty.
    pub fn fold<J, P>(&self, judge: &mut J, projection: &mut P, turns: &[(usize, usize)]) -> Folded
    where
        J: Judge,
        P: Projection<Fact = J::Fact>,
    {
        let engines = [MemoryEngine::default(), MemoryEngine::default()];
        self.fold_into(&engines, judge, projection, turns)
    }

    /// The same into the engines of a ledger and of a view, which are empty.
    ///
    /// # Panics
    /// As [`Partitions::fold`].
    pub fn fold_into<J, P>(
        &self,
        [ledger, engine]: &[MemoryEngine; 2],
        judge: &mut J,
        projection: &mut P,
        turns: &[(usize, usize)],
    ) -> Folded
    where
        J: Judge,
        P: Projection<Fact = J::Fact>,
    {
        let ledger = Store::on(Box::new(ledger.clone()));
        let store = Store::on(Box::new(engine.clone()));
        let mut documents = BTreeMap::new();
        let mut applied = Positions::new();
        judge.opened(&ledger, &applied).expect("begins");
        projection.opened(&store, &applied).expect("begins");
        for batch in self.batches(turns) {
            let mut txn = Txn::new(&ledger);
            let facts = batch
                .iter()
                .map(|entry| Placed::read(entry).expect("reads"));
            let mut facts: Vec<Placed<J::Fact>> = facts.collect();
            facts.retain(|fact| {
                let verdict = judge.judge(fact, &mut txn).expect("judges");
                verdict == Verdict::Accepted && fact.is_for_views()
            });
            ledger.apply(txn.into_changes()).expect("is in memory");
            let mut txn = Txn::new(&store);
            for fact in &facts {
                projection.apply(fact, &mut txn).expect("applies");
            }
            projection.finish(&mut txn).expect("applies");
            batch
                .iter()
                .for_each(|entry| applied.include(entry.position));
            write_documents(projection, &mut txn, &mut documents);
            store.apply(txn.into_changes()).expect("is in memory");
            projection.committed(&applied);
        }
        Folded {
            held: engine.held(),
            documents,
        }
    }

    /// Judges the log as [`fold`](Self::fold) does, and gives what the ledger holds.
    ///
    /// # Panics
    /// When the judge fails, or `turns` is empty.
    pub fn judge<J: Judge>(&self, judge: &mut J, turns: &[(usize, usize)]) -> Held {
        let engine = MemoryEngine::default();
        let ledger = Store::on(Box::new(engine.clone()));
        judge.opened(&ledger, &Positions::new()).expect("begins");
        for batch in self.batches(turns) {
            let mut txn = Txn::new(&ledger);
            for entry in batch {
                let fact = Placed::read(entry).expect("reads");
                judge.judge(&fact, &mut txn).expect("judges");
            }
            ledger.apply(txn.into_changes()).expect("is in memory");
        }
        engine.held()
    }

    /// The log cut into batches, as `turns` say.
    fn batches(&self, turns: &[(usize, usize)]) -> Vec<&[Entry]> {
        let count = self.0.len();
        let mut rest: Vec<&[Entry]> = self.0.iter().map(Vec::as_slice).collect();
        let mut batches = Vec::new();
        for (partition, size) in turns.iter().cycle() {
            let mut asked = (0..count).map(|step| (partition + step) % count);
            let Some(partition) = asked.find(|partition| !rest[*partition].is_empty()) else {
                break;
            };
            let size = rest[partition].len().min(*size.max(&1));
            let (batch, later) = rest[partition].split_at(size);
            rest[partition] = later;
            batches.push(batch);
        }
        batches
    }
}

/// As the run loop does it: each touched document is made anew from what the batch leaves behind.
fn write_documents<P: Projection>(
    projection: &mut P,
    txn: &mut Txn<'_>,
    documents: &mut BTreeMap<Bytes, String>,
) {
    let touched: BTreeSet<Bytes> = txn.take_touched().into_keys().collect();
    let Some(indexer) = projection.indexer() else {
        return;
    };
    for key in touched {
        let document = indexer.document(&key, txn).expect("is made");
        match document.map(|document: TantivyDocument| format!("{document:?}")) {
            Some(document) => documents.insert(key, document),
            None => documents.remove(&key),
        };
    }
}
