//! Appends: into librdkafka's queue at once, answered when the brokers have.
//!
//! ```text
//!  append ─room?─► librdkafka's queue ─batches─► brokers
//!    ▲                                             │
//!    └── positions ◄── deliveries (one thread) ◄───┘
//! ```
//!
//! * Nothing waits for a record of its own: what is sent together is acknowledged together.
//! * The producer is idempotent, so its own retries neither repeat nor reorder. Where it can't go on
//!   (a fatal error: the brokers and it disagree about what was written) it is replaced by a new
//!   one; what the old one still had is answered as unknown, unless it never left the queue.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use parking_lot::{Mutex, RwLock};
use rdkafka::ClientConfig;
use rdkafka::error::{KafkaError as ClientError, RDKafkaErrorCode};
use rdkafka::producer::{BaseProducer, Producer as _};
use tokio::sync::oneshot;

use super::KafkaError;
use super::delivery::{Deliveries, Pending, Room, Ticket};
use super::durable::Durable;
use super::message::{self, Headers};
use super::partition;
use crate::types::check_sizes;
use crate::{Append, AppendError, Record};

/// How many records may wait to be durable, before an append is refused.
const QUEUE_RECORDS: usize = 65_536;

/// How many bytes of records may wait to be durable, before an append is refused.
const QUEUE_BYTES: usize = 64 << 20;

/// When a caller that was refused should try again.
const RETRY_AFTER: Duration = Duration::from_millis(50);

/// When a caller should try again whose records met a producer that is being replaced.
const REBUILD_RETRY_AFTER: Duration = Duration::from_millis(250);

/// How long a record may wait for the brokers. Far longer than any caller waits: a record that was
/// given up early, and written all the same, is what makes outcomes unknown.
const DELIVERY_TIMEOUT_MS: u32 = 300_000;

/// How long a record waits for others to go with it, in milliseconds: about as long as the replicas
/// then take. Spread over a dozen partitions, records that don't wait go nearly one by one, and keep
/// the brokers busy with requests.
const LINGER_MS: &str = "5";

/// How long deliveries are waited for before looking whether the producer is to be replaced.
const POLL: Duration = Duration::from_millis(50);

/// How long closing waits for what is under way.
const CLOSE_WAIT: Duration = Duration::from_secs(10);

/// The largest request of ours, in bytes: a record of the largest size with its headers.
pub(super) const MESSAGE_BYTES_MAX: usize = 2 << 20;

type Client = BaseProducer<Deliveries>;

/// Takes records, and sees to their delivery.
#[derive(Debug)]
pub(super) struct Producer {
    shared: Arc<Shared>,
    poller: Mutex<Option<JoinHandle<()>>>,
}

struct Shared {
    settings: ClientConfig,
    topic: String,
    partitions: u32,
    headers: Headers,
    durable: Arc<Durable>,
    room: Arc<Room>,
    /// None once closed, and while it is being replaced.
    client: RwLock<Option<Arc<Client>>>,
    closing: AtomicBool,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared")
            .field("topic", &self.topic)
            .field("partitions", &self.partitions)
            .finish_non_exhaustive()
    }
}

impl Producer {
    pub(super) fn start(
        mut settings: ClientConfig,
        topic: &str,
        partitions: u32,
        headers: Headers,
        durable: Arc<Durable>,
    ) -> Result<Self, KafkaError> {
        settings
            .set("acks", "all")
            .set("enable.idempotence", "true")
            .set("max.in.flight.requests.per.connection", "5")
            .set("compression.type", "lz4")
            .set("linger.ms", LINGER_MS)
            .set("batch.num.messages", "10000")
            .set("batch.size", "1000000")
            .set("message.max.bytes", MESSAGE_BYTES_MAX.to_string())
            .set("message.timeout.ms", DELIVERY_TIMEOUT_MS.to_string())
            .set("request.timeout.ms", "8000")
            .set("retry.backoff.ms", "50")
            .set("retry.backoff.max.ms", "1000")
            // Our own bounds come first.
            .set("queue.buffering.max.messages", "1000000")
            .set("queue.buffering.max.kbytes", "1048576");
        let room = Arc::new(Room::new(QUEUE_RECORDS, QUEUE_BYTES));
        let client = create(&settings, &durable)?;
        let shared = Arc::new(Shared {
            settings,
            topic: topic.to_owned(),
            partitions,
            headers,
            durable,
            room,
            client: RwLock::new(Some(Arc::new(client))),
            closing: AtomicBool::new(false),
        });
        let poller = std::thread::Builder::new()
            .name("log-deliveries".to_owned())
            .spawn({
                let shared = Arc::clone(&shared);
                move || shared.poll_until_closed()
            })
            .map_err(KafkaError::Thread)?;
        Ok(Self {
            shared,
            poller: Mutex::new(Some(poller)),
        })
    }

