//! The way of a view that is far behind: it reads the log for itself, up to where the ledger is.

use std::collections::HashSet;
use std::time::Duration;

use aftercall_log::{Entry, Position, ReadError, Reader};

use super::reading::{decode, size, unless_opening};
use super::{Batch, Feed};
use crate::judge::{refused_key, refused_offset};
use crate::{FromRecord, Placed, Positions, Store, StoreError, ViewError};

/// Reads what the ledger had judged when the cursor was made.
pub(super) struct Cursor {
    reader: Box<dyn Reader>,
    /// What the ledger was complete through.
    limit: Positions,
    /// Which life of the ledger that was.
    generation: u64,
}

impl Cursor {
    /// Begins after `after`; none while the log's cluster can't be reached.
    pub(super) fn begin<F>(
        feed: &Feed<F>,
        after: &Positions,
        limit: Positions,
        generation: u64,
    ) -> Result<Option<Self>, ViewError> {
        // What the view has more of than a ledger that is being rebuilt, is not its to read.
        let lacks = limit.iter().filter(|(of, next)| *next > after.next(*of));
        let from: Vec<_> = lacks
            .map(|(partition, _)| Position {
                partition,
                offset: after.next(partition),
            })
            .collect();
        match feed.0.log.reader(&from) {
            Err(ReadError::Unavailable { .. }) => Ok(None),
            reader => Ok(Some(Self {
                reader: reader?,
                limit,
                generation,
            })),
        }
    }

    /// Whether nothing is left to read for a view that has all of `after`, or the ledger is another.
    pub(super) fn is_used_up(&self, after: &Positions, generation: u64) -> bool {
        generation != self.generation || after.covers_all(&self.limit)
    }

    /// The accepted facts of the next records; none if they have to be read again, by another cursor.
    pub(super) fn next<F: FromRecord>(
        &mut self,
        feed: &Feed<F>,
        after: &Positions,
        (records_max, bytes_max): (usize, usize),
        wait: Duration,
    ) -> Result<Option<Batch<F>>, ViewError> {
        let entries = match self.reader.next(records_max, bytes_max, wait) {
            Err(ReadError::Unavailable { .. }) => Vec::new(),
            read => read?,
        };
        let read = self.reader.positions().iter();
        let read: Positions = read.map(|at| (at.partition, at.offset)).collect();
        let through = after.union(&read.intersection(&self.limit));
        let refused = refused(&feed.0.ledger.store(), after, &through);
        let Some(refused) = unless_opening(refused)? else {
            return Ok(None);
        };
        // Asked after the ledger was read: it was the same one all the time.
        if feed.0.ring.lock().generation() != self.generation {
            return Ok(None);
        }
        let judged = |entry: &&Entry| through.covers(entry.position);
        let judged: Vec<&Entry> = entries.iter().filter(judged).collect();
        let accepted = judged
            .iter()
            .filter(|entry| !refused.contains(&entry.position));
        let mut facts: Vec<Placed<F>> = decode(accepted.copied())?;
        facts.retain(|fact| fact.is_for_views());
        Ok(Some(Batch {
            from: after.clone(),
            records: judged.len() as u64,
            bytes: judged.iter().copied().map(size).sum(),
            facts,
            is_last: false,
            through,
        }))
    }
}

/// What the ledger refused after `after`, up to `through`.
fn refused(
    ledger: &Store,
    after: &Positions,
    through: &Positions,
) -> Result<HashSet<Position>, StoreError> {
    let mut refused = HashSet::new();
    for (partition, next) in through.iter() {
        let from = refused_key(partition, after.next(partition));
        for entry in ledger.scan_own(&from, Some(&refused_key(partition, next))) {
            let offset = refused_offset(&entry?.0);
            refused.extend(offset.map(|offset| Position { partition, offset }));
        }
    }
    Ok(refused)
}
