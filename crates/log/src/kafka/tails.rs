//! Where the log ends, asked by one thread for all who want to know.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use parking_lot::{Condvar, Mutex};
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::KafkaError as ClientError;
use rdkafka::{Offset as At, TopicPartitionList};
use tokio::time::Instant;

use super::KafkaError;
use super::closing::Closing;
use super::watch::{Asking, serve};
use crate::{Offset, Partition, ReadError};

/// How long one question may take.
const ASK_TIMEOUT: Duration = Duration::from_secs(3);

/// How long a caller is kept waiting, over all questions.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(8);

/// How long to wait before a question is asked again.
const PAUSE: Duration = Duration::from_millis(50);

/// How often an idle client is looked after.
const IDLE: Duration = Duration::from_secs(1);

/// After how many questions a busy client is looked after.
const SERVE_EVERY: u32 = 256;

type Answer = Result<Vec<Offset>, ReadError>;

/// Asks the brokers where partitions end. Each answer was asked for after its caller came, and all
/// who wait meanwhile share the next one.
#[derive(Debug)]
pub(super) struct Tails {
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

struct Shared {
    consumer: Closing<BaseConsumer<Asking>>,
    topic: String,
    partitions: u32,
    waiting: Mutex<Waiting>,
    came: Condvar,
}

#[derive(Default)]
struct Waiting {
    callers: Vec<SyncSender<Answer>>,
    closed: bool,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared")
            .field("topic", &self.topic)
            .finish_non_exhaustive()
    }
}

impl Tails {
    pub(super) fn start(
        consumer: BaseConsumer<Asking>,
        topic: &str,
        partitions: u32,
    ) -> Result<Self, KafkaError> {
        let shared = Arc::new(Shared {
            consumer: Closing::new(consumer),
            topic: topic.to_owned(),
            partitions,
            waiting: Mutex::default(),
            came: Condvar::new(),
        });
        let thread = std::thread::Builder::new()
            .name("log-tails".to_owned())
            .spawn({
                let shared = Arc::clone(&shared);
                move || shared.run()
            })
            .map_err(KafkaError::Thread)?;
        Ok(Self {
            shared,
            thread: Mutex::new(Some(thread)),
        })
    }

    /// The first offset of each partition that is not durable.
    pub(super) fn ask(&self) -> Answer {
        let (answer, waits) = sync_channel(1);
        {
            let mut waiting = self.shared.waiting.lock();
            if waiting.closed {
                return Err(ReadError::Closed);
            }
            waiting.callers.push(answer);
        }
        self.shared.came.notify_one();
        // One question may be under way before ours.
        let answer = waits.recv_timeout(ANSWER_TIMEOUT + ASK_TIMEOUT);
        answer.unwrap_or_else(|_| Err(unavailable("the brokers did not say where the log ends")))
    }

    /// The first offset of `partition` whose message has at least this time; none if none has.
    pub(super) fn at_time(
        &self,
        partition: Partition,
        millis: i64,
    ) -> Result<Option<Offset>, ReadError> {
        let times = BTreeMap::from([(partition, At::Offset(millis))]);
        let found = self.shared.ask_until_answered(&times)?;
        Ok(found.first().copied().flatten())
    }

    /// Answers those who wait, and no more after them.
    pub(super) fn close(&self) {
        self.shared.waiting.lock().closed = true;
        self.shared.came.notify_one();
        if let Some(thread) = self.thread.lock().take() {
            // It ends early only by a panic, which the panic hook has reported.
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn run(&self) {
        let ends: BTreeMap<_, _> = (0..self.partitions)
            .map(|partition| (partition, At::End))
            .collect();
        let mut asked = 0_u32;
        loop {
            let callers = {
                let mut waiting = self.waiting.lock();
                if waiting.callers.is_empty() && !waiting.closed {
                    self.came.wait_for(&mut waiting, IDLE);
                }
                if waiting.closed && waiting.callers.is_empty() {
                    return;
                }
                std::mem::take(&mut waiting.callers)
            };
            if callers.is_empty() {
                self.consumer.get().map(serve);
                continue;
            }
            let answer = self.ask_until_answered(&ends).and_then(|ends| {
                let ends: Option<Vec<_>> = ends.into_iter().collect();
                ends.ok_or_else(|| unavailable("a broker did not say where a partition ends"))
            });
            let failed = answer.is_err();
            for caller in callers {
                // It may have stopped waiting.
                let _ = caller.send(answer.clone());
            }
            asked += 1;
            if failed || asked.is_multiple_of(SERVE_EVERY) {
                self.consumer.get().map(serve);
            }
        }
    }

    /// Asks again while leaders move and brokers come and go, for a while.
    fn ask_until_answered(
        &self,
        times: &BTreeMap<Partition, At>,
    ) -> Result<Vec<Option<Offset>>, ReadError> {
        let begun_at = Instant::now();
        loop {
            let error = match self.ask(times) {
                Ok(offsets) => return Ok(offsets),
                Err(error) => error,
            };
            if begun_at.elapsed() >= ANSWER_TIMEOUT || self.waiting.lock().closed {
                let heard = self.consumer.get().and_then(|one| one.context().0.last());
                let detail = heard.map_or_else(|| error.to_string(), |(_, said)| said);
                return Err(unavailable(&detail));
            }
            std::thread::sleep(PAUSE);
        }
    }

    fn ask(&self, times: &BTreeMap<Partition, At>) -> Result<Vec<Option<Offset>>, ClientError> {
        let mut asked = TopicPartitionList::with_capacity(times.len());
        for (partition, at) in times {
            asked.add_partition_offset(&self.topic, partition.cast_signed(), *at)?;
        }
        let consumer = self.consumer.get().ok_or(ClientError::Canceled)?;
        let answered = consumer.offsets_for_times(asked, ASK_TIMEOUT)?;
        let offset = |partition: &Partition| {
            let found = answered
                .find_partition(&self.topic, partition.cast_signed())
                .ok_or(ClientError::NoMessageReceived)?;
            found.error()?;
            Ok(match found.offset() {
                At::Offset(offset) => Some(offset.cast_unsigned()),
                _ => None,
            })
        };
        times.keys().map(offset).collect()
    }
}

fn unavailable(detail: &str) -> ReadError {
    ReadError::Unavailable {
        detail: detail.to_owned(),
    }
}
