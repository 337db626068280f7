//! The reference engine: everything in memory, durable at once. For tests, and as the model that
//! the other engines are compared with.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use parking_lot::{Condvar, Mutex};
use tokio::sync::watch;

use crate::types::{check_from, check_sizes};
use crate::{
    Append, Claim, Copied, Entry, Log, LogId, Offset, Partition, Position, ReadError, Reader,
    Record, WriteBlocked,
};

/// A log in memory. Clones share the same log, and stand for the same process.
#[derive(Debug, Clone)]
pub struct MemoryLog {
    shared: Arc<Shared>,
    claims: Arc<Mutex<BTreeMap<&'static str, Held>>>,
    copied: Option<Copied>,
}

/// The partitions that this process has in a role.
type Held = watch::Sender<Arc<BTreeSet<Partition>>>;

#[derive(Debug)]
struct Shared {
    id: LogId,
    partitions: Vec<Mutex<Vec<Record>>>,
    grown: (Mutex<()>, Condvar),
    /// Whether there is more than one process.
    is_shared: AtomicBool,
}

impl MemoryLog {
    /// An empty log of one or more partitions.
    pub fn new(id: LogId, partitions: u32) -> Self {
        let partitions = (0..partitions.max(1)).map(|_| Mutex::default()).collect();
        Self {
            shared: Arc::new(Shared {
                id,
                partitions,
                grown: (Mutex::new(()), Condvar::new()),
                is_shared: AtomicBool::new(false),
            }),
            claims: Arc::default(),
            copied: None,
        }
    }

    /// The same log as a process has it open that stands on a copy of it.
    #[must_use]
    pub fn as_a_copy(&self) -> Self {
        Self {
            shared: Arc::clone(&self.shared),
            claims: Arc::default(),
            copied: Some(Copied { from: None }),
        }
    }

    /// The same log as another process has it open: it has claims of its own.
    #[must_use]
    pub fn of_another_process(&self) -> Self {
        self.shared.is_shared.store(true, Ordering::Relaxed);
        Self {
            shared: Arc::clone(&self.shared),
            claims: Arc::default(),
            copied: self.copied.clone(),
        }
    }

    /// Says which partitions are this process's in `role`. All are, until this is called.
    pub fn assign(&self, role: &'static str, partitions: impl IntoIterator<Item = Partition>) {
        let partitions = Arc::new(partitions.into_iter().collect());
        self.claims_of(role).send_replace(partitions);
    }

    fn claims_of(&self, role: &'static str) -> Held {
        let all = || watch::Sender::new(Arc::new((0..self.partitions()).collect()));
        self.claims.lock().entry(role).or_insert_with(all).clone()
    }

    fn partition(&self, partition: Partition) -> Result<&Mutex<Vec<Record>>, ReadError> {
        self.shared
            .partitions
            .get(partition as usize)
            .ok_or(ReadError::NoSuchPartition(partition))
    }
}

impl Log for MemoryLog {
    fn id(&self) -> LogId {
        self.shared.id
    }

    fn copied(&self) -> Option<&Copied> {
        self.copied.as_ref()
    }

    fn partitions(&self) -> u32 {
        self.shared.partitions.len() as u32
    }

    fn is_shared(&self) -> bool {
        self.shared.is_shared.load(Ordering::Relaxed)
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
            let mut held = self.shared.partitions[partition as usize].lock();
            positions.push(Position {
                partition,
                offset: held.len() as Offset,
            });
            held.push(record);
        }
        // A reader that found nothing is waiting by the time that this lock is ours.
        drop(self.shared.grown.0.lock());
        self.shared.grown.1.notify_all();
        Append::ready(Ok(positions))
    }

    fn knows_its_end(&self) -> bool {
        true
    }

    fn tails(&self) -> Result<Vec<Offset>, ReadError> {
        let partitions = self.shared.partitions.iter();
        Ok(partitions.map(|held| held.lock().len() as Offset).collect())
    }

    fn offset_at(&self, partition: Partition, recorded_at_us: i64) -> Result<Offset, ReadError> {
        let held = self.partition(partition)?.lock();
        let first = held
            .iter()
            .position(|record| record.recorded_at_us >= recorded_at_us);
        Ok(first.unwrap_or(held.len()) as Offset)
    }

    fn reader(&self, from: &[Position]) -> Result<Box<dyn Reader>, ReadError> {
        check_from(from, &self.tails()?)?;
        Ok(Box::new(MemoryReader {
            log: self.clone(),
            positions: from.to_vec(),
            turn: 0,
        }))
    }

    fn claim(&self, role: &'static str) -> Claim {
        Claim::new(self.claims_of(role).subscribe(), ())
    }

    fn check_writable(&self) -> Result<(), WriteBlocked> {
        Ok(())
    }
}

#[derive(Debug)]
struct MemoryReader {
    log: MemoryLog,
    positions: Vec<Position>,
    /// Which of the positions is looked at first next time.
    turn: usize,
}

impl MemoryReader {
    fn at_tails(&self) -> bool {
        let at_tail = |at: &Position| match self.log.partition(at.partition) {
            Ok(held) => held.lock().len() as Offset <= at.offset,
            Err(_) => true,
        };
        self.positions.iter().all(at_tail)
    }

    /// Takes what there is of one partition.
    fn take(&mut self, which: usize, room: &mut Room) -> Result<Vec<Entry>, ReadError> {
        let at = &mut self.positions[which];
        let held = self.log.partition(at.partition)?.lock();
        let mut entries = Vec::new();
        for record in held.iter().skip(at.offset as usize) {
            if !room.takes(record) {
                break;
            }
            entries.push(Entry {
                position: *at,
                record: record.clone(),
            });
            at.offset += 1;
        }
        Ok(entries)
    }
}

/// What an answer still has room for.
struct Room {
    records: usize,
    bytes: usize,
    empty: bool,
}

impl Room {
    fn takes(&mut self, record: &Record) -> bool {
        let bytes = record.key.len() + record.body.len();
        let fits = self.records > 0 && self.bytes >= bytes;
        if fits || self.empty {
            self.records = self.records.saturating_sub(1);
            self.bytes = self.bytes.saturating_sub(bytes);
            self.empty = false;
            return true;
        }
        false
    }
}

impl Reader for MemoryReader {
    fn next(
        &mut self,
        records_max: usize,
        bytes_max: usize,
        wait: Duration,
    ) -> Result<Vec<Entry>, ReadError> {
        let grown = &self.log.shared.grown;
        let mut waiting = grown.0.lock();
        let at_tails = |_: &mut ()| self.at_tails();
        grown.1.wait_while_for(&mut waiting, at_tails, wait);
        drop(waiting);
        let mut room = Room {
            records: records_max,
            bytes: bytes_max,
            empty: true,
        };
        let count = self.positions.len();
        let mut entries = Vec::new();
        for step in 0..count {
            entries.extend(self.take((self.turn + step) % count, &mut room)?);
        }
        self.turn = (self.turn + 1) % count;
        Ok(entries)
    }

    fn positions(&self) -> &[Position] {
        &self.positions
    }
}