    pub(super) fn append(&self, records: &[Record]) -> Append {
        if records.is_empty() {
            return Append::ready(Ok(Vec::new()));
        }
        match self.shared.enqueue(records) {
            Ok(append) => append,
            Err(refused) => Append::ready(Err(refused)),
        }
    }

    /// The producer's client, to ask the cluster by.
    pub(super) fn client(&self) -> Option<Arc<Client>> {
        self.shared.client.read().clone()
    }

    pub(super) fn is_closed(&self) -> bool {
        self.shared.closing.load(Ordering::Relaxed)
    }

    /// Refuses appends from now on, waits a while for those that are under way, and gives up the
    /// others.
    pub(super) fn close(&self) {
        if self.shared.closing.swap(true, Ordering::Relaxed) {
            return;
        }
        let client = self.shared.client.write().take();
        if let Some(client) = client
            && let Err(error) = client.flush(CLOSE_WAIT)
        {
            let records = client.in_flight_count();
            tracing::warn!(%error, records, "the log was closed with records under way");
        }
        if let Some(poller) = self.poller.lock().take() {
            // It ends early only by a panic, which the panic hook has reported.
            let _ = poller.join();
        }
    }
}

impl Shared {
    fn enqueue(&self, records: &[Record]) -> Result<Append, AppendError> {
        check_sizes(records)?;
        let room = Room::take(&self.room, records)?;
        let room = room.ok_or(AppendError::QueueFull {
            retry_after: RETRY_AFTER,
        })?;
        let (done, outcome) = oneshot::channel();
        let pending = Arc::new(Pending::new(records.len(), room, done));
        // Held while all of them are sent, so that no replacement comes in between.
        let client = self.client.read();
        let Some(client) = &*client else {
            return Err(match self.closing.load(Ordering::Relaxed) {
                true => AppendError::Closed,
                false => unavailable("the producer is being replaced"),
            });
        };
        for (index, record) in records.iter().enumerate() {
            let partition = partition::of(&record.key, self.partitions);
            let ticket = Box::new(Ticket {
                pending: Arc::clone(&pending),
                index,
                not_before: self.durable.of(partition),
            });
            let headers = message::headers(record, &self.headers);
            let message =
                message::of_record(&self.topic, partition as i32, record, headers, ticket);
            if let Err((error, _)) = client.send(message) {
                if index == 0 {
                    return Err(refusal(&error));
                }
                // The others are on their way, and can't be called back.
                pending.break_off(records.len() - index, error);
                break;
            }
        }
        Ok(Append::waiting(outcome))
    }

    /// Serves deliveries, and replaces a producer that can't go on.
    fn poll_until_closed(&self) {
        loop {
            let Some(client) = self.client.read().clone() else {
                if self.closing.load(Ordering::Relaxed) {
                    return;
                }
                self.begin_anew();
                continue;
            };
            client.poll(POLL);
            if client.context().is_broken() {
                self.retire(client);
            }
        }
    }

    /// Takes a broken producer away; what it has is answered.
    fn retire(&self, client: Arc<Client>) {
        let cause = client.client().fatal_error();
        tracing::error!(?cause, "the log's producer can't go on; replacing it");
        metrics::counter!("aftercall_log_producer_rebuilds_total").increment(1);
        *self.client.write() = None;
        // Dropping the last of it gives up what waits.
        drop(client);
    }

    fn begin_anew(&self) {
        match create(&self.settings, &self.durable) {
            Ok(client) => {
                let mut current = self.client.write();
                if !self.closing.load(Ordering::Relaxed) {
                    *current = Some(Arc::new(client));
                }
            }
            Err(error) => {
                tracing::error!(%error, "no new producer; trying again");
                std::thread::sleep(REBUILD_RETRY_AFTER);
            }
        }
    }
}

fn create(settings: &ClientConfig, durable: &Arc<Durable>) -> Result<Client, KafkaError> {
    let created = settings.create_with_context(Deliveries::new(Arc::clone(durable)));
    created.map_err(|error| KafkaError::Config {
        detail: error.to_string(),
    })
}

/// What it means that the first record of an append was not taken: nothing was written.
fn refusal(error: &ClientError) -> AppendError {
    match error.rdkafka_error_code() {
        Some(RDKafkaErrorCode::QueueFull) => AppendError::QueueFull {
            retry_after: RETRY_AFTER,
        },
        _ => unavailable(&error.to_string()),
    }
}

fn unavailable(detail: &str) -> AppendError {
    AppendError::Unavailable {
        retry_after: REBUILD_RETRY_AFTER,
        detail: detail.to_owned(),
    }
}
