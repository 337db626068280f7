//! How far each partition is known to be durable, by whatever was heard of it.
//!
//! A broker that was stopped or cut off for a while may believe that it still leads a partition, and
//! tell an end that the partition has long passed. What this process has once heard stays true.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::{Offset, Partition};

/// For each partition the first offset that is not known to be durable. Never goes back.
#[derive(Debug)]
pub(super) struct Durable(Box<[AtomicU64]>);

impl Durable {
    /// Nothing is known yet.
    pub(super) fn new(partitions: u32) -> Self {
        Self((0..partitions).map(|_| AtomicU64::new(0)).collect())
    }

    /// Notes that all below `next` is durable, and says what is known of the partition now.
    pub(super) fn note(&self, partition: Partition, next: Offset) -> Offset {
        let known = self.0.get(partition as usize);
        known.map_or(next, |known| {
            known.fetch_max(next, Ordering::Relaxed).max(next)
        })
    }

    /// What is known of a partition.
    pub(super) fn of(&self, partition: Partition) -> Offset {
        let known = self.0.get(partition as usize);
        known.map_or(0, |known| known.load(Ordering::Relaxed))
    }

    /// What is known of each partition.
    pub(super) fn all(&self) -> Vec<Offset> {
        let known = self.0.iter();
        known.map(|known| known.load(Ordering::Relaxed)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::Durable;

    #[test]
    fn an_end_that_was_heard_of_is_not_taken_back() {
        let durable = Durable::new(2);
        assert_eq!(durable.note(1, 7), 7);
        assert_eq!(durable.note(1, 5), 7, "a leader that was replaced");
        assert_eq!(durable.note(1, 8), 8);
        assert_eq!(durable.all(), [0, 8]);
    }
}
