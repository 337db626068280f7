//! Which log it is, and in which of its epochs each record was written.
//!
//! A log that was put back to an earlier state has the identity that it had, and goes on otherwise:
//! its next record takes the offset of one that was told of before. So each start of a log on disk
//! begins a new **epoch**, drawn at random, with the first offset that is not written. Who keeps a
//! position keeps the epoch of its last record too, and the log refuses what does not fit:
//!
//! ```text
//!  first life    ├── epoch 4f ──┼──── epoch 9a ─────────────────┤  a position at ▲ says 9a
//!  put back      ├── epoch 4f ──┼── epoch 9a ──┼─ epoch c2 ──┤      here ▲ it is c2: refused
//! ```
//!
//! What both lives share is taken by both. Records of one epoch are written by one process.

use std::fmt;
use std::sync::Arc;

use crate::{LogId, Offset};

/// A stretch of a log's life, from a start to the next one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Epoch(pub u32);

impl Epoch {
    /// That of no record: of a place with none before it, and of all records of a log that can't
    /// be put back.
    pub const NONE: Self = Self(0);
}

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:08x}", self.0)
    }
}

/// An epoch, with its first record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Era {
    /// The offset of the first record that was, or will be, written in it.
    pub first: Offset,
    /// The epoch.
    pub epoch: Epoch,
}

/// A log as positions and checkpoints name it. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogIdentity {
    id: LogId,
    /// By their first record; of the one partition that a log with epochs has.
    eras: Arc<[Era]>,
}

impl LogIdentity {
    /// The log `id`, whose records were written in `eras`, which are in order.
    pub fn new(id: LogId, eras: impl Into<Arc<[Era]>>) -> Self {
        Self {
            id,
            eras: eras.into(),
        }
    }

    /// The identity that the log got when it was created.
    pub fn id(&self) -> LogId {
        self.id
    }

    /// Its epochs, in order.
    pub fn eras(&self) -> &[Era] {
        &self.eras
    }

    /// The epoch of the last record before `next` in the log's one partition.
    pub fn epoch_before(&self, next: Offset) -> Epoch {
        let after = self.eras.partition_point(|era| era.first < next);
        after
            .checked_sub(1)
            .map_or(Epoch::NONE, |at| self.eras[at].epoch)
    }
}

impl From<LogId> for LogIdentity {
    /// A log without epochs.
    fn from(id: LogId) -> Self {
        Self::new(id, [])
    }
}

impl From<&Self> for LogIdentity {
    fn from(identity: &Self) -> Self {
        identity.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_has_the_epoch_of_the_record_before_it() {
        let era = |first, epoch| Era {
            first,
            epoch: Epoch(epoch),
        };
        let log = LogIdentity::new(LogId([7; 16]), [era(0, 5), era(3, 6), era(9, 7)]);
        let epochs: Vec<_> = [0, 1, 3, 4, 9, 10, 99]
            .map(|next| log.epoch_before(next).0)
            .into();
        assert_eq!(epochs, [0, 5, 5, 6, 6, 7, 7]);
        assert_eq!(
            LogIdentity::from(LogId([7; 16])).epoch_before(9),
            Epoch::NONE
        );
    }
}
