//! For tests of what stands on a log: one that fails when a test says so.

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::{Condvar, Mutex, RwLock};
use tokio::sync::oneshot;

use crate::{
    Append, AppendError, Claim, Entry, Log, LogId, MemoryLog, Offset, Partition, Position,
    ReadError, Reader, Record, WriteBlocked,
};

/// When a log that refuses wants to be asked again.
const RETRY_AFTER: Duration = Duration::from_millis(1);

/// How long a reader looks for records at once, so that one that is to be held is soon.
const READ_WAIT_MAX: Duration = Duration::from_millis(5);

/// What becomes of one append.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It is written and acknowledged.
    Written,
    /// It is written, and the log does not know.
    LostAck,
    /// It is not written, and the log does not know that either.
    LostRecord,
    /// It is written, and nobody ever hears of it.
    Unheard,
    /// It is written, and not acknowledged before [`FaultyLog::acknowledge`].
    Late,
    /// It is neither written nor acknowledged before [`FaultyLog::acknowledge`].
    Queued,
    /// The queue is full.
    QueueFull,
    /// The disk is full.
    DiskFull,
}

/// How a partition is out of order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outage {
    /// Nobody says where it ends.
    NoLeader,
    /// It can be read, and appends wait.
    TakesNothing,
}

type Outcome = Result<Vec<Position>, AppendError>;
type Acknowledge = oneshot::Sender<Outcome>;

/// What happens just before the log says where it ends.
type BeforeTails = Box<dyn Fn() + Send + Sync>;

/// A log in memory that fails when a test says so, and whose readers can be held up. Clones are the
/// same.
#[derive(Clone)]
pub struct FaultyLog {
    log: MemoryLog,
    faults: Arc<Faults>,
}

#[derive(Default)]
struct Faults {
    before_tails: Option<BeforeTails>,
    state: Mutex<State>,
    voice: Mutex<Voice>,
    /// Notified when it speaks again.
    spoken: Condvar,
    /// How many records readers gave.
    records_read: AtomicU64,
    /// Whether readers are held. Who reads holds it, so that none is on its way once they are.
    are_held: RwLock<bool>,
    /// Notified when readers are let go.
    released: (Mutex<()>, Condvar),
}

#[derive(Default)]
struct State {
    /// What becomes of the next appends; later ones are written.
    fates: VecDeque<Fate>,
    late: Vec<(Acknowledge, Append)>,
    queued: Vec<(Acknowledge, Vec<Record>)>,
    /// What would have acknowledged the appends that nobody hears of.
    unheard: Vec<Acknowledge>,
    outage: Option<(Partition, Outage)>,
    /// The appends that wait for the outage to end.
    held_up: Vec<Acknowledge>,
}

/// What the log says of itself, other than it is.
#[derive(Default)]
struct Voice {
    is_silent: bool,
    /// How many wait to be told where it ends.
    waiting: usize,
    /// How many more times it tells an end that is long passed.
    tells_old: usize,
    is_blocked: bool,
    /// Where readers began.
    read_from: Vec<Vec<Position>>,
}

impl FaultyLog {
    /// A log that has no faults yet.
    pub fn new(log: MemoryLog) -> Self {
        Self {
            log,
            faults: Arc::default(),
        }
    }

    /// A log whose first appends have these fates.
    pub fn failing(log: MemoryLog, fates: impl IntoIterator<Item = Fate>) -> Self {
        let log = Self::new(log);
        log.fail_next(fates);
        log
    }

    /// A log that always does `before_tails` before it says where it ends.
    pub fn with_tails(log: MemoryLog, before_tails: impl Fn() + Send + Sync + 'static) -> Self {
        let faults = Faults {
            before_tails: Some(Box::new(before_tails)),
            ..Faults::default()
        };
        Self {
            log,
            faults: Arc::new(faults),
        }
    }

    /// The same log as another process has it open, with faults of its own.
    pub fn of_another_process(&self) -> Self {
        Self::new(self.log.of_another_process())
    }

    /// The next appends have these fates.
    pub fn fail_next(&self, fates: impl IntoIterator<Item = Fate>) {
        self.faults.state.lock().fates.extend(fates);
    }

    /// How many fates have not been met.
    pub fn fates_left(&self) -> usize {
        self.faults.state.lock().fates.len()
    }

