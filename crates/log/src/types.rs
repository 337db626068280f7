//! The plain values that cross the log's boundary.

use std::collections::BTreeSet;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::oneshot;

/// The number of a partition, from 0.
pub type Partition = u32;

/// The longest key of a record.
pub const KEY_BYTES_MAX: usize = 1024;

/// The longest body of a record.
pub const BODY_BYTES_MAX: usize = 1 << 20;

/// A place in a partition. Grows by at least one from record to record.
pub type Offset = u64;

/// The identity of a log, drawn at its creation: 16 random bytes.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct LogId(pub [u8; 16]);

impl fmt::Display for LogId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for LogId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "LogId({self})")
    }
}

/// A place in the log: one record of one partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// The partition.
    pub partition: Partition,
    /// The record's offset in it.
    pub offset: Offset,
}

/// A record on its way into the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Decides the partition; all records of one key are totally ordered. At most
    /// [`KEY_BYTES_MAX`] bytes.
    pub key: Bytes,
    /// When the record was made, in microseconds since the Unix epoch, by the service's clock.
    pub recorded_at_us: i64,
    /// What the record says. Opaque here. At most
    /// [`BODY_BYTES_MAX`] bytes.
    pub body: Bytes,
}

/// A record read from the log, with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Where it stands.
    pub position: Position,
    /// What was appended.
    pub record: Record,
}

/// Why an append failed. Each variant says whether the records may be in the log all the same.
#[derive(Debug, Clone, thiserror::Error)]
pub enum AppendError {
    /// The queue is full: nothing was written; try again after the given time.
    #[error("the log's queue is full")]
    QueueFull {
        /// When a retry has a chance.
        retry_after: Duration,
    },
    /// The disk is full: nothing was written; writes resume by themselves when there is space.
    #[error("the log's disk is full")]
    DiskFull {
        /// When a retry has a chance.
        retry_after: Duration,
    },
    /// The cluster takes no records now: nothing was written. It may pass by itself.
    #[error("the log takes no records now: {detail}")]
    Unavailable {
        /// When a retry has a chance.
        retry_after: Duration,
        /// What is in the way.
        detail: String,
    },
    /// A record is larger than the log takes: nothing was written.
    #[error("record {index} is too large: {bytes} bytes, at most {bytes_max}")]
    TooLarge {
        /// Which record of the call.
        index: usize,
        /// The size of its key or body.
        bytes: usize,
        /// The largest size taken.
        bytes_max: usize,
    },
    /// The call holds more than the log ever takes at once: nothing was written.
    #[error(
        "{records} records of {bytes} bytes are more than the log takes at once: at most \
         {records_max} records and {bytes_max} bytes"
    )]
    TooMuch {
        /// How many records the call holds.
        records: usize,
        /// How many bytes they take in the log.
        bytes: usize,
        /// The most records taken.
        records_max: usize,
        /// The most bytes taken.
        bytes_max: usize,
    },
    /// The log is closed or closing: the records may have been written.
    #[error("the log is closed")]
    Closed,
    /// The log can't say whether the records were written. The caller's retry must be harmless.
    #[error("the append's outcome is unknown")]
    Unknown(#[source] Arc<dyn std::error::Error + Send + Sync>),
}

/// Refuses a record whose key or body is longer than a log takes.
pub(crate) fn check_sizes(records: &[Record]) -> Result<(), AppendError> {
    for (index, record) in records.iter().enumerate() {
        let parts = [
            (record.key.len(), KEY_BYTES_MAX),
            (record.body.len(), BODY_BYTES_MAX),
        ];
        for (bytes, bytes_max) in parts {
            if bytes > bytes_max {
                return Err(AppendError::TooLarge {
                    index,
                    bytes,
                    bytes_max,
                });
            }
        }
    }
    Ok(())
}

