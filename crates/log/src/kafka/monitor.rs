//! Whether the log can be written, looked at by a thread of its own.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use parking_lot::{Condvar, Mutex};
use rdkafka::error::KafkaError as ClientError;
use rdkafka::metadata::Metadata;
use rdkafka::producer::Producer as _;
use tokio::time::Instant;

use super::KafkaError;
use super::producer::Producer;
use crate::WriteBlocked;

/// How often the cluster is looked at. By the same look the producer learns of new leaders.
const EVERY: Duration = Duration::from_secs(1);

/// How long to wait after a look in vain.
const SILENT_PAUSE: Duration = Duration::from_millis(50);

/// How long a broker may take to answer. Another one is asked then.
const ASK_TIMEOUT: Duration = Duration::from_secs(1);

/// For how long no answer tells nothing: the broker that was asked may be the only one that is gone.
const SILENCE_MAX: Duration = Duration::from_secs(6);

/// For how long records may wait with none of them acknowledged: longer than a cluster takes to
/// notice that a leader is gone, and to have another.
const WAIT_MAX: Duration = Duration::from_secs(15);

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

/// What was heard until now.
struct Heard {
    /// When a broker was last heard of.
    at: Instant,
    /// How many records had been acknowledged then.
    acknowledged: u64,
    /// Since when records have waited, and none was acknowledged.
    waits_since: Option<Instant>,
}

impl Heard {
    /// Nothing yet.
    fn new(now: Instant) -> Self {
        Self {
            at: now,
            acknowledged: 0,
            waits_since: None,
        }
    }

    /// Takes in a look at `now`, when `waiting` records wait and `acknowledged` ones ever were, and
    /// says whether the log can be written.
    fn conclude(
        &mut self,
        before: Result<(), WriteBlocked>,
        look: Look,
        (waiting, acknowledged): (usize, u64),
        now: Instant,
    ) -> Result<(), WriteBlocked> {
        let flows = std::mem::replace(&mut self.acknowledged, acknowledged) != acknowledged;
        match flows || waiting == 0 {
            true => self.waits_since = None,
            false => _ = self.waits_since.get_or_insert(now),
        }
        if flows || matches!(look, Look::Told(_)) {
            self.at = now;
        }
        let in_vain = |since: Instant| now.duration_since(since) >= WAIT_MAX;
        match look {
            Look::Told(Err(seen)) => Err(seen),
            // A broker that was cut off from the others may not know that it can do nothing.
            _ if self.waits_since.is_some_and(in_vain) => {
                Err(blocked("records wait, and none is acknowledged".to_owned()))
            }
            Look::Told(Ok(())) => Ok(()),
            Look::Silent(detail) if now.duration_since(self.at) >= SILENCE_MAX => {
                Err(blocked(detail))
            }
            Look::Silent(_) => before,
        }
    }
}

/// What came of one look at the cluster.
enum Look {
    /// A broker has told how the partitions are.
    Told(Result<(), WriteBlocked>),
    /// Nobody has said anything: why, as far as is known.
    Silent(String),
}

impl Shared {
    fn run(&self) {
        let mut heard = Heard::new(Instant::now());
        let mut pause = EVERY;
        loop {
            {
                let mut closed = self.closed.0.lock();
                if !*closed {
                    self.closed.1.wait_for(&mut closed, pause);
                }
                if *closed {
                    return;
                }
            }
            let (look, flow) = self.look();
            let silent = matches!(look, Look::Silent(_));
            pause = if silent { SILENT_PAUSE } else { EVERY };
            let before = self.seen.lock().clone();
            let seen = heard.conclude(before.clone(), look, flow, Instant::now());
            if before != seen {
                match &seen {
                    Ok(()) => tracing::info!("the log can be written"),
                    Err(blocked) => tracing::warn!(%blocked, "the log can't be written"),
                }
                *self.seen.lock() = seen;
            }
        }
    }

    /// Looks; and how many records wait, and how many were acknowledged by this producer.
    fn look(&self) -> (Look, (usize, u64)) {
        let Some(client) = self.producer.client() else {
            let look = Look::Silent("the producer is being replaced".to_owned());
            return (look, (0, 0));
        };
        let metadata = client
            .client()
            .fetch_metadata(Some(&self.topic), ASK_TIMEOUT);
        let look = match metadata {
            Ok(metadata) => {
                client.context().heard().clear();
                Look::Told(self.judge(&metadata))
            }
            Err(error) => {
                let heard = client.context().heard().last();
                Look::Silent(heard.map_or_else(|| unreachable_text(&error), |(_, said)| said))
            }
        };
        let waiting = usize::try_from(client.in_flight_count()).unwrap_or(0);
        (look, (waiting, client.context().acknowledged()))
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

#[cfg(test)]
mod tests {
    use super::*;

    fn silent() -> Look {
        Look::Silent("a broker is gone".to_owned())
    }

    fn no_leader() -> Result<(), WriteBlocked> {
        Err(blocked("partition 3 has no leader".to_owned()))
    }

    /// What is concluded of a look some time after the one before, when `flow` is nothing new.
    fn after(before: Result<(), WriteBlocked>, look: Look, seconds: u64) -> bool {
        let now = Instant::now();
        let mut heard = Heard::new(now);
        let now = now + Duration::from_secs(seconds);
        heard.conclude(before, look, (0, 0), now).is_ok()
    }

    #[test]
    fn one_broker_that_does_not_answer_says_nothing_about_the_log() {
        assert!(after(Ok(()), silent(), 3));
        assert!(!after(no_leader(), silent(), 3));
        assert!(!after(Ok(()), Look::Told(no_leader()), 3));
        assert!(after(no_leader(), Look::Told(Ok(())), 3));
    }

    #[test]
    fn a_cluster_that_stays_silent_takes_no_records() {
        assert!(!after(Ok(()), silent(), 6));
        let begun_at = Instant::now();
        let mut heard = Heard::new(begun_at);
        for second in 1..20 {
            let now = begun_at + Duration::from_secs(second);
            let seen = heard.conclude(Ok(()), silent(), (5, second), now);
            assert_eq!(seen, Ok(()), "records are acknowledged all the while");
        }
    }

    #[test]
    fn records_that_wait_in_vain_say_more_than_a_broker() {
        let begun_at = Instant::now();
        let mut heard = Heard::new(begun_at);
        let mut look = |second, flow| {
            let now = begun_at + Duration::from_secs(second);
            let seen = heard.conclude(Ok(()), Look::Told(Ok(())), flow, now);
            seen.is_ok()
        };
        assert!(look(1, (1, 7)));
        assert!(look(2, (1, 7)));
        assert!(look(16, (1, 7)), "for 14 seconds");
        assert!(!look(17, (1, 7)));
        assert!(look(18, (1, 8)), "one was acknowledged");
        assert!(look(19, (1, 8)));
        assert!(!look(34, (1, 8)));
        assert!(look(35, (0, 8)), "none waits");
    }
}