    /// Writes what is queued, and acknowledges that and what was late.
    pub async fn acknowledge(&self) {
        let (mut late, queued) = {
            let mut state = self.faults.state.lock();
            (
                std::mem::take(&mut state.late),
                std::mem::take(&mut state.queued),
            )
        };
        late.extend(
            queued
                .into_iter()
                .map(|(acknowledge, records)| (acknowledge, self.log.append(records))),
        );
        for (acknowledge, appended) in late {
            let _ = acknowledge.send(appended.await);
        }
    }

    /// How many appends are queued.
    pub fn queued(&self) -> usize {
        self.faults.state.lock().queued.len()
    }

    /// From here on no reader sees a record.
    pub fn hold_readers(&self) {
        *self.faults.are_held.write() = true;
    }

    /// From here on readers see all records again.
    pub fn release_readers(&self) {
        *self.faults.are_held.write() = false;
        let _waiting = self.faults.released.0.lock();
        self.faults.released.1.notify_all();
    }

    /// Puts a partition out of order.
    pub fn begin_outage(&self, partition: Partition, outage: Outage) {
        self.faults.state.lock().outage = Some((partition, outage));
    }

    /// Ends that. Of the appends that waited it is not known what became of them.
    pub fn end_outage(&self) {
        let mut state = self.faults.state.lock();
        state.outage = None;
        for append in state.held_up.drain(..) {
            let _ = append.send(Err(unknown("the leader is gone")));
        }
    }

    /// From here on it does not say where it ends: who asks waits for [`FaultyLog::speak`], and is told
    /// then that it can't be said.
    pub fn fall_silent(&self) {
        self.faults.voice.lock().is_silent = true;
    }

    /// From here on it says where it ends.
    pub fn speak(&self) {
        self.faults.voice.lock().is_silent = false;
        self.faults.spoken.notify_all();
    }

    /// How many wait to be told where it ends.
    pub fn waiting(&self) -> usize {
        self.faults.voice.lock().waiting
    }

    /// So many times more it tells an end that is long passed, as a leader does that was replaced and
    /// has not heard of it.
    pub fn tell_old_ends(&self, times: usize) {
        self.faults.voice.lock().tells_old = times;
    }

    /// Whether it says that it can be written. What is appended is written all the same.
    pub fn set_writable(&self, is_writable: bool) {
        self.faults.voice.lock().is_blocked = !is_writable;
    }

    /// Where readers began, the latest one last.
    pub fn read_from(&self) -> Vec<Vec<Position>> {
        self.faults.voice.lock().read_from.clone()
    }

    /// How many records readers gave.
    pub fn records_read(&self) -> u64 {
        self.faults.records_read.load(Ordering::Relaxed)
    }

