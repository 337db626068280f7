//! From deliveries to answers.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use rdkafka::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::error::{KafkaError as ClientError, RDKafkaErrorCode};
use rdkafka::message::Message as _;
use rdkafka::producer::{DeliveryResult, ProducerContext};
use tokio::sync::oneshot;

use super::durable::Durable;
use super::watch::{Heard, pass_on};
use crate::{AppendError, Offset, Position, Record};

/// When a caller should try again whose records never left.
const RETRY_AFTER: Duration = Duration::from_millis(250);

/// What a record takes beside its key and body: its headers, about.
const RECORD_BYTES: usize = 512;

/// How much may wait to be durable.
#[derive(Debug)]
pub(super) struct Room {
    records_max: usize,
    bytes_max: usize,
    /// Records and bytes that wait.
    taken: Mutex<(usize, usize)>,
}

/// A part of the room, given back when dropped.
#[derive(Debug)]
pub(super) struct Taken {
    room: Arc<Room>,
    records: usize,
    bytes: usize,
}

impl Room {
    pub(super) fn new(records_max: usize, bytes_max: usize) -> Self {
        Self {
            records_max,
            bytes_max,
            taken: Mutex::default(),
        }
    }

    /// Takes room for `records`; none while there is not enough.
    pub(super) fn take(room: &Arc<Self>, records: &[Record]) -> Result<Option<Taken>, AppendError> {
        let bytes = |record: &Record| record.key.len() + record.body.len() + RECORD_BYTES;
        let (count, bytes) = (records.len(), records.iter().map(bytes).sum());
        if count > room.records_max || bytes > room.bytes_max {
            return Err(AppendError::TooMuch {
                records: count,
                bytes,
                records_max: room.records_max,
                bytes_max: room.bytes_max,
            });
        }
        let mut taken = room.taken.lock();
        let fits = taken.0 + count <= room.records_max && taken.1 + bytes <= room.bytes_max;
        if fits {
            taken.0 += count;
            taken.1 += bytes;
        }
        Ok(fits.then(|| Taken {
            room: Arc::clone(room),
            records: count,
            bytes,
        }))
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        let mut taken = self.room.taken.lock();
        taken.0 -= self.records;
        taken.1 -= self.bytes;
    }
}

/// One append that waits for its deliveries. If they never come, dropping it leaves the outcome
/// open, which its caller is told.
#[derive(Debug)]
pub(super) struct Pending {
    state: Mutex<State>,
    _room: Taken,
}

#[derive(Debug)]
struct State {
    positions: Vec<Position>,
    /// How many deliveries are awaited.
    left: usize,
    /// How many records certainly were not written.
    unwritten: usize,
    failure: Option<Undelivered>,
    done: Option<oneshot::Sender<Result<Vec<Position>, AppendError>>>,
}

/// What comes back with a record's delivery.
#[derive(Debug)]
pub(super) struct Ticket {
    pub(super) pending: Arc<Pending>,
    pub(super) index: usize,
    /// How far the record's partition was known to be durable when it was sent: it is not before that.
    pub(super) not_before: Offset,
}

/// Why it is not known where a record is.
#[derive(Debug, Clone, thiserror::Error)]
enum Undelivered {
    #[error(transparent)]
    Client(#[from] ClientError),
    /// The acknowledgement was lost, and what the brokers say later has no offset.
    #[error("the brokers took the record, and do not say where it is")]
    Somewhere,
}

impl Undelivered {
    /// Whether it tells that the record is not in the log, and never will be.
    fn was_not_written(&self) -> bool {
        match self {
            Self::Client(error) => was_not_written(error),
            Self::Somewhere => false,
        }
    }
}

impl Pending {
    pub(super) fn new(
        records: usize,
        room: Taken,
        done: oneshot::Sender<Result<Vec<Position>, AppendError>>,
    ) -> Self {
        let nowhere = Position {
            partition: 0,
            offset: 0,
        };
        Self {
            state: Mutex::new(State {
                positions: vec![nowhere; records],
                left: records,
                unwritten: 0,
                failure: None,
                done: Some(done),
            }),
            _room: room,
        }
    }

    /// The last `records` could not be sent.
    pub(super) fn break_off(&self, records: usize, error: ClientError) {
        let mut state = self.state.lock();
        state.unwritten += records;
        state.failure.get_or_insert(error.into());
        state.settle(records);
    }

