//! For the tests of folds: a store in memory, and logs folded as no single run loop would.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use aftercall_log::{Entry, Partition, Position, Record};
use bytes::Bytes;
use parking_lot::Mutex;
use tantivy::TantivyDocument;

use crate::{
    Changes, Direction, Engine, EngineScan, Positions, Projection, Store, StoreError, Txn,
};

/// All that a store holds.
pub type Held = BTreeMap<Bytes, Bytes>;

/// A store's engine in memory. Clones share what they hold.
#[derive(Debug, Clone, Default)]
pub struct MemoryEngine(Arc<Mutex<Held>>);

impl MemoryEngine {
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

    /// Folds the log into an empty store: batch after batch, each of the partition and size that
    /// `turns` name, over and over until all is folded. A partition that is at its end gives its
    /// turn to the next one.
    ///
    /// # Panics
    /// When the fold fails, or `turns` is empty.
    pub fn fold<P: Projection>(&self, projection: &mut P, turns: &[(usize, usize)]) -> Folded {
        let engine = MemoryEngine::default();
        let store = Store::on(Box::new(engine.clone()));
        let mut documents = BTreeMap::new();
        let mut applied = Positions::new();
        projection.opened(&store, &applied).expect("begins");
        let count = self.0.len();
        for (partition, size) in turns.iter().cycle() {
            let rest = |partition: usize| {
                let next = applied.next(partition as Partition) as usize;
                self.0[partition]
                    .get(next..)
                    .filter(|rest| !rest.is_empty())
            };
            let mut asked = (0..count).map(|step| (partition + step) % count);
            let Some(batch) = asked.find_map(rest) else {
                break;
            };
            let batch = &batch[..batch.len().min(*size.max(&1))];
            let mut txn = Txn::new(&store);
            for entry in batch {
                projection.apply(entry, &mut txn).expect("applies");
                applied.include(entry.position);
            }
            write_documents(projection, &mut txn, &mut documents);
            store.apply(txn.into_changes()).expect("is in memory");
            projection.committed(&applied);
        }
        Folded {
            held: engine.held(),
            documents,
        }
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
