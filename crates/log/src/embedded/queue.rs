//! The bounded queue between the callers of append and the writer.

use std::collections::VecDeque;
use std::time::Duration;

use parking_lot::{Condvar, Mutex};
use tokio::sync::oneshot;

use super::Options;
use super::frame::frame_bytes;
use crate::types::check_sizes;
use crate::{Append, AppendError, Position, Record};

/// When a caller that met a full queue should try again: time for many commits.
const RETRY_AFTER: Duration = Duration::from_millis(50);

/// The outcome of one append.
pub(super) type Outcome = Result<Vec<Position>, AppendError>;

/// One append that waits.
#[derive(Debug)]
pub(super) struct Pending {
    pub(super) records: Vec<Record>,
    /// The length of all their frames.
    pub(super) bytes: usize,
    pub(super) done: oneshot::Sender<Outcome>,
}

#[derive(Debug)]
pub(super) struct Queue {
    state: Mutex<State>,
    arrived: Condvar,
    records_max: usize,
    bytes_max: usize,
    batch_records: usize,
    batch_bytes: usize,
    linger: Duration,
}

#[derive(Debug, Default)]
struct State {
    waiting: VecDeque<Pending>,
    waiting_records: usize,
    /// Waiting or being written.
    records: usize,
    /// Waiting or being written.
    bytes: usize,
    /// How many records must wait for the writer to be woken. It is not while it is busy.
    wake_at: Option<usize>,
    /// How many appends and records the last batch had.
    last: (usize, usize),
    closed: bool,
}

impl Queue {
    pub(super) fn new(options: &Options) -> Self {
        Self {
            state: Mutex::default(),
            arrived: Condvar::new(),
            records_max: options.queue_records,
            bytes_max: options.queue_bytes,
            batch_records: options.batch_records,
            batch_bytes: options.batch_bytes,
            linger: options.linger,
        }
    }

    /// Takes an append in, or refuses it.
    pub(super) fn push(&self, records: Vec<Record>) -> Append {
        if records.is_empty() {
            return Append::ready(Ok(Vec::new()));
        }
        let bytes = match self.measure(&records) {
            Ok(bytes) => bytes,
            Err(refused) => return Append::ready(Err(refused)),
        };
        let mut state = self.state.lock();
        if state.closed {
            return Append::ready(Err(AppendError::Closed));
        }
        let fits = state.records + records.len() <= self.records_max
            && state.bytes + bytes <= self.bytes_max;
        if !fits {
            return Append::ready(Err(AppendError::QueueFull {
                retry_after: RETRY_AFTER,
            }));
        }
        let (done, outcome) = oneshot::channel();
        state.records += records.len();
        state.waiting_records += records.len();
        state.bytes += bytes;
        state.waiting.push_back(Pending {
            records,
            bytes,
            done,
        });
        if state
            .wake_at
            .is_some_and(|wake_at| state.waiting_records >= wake_at)
        {
            state.wake_at = None;
            drop(state);
            self.arrived.notify_one();
        }
        Append::waiting(outcome)
    }

    /// The length of the frames of `records`, each of which is one that the log takes. A call that
    /// could never fit is refused for good, not told to try again.
    fn measure(&self, records: &[Record]) -> Result<usize, AppendError> {
        check_sizes(records)?;
        let bytes = records.iter().map(frame_bytes).sum();
        if records.len() > self.records_max || bytes > self.bytes_max {
            return Err(AppendError::TooMuch {
                records: records.len(),
                bytes,
                records_max: self.records_max,
                bytes_max: self.bytes_max,
            });
        }
        Ok(bytes)
    }

    /// Waits for appends and moves as many into `batch` as one commit takes; none when nothing came
    /// in `idle_max`. `false` when the queue is closed and empty.
    pub(super) fn take(&self, batch: &mut Vec<Pending>, idle_max: Option<Duration>) -> bool {
        let mut state = self.state.lock();
        while state.waiting.is_empty() {
            if state.closed {
                return false;
            }
            state.wake_at = Some(1);
            match idle_max {
                None => self.arrived.wait(&mut state),
                Some(idle_max) => {
                    if self.arrived.wait_for(&mut state, idle_max).timed_out() {
                        state.wake_at = None;
                        return true;
                    }
                }
            }
        }
        // One caller that awaits each append would only be slowed down by lingering.
        let (appends, records) = state.last;
        let wanted = records.min(self.batch_records);
        if appends > 1 && state.waiting_records < wanted && !state.closed {
            state.wake_at = Some(wanted);
            self.arrived.wait_for(&mut state, self.linger);
        }
        state.wake_at = None;
        self.move_batch(&mut state, batch);
        true
    }

    fn move_batch(&self, state: &mut State, batch: &mut Vec<Pending>) {
        let (mut records, mut bytes) = (0, 0);
        while let Some(next) = state.waiting.front() {
            records += next.records.len();
            bytes += next.bytes;
            let full = records > self.batch_records || bytes > self.batch_bytes;
            if full && !batch.is_empty() {
                break;
            }
            state.waiting_records -= next.records.len();
            batch.extend(state.waiting.pop_front());
        }
        state.last = (
            batch.len(),
            batch.iter().map(|pending| pending.records.len()).sum(),
        );
    }

    /// Makes room for what has been written or refused.
    pub(super) fn release(&self, batch: &[Pending]) {
        let mut state = self.state.lock();
        for pending in batch {
            state.records -= pending.records.len();
            state.bytes -= pending.bytes;
        }
    }

    /// Refuses appends from now on. Those that wait are still written.
    pub(super) fn close(&self) {
        self.state.lock().closed = true;
        self.arrived.notify_one();
    }

    /// Refuses appends from now on, and gives up those that wait: their outcome is left open.
    pub(super) fn abandon(&self) {
        let mut state = self.state.lock();
        state.closed = true;
        let abandoned = std::mem::take(&mut state.waiting);
        drop(state);
        drop(abandoned);
    }
}
