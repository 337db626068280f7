//! The event log of a simulation: in memory, shared by all processes, and as bad as a log may be.
//!
//! What is written stands in the [`Medium`] for ever. On the way there each process has a queue, in
//! the order of its appends: its records are written after a while, or lost, or refused at once, and
//! whoever waits hears of it, or hears that nobody knows, or never hears anything. A process that
//! crashes leaves a part of its queue written and not acknowledged, and the rest is gone.

mod reader;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use aftercall_log::{
    Append, AppendError, Claim, Log, LogId, Offset, Partition, Position, ReadError, Reader, Record,
    WriteBlocked,
};
use aftercall_service::Clock;
use jiff::Timestamp;
use parking_lot::Mutex;
use tokio::sync::{Notify, oneshot, watch};
use tokio::time::sleep;

use crate::clock::SimClock;
use crate::executor::{Executor, Group, pause};
use crate::tally::Counts;
use reader::SimReader;

/// The identity of every simulation's log.
pub(crate) const SIM_LOG_ID: LogId = LogId(*b"a simulation's  ");

/// When a log that refuses wants to be asked again.
const RETRY_AFTER: Duration = Duration::from_millis(50);

/// How many appends are written at once.
const BATCH_MAX: u64 = 8;

type Outcome = Result<Vec<Position>, AppendError>;
type Held = Arc<BTreeSet<Partition>>;

/// How likely faults are, of a hundred appends, and how slow the log is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Weather {
    /// Nothing is written, and the log says so.
    pub(crate) refused: u8,
    /// It is written, and the log does not know.
    pub(crate) lost_acks: u8,
    /// It is not written, and the log does not know that either.
    pub(crate) lost_records: u8,
    /// The log says that it does not know, and writes it later.
    pub(crate) late: u8,
    /// It is written, and nobody ever hears of it.
    pub(crate) unheard: u8,
    /// The longest that an append waits for the disk, in milliseconds.
    pub(crate) slow_ms: u64,
}

/// A record that is durable.
#[derive(Debug, Clone)]
pub(crate) struct Stored {
    pub(crate) record: Record,
    /// The process that wrote it.
    pub(crate) by: usize,
    /// What the clock of that process showed when it asked for it.
    pub(crate) asked_at: Timestamp,
    /// The latest time that the clock of each process had shown when it became durable.
    pub(crate) clocks: Vec<Timestamp>,
}

/// What all processes share.
#[derive(Clone)]
pub(crate) struct Medium(Arc<Mutex<Shared>>);

struct Shared {
    partitions: Vec<Vec<Stored>>,
    clocks: Vec<SimClock>,
    weather: Weather,
    outage: Option<Partition>,
    /// Which partitions are whose, by the role's process.
    claims: BTreeMap<usize, watch::Sender<Held>>,
    is_shared: bool,
    counts: Counts,
}

impl Medium {
    pub(crate) fn new(partitions: u32, clocks: Vec<SimClock>, counts: Counts) -> Self {
        Self(Arc::new(Mutex::new(Shared {
            partitions: vec![Vec::new(); partitions.max(1) as usize],
            is_shared: clocks.len() > 1,
            clocks,
            weather: Weather::default(),
            outage: None,
            claims: BTreeMap::new(),
            counts,
        })))
    }

    /// All that is durable in a partition, from an offset on.
    pub(crate) fn read(&self, partition: Partition, from: Offset) -> Vec<Stored> {
        let shared = self.0.lock();
        let held = shared.partitions.get(partition as usize);
        held.map_or_else(Vec::new, |held| {
            held.iter().skip(from as usize).cloned().collect()
        })
    }

    /// Some records of a partition, from an offset on.
    fn records(&self, partition: Partition, from: Offset, count_max: usize) -> Vec<Record> {
        let shared = self.0.lock();
        let held = shared.partitions.get(partition as usize).into_iter();
        let held = held.flatten().skip(from as usize).take(count_max);
        held.map(|stored| stored.record.clone()).collect()
    }

    /// The record at a place.
    pub(crate) fn at(&self, position: Position) -> Option<Stored> {
        let shared = self.0.lock();
        let held = shared.partitions.get(position.partition as usize)?;
        held.get(position.offset as usize).cloned()
    }

    pub(crate) fn tails(&self) -> Vec<Offset> {
        let shared = self.0.lock();
        shared
            .partitions
            .iter()
            .map(|held| held.len() as Offset)
            .collect()
    }

    pub(crate) fn set_weather(&self, weather: Weather) {
        self.0.lock().weather = weather;
    }

    /// Puts a partition out of order, or all in order again.
    pub(crate) fn set_outage(&self, partition: Option<Partition>) {
        self.0.lock().outage = partition;
    }

    fn outage(&self) -> Option<Partition> {
        self.0.lock().outage
    }

