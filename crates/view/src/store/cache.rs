//! What the stores of a process keep in memory of their files.

use std::fmt;
use std::sync::Arc;

/// A cache that all stores of a process share: which of them is read most has most of it, and together they
/// never have more. Cheap to clone.
#[derive(Clone)]
pub struct Cache {
    blocks: Arc<lsm_tree::Cache>,
    bytes: u64,
}

impl Cache {
    /// A cache of about `bytes`.
    pub fn of(bytes: u64) -> Self {
        Self {
            blocks: Arc::new(lsm_tree::Cache::with_capacity_bytes(bytes)),
            bytes,
        }
    }

    /// For an engine that shares it.
    pub(super) fn blocks(&self) -> Arc<lsm_tree::Cache> {
        Arc::clone(&self.blocks)
    }

    /// For an engine that keeps a cache of its own for each store: a part, in bytes, because there are several.
    pub(super) const fn part_bytes(&self) -> u64 {
        self.bytes / 4
    }
}

impl Default for Cache {
    /// Of 128 MiB.
    fn default() -> Self {
        Self::of(128 << 20)
    }
}

impl fmt::Debug for Cache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cache").field("bytes", &self.bytes).finish()
    }
}
