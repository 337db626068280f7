//! What is counted of a process.

use std::sync::atomic::{AtomicU64, Ordering};

/// What one process does with what it reads.
#[derive(Debug, Default)]
pub(super) struct Counts {
    pub(super) decoded: AtomicU64,
    pub(super) judged: AtomicU64,
}

impl Counts {
    /// How many records were decoded, and how many judged.
    pub(super) fn all(&self) -> [u64; 2] {
        [&self.decoded, &self.judged].map(|count| count.load(Ordering::Relaxed))
    }
}