    /// Says which partitions are a process's. Others may believe that they have them, too.
    pub(crate) fn assign(&self, process: usize, partitions: BTreeSet<Partition>) {
        let shared = self.0.lock();
        if let Some(held) = shared.claims.get(&process) {
            held.send_replace(Arc::new(partitions));
        }
    }

    fn write(&self, by: usize, asked_at: Timestamp, records: Vec<Record>) -> Vec<Position> {
        let mut shared = self.0.lock();
        let clocks: Vec<Timestamp> = shared.clocks.iter().map(SimClock::latest).collect();
        let write = |record: Record| {
            let partition = partition_of(&record.key, shared.partitions.len() as u32);
            let held = &mut shared.partitions[partition as usize];
            let offset = held.len() as Offset;
            held.push(Stored {
                record,
                by,
                asked_at,
                clocks: clocks.clone(),
            });
            Position { partition, offset }
        };
        records.into_iter().map(write).collect()
    }
}

fn partition_of(key: &[u8], partitions: u32) -> Partition {
    crc32c::crc32c(key) % partitions
}

fn unknown(cause: &str) -> AppendError {
    AppendError::Unknown(Arc::new(io::Error::other(cause.to_owned())))
}

/// What becomes of an append.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Written,
    LostAck,
    LostRecord,
    Unheard,
}

/// An append in the queue.
struct Waiting {
    records: Vec<Record>,
    asked_at: Timestamp,
    fate: Fate,
    /// None if its caller was told already that nobody knows.
    told: Option<oneshot::Sender<Outcome>>,
}

/// The log as one life of a process has it open. Clones are the same.
#[derive(Clone)]
pub(crate) struct SimLog(Arc<Own>);

struct Own {
    medium: Medium,
    process: usize,
    group: Group,
    executor: Executor,
    clock: SimClock,
    queue: Mutex<VecDeque<Waiting>>,
    /// Senders whose receivers never hear anything.
    unheard: Mutex<Vec<oneshot::Sender<Outcome>>>,
    closed: Mutex<bool>,
    queued: Notify,
}

impl SimLog {
    /// Opens the log for a life of `process`, whose tasks are of `group`.
    pub(crate) fn open(medium: &Medium, process: usize, group: Group, executor: &Executor) -> Self {
        let clock = medium.0.lock().clocks[process].clone();
        let log = Self(Arc::new(Own {
            medium: medium.clone(),
            process,
            group,
            executor: executor.clone(),
            clock,
            queue: Mutex::default(),
            unheard: Mutex::default(),
            closed: Mutex::new(false),
            queued: Notify::new(),
        }));
        let writer = log.clone();
        executor.spawn(group, async move { writer.write_queue().await });
        log
    }

    /// The process has crashed: what it had queued is written up to somewhere, and nobody hears of it.
    pub(crate) fn crash(&self) {
        *self.0.closed.lock() = true;
        let queue = std::mem::take(&mut *self.0.queue.lock());
        let written = self.0.executor.draw(queue.len() as u64 + 1) as usize;
        for waiting in queue.into_iter().take(written) {
            if waiting.fate != Fate::LostRecord {
                let Own {
                    medium, process, ..
                } = &*self.0;
                medium.write(*process, waiting.asked_at, waiting.records);
            }
        }
    }

    async fn write_queue(&self) {
        let own = &self.0;
        loop {
            if own.queue.lock().is_empty() {
                own.queued.notified().await;
            }
            let slow_ms = own.medium.0.lock().weather.slow_ms;
            pause(own.executor.draw(slow_ms + 2)).await;
            let outage = own.medium.outage();
            let batch = 1 + own.executor.draw(BATCH_MAX) as usize;
            for _ in 0..batch {
                let waiting = match own.queue.lock().front() {
                    Some(first) if self.is_out(first, outage) => None,
                    Some(_) => Some(()),
                    None => None,
                };
                if waiting.is_none() {
                    break;
                }
                let next = own.queue.lock().pop_front();
                next.into_iter().for_each(|waiting| self.write(waiting));
            }
            if outage.is_some() {
                pause(20).await;
            }
        }
    }

    fn is_out(&self, waiting: &Waiting, outage: Option<Partition>) -> bool {
        let mut records = waiting.records.iter();
        records.any(|record| Some(self.partition_of(&record.key)) == outage)
    }

    fn write(&self, waiting: Waiting) {
        let own = &self.0;
        let Waiting {
            records,
            asked_at,
            fate,
            told,
        } = waiting;
        let outcome = match fate {
            Fate::LostRecord => Err(unknown("the connection broke before")),
            Fate::LostAck => {
                own.medium.write(own.process, asked_at, records);
                Err(unknown("the connection broke after"))
            }
            Fate::Written | Fate::Unheard => Ok(own.medium.write(own.process, asked_at, records)),
        };
        let Some(told) = told else { return };
        if fate == Fate::Unheard {
            own.unheard.lock().push(told);
            return;
        }
        let after = own.executor.draw(4);
        own.executor.spawn(own.group, async move {
            pause(after).await;
            // Its caller may have gone.
            let _ = told.send(outcome);
        });
    }

