//! A log that counts what is read of it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use aftercall_log::{
    Append, Claim, Entry, Log, LogId, MemoryLog, Offset, Partition, Position, ReadError, Reader,
    Record, WriteBlocked,
};

/// What one process does with its log.
#[derive(Debug, Default)]
pub(super) struct Counts {
    readers: AtomicU64,
    read: AtomicU64,
    pub(super) decoded: AtomicU64,
    pub(super) judged: AtomicU64,
}

impl Counts {
    pub(super) fn all(&self) -> [u64; 4] {
        [&self.readers, &self.read, &self.decoded, &self.judged]
            .map(|count| count.load(Ordering::Relaxed))
    }
}

/// A log that counts what is read of it.
#[derive(Debug, Clone)]
pub(super) struct CountedLog(pub(super) MemoryLog, pub(super) Arc<Counts>);

#[derive(Debug)]
struct CountedReader(Box<dyn Reader>, Arc<Counts>);

impl Reader for CountedReader {
    fn next(
        &mut self,
        records_max: usize,
        bytes_max: usize,
        wait: Duration,
    ) -> Result<Vec<Entry>, ReadError> {
        let entries = self.0.next(records_max, bytes_max, wait)?;
        let count = entries.len() as u64;
        self.1.read.fetch_add(count, Ordering::Relaxed);
        Ok(entries)
    }

    fn positions(&self) -> &[Position] {
        self.0.positions()
    }
}

impl Log for CountedLog {
    fn id(&self) -> LogId {
        self.0.id()
    }

    fn partitions(&self) -> u32 {
        self.0.partitions()
    }

    fn is_shared(&self) -> bool {
        self.0.is_shared()
    }

    fn partition_of(&self, key: &[u8]) -> Partition {
        self.0.partition_of(key)
    }

    fn append(&self, records: Vec<Record>) -> Append {
        self.0.append(records)
    }

    fn tails(&self) -> Result<Vec<Offset>, ReadError> {
        self.0.tails()
    }

    fn offset_at(&self, partition: Partition, recorded_at_us: i64) -> Result<Offset, ReadError> {
        self.0.offset_at(partition, recorded_at_us)
    }

    fn reader(&self, from: &[Position]) -> Result<Box<dyn Reader>, ReadError> {
        self.1.readers.fetch_add(1, Ordering::Relaxed);
        let reader = self.0.reader(from)?;
        Ok(Box::new(CountedReader(reader, Arc::clone(&self.1))))
    }

    fn claim(&self, role: &'static str) -> Claim {
        self.0.claim(role)
    }

    fn check_writable(&self) -> Result<(), WriteBlocked> {
        self.0.check_writable()
    }
}
