//! Reads partitions from offsets of the caller's, and follows their tails.

use std::sync::Arc;
use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::{KafkaError as ClientError, RDKafkaErrorCode};
use rdkafka::message::{BorrowedMessage, Message as _};
use rdkafka::{ClientConfig, Offset as At, TopicPartitionList};
use tokio::time::Instant;

use super::closing::Closing;
use super::durable::Durable;
use super::message::{self, Read};
use super::watch::Asking;
use crate::{Entry, Partition, Position, ReadError, Reader};

/// How long a partition may say nothing before it is taken for unreachable.
const SILENCE_MAX: Duration = Duration::from_secs(5);

/// How long a partition may seem to end before the reader's place in it. A leader that was replaced,
/// and does not know it yet, is found out sooner.
const BEYOND_MAX: Duration = Duration::from_secs(30);

/// How long to wait before a partition is read again that seemed to end before.
const BEYOND_PAUSE: Duration = Duration::from_millis(100);

/// How long the brokers may take to say what a partition has.
const ASK_TIMEOUT: Duration = Duration::from_secs(3);

/// A reader on a consumer of its own, which belongs to no group.
#[derive(Debug)]
pub(super) struct KafkaReader {
    consumer: Closing<BaseConsumer<Asking>>,
    topic: Arc<str>,
    positions: Vec<Position>,
    /// For each of the positions: whether it was at the tail when it was last looked at.
    at_tail: Vec<bool>,
    /// For each of the positions: since when it has seemed to be beyond the tail.
    beyond: Vec<Option<Instant>>,
    /// What came after records that were returned.
    trouble: Option<ReadError>,
    durable: Arc<Durable>,
}

impl KafkaReader {
    /// A reader that begins at `from`, which names each partition once.
    pub(super) fn new(
        mut settings: ClientConfig,
        topic: &Arc<str>,
        from: &[Position],
        durable: Arc<Durable>,
    ) -> Result<Self, ReadError> {
        settings
            // librdkafka wants a name to assign partitions under; no group is ever joined.
            .set("group.id", format!("{topic}.reader"))
            .set("enable.auto.commit", "false")
            .set("enable.auto.offset.store", "false")
            .set("auto.offset.reset", "error")
            .set("enable.partition.eof", "true")
            .set("check.crcs", "true")
            .set("isolation.level", "read_uncommitted")
            .set("fetch.error.backoff.ms", "100")
            // What is fetched ahead: a few batches of a view.
            .set("queued.max.messages.kbytes", "16384")
            .set("fetch.queue.backoff.ms", "5");
        let consumer: BaseConsumer<Asking> = settings
            .create_with_context(Asking::default())
            .map_err(|error| unavailable(&error))?;
        let reader = Self {
            consumer: Closing::new(consumer),
            topic: Arc::clone(topic),
            positions: from.to_vec(),
            at_tail: vec![false; from.len()],
            beyond: vec![None; from.len()],
            trouble: None,
            durable,
        };
        reader.assign().map_err(|error| unavailable(&error))?;
        Ok(reader)
    }

    /// Begins to fetch from where the reader is.
    fn assign(&self) -> Result<(), ClientError> {
        let mut assigned = TopicPartitionList::with_capacity(self.positions.len());
        for at in &self.positions {
            let from = At::Offset(at.offset.cast_signed());
            assigned.add_partition_offset(&self.topic, at.partition.cast_signed(), from)?;
        }
        let consumer = self.consumer.get().ok_or(ClientError::Canceled)?;
        consumer.assign(&assigned)
    }

    fn place_of(&self, partition: Partition) -> Option<usize> {
        let same = |at: &Position| at.partition == partition;
        self.positions.iter().position(same)
    }

    fn at_tails(&self) -> bool {
        self.at_tail.iter().all(|at_tail| *at_tail)
    }

    /// Waits up to `wait` for one step: a record, or something else that was dealt with.
    fn step(&mut self, wait: Duration) -> Result<Step, ReadError> {
        let topic = Arc::clone(&self.topic);
        // Borrowed apart from the positions, which the step moves.
        let Self {
            consumer,
            positions,
            at_tail,
            beyond,
            ..
        } = self;
        match consumer.get().ok_or(ReadError::Closed)?.poll(wait) {
            None => Ok(Step::Nothing),
            Some(Ok(message)) => take(&topic, &message, positions, at_tail, beyond),
            Some(Err(error)) => self.deal_with(&error),
        }
    }

    fn deal_with(&mut self, error: &ClientError) -> Result<Step, ReadError> {
        if let ClientError::PartitionEOF(partition) = error {
            if let Some(place) = self.place_of(partition.cast_unsigned()) {
                self.at_tail[place] = true;
                self.beyond[place] = None;
            }
            return Ok(Step::Other);
        }
        tracing::debug!(%error, "a reader's consumer reports");
        match error.rdkafka_error_code() {
            Some(RDKafkaErrorCode::AutoOffsetReset | RDKafkaErrorCode::OffsetOutOfRange) => {
                self.out_of_range()
            }
            Some(RDKafkaErrorCode::BadMessage | RDKafkaErrorCode::BadCompression) => {
                let offset = self.positions.first().map_or(0, |at| at.offset);
                Err(ReadError::Corrupt {
                    offset,
                    detail: format!("a batch of the topic {topic}: {error}", topic = self.topic),
                })
            }
            Some(RDKafkaErrorCode::AllBrokersDown) => Ok(Step::Unreachable),
            // Connections, leaders and brokers come back, and librdkafka goes on by itself.
            _ => Ok(Step::Other),
        }
    }