    /// What becomes of the next append: an error at once, or a fate, and whether its caller is told
    /// before that nobody knows.
    fn fate(&self) -> Result<(Fate, bool), AppendError> {
        let own = &self.0;
        let weather = own.medium.0.lock().weather;
        let mut draw = own.executor.draw(100);
        let mut is = |share: u8| {
            let hit = draw < u64::from(share);
            draw = draw.wrapping_sub(u64::from(share));
            hit
        };
        if is(weather.refused) {
            let retry_after = RETRY_AFTER;
            return Err(match own.executor.draw(3) {
                0 => AppendError::QueueFull { retry_after },
                1 => AppendError::DiskFull { retry_after },
                _ => AppendError::Unavailable {
                    retry_after,
                    detail: "too few replicas".to_owned(),
                },
            });
        }
        Ok(if is(weather.lost_acks) {
            (Fate::LostAck, false)
        } else if is(weather.lost_records) {
            (Fate::LostRecord, false)
        } else if is(weather.late) {
            let fates = [Fate::Written, Fate::LostRecord];
            (fates[own.executor.draw(2) as usize], true)
        } else if is(weather.unheard) {
            (Fate::Unheard, false)
        } else {
            (Fate::Written, false)
        })
    }
}

impl Log for SimLog {
    fn id(&self) -> LogId {
        SIM_LOG_ID
    }

    fn partitions(&self) -> u32 {
        self.0.medium.0.lock().partitions.len() as u32
    }

    fn is_shared(&self) -> bool {
        self.0.medium.0.lock().is_shared
    }

    fn partition_of(&self, key: &[u8]) -> Partition {
        partition_of(key, self.partitions())
    }

    fn append(&self, records: Vec<Record>) -> Append {
        if *self.0.closed.lock() {
            return Append::ready(Err(AppendError::Closed));
        }
        let fate = self.fate();
        if !matches!(fate, Ok((Fate::Written, false))) {
            self.0.medium.0.lock().counts.fault();
        }
        let (fate, is_late) = match fate {
            Ok(fate) => fate,
            Err(refused) => return Append::ready(Err(refused)),
        };
        let (told, outcome) = oneshot::channel();
        let mut told = Some(told);
        if is_late {
            let (early, after) = (told.take(), self.0.executor.draw(10));
            self.0.executor.spawn(self.0.group, async move {
                pause(after).await;
                let Some(early) = early else { return };
                let _ = early.send(Err(unknown("it took too long")));
            });
        }
        self.0.queue.lock().push_back(Waiting {
            records,
            asked_at: self.0.clock.now(),
            fate,
            told,
        });
        self.0.queued.notify_one();
        Append::waiting(outcome)
    }

    fn knows_its_end(&self) -> bool {
        true
    }

    fn tails(&self) -> Result<Vec<Offset>, ReadError> {
        match self.0.medium.outage() {
            Some(_) => Err(unavailable()),
            None => Ok(self.0.medium.tails()),
        }
    }

    fn partial_tails(&self) -> Result<Vec<Option<Offset>>, ReadError> {
        let outage = self.0.medium.outage();
        let tails = (0..).zip(self.0.medium.tails());
        Ok(tails
            .map(|(partition, tail)| (Some(partition) != outage).then_some(tail))
            .collect())
    }

    fn offset_at(&self, partition: Partition, recorded_at_us: i64) -> Result<Offset, ReadError> {
        let held = self.0.medium.read(partition, 0);
        let later = |stored: &Stored| stored.record.recorded_at_us >= recorded_at_us;
        Ok(held.iter().position(later).unwrap_or(held.len()) as Offset)
    }

    fn reader(&self, from: &[Position]) -> Result<Box<dyn Reader>, ReadError> {
        Ok(Box::new(SimReader::begin(
            self.0.medium.clone(),
            self.0.executor.clone(),
            from,
        )?))
    }

    fn claim(&self, _: &'static str) -> Claim {
        let mut shared = self.0.medium.0.lock();
        let none = || watch::Sender::new(Held::default());
        let held = shared.claims.entry(self.0.process).or_insert_with(none);
        Claim::new(held.subscribe(), ())
    }

    fn close(&self) {
        *self.0.closed.lock() = true;
    }

    fn check_writable(&self) -> Result<(), WriteBlocked> {
        Ok(())
    }
}

fn unavailable() -> ReadError {
    ReadError::Unavailable {
        detail: "a partition has no leader".to_owned(),
    }
}

impl SimLog {
    /// Waits until nothing is on its way into the log.
    pub(crate) async fn flushed(&self) {
        while !self.0.queue.lock().is_empty() {
            sleep(Duration::from_millis(5)).await;
        }
    }
}

impl fmt::Debug for SimLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SimLog")
            .field("process", &self.0.process)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Medium {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Medium")
            .field("tails", &self.tails())
            .finish_non_exhaustive()
    }
}
