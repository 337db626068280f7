//! The ledger's way through the log.

use std::time::Duration;

use aftercall_log::{Entry, Position, ReadError, Reader};

use super::{Batch, Feed};
use crate::run::{Got, Source};
use crate::{ApplyError, FromRecord, Placed, Positions, StoreError, ViewError};

/// Reads the log, decodes it, and waits while views that keep up have no room for more.
pub(crate) struct Reading<F> {
    feed: Feed<F>,
    reader: Option<Box<dyn Reader>>,
}

impl<F> Reading<F> {
    pub(crate) fn new(feed: Feed<F>) -> Self {
        Self { feed, reader: None }
    }
}

impl<F: FromRecord> Source for Reading<F> {
    type Fact = F;

    fn begin(&mut self) {
        self.reader = None;
    }

    fn next(
        &mut self,
        after: &Positions,
        (records_max, bytes_max): (usize, usize),
        wait: Duration,
    ) -> Result<Got<F>, ViewError> {
        let reader = match &mut self.reader {
            Some(reader) => reader,
            none => match self.feed.0.log.reader(&starts(&self.feed, after)) {
                Err(ReadError::Unavailable { .. }) => return Ok(Got::Blocked),
                opened => none.insert(opened?),
            },
        };
        if !self.feed.await_room(wait) {
            return Ok(Got::Nothing);
        }
        let entries = match reader.next(records_max, bytes_max, wait) {
            // The reader goes on by itself when the cluster is back.
            Err(ReadError::Unavailable { .. }) => Vec::new(),
            read => read?,
        };
        let read = reader.positions().iter();
        let read: Positions = read.map(|at| (at.partition, at.offset)).collect();
        // Offsets without a record are passed over without one.
        if entries.is_empty() && after.covers_all(&read) {
            return Ok(Got::Nothing);
        }
        let bytes: usize = entries.iter().map(size).sum();
        let is_last = entries.len() < records_max && bytes < bytes_max;
        let batch = Batch {
            from: after.clone(),
            through: after.union(&read),
            records: entries.len() as u64,
            bytes,
            is_last,
            facts: decode(&entries)?,
        };
        Ok(Got::batch(batch))
    }
}

/// Where a reader begins that has all of `after`.
pub(super) fn starts<F>(feed: &Feed<F>, after: &Positions) -> Vec<Position> {
    (0..feed.0.log.partitions())
        .map(|partition| Position {
            partition,
            offset: after.next(partition),
        })
        .collect()
}

/// How many bytes a record has.
pub(super) fn size(entry: &Entry) -> usize {
    entry.record.key.len() + entry.record.body.len()
}

/// Decodes all of `entries`, or says which of them makes no sense.
pub(super) fn decode<'e, F: FromRecord>(
    entries: impl IntoIterator<Item = &'e Entry>,
) -> Result<Vec<Placed<F>>, ViewError> {
    let decoded = entries.into_iter().map(|entry| {
        Placed::read(entry).map_err(|source| ViewError::Apply {
            at: entry.position,
            source,
        })
    });
    decoded.collect()
}

/// What a ledger that can't be read now, or fails, means for whoever reads its refusals: to try again.
pub(super) fn unless_opening<T>(read: Result<T, StoreError>) -> Result<Option<T>, ViewError> {
    match read {
        Ok(read) => Ok(Some(read)),
        Err(StoreError::Opening | StoreError::Failed(_)) => Ok(None),
        Err(error) => Err(ViewError::Begin(ApplyError::Store(error))),
    }
}