    /// How many records there are.
    ///
    /// # Panics
    /// Never: a log in memory says where it ends.
    pub fn len(&self) -> usize {
        let tails = self.log.tails().expect("a log in memory");
        tails.iter().sum::<u64>() as usize
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All records, one partition after the other.
    ///
    /// # Panics
    /// Never: a log in memory can be read.
    pub fn records(&self) -> Vec<Entry> {
        let read = |partition| {
            let from = Position {
                partition,
                offset: 0,
            };
            let mut reader = self.log.reader(&[from]).expect("a log in memory");
            let read = reader.next(usize::MAX, usize::MAX, Duration::ZERO);
            read.expect("a log in memory")
        };
        (0..self.log.partitions()).flat_map(read).collect()
    }

    /// What it says instead of where it ends, if it doesn't say that.
    fn instead_of_tails(&self) -> Option<Result<Vec<Offset>, ReadError>> {
        if let Some(before_tails) = &self.faults.before_tails {
            before_tails();
        }
        let mut voice = self.faults.voice.lock();
        if voice.is_silent {
            voice.waiting += 1;
            let is_silent = |voice: &mut Voice| voice.is_silent;
            self.faults.spoken.wait_while(&mut voice, is_silent);
            voice.waiting -= 1;
            let detail = "no leader".to_owned();
            return Some(Err(ReadError::Unavailable { detail }));
        }
        voice.tells_old = voice.tells_old.checked_sub(1)?;
        Some(Ok(vec![0; self.log.partitions() as usize]))
    }

    fn outage(&self) -> Option<(Partition, Outage)> {
        self.faults.state.lock().outage
    }
}

fn unknown(cause: &str) -> AppendError {
    AppendError::Unknown(Arc::new(std::io::Error::other(cause.to_owned())))
}

impl fmt::Debug for FaultyLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
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
        let (sender, receiver) = oneshot::channel();
        let mut state = self.faults.state.lock();
        if let Some((partition, Outage::TakesNothing)) = state.outage
            && self.partition_of(&records[0].key) == partition
        {
            state.held_up.push(sender);
            return Append::waiting(receiver);
        }
        let error = match state.fates.pop_front().unwrap_or(Fate::Written) {
            Fate::Written => return self.log.append(records),
            Fate::Late => {
                state.late.push((sender, self.log.append(records)));
                return Append::waiting(receiver);
            }
            Fate::Queued => {
                state.queued.push((sender, records));
                return Append::waiting(receiver);
            }
            Fate::Unheard => {
                drop(self.log.append(records));
                state.unheard.push(sender);
                return Append::waiting(receiver);
            }
            Fate::LostAck => {
                drop(self.log.append(records));
                unknown("the connection broke")
            }
            Fate::LostRecord => unknown("the connection broke"),
            Fate::QueueFull => AppendError::QueueFull {
                retry_after: RETRY_AFTER,
            },
            Fate::DiskFull => AppendError::DiskFull {
                retry_after: RETRY_AFTER,
            },
        };
        Append::ready(Err(error))
    }

    fn tails(&self) -> Result<Vec<Offset>, ReadError> {
        if let Some(said) = self.instead_of_tails() {
            return said;
        }
        match self.outage() {
            Some((_, Outage::NoLeader)) => Err(ReadError::Unavailable {
                detail: "a partition has no leader".to_owned(),
            }),
            _ => self.log.tails(),
        }
    }

    fn partial_tails(&self) -> Result<Vec<Option<Offset>>, ReadError> {
        if let Some(said) = self.instead_of_tails() {
            return Ok(said?.into_iter().map(Some).collect());
        }
        let mut tails: Vec<_> = self.log.tails()?.into_iter().map(Some).collect();
        if let Some((partition, Outage::NoLeader)) = self.outage() {
            tails[partition as usize] = None;
        }
        Ok(tails)
    }

    fn offset_at(&self, partition: Partition, recorded_at_us: i64) -> Result<Offset, ReadError> {
        self.log.offset_at(partition, recorded_at_us)
    }

    fn reader(&self, from: &[Position]) -> Result<Box<dyn Reader>, ReadError> {
        self.faults.voice.lock().read_from.push(from.to_vec());
        Ok(Box::new(HeldReader {
            reader: self.log.reader(from)?,
            faults: Arc::clone(&self.faults),
        }))
    }

    fn claim(&self, role: &'static str) -> Claim {
        self.log.claim(role)
    }

    fn check_writable(&self) -> Result<(), WriteBlocked> {
        match self.faults.voice.lock().is_blocked {
            true => Err(WriteBlocked::Closed),
            false => self.log.check_writable(),
        }
    }
}

/// A reader that sees nothing while a test holds it.
struct HeldReader {
    reader: Box<dyn Reader>,
    faults: Arc<Faults>,
}

impl fmt::Debug for HeldReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.reader.fmt(f)
    }
}

impl Reader for HeldReader {
    fn next(
        &mut self,
        records_max: usize,
        bytes_max: usize,
        wait: Duration,
    ) -> Result<Vec<Entry>, ReadError> {
        let (waiting, released) = &self.faults.released;
        let are_held = self.faults.are_held.read();
        if !*are_held {
            let wait = wait.min(READ_WAIT_MAX);
            let entries = self.reader.next(records_max, bytes_max, wait)?;
            let read = &self.faults.records_read;
            read.fetch_add(entries.len() as u64, Ordering::Relaxed);
            return Ok(entries);
        }
        let mut waiting = waiting.lock();
        drop(are_held);
        released.wait_for(&mut waiting, wait);
        Ok(Vec::new())
    }

    fn positions(&self) -> &[Position] {
        self.reader.positions()
    }
}
