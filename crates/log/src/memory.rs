//! The reference engine: everything in memory, durable at once. For tests, and as the model that
//! the other engines are compared with.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::{Condvar, Mutex};

use crate::types::check_sizes;
use crate::{Append, Entry, Log, LogId, Offset, Partition, Position, ReadError, Reader, Record};

/// A log in memory. Clones share the same log.
#[derive(Debug, Clone)]
pub struct MemoryLog(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    id: LogId,
    partitions: Vec<Mutex<Vec<Record>>>,
    grown: (Mutex<()>, Condvar),
}

impl MemoryLog {
    /// An empty log of one or more partitions.
    pub fn new(id: LogId, partitions: u32) -> Self {
        let partitions = (0..partitions.max(1)).map(|_| Mutex::default()).collect();
        Self(Arc::new(Shared {
            id,
            partitions,
            grown: (Mutex::new(()), Condvar::new()),
        }))
    }

    fn partition(&self, partition: Partition) -> Result<&Mutex<Vec<Record>>, ReadError> {
        self.0
            .partitions
            .get(partition as usize)
            .ok_or(ReadError::NoSuchPartition(partition))
    }
}

impl Log for MemoryLog {
    fn id(&self) -> LogId {
        self.0.id
    }

    fn partitions(&self) -> u32 {
        self.0.partitions.len() as u32
    }

    fn partition_of(&self, key: &[u8]) -> Partition {
        crc32c::crc32c(key) % self.partitions()
    }

    fn append(&self, records: Vec<Record>) -> Append {
        if let Err(refused) = check_sizes(&records) {
            return Append::ready(Err(refused));
        }
        let mut positions = Vec::with_capacity(records.len());
        for record in records {
            let partition = self.partition_of(&record.key);
            let mut held = self.0.partitions[partition as usize].lock();
            positions.push(Position {
                partition,
                offset: held.len() as Offset,
            });
            held.push(record);
        }
        // A reader that found nothing is waiting by the time that this lock is ours.
        drop(self.0.grown.0.lock());
        self.0.grown.1.notify_all();
        Append::ready(Ok(positions))
    }

    fn tail(&self, partition: Partition) -> Result<Offset, ReadError> {
        Ok(self.partition(partition)?.lock().len() as Offset)
    }

    fn offset_at(&self, partition: Partition, recorded_at_us: i64) -> Result<Offset, ReadError> {
        let held = self.partition(partition)?.lock();
        let first = held
            .iter()
            .position(|record| record.recorded_at_us >= recorded_at_us);
        Ok(first.unwrap_or(held.len()) as Offset)
    }

    fn reader(&self, partition: Partition, from: Offset) -> Result<Box<dyn Reader>, ReadError> {
        let tail = self.tail(partition)?;
        if from > tail {
            return Err(ReadError::OffsetOutOfRange { offset: from, tail });
        }
        Ok(Box::new(MemoryReader {
            log: self.clone(),
            partition,
            next: from,
        }))
    }
}

#[derive(Debug)]
struct MemoryReader {
    log: MemoryLog,
    partition: Partition,
    next: Offset,
}

impl MemoryReader {
    fn take(&mut self, records_max: usize, bytes_max: usize) -> Result<Vec<Entry>, ReadError> {
        let held = self.log.partition(self.partition)?.lock();
        let mut entries = Vec::new();
        let mut bytes = 0;
        for record in held
            .iter()
            .skip(self.next as usize)
            .take(records_max.max(1))
        {
            bytes += record.body.len();
            if !entries.is_empty() && bytes > bytes_max {
                break;
            }
            let position = Position {
                partition: self.partition,
                offset: self.next,
            };
            entries.push(Entry {
                position,
                record: record.clone(),
            });
            self.next += 1;
        }
        Ok(entries)
    }
}

impl Reader for MemoryReader {
    fn next(
        &mut self,
        records_max: usize,
        bytes_max: usize,
        wait: Duration,
    ) -> Result<Vec<Entry>, ReadError> {
        let held = self.log.partition(self.partition)?;
        let next = self.next as usize;
        let mut grown = self.log.0.grown.0.lock();
        let at_tail = |_: &mut ()| held.lock().len() <= next;
        self.log.0.grown.1.wait_while_for(&mut grown, at_tail, wait);
        drop(grown);
        self.take(records_max, bytes_max)
    }

    fn position(&self) -> Offset {
        self.next
    }
}
