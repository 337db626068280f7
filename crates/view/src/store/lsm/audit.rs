//! Reads all that a store's tables hold, past the cache.
//!
//! A store is read through once after each opening, to find damage. By the cache that queries share, this would fill it
//! with what nobody asked for, and after each restart a process would take as much memory as the cache may have.

use std::path::PathBuf;
use std::sync::Arc;

use lsm_tree::{AbstractTree, InternalValue, Table, TableId, ValueType};

use super::{TreeState, reading};
use crate::StoreError;

/// What the blocks of one table take while it is read: those of its index, and the one that is read.
const CACHE_BYTES: u64 = 1 << 20;

/// Whose table it is, as its own cache names it: there is no other in there.
const TREE: u64 = 0;

type Entries = Box<dyn Iterator<Item = lsm_tree::Result<InternalValue>> + Send>;

/// A reading of the tables that there were at its beginning, one after the other. A table that was merged meanwhile was
/// read for that, and is passed over.
pub(super) struct Tables {
    tree: Arc<TreeState>,
    /// Those that are still to be read.
    left: Vec<TableId>,
    entries: Option<Entries>,
}

impl Tables {
    pub(super) fn of(tree: &Arc<TreeState>) -> Self {
        let version = tree.tree.current_version();
        Self {
            tree: Arc::clone(tree),
            left: version.iter_tables().map(|table| table.id()).collect(),
            entries: None,
        }
    }

    /// The next table that is still there; none after the last one.
    fn open_next(&mut self) -> Result<Option<Entries>, StoreError> {
        while let Some(id) = self.left.pop() {
            let version = self.tree.tree.current_version();
            let Some(table) = version.iter_tables().find(|table| table.id() == id) else {
                continue;
            };
            return reading(|| opened(table)).map(Some);
        }
        Ok(None)
    }
}

impl Iterator for Tables {
    type Item = Result<(), StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(entries) = &mut self.entries {
                match reading(|| entries.next().transpose()) {
                    Ok(None) => self.entries = None,
                    Ok(Some(entry)) if entry.key.value_type == ValueType::Value => {
                        let value = self.tree.values.value(entry.value.into());
                        return Some(value.map(|_| ()));
                    }
                    Ok(Some(_)) => return Some(Ok(())),
                    Err(error) => return Some(Err(error)),
                }
                continue;
            }
            match self.open_next() {
                Ok(None) => return None,
                Ok(entries) => self.entries = entries,
                Err(error) => return Some(Err(error)),
            }
        }
    }
}

/// All entries of a table, whose file is opened once more, with a cache of its own.
fn opened(table: &Table) -> lsm_tree::Result<Entries> {
    let cache = Arc::new(lsm_tree::Cache::with_capacity_bytes(CACHE_BYTES));
    let again = Table::recover(
        PathBuf::clone(&table.path),
        table.checksum(),
        table.global_seqno(),
        TREE,
        cache,
        None,
        true,
        true,
    )?;
    Ok(Box::new(again.range(..)))
}
