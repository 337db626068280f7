//! Where the log ends, asked by one thread for all who want to know.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use parking_lot::{Condvar, Mutex};
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::KafkaError as ClientError;
use rdkafka::metadata::MetadataTopic;
use rdkafka::{Offset as At, TopicPartitionList};
use tokio::time::Instant;

use super::KafkaError;
use super::closing::Closing;
use super::durable::Durable;
use super::watch::{Asking, serve};
use crate::{Offset, Partition, ReadError};

/// How long one question may take. Whoever does not answer within it is asked again.
const ASK_TIMEOUT: Duration = Duration::from_secs(1);

/// How often the brokers are asked who leads which partition, in one question.
const LEADER_ASKS: u32 = 3;

/// How long a caller is kept waiting who wants to know of all partitions.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(8);

/// The longest that one question can take: each partition's leader of a small cluster in turn.
const QUESTION_MAX: Duration = Duration::from_secs(10);

/// How long to wait before a question is asked again.
const PAUSE: Duration = Duration::from_millis(50);

/// How often an idle client is looked after.
const IDLE: Duration = Duration::from_secs(1);

/// After how many questions a busy client is looked after.
const SERVE_EVERY: u32 = 256;

type Answer<T> = Result<Vec<T>, ReadError>;

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
    durable: Arc<Durable>,
    partitions: u32,
    waiting: Mutex<Waiting>,
    came: Condvar,
}

#[derive(Default)]
struct Waiting {
    callers: Vec<Caller>,
    closed: bool,
}

/// Who waits for an answer.
struct Caller {
    answer: SyncSender<Answer<Option<Offset>>>,
    came_at: Instant,
    /// What is not known at once need not be in the answer.
    takes_part: bool,
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
        durable: Arc<Durable>,
    ) -> Result<Self, KafkaError> {
        let shared = Arc::new(Shared {
            consumer: Closing::new(consumer),
            topic: topic.to_owned(),
            durable,
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
    pub(super) fn ask(&self) -> Answer<Offset> {
        let ends = self.wait(false)?.into_iter().collect::<Option<_>>();
        ends.ok_or_else(|| unavailable("a broker did not say where a partition ends"))
    }

    /// The same of those partitions whose leaders say so at once.
    pub(super) fn ask_part(&self) -> Answer<Option<Offset>> {
        self.wait(true)
    }

    fn wait(&self, takes_part: bool) -> Answer<Option<Offset>> {
        let (answer, waits) = sync_channel(1);
        {
            let mut waiting = self.shared.waiting.lock();
            if waiting.closed {
                return Err(ReadError::Closed);
            }
            waiting.callers.push(Caller {
                answer,
                came_at: Instant::now(),
                takes_part,
            });
        }
        self.shared.came.notify_one();
        // One question may be under way before ours.
        let answer = waits.recv_timeout(ANSWER_TIMEOUT + 2 * QUESTION_MAX);
        answer.unwrap_or_else(|_| Err(unavailable("the brokers did not say where the log ends")))
    }

    /// The first offset of `partition` whose message has at least this time; none if none has.
    pub(super) fn at_time(
        &self,
        partition: Partition,
        millis: i64,
    ) -> Result<Option<Offset>, ReadError> {
        let begun_at = Instant::now();
        loop {
            let error = match self.shared.ask(&[partition], At::Offset(millis)) {
                Ok(found) => return Ok(found.first().copied().flatten()),
                Err(error) => error,
            };
            if begun_at.elapsed() >= ANSWER_TIMEOUT || self.shared.waiting.lock().closed {
                return Err(self.shared.not_answered(&error.to_string()));
            }
            std::thread::sleep(PAUSE);
        }
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
        let mut callers: Vec<Caller> = Vec::new();
        let mut asked = 0_u32;
        // Whether each leader is asked by itself, so that one that is gone keeps back its own
        // partitions only.
        let mut apart = false;
        loop {
            let closed = {
                let mut waiting = self.waiting.lock();
                if waiting.callers.is_empty() && !waiting.closed {
                    let pause = if callers.is_empty() { IDLE } else { PAUSE };
                    self.came.wait_for(&mut waiting, pause);
                }
                callers.append(&mut waiting.callers);
                waiting.closed
            };
            if callers.is_empty() {
                if closed {
                    return;
                }
                self.consumer.get().map(serve);
                continue;
            }
            let ends = self.ends(apart);
            apart = ends.iter().any(Option::is_none);
            asked += 1;
            if apart || asked.is_multiple_of(SERVE_EVERY) {
                self.consumer.get().map(serve);
            }
            callers.retain(|caller| {
                let gives_up = closed || caller.came_at.elapsed() >= ANSWER_TIMEOUT;
                let answer = if caller.takes_part || !apart {
                    Ok(ends.clone())
                } else if gives_up {
                    Err(self.not_answered("a partition has no leader that answers"))
                } else {
                    return true;
                };
                // It may have stopped waiting.
                let _ = caller.answer.send(answer);
                false
            });
        }
    }

    /// Where each partition ends, as far as its leader says so at once.
    fn ends(&self, apart: bool) -> Vec<Option<Offset>> {
        let all: Vec<_> = (0..self.partitions).collect();
        let together = match apart {
            true => None,
            false => self.ask(&all, At::End).ok(),
        };
        let said = together.unwrap_or_else(|| self.ask_each_leader());
        let known = |(partition, said): (&Partition, Option<Offset>)| {
            said.map(|end| self.durable.note(*partition, end))
        };
        all.iter().zip(said).map(known).collect()
    }

    fn ask_each_leader(&self) -> Vec<Option<Offset>> {
        let mut ends = vec![None; self.partitions as usize];
        for (_, partitions) in self.led() {
            let Ok(said) = self.ask(&partitions, At::End) else {
                continue;
            };
            for (partition, end) in partitions.iter().zip(said) {
                ends[*partition as usize] = end;
            }
        }
        ends
    }

    /// The partitions of each leader. Any broker may be asked, also one that does not answer.
    fn led(&self) -> BTreeMap<i32, Vec<Partition>> {
        let mut led: BTreeMap<_, Vec<_>> = BTreeMap::new();
        let ask = |_| {
            let consumer = self.consumer.get()?;
            consumer.fetch_metadata(Some(&self.topic), ASK_TIMEOUT).ok()
        };
        let Some(metadata) = (0..LEADER_ASKS).find_map(ask) else {
            return led;
        };
        let topics = metadata.topics().iter();
        let same = topics.filter(|topic| topic.name() == self.topic);
        for partition in same.flat_map(MetadataTopic::partitions) {
            let number = partition.id().cast_unsigned();
            if partition.leader() >= 0 && number < self.partitions {
                led.entry(partition.leader()).or_default().push(number);
            }
        }
        led
    }

    fn ask(&self, partitions: &[Partition], at: At) -> Result<Vec<Option<Offset>>, ClientError> {
        let mut asked = TopicPartitionList::with_capacity(partitions.len());
        for partition in partitions {
            asked.add_partition_offset(&self.topic, partition.cast_signed(), at)?;
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
        partitions.iter().map(offset).collect()
    }

    /// What was heard last, or else `detail`.
    fn not_answered(&self, detail: &str) -> ReadError {
        let heard = self.consumer.get().and_then(|one| one.context().0.last());
        unavailable(&heard.map_or_else(|| detail.to_owned(), |(_, said)| said))
    }
}

fn unavailable(detail: &str) -> ReadError {
    ReadError::Unavailable {
        detail: detail.to_owned(),
    }
}
