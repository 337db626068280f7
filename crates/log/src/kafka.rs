//! The Kafka engine: a topic of a fixed number of partitions, for many processes.
//!
//! ```text
//!  append ─► producer (idempotent, acks=all) ─► topic ─► readers (own offsets, no group)
//!            positions ◄─ deliveries               ├───► tails   (one question for all who ask)
//!                                                  ├───► monitor (leaders, replicas in step)
//!                                                  ├───► guard   (still the same log)
//!                                                  └───► claims  (consumer groups, nothing fetched)
//! ```
//!
//! * **Durable** means on all replicas in step, at least `min.insync.replicas` of them. The topic's
//!   settings are compared at every start: one that could lose records is refused.
//! * **Records are CloudEvents** in Kafka's binary mode, so that any consumer can read them; see
//!   [`Headers`]. The partition of a key is the one that Java's producer would choose.
//! * **The topic stays the log that was opened**: one that got more partitions, was made anew or lost
//!   records ends the process ([`OnLost`]).
//! * **The log's identity** is a message of its own, the first of partition 0, which [`init`] writes
//!   and readers pass over. A topic without one is no log.
//! * **Outages**: appends wait in a bounded queue and are sent when the brokers are back; readers
//!   wait; questions are answered by [`ReadError::Unavailable`].

mod claim;
mod closing;
mod config;
mod delivery;
mod durable;
mod failure;
mod guard;
mod init;
mod message;
mod monitor;
mod partition;
mod producer;
mod reader;
mod tails;
#[cfg(test)]
mod tests;
mod topic;
mod watch;

use std::sync::Arc;

use rdkafka::ClientConfig;

pub use config::{ClientCertificate, Config, Mechanism, Sasl, Security, Tls};
pub use failure::{Difference, KafkaError};
pub use guard::OnLost;
pub use init::{Made, NewLog, init};
pub use message::Headers;

use self::claim::Claims;
use self::durable::Durable;
use self::guard::{Guard, Opened};
use self::monitor::Monitor;
use self::producer::Producer;
use self::reader::KafkaReader;
use self::tails::Tails;
use self::topic::Topic;
use crate::types::check_from;
use crate::{
    Append, Claim, Log, LogId, Offset, Partition, Position, ReadError, Reader, Record, WriteBlocked,
};

/// How many records are read at a time to find a time.
const SEARCH_RECORDS: usize = 1024;
const SEARCH_BYTES: usize = 1 << 20;

/// A log in a topic. Dropping it closes it.
#[derive(Debug)]
pub struct KafkaLog {
    id: LogId,
    partitions: u32,
    topic: Arc<str>,
    settings: ClientConfig,
    durable: Arc<Durable>,
    producer: Arc<Producer>,
    tails: Tails,
    monitor: Monitor,
    guard: Guard,
    claims: Claims,
}

impl KafkaLog {
    /// Opens the log that [`init`] made. `headers` derives the headers of what is appended.
    ///
    /// # Errors
    /// [`KafkaError`] for a cluster that can't be reached, and a topic that is no log or would not
    /// keep what a log promises; each says what to do.
    pub fn open(config: &Config, headers: Headers) -> Result<Self, KafkaError> {
        Self::open_with(config, headers, guard::exit())
    }

    /// The same. `lost` is called when the topic is not the log any more that was opened; without, the
    /// process says so and ends.
    ///
    /// # Errors
    /// As [`KafkaLog::open`].
    pub fn open_with(config: &Config, headers: Headers, lost: OnLost) -> Result<Self, KafkaError> {
        let topic = Topic::new(config)?;
        let shape = topic.check()?;
        topic.check_whole(shape.partitions)?;
        let id = topic.identity(shape.partitions)?;
        if shape.replication < 3 {
            let replicas = shape.replication;
            tracing::warn!(replicas, "the log is kept on fewer than three brokers");
        }
        let settings = config.client()?;
        let partitions = shape.partitions;
        let durable = Arc::new(Durable::new(partitions));
        let noted = || Arc::clone(&durable);
        let name = &config.topic;
        let producer = Producer::start(settings.clone(), name, partitions, headers, noted())?;
        let producer = Arc::new(producer);
        let monitor = Monitor::start(Arc::clone(&producer), name, shape.replicas_min)?;
        let opened = Opened { id, partitions };
        let guard = Guard::start(config, opened, noted(), lost)?;
        let tails = Tails::start(topic.consumer, name, partitions, noted())?;
        Ok(Self {
            id,
            partitions,
            topic: name.as_str().into(),
            settings,
            durable,
            producer,
            tails,
            monitor,
            guard,
            claims: Claims::default(),
        })
    }

    /// Gives its claims back, refuses further appends, and waits a bounded time until those under
    /// way are durable. Blocks. Readers can still read what is there.
    pub fn close(&self) {
        self.claims.close();
        self.producer.close();
        self.monitor.close();
        self.guard.close();
        self.tails.close();
    }
}

impl Drop for KafkaLog {
    fn drop(&mut self) {
        self.close();
    }
}

impl Log for KafkaLog {
    fn id(&self) -> LogId {
        self.id
    }

    fn partitions(&self) -> u32 {
        self.partitions
    }

    fn is_shared(&self) -> bool {
        true
    }

    fn partition_of(&self, key: &[u8]) -> Partition {
        partition::of(key, self.partitions)
    }

    fn append(&self, records: Vec<Record>) -> Append {
        self.producer.append(&records)
    }

    fn tails(&self) -> Result<Vec<Offset>, ReadError> {
        self.tails.ask()
    }

    fn partial_tails(&self) -> Result<Vec<Option<Offset>>, ReadError> {
        self.tails.ask_part()
    }

    fn offset_at(&self, partition: Partition, recorded_at_us: i64) -> Result<Offset, ReadError> {
        if partition >= self.partitions {
            return Err(ReadError::NoSuchPartition(partition));
        }
        let millis = message::millis(recorded_at_us);
        let Some(offset) = self.tails.at_time(partition, millis)? else {
            let tails = self.tails()?;
            let tail = tails.get(partition as usize).copied();
            return tail.ok_or(ReadError::NoSuchPartition(partition));
        };
        // Kafka counts in milliseconds: the record is here or after.
        let tail = self.tails()?[partition as usize];
        let mut reader = self.reader(&[Position { partition, offset }])?;
        loop {
            let read = reader.next(SEARCH_RECORDS, SEARCH_BYTES, std::time::Duration::ZERO)?;
            let found = read
                .iter()
                .find(|entry| entry.record.recorded_at_us >= recorded_at_us);
            if let Some(entry) = found {
                return Ok(entry.position.offset);
            }
            let next = reader.positions()[0].offset;
            if next >= tail {
                return Ok(next);
            }
        }
    }

    fn reader(&self, from: &[Position]) -> Result<Box<dyn Reader>, ReadError> {
        // What is known to be there is read without asking for it, also while a leader is missing.
        if let Err(ReadError::OffsetOutOfRange { .. }) = check_from(from, &self.durable.all()) {
            self.tails()?;
        }
        check_from(from, &self.durable.all())?;
        let settings = self.settings.clone();
        let reader = KafkaReader::new(settings, &self.topic, from, Arc::clone(&self.durable))?;
        Ok(Box::new(reader))
    }

    fn claim(&self, role: &'static str) -> Claim {
        self.claims.join(self.settings.clone(), &self.topic, role)
    }

    fn close(&self) {
        Self::close(self);
    }

    fn check_writable(&self) -> Result<(), WriteBlocked> {
        match self.producer.is_closed() {
            true => Err(WriteBlocked::Closed),
            false => self.monitor.check(),
        }
    }
}
