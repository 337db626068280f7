//! A reader of the log that gives out what the ledger has judged.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use aftercall_log::{Entry, Log, Position, ReadError, Reader};
use aftercall_view::Positions;

/// How much is read at once. What a webhook is told of it fits into one event, and a subscription holds no more.
const RECORDS_MAX: usize = 500;
const BYTES_MAX: usize = 1 << 20;

/// How long the log may take to hand out what is there.
const WAIT: Duration = Duration::from_millis(200);

/// Reads ahead of the ledger, and waits for it.
pub(crate) struct Ahead {
    through: Positions,
    reader: Option<Box<dyn Reader>>,
    read: VecDeque<Entry>,
}

impl From<Positions> for Ahead {
    /// One that begins there.
    fn from(through: Positions) -> Self {
        Self {
            through,
            reader: None,
            read: VecDeque::new(),
        }
    }
}

impl Ahead {
    /// What was given out.
    pub(crate) fn through(&self) -> &Positions {
        &self.through
    }

    /// Whether all of `judged` was given out.
    pub(crate) fn has(&self, judged: &Positions) -> bool {
        self.through.covers_all(judged)
    }

    /// The next records of those that are judged. Blocks for a moment.
    pub(crate) fn next(
        &mut self,
        log: &Arc<dyn Log>,
        judged: &Positions,
    ) -> Result<Vec<Entry>, ReadError> {
        let partitions = 0..log.partitions();
        let from: Vec<_> = partitions
            .map(|partition| Position {
                partition,
                offset: self.through.next(partition),
            })
            .collect();
        let mut reader = match self.reader.take() {
            Some(reader) => reader,
            None => log.reader(&from)?,
        };
        if self.read.is_empty() {
            self.read.extend(reader.next(RECORDS_MAX, BYTES_MAX, WAIT)?);
        }
        let mut entries = Vec::new();
        while let Some(entry) = self
            .read
            .pop_front_if(|entry| judged.covers(entry.position))
        {
            self.through.include(entry.position);
            entries.push(entry);
        }
        if self.read.is_empty() {
            // Places without a record are passed over.
            let read = reader.positions().iter();
            let read: Positions = read.map(|at| (at.partition, at.offset)).collect();
            self.through = self.through.union(&read.intersection(judged));
        }
        self.reader = Some(reader);
        Ok(entries)
    }
}
