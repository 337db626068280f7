//! Other engines behind the same seam.

use std::fmt::Display;
use std::ops::Bound;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use aftercall_view::{Cause, Changes, Direction, Engine, EngineScan, Fault, StoreError};
use bytes::Bytes;
use fjall::{Database, Keyspace, KeyspaceCreateOptions, OwnedWriteBatch, PersistMode};
use redb::{Durability, ReadableDatabase, TableDefinition};

/// Keeps nothing.
#[derive(Debug)]
pub(crate) struct Nothing;

impl Engine for Nothing {
    fn get(&self, _key: &[u8]) -> Result<Option<Bytes>, StoreError> {
        Ok(None)
    }

    fn scan(&self, _from: &[u8], _to: Option<&[u8]>, _direction: Direction) -> EngineScan {
        Box::new(std::iter::empty())
    }

    fn apply(&self, _changes: Changes) -> Result<(), StoreError> {
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

/// fjall 3, with its journal: the same tree as ours.
pub(crate) struct Fjall(Database, Keyspace);

impl Fjall {
    pub(crate) fn open(dir: &Path, cache_bytes: u64) -> Self {
        let database = Database::builder(dir)
            .cache_size(cache_bytes)
            .worker_threads(1)
            .manual_journal_persist(true)
            .open()
            .expect("a database");
        let options = || KeyspaceCreateOptions::default().max_memtable_size(16 << 20);
        let keyspace = database.keyspace("view", options).expect("a keyspace");
        Self(database, keyspace)
    }
}

impl Engine for Fjall {
    fn get(&self, key: &[u8]) -> Result<Option<Bytes>, StoreError> {
        Ok(self.1.get(key).map_err(failed)?.map(Bytes::from))
    }

    fn scan(&self, from: &[u8], to: Option<&[u8]>, _direction: Direction) -> EngineScan {
        let entries = self.1.range::<&[u8], _>(bounds(from, to));
        Box::new(entries.map(|entry| {
            let (key, value) = entry.into_inner().map_err(failed)?;
            Ok((key.into(), value.into()))
        }))
    }

    fn apply(&self, changes: Changes) -> Result<(), StoreError> {
        let mut batch = OwnedWriteBatch::with_capacity(self.0.clone(), changes.len());
        for (key, value) in changes {
            match value {
                Some(value) => batch.insert(&self.1, key, value),
                None => batch.remove(&self.1, key),
            }
        }
        batch.commit().map_err(failed)
    }

    fn flush(&self) -> Result<(), StoreError> {
        self.0.persist(PersistMode::SyncData).map_err(failed)
    }

    fn reserve_bytes(&self) -> u64 {
        0
    }

    fn disk_bytes(&self) -> Result<u64, StoreError> {
        self.0.disk_space().map_err(failed)
    }
}

impl std::fmt::Debug for Fjall {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Fjall")
    }
}

/// redb 4; every 64th batch is durable.
#[derive(Debug)]
pub(crate) struct Redb(redb::Database, AtomicU64);

const TABLE: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("view");

impl Redb {
    pub(crate) fn open(dir: &Path, cache_bytes: usize) -> Self {
        std::fs::create_dir_all(dir).expect("a directory");
        let database = redb::Builder::new()
            .set_cache_size(cache_bytes)
            .create(dir.join("view.redb"))
            .expect("a database");
        let begun = database.begin_write().expect("a transaction");
        begun.open_table(TABLE).expect("a table");
        begun.commit().expect("a table");
        Self(database, AtomicU64::new(0))
    }

    fn write(&self, changes: &Changes, durability: Durability) -> Result<(), StoreError> {
        let mut transaction = self.0.begin_write().map_err(failed)?;
        transaction.set_durability(durability).map_err(failed)?;
        {
            let mut table = transaction.open_table(TABLE).map_err(failed)?;
            for (key, value) in changes {
                match value {
                    Some(value) => drop(table.insert(&key[..], &value[..]).map_err(failed)?),
                    None => drop(table.remove(&key[..]).map_err(failed)?),
                }
            }
        }
        transaction.commit().map_err(failed)
    }
}

impl Engine for Redb {
    fn get(&self, key: &[u8]) -> Result<Option<Bytes>, StoreError> {
        let transaction = self.0.begin_read().map_err(failed)?;
        let table = transaction.open_table(TABLE).map_err(failed)?;
        let value = table.get(key).map_err(failed)?;
        Ok(value.map(|value| Bytes::copy_from_slice(value.value())))
    }

    fn scan(&self, from: &[u8], to: Option<&[u8]>, _direction: Direction) -> EngineScan {
        let entries = || {
            let transaction = self.0.begin_read().map_err(failed)?;
            let table = transaction.open_table(TABLE).map_err(failed)?;
            table.range::<&[u8]>(bounds(from, to)).map_err(failed)
        };
        match entries() {
            Err(error) => Box::new(std::iter::once(Err(error))),
            Ok(entries) => Box::new(entries.map(|entry| {
                let (key, value) = entry.map_err(failed)?;
                let copied = Bytes::copy_from_slice;
                Ok((copied(key.value()), copied(value.value())))
            })),
        }
    }

    fn apply(&self, changes: Changes) -> Result<(), StoreError> {
        let batch = self.1.fetch_add(1, Ordering::Relaxed);
        let durability = match batch % 64 {
            63 => Durability::Immediate,
            _ => Durability::None,
        };
        self.write(&changes, durability)
    }

    fn flush(&self) -> Result<(), StoreError> {
        self.write(&Changes::default(), Durability::Immediate)
    }

    fn reserve_bytes(&self) -> u64 {
        0
    }

    fn disk_bytes(&self) -> Result<u64, StoreError> {
        Ok(0)
    }
}

fn bounds<'k>(from: &'k [u8], to: Option<&'k [u8]>) -> (Bound<&'k [u8]>, Bound<&'k [u8]>) {
    (
        Bound::Included(from),
        to.map_or(Bound::Unbounded, Bound::Excluded),
    )
}

fn failed(error: impl Display) -> StoreError {
    StoreError::Failed(Fault::new(Cause::Unclear, error))
}