    fn delivered(&self, index: usize, outcome: Result<Position, Undelivered>) {
        let mut state = self.state.lock();
        match outcome {
            Ok(position) => state.positions[index] = position,
            Err(error) => {
                state.unwritten += usize::from(error.was_not_written());
                state.failure.get_or_insert(error);
            }
        }
        state.settle(1);
    }
}

impl State {
    fn settle(&mut self, records: usize) {
        self.left -= records;
        if self.left > 0 {
            return;
        }
        let positions = std::mem::take(&mut self.positions);
        let outcome = match self.failure.take() {
            None => Ok(positions),
            Some(error) if self.unwritten == positions.len() => Err(AppendError::Unavailable {
                retry_after: RETRY_AFTER,
                detail: error.to_string(),
            }),
            Some(error) => Err(AppendError::Unknown(Arc::new(error))),
        };
        if let Some(done) = self.done.take() {
            // The caller may have stopped waiting; the records stay.
            let _ = done.send(outcome);
        }
    }
}

/// Whether a failed delivery tells that the record is not in the log, and never will be.
fn was_not_written(error: &ClientError) -> bool {
    matches!(
        error.rdkafka_error_code(),
        Some(
            // It was still in the queue.
            RDKafkaErrorCode::PurgeQueue
            // The broker looked at it, and did not take it.
            | RDKafkaErrorCode::MessageSizeTooLarge
            | RDKafkaErrorCode::InvalidRecord
            | RDKafkaErrorCode::InvalidTimestamp
            | RDKafkaErrorCode::TopicAuthorizationFailed
            | RDKafkaErrorCode::ClusterAuthorizationFailed
            // It had nowhere to go.
            | RDKafkaErrorCode::UnknownTopic
            | RDKafkaErrorCode::UnknownPartition
        )
    )
}

/// The producer's context: hands deliveries to those who wait, and sees fatal errors.
#[derive(Debug)]
pub(super) struct Deliveries {
    durable: Arc<Durable>,
    acknowledged: AtomicU64,
    broken: AtomicBool,
    heard: Heard,
}

impl Deliveries {
    /// Of a producer that has sent nothing yet; notes in `durable` what was acknowledged.
    pub(super) fn new(durable: Arc<Durable>) -> Self {
        Self {
            durable,
            acknowledged: AtomicU64::new(0),
            broken: AtomicBool::new(false),
            heard: Heard::default(),
        }
    }

    /// Whether the producer has met an error that it can't go on from.
    pub(super) fn is_broken(&self) -> bool {
        self.broken.load(Ordering::Relaxed)
    }

    /// How many records the brokers have acknowledged.
    pub(super) fn acknowledged(&self) -> u64 {
        self.acknowledged.load(Ordering::Relaxed)
    }

    /// Notes that a record is durable, at `offset` as librdkafka says it. When the acknowledgement was
    /// lost and a later one covers it, or the broker knows the retry for one, that is no offset, or one
    /// that was counted on from none.
    fn took(
        &self,
        partition: i32,
        offset: i64,
        not_before: Offset,
    ) -> Result<Position, Undelivered> {
        self.acknowledged.fetch_add(1, Ordering::Relaxed);
        let partition = partition.cast_unsigned();
        match Offset::try_from(offset) {
            Ok(offset) if offset >= not_before => {
                self.durable.note(partition, offset + 1);
                Ok(Position { partition, offset })
            }
            _ => {
                tracing::debug!(partition, offset, "a record was taken without a place");
                Err(Undelivered::Somewhere)
            }
        }
    }

    /// What the client has heard beside its answers.
    pub(super) fn heard(&self) -> &Heard {
        &self.heard
    }
}

impl ClientContext for Deliveries {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        pass_on(level, facility, message);
    }

    fn error(&self, error: ClientError, reason: &str) {
        if error.rdkafka_error_code() == Some(RDKafkaErrorCode::Fatal) {
            self.broken.store(true, Ordering::Relaxed);
        }
        self.heard.note(&error, reason);
    }
}

impl ProducerContext for Deliveries {
    type DeliveryOpaque = Box<Ticket>;

    fn delivery(&self, result: &DeliveryResult<'_>, ticket: Box<Ticket>) {
        let outcome = match result {
            Ok(message) => self.took(message.partition(), message.offset(), ticket.not_before),
            Err((error, _)) => Err(error.clone().into()),
        };
        ticket.pending.delivered(ticket.index, outcome);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delivery_without_a_place_moves_no_end() {
        let durable = Arc::new(Durable::new(2));
        let deliveries = Deliveries::new(Arc::clone(&durable));
        durable.note(1, 7);
        // No offset; none either; and counted on from that.
        for offset in [-1001, -1, 0, 6] {
            let taken = deliveries.took(1, offset, 7);
            assert!(matches!(taken, Err(Undelivered::Somewhere)), "{taken:?}");
        }
        assert_eq!(durable.all(), [0, 7]);
        let position = deliveries.took(1, 9, 7).unwrap();
        assert_eq!((position.partition, position.offset), (1, 9));
        assert_eq!(durable.all(), [0, 10]);
        assert_eq!(deliveries.acknowledged(), 5);
    }
}