    /// A broker does not have one of the positions: not any more, or not yet. The one that says so
    /// may have been replaced as the leader, and not have heard of it.
    fn out_of_range(&mut self) -> Result<Step, ReadError> {
        for (place, at) in self.positions.iter().enumerate() {
            let partition = at.partition.cast_signed();
            let consumer = self.consumer.get().ok_or(ReadError::Closed)?;
            let held = consumer.fetch_watermarks(&self.topic, partition, ASK_TIMEOUT);
            let Ok((first, tail)) = held else { continue };
            let (first, tail) = (first.cast_unsigned(), tail.cast_unsigned());
            if at.offset < first {
                return Err(ReadError::Corrupt {
                    offset: at.offset,
                    detail: format!(
                        "partition {partition} of the topic {} begins at offset {first}: the \
                         records before it were deleted; give the topic retention.ms=-1 and \
                         retention.bytes=-1, and bring the records back by `aftercall log copy`",
                        self.topic
                    ),
                });
            }
            if at.offset <= tail {
                self.beyond[place] = None;
                continue;
            }
            let since = *self.beyond[place].get_or_insert_with(Instant::now);
            tracing::warn!(
                partition,
                tail,
                next = at.offset,
                "a partition ends too early"
            );
            if since.elapsed() >= BEYOND_MAX {
                return Err(ReadError::OffsetOutOfRange {
                    offset: at.offset,
                    tail,
                });
            }
        }
        std::thread::sleep(BEYOND_PAUSE);
        // librdkafka does not go on by itself after this error.
        self.assign().map_err(|error| unavailable(&error))?;
        Ok(Step::Unreachable)
    }
}

/// What came of waiting.
enum Step {
    Record(Entry),
    /// Something that is no record.
    Other,
    /// No broker can be reached, or the one that can has not what others have.
    Unreachable,
    Nothing,
}

/// Takes a message in.
fn take(
    topic: &str,
    message: &BorrowedMessage<'_>,
    positions: &mut [Position],
    at_tail: &mut [bool],
    beyond: &mut [Option<Instant>],
) -> Result<Step, ReadError> {
    let position = Position {
        partition: message.partition().cast_unsigned(),
        offset: message.offset().cast_unsigned(),
    };
    let same = |at: &Position| at.partition == position.partition;
    let Some(place) = positions.iter().position(same) else {
        return Ok(Step::Other);
    };
    if position.offset < positions[place].offset {
        return Ok(Step::Other);
    }
    let read = match message::read(message, position) {
        Read::Record(entry) => Step::Record(entry),
        Read::Identity(..) => Step::Other,
        Read::Foreign => {
            return Err(ReadError::Corrupt {
                offset: position.offset,
                detail: format!(
                    "partition {} of the topic {topic} holds a record that is not aftercall's",
                    position.partition
                ),
            });
        }
    };
    positions[place].offset = position.offset + 1;
    at_tail[place] = false;
    beyond[place] = None;
    Ok(read)
}

impl Reader for KafkaReader {
    fn next(
        &mut self,
        records_max: usize,
        bytes_max: usize,
        wait: Duration,
    ) -> Result<Vec<Entry>, ReadError> {
        let (records_max, bytes_max) = (records_max.max(1), bytes_max.max(1));
        let begun_at = Instant::now();
        let mut entries = Vec::new();
        let mut bytes = 0;
        let mut reachable = true;
        if let Some(trouble) = self.trouble.take() {
            return Err(trouble);
        }
        while entries.len() < records_max && bytes < bytes_max {
            let patience = match (entries.is_empty(), reachable && !self.at_tails()) {
                (false, _) => Duration::ZERO,
                (true, false) => wait.saturating_sub(begun_at.elapsed()),
                // Nobody has said yet that this is the tail.
                (true, true) => wait.max(SILENCE_MAX).saturating_sub(begun_at.elapsed()),
            };
            match self.step(patience) {
                Ok(Step::Record(entry)) => {
                    bytes += entry.record.key.len() + entry.record.body.len();
                    entries.push(entry);
                }
                Ok(Step::Other) => {}
                Ok(Step::Unreachable) => {
                    reachable = false;
                    if patience.is_zero() {
                        break;
                    }
                }
                // A step that waited in vain, or had no time to.
                Ok(Step::Nothing) => {
                    if !entries.is_empty() || patience.is_zero() {
                        break;
                    }
                }
                Err(error) if entries.is_empty() => return Err(error),
                // What is good comes first.
                Err(error) => {
                    self.trouble = Some(error);
                    break;
                }
            }
        }
        for at in &self.positions {
            self.durable.note(at.partition, at.offset);
        }
        Ok(entries)
    }

    fn positions(&self) -> &[Position] {
        &self.positions
    }
}

fn unavailable(error: &ClientError) -> ReadError {
    ReadError::Unavailable {
        detail: error.to_string(),
    }
}