/// Why a read failed.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ReadError {
    /// There is no such partition.
    #[error("there is no partition {0}")]
    NoSuchPartition(Partition),
    /// The offset is beyond the tail.
    #[error("offset {offset} is beyond the tail {tail}")]
    OffsetOutOfRange {
        /// What was asked for.
        offset: Offset,
        /// The tail at that time.
        tail: Offset,
    },
    /// A reader needs at least one partition, and each only once.
    #[error("a reader needs at least one partition, and each once")]
    NoPartitions,
    /// A durable record does not read back as it was written.
    #[error("the log is damaged at offset {offset}: {detail}")]
    Corrupt {
        /// The first damaged record.
        offset: Offset,
        /// The file, the byte and what is wrong there.
        detail: String,
    },
    /// The log is not in files of its own.
    #[error("the log has no files of its own: its engine has other ways to back it up")]
    NoFiles,
    /// The log is closed.
    #[error("the log is closed")]
    Closed,
    /// The cluster that holds the log can't be reached now. Try again later.
    #[error("the log can't be reached now: {detail}")]
    Unavailable {
        /// What was tried, and what came of it.
        detail: String,
    },
    /// The operating system refused.
    #[error("the log can't be read")]
    Io(#[source] Arc<std::io::Error>),
}

/// Why records can't be written now.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WriteBlocked {
    /// The disk is full. Writes resume by themselves when there is space.
    #[error("the log's disk is full")]
    DiskFull,
    /// The cluster that holds the log takes no records now. Writes resume by themselves.
    #[error("the log takes no records now: {detail}")]
    Unavailable {
        /// What is missing.
        detail: String,
    },
    /// The log is closed or closing.
    #[error("the log is closed")]
    Closed,
}

/// Refuses what no reader can begin from, given the tail of every partition.
pub(crate) fn check_from(from: &[Position], tails: &[Offset]) -> Result<(), ReadError> {
    let mut seen = BTreeSet::new();
    if from.is_empty() || !from.iter().all(|at| seen.insert(at.partition)) {
        return Err(ReadError::NoPartitions);
    }
    for at in from {
        let tail = usize::try_from(at.partition)
            .ok()
            .and_then(|at| tails.get(at));
        let tail = *tail.ok_or(ReadError::NoSuchPartition(at.partition))?;
        if at.offset > tail {
            return Err(ReadError::OffsetOutOfRange {
                offset: at.offset,
                tail,
            });
        }
    }
    Ok(())
}

/// Waits for an append on a thread that may block.
pub(crate) fn wait(append: Append) -> Result<Vec<Position>, AppendError> {
    match append.0 {
        State::Ready(outcome) => outcome.unwrap_or(Err(AppendError::Closed)),
        State::Waiting(receiver) => receiver.blocking_recv().unwrap_or(Err(AppendError::Closed)),
    }
}

/// Resolves when the records of one [`Log::append`](crate::Log::append) are durable.
#[derive(Debug)]
pub struct Append(State);

#[derive(Debug)]
enum State {
    Ready(Option<Result<Vec<Position>, AppendError>>),
    Waiting(oneshot::Receiver<Result<Vec<Position>, AppendError>>),
}

impl Append {
    /// An append whose outcome is known already.
    pub fn ready(outcome: Result<Vec<Position>, AppendError>) -> Self {
        Self(State::Ready(Some(outcome)))
    }

    /// An append that waits for its engine. An engine that drops the sender leaves the outcome
    /// open: the future then resolves to [`AppendError::Closed`].
    pub fn waiting(outcome: oneshot::Receiver<Result<Vec<Position>, AppendError>>) -> Self {
        Self(State::Waiting(outcome))
    }
}

impl Future for Append {
    type Output = Result<Vec<Position>, AppendError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut self.0 {
            State::Ready(outcome) => {
                Poll::Ready(outcome.take().unwrap_or(Err(AppendError::Closed)))
            }
            State::Waiting(receiver) => Pin::new(receiver)
                .poll(cx)
                .map(|sent| sent.unwrap_or(Err(AppendError::Closed))),
        }
    }
}
