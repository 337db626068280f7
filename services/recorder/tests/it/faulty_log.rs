//! A log in memory that fails when a test says so, and whose readers can be held up.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use aftercall_log::{
    Append, AppendError, Claim, Entry, Log, LogId, MemoryLog, Offset, Partition, Position,
    ReadError, Reader, Record, WriteBlocked,
};
use parking_lot::{Condvar, Mutex};

/// What happens to one append.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    QueueFull,
    DiskFull,
    /// Written, but nobody learns of it.
    LostAck,
    /// Not written, and nobody learns of that either.
    LostRecord,
    /// Written, and not acknowledged before [`FaultyLog::acknowledge`].
    Late,
    /// Neither written nor acknowledged before [`FaultyLog::acknowledge`].
    Queued,
}

#[derive(Debug, Clone)]
pub(crate) struct FaultyLog {
    log: MemoryLog,
    faults: Arc<Mutex<VecDeque<Fault>>>,
    held: Arc<(Mutex<bool>, Condvar)>,
    late: Arc<Mutex<Vec<(Acknowledge, Append)>>>,
    queued: Arc<Mutex<Vec<(Acknowledge, Vec<Record>)>>>,
}

/// Tells a caller what became of its append.
type Acknowledge = tokio::sync::oneshot::Sender<Result<Vec<Position>, AppendError>>;

impl FaultyLog {
    pub(crate) fn new(partitions: u32) -> Self {
        Self {
            log: MemoryLog::new(LogId([7; 16]), partitions),
            faults: Arc::default(),
            held: Arc::default(),
            late: Arc::default(),
            queued: Arc::default(),
        }
    }

    /// The same log as another process has it open, with faults of its own.
    pub(crate) fn of_another_process(&self) -> Self {
        Self {
            log: self.log.of_another_process(),
            ..Self::new(1)
        }
    }

    /// The next append has this fault.
    pub(crate) fn fail_next(&self, fault: Fault) {
        self.faults.lock().push_back(fault);
    }

    /// From here on no reader sees a record.
    pub(crate) fn hold_readers(&self) {
        *self.held.0.lock() = true;
    }

    pub(crate) fn release_readers(&self) {
        *self.held.0.lock() = false;
        self.held.1.notify_all();
    }

    /// Acknowledges what was late.
    pub(crate) async fn acknowledge(&self) {
        let late = std::mem::take(&mut *self.late.lock());
        for (acknowledge, appended) in late {
            let _ = acknowledge.send(appended.await);
        }
        let queued = std::mem::take(&mut *self.queued.lock());
        for (acknowledge, records) in queued {
            let _ = acknowledge.send(self.log.append(records).await);
        }
    }

    /// How many appends are queued.
    pub(crate) fn queued(&self) -> usize {
        self.queued.lock().len()
    }

    /// How many records there are.
    pub(crate) fn len(&self) -> usize {
        self.log.tails().unwrap().iter().sum::<u64>() as usize
    }

    /// All records, one partition after the other.
    pub(crate) fn records(&self) -> Vec<Entry> {
        let partitions = 0..self.log.partitions();
        let read = partitions.flat_map(|partition| {
            let mut reader = self
                .log
                .reader(&[Position {
                    partition,
                    offset: 0,
                }])
                .unwrap();
            reader.next(usize::MAX, usize::MAX, Duration::ZERO).unwrap()
        });
        read.collect()
    }
}

impl Log for FaultyLog {
    fn id(&self) -> LogId {
        self.log.id()
    }

    fn partitions(&self) -> u32 {
        self.log.partitions()
    }

    fn is_shared(&self) -> bool {
        self.log.is_shared()
    }

    fn partition_of(&self, key: &[u8]) -> Partition {
        self.log.partition_of(key)
    }

    fn append(&self, records: Vec<Record>) -> Append {
        let retry_after = Duration::from_millis(250);
        let unknown = || AppendError::Unknown(Arc::new(std::io::Error::other("lost")));
        let fault = self.faults.lock().pop_front();
        let error = match fault {
            Some(Fault::Late) => {
                let (sender, receiver) = tokio::sync::oneshot::channel();
                self.late.lock().push((sender, self.log.append(records)));
                return Append::waiting(receiver);
            }
            Some(Fault::Queued) => {
                let (sender, receiver) = tokio::sync::oneshot::channel();
                self.queued.lock().push((sender, records));
                return Append::waiting(receiver);
            }
            None => return self.log.append(records),
            Some(Fault::QueueFull) => AppendError::QueueFull { retry_after },
            Some(Fault::DiskFull) => AppendError::DiskFull { retry_after },
            Some(Fault::LostRecord) => unknown(),
            Some(Fault::LostAck) => {
                drop(self.log.append(records));
                unknown()
            }
        };
        Append::ready(Err(error))
    }

    fn tails(&self) -> Result<Vec<Offset>, ReadError> {
        self.log.tails()
    }

    fn offset_at(&self, partition: Partition, recorded_at_us: i64) -> Result<Offset, ReadError> {
        self.log.offset_at(partition, recorded_at_us)
    }

    fn reader(&self, from: &[Position]) -> Result<Box<dyn Reader>, ReadError> {
        Ok(Box::new(HeldReader {
            reader: self.log.reader(from)?,
            held: Arc::clone(&self.held),
        }))
    }

    fn claim(&self, role: &'static str) -> Claim {
        self.log.claim(role)
    }

    fn check_writable(&self) -> Result<(), WriteBlocked> {
        self.log.check_writable()
    }
}

#[derive(Debug)]
struct HeldReader {
    reader: Box<dyn Reader>,
    held: Arc<(Mutex<bool>, Condvar)>,
}

impl Reader for HeldReader {
    fn next(
        &mut self,
        records_max: usize,
        bytes_max: usize,
        wait: Duration,
    ) -> Result<Vec<Entry>, ReadError> {
        let mut held = self.held.0.lock();
        if *held {
            self.held.1.wait_for(&mut held, wait);
        }
        if *held {
            return Ok(Vec::new());
        }
        // Under the lock, and so not for long: once readers are held, none is on its way.
        let wait = wait.min(Duration::from_millis(5));
        self.reader.next(records_max, bytes_max, wait)
    }

    fn positions(&self) -> &[Position] {
        self.reader.positions()
    }
}
