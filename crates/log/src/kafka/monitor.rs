//! Whether the log can be written, looked at by a thread of its own.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use parking_lot::{Condvar, Mutex};
use rdkafka::error::KafkaError as ClientError;
use rdkafka::metadata::Metadata;
use rdkafka::producer::Producer as _;

use super::KafkaError;
use super::producer::Producer;
use crate::WriteBlocked;

/// How often the cluster is looked at. By the same look the producer learns of new leaders.
const EVERY: Duration = Duration::from_secs(1);

/// How long the brokers may take to answer.
const ASK_TIMEOUT: Duration = Duration::from_secs(3);

/// Looks at the topic's partitions again and again.
#[derive(Debug)]
pub(super) struct Monitor {
    shared: Arc<Shared>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

#[derive(Debug)]
struct Shared {
    producer: Arc<Producer>,
    topic: String,
    /// How many replicas must be in step for a partition to take records.
    replicas_min: usize,
    seen: Mutex<Result<(), WriteBlocked>>,
    closed: (Mutex<bool>, Condvar),
}

impl Monitor {
    pub(super) fn start(
        producer: Arc<Producer>,
        topic: &str,
        replicas_min: usize,
    ) -> Result<Self, KafkaError> {
        let shared = Arc::new(Shared {
            producer,
            topic: topic.to_owned(),
            replicas_min,
            seen: Mutex::new(Ok(())),
            closed: (Mutex::new(false), Condvar::new()),
        });
        let thread = std::thread::Builder::new()
            .name("log-monitor".to_owned())
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

    /// What was seen last.
    pub(super) fn check(&self) -> Result<(), WriteBlocked> {
        self.shared.seen.lock().clone()
    }

    pub(super) fn close(&self) {
        *self.shared.closed.0.lock() = true;
        self.shared.closed.1.notify_one();
        if let Some(thread) = self.thread.lock().take() {
            // It ends early only by a panic, which the panic hook has reported.
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn run(&self) {
        loop {
            {
                let mut closed = self.closed.0.lock();
                if !*closed {
                    self.closed.1.wait_for(&mut closed, EVERY);
                }
                if *closed {
                    return;
                }
            }
            let seen = self.look();
            let before = std::mem::replace(&mut *self.seen.lock(), seen.clone());
            if before != seen {
                match seen {
                    Ok(()) => tracing::info!("the log can be written"),
                    Err(blocked) => tracing::warn!(%blocked, "the log can't be written"),
                }
            }
        }
    }

    fn look(&self) -> Result<(), WriteBlocked> {
        let Some(client) = self.producer.client() else {
            return Err(blocked("the producer is being replaced".to_owned()));
        };
        match client
            .client()
            .fetch_metadata(Some(&self.topic), ASK_TIMEOUT)
        {
            Ok(metadata) => {
                client.context().heard().clear();
                self.judge(&metadata)
            }
            Err(error) => {
                let heard = client.context().heard().last();
                Err(blocked(
                    heard.map_or_else(|| unreachable_text(&error), |(_, said)| said),
                ))
            }
        }
    }

    fn judge(&self, metadata: &Metadata) -> Result<(), WriteBlocked> {
        let topics = metadata.topics();
        let topic = topics.iter().find(|topic| topic.name() == self.topic);
        let partitions = topic.map(|topic| topic.partitions()).unwrap_or_default();
        if partitions.is_empty() {
            return Err(blocked(format!("there is no topic {}", self.topic)));
        }
        for partition in partitions {
            let (id, in_step) = (partition.id(), partition.isr().len());
            if partition.leader() < 0 {
                return Err(blocked(format!("partition {id} has no leader")));
            }
            if in_step < self.replicas_min {
                return Err(blocked(format!(
                    "partition {id} has {in_step} replicas in step and needs {}",
                    self.replicas_min
                )));
            }
        }
        Ok(())
    }
}

fn unreachable_text(error: &ClientError) -> String {
    format!("no broker answers: {error}")
}

fn blocked(detail: String) -> WriteBlocked {
    WriteBlocked::Unavailable { detail }
}
