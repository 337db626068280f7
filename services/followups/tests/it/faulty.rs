//! A log that fails as it is told.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use aftercall_log::{
    Append, AppendError, Claim, Log, LogId, MemoryLog, Offset, Partition, Position, ReadError,
    Reader, Record, WriteBlocked,
};
use parking_lot::Mutex;
use tokio::sync::oneshot;

/// What becomes of one append.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It is written and acknowledged.
    Written,
    /// It is written, and nobody hears of it.
    WrittenUnheard,
    /// It is written, and the log does not know.
    Unknown,
    /// The queue is full.
    QueueFull,
    /// The disk is full.
    DiskFull,
}

/// How a partition is out of order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outage {
    /// Nobody says where it ends.
    NoLeader,
    /// It can be read, and appends wait.
    TakesNothing,
}

type Outcome = Result<Vec<Position>, AppendError>;

/// What happens just before the log says where it ends.
type BeforeTails = Box<dyn Fn() + Send + Sync>;

/// The log in memory, with a fate for each of the first appends; later ones are written.
pub(crate) struct FaultyLog {
    log: MemoryLog,
    before_tails: BeforeTails,
    fates: Mutex<VecDeque<Fate>>,
    /// What would have acknowledged the appends that nobody hears of.
    unheard: Mutex<Vec<Box<dyn std::any::Any + Send>>>,
    outage: Mutex<Option<(Partition, Outage)>>,
    /// The appends that wait for the outage to end.
    held_up: Mutex<Vec<oneshot::Sender<Outcome>>>,
}

impl FaultyLog {
    pub(crate) fn new(log: MemoryLog, fates: impl IntoIterator<Item = Fate>) -> Arc<Self> {
        Arc::new(Self {
            log,
            before_tails: Box::new(|| {}),
            fates: Mutex::new(fates.into_iter().collect()),
            unheard: Mutex::default(),
            outage: Mutex::default(),
            held_up: Mutex::default(),
        })
    }

    /// A log that always does `before_tails` before it says where it ends.
    pub(crate) fn with_tails(
        log: MemoryLog,
        before_tails: impl Fn() + Send + Sync + 'static,
    ) -> Arc<Self> {
        Arc::new(Self {
            log,
            before_tails: Box::new(before_tails),
            fates: Mutex::default(),
            unheard: Mutex::default(),
            outage: Mutex::default(),
            held_up: Mutex::default(),
        })
    }

    /// Puts a partition out of order.
    pub(crate) fn begin_outage(&self, partition: Partition, outage: Outage) {
        *self.outage.lock() = Some((partition, outage));
    }

    /// Ends that. Of the appends that waited it is not known what became of them.
    pub(crate) fn end_outage(&self) {
        *self.outage.lock() = None;
        for append in self.held_up.lock().drain(..) {
            let cause = std::io::Error::other("the leader is gone");
            let _ = append.send(Err(AppendError::Unknown(Arc::new(cause))));
        }
    }

    /// How many fates have not been met.
    pub(crate) fn fates_left(&self) -> usize {
        self.fates.lock().len()
    }
}

impl std::fmt::Debug for FaultyLog {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FaultyLog")
            .field("log", &self.log)
            .finish_non_exhaustive()
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
        if let Some((partition, Outage::TakesNothing)) = *self.outage.lock()
            && self.partition_of(&records[0].key) == partition
        {
            let (sender, receiver) = oneshot::channel();
            self.held_up.lock().push(sender);
            return Append::waiting(receiver);
        }
        let retry_after = Duration::from_millis(1);
        let fate = self.fates.lock().pop_front();
        match fate.unwrap_or(Fate::Written) {
            Fate::Written => self.log.append(records),
            Fate::WrittenUnheard => {
                drop(self.log.append(records));
                let (sender, receiver) = oneshot::channel();
                self.unheard.lock().push(Box::new(sender));
                Append::waiting(receiver)
            }
            Fate::Unknown => {
                drop(self.log.append(records));
                let cause = std::io::Error::other("the connection broke");
                Append::ready(Err(AppendError::Unknown(Arc::new(cause))))
            }
            Fate::QueueFull => Append::ready(Err(AppendError::QueueFull { retry_after })),
            Fate::DiskFull => Append::ready(Err(AppendError::DiskFull { retry_after })),
        }
    }

    fn tails(&self) -> Result<Vec<Offset>, ReadError> {
        (self.before_tails)();
        if let Some((_, Outage::NoLeader)) = *self.outage.lock() {
            return Err(ReadError::Unavailable {
                detail: "a partition has no leader".to_owned(),
            });
        }
        self.log.tails()
    }

    fn partial_tails(&self) -> Result<Vec<Option<Offset>>, ReadError> {
        (self.before_tails)();
        let mut tails: Vec<_> = self.log.tails()?.into_iter().map(Some).collect();
        if let Some((partition, Outage::NoLeader)) = *self.outage.lock() {
            tails[partition as usize] = None;
        }
        Ok(tails)
    }

    fn offset_at(&self, partition: Partition, recorded_at_us: i64) -> Result<Offset, ReadError> {
        self.log.offset_at(partition, recorded_at_us)
    }

    fn reader(&self, from: &[Position]) -> Result<Box<dyn Reader>, ReadError> {
        self.log.reader(from)
    }

    fn claim(&self, role: &'static str) -> Claim {
        self.log.claim(role)
    }

    fn check_writable(&self) -> Result<(), WriteBlocked> {
        self.log.check_writable()
    }
}
