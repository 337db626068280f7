//! Claims by consumer groups: the group's coordinator gives each partition to one of the processes
//! that are alive. The group is joined for that alone; nothing is fetched and nothing committed.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use parking_lot::{Condvar, Mutex};
use rdkafka::ClientConfig;
use rdkafka::ClientContext;
use rdkafka::TopicPartitionList;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, Consumer as _, ConsumerContext, Rebalance};
use rdkafka::error::KafkaError as ClientError;
use tokio::sync::watch;

use super::watch::{Heard, pass_on};
use crate::{Claim, Partition};

/// How long a process may be silent until its partitions are given to others. Kafka's own lower
/// bound for it is 6 s; with finding out and handing over, another process has them within 15 s.
const SESSION_TIMEOUT_MS: u32 = 8_000;

/// How often a process says that it lives, and hears that it has to give something back.
const HEARTBEAT_MS: u32 = 1_000;

/// How long the group is served before looking whether the claim is given back.
const POLL: Duration = Duration::from_millis(50);

/// How long to wait before trying again to join.
const JOIN_PAUSE: Duration = Duration::from_secs(1);

/// How long closing waits until the groups are left.
const LEAVE_WAIT: Duration = Duration::from_secs(3);

type Held = watch::Sender<Arc<BTreeSet<Partition>>>;

/// The claims of a process.
#[derive(Debug, Default)]
pub(super) struct Claims {
    closing: Arc<AtomicBool>,
    /// How many groups this process is in.
    joined: Arc<(Mutex<usize>, Condvar)>,
}

/// Gives a claim back when it is dropped.
struct Guard(Arc<AtomicBool>);

impl Drop for Guard {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

impl Claims {
    /// Joins the group of `role`, on a thread of its own.
    pub(super) fn join(
        &self,
        mut settings: ClientConfig,
        topic: &str,
        role: &'static str,
    ) -> Claim {
        settings
            .set("group.id", format!("{topic}.{role}"))
            .set("session.timeout.ms", SESSION_TIMEOUT_MS.to_string())
            .set("heartbeat.interval.ms", HEARTBEAT_MS.to_string())
            .set("partition.assignment.strategy", "cooperative-sticky")
            .set("enable.auto.commit", "false")
            .set("enable.auto.offset.store", "false")
            // Nothing is fetched: the partitions are paused as soon as they come.
            .set("auto.offset.reset", "latest");
        let held = Held::new(Arc::default());
        let given_back = Arc::new(AtomicBool::new(false));
        let claim = Claim::new(held.subscribe(), Guard(Arc::clone(&given_back)));
        let member = Member {
            settings,
            topic: topic.to_owned(),
            role,
            held,
            given_back,
            closing: Arc::clone(&self.closing),
            joined: Arc::clone(&self.joined),
        };
        *self.joined.0.lock() += 1;
        let thread = std::thread::Builder::new().name(format!("log-claim-{role}"));
        if let Err(error) = thread.spawn(move || member.run()) {
            tracing::error!(role, %error, "no thread to claim partitions with");
        }
        claim
    }

    /// Gives all partitions back, and waits a while until the others have been told.
    pub(super) fn close(&self) {
        self.closing.store(true, Ordering::Relaxed);
        let mut joined = self.joined.0.lock();
        let in_groups = |joined: &mut usize| *joined > 0;
        self.joined
            .1
            .wait_while_for(&mut joined, in_groups, LEAVE_WAIT);
    }
}

/// This process's part in one group.
struct Member {
    settings: ClientConfig,
    topic: String,
    role: &'static str,
    held: Held,
    given_back: Arc<AtomicBool>,
    closing: Arc<AtomicBool>,
    joined: Arc<(Mutex<usize>, Condvar)>,
}

impl Member {
    fn run(self) {
        while !self.is_over() {
            match self.take_part() {
                Ok(()) => {}
                Err(error) => {
                    tracing::warn!(role = self.role, %error, "can't claim partitions yet");
                    std::thread::sleep(JOIN_PAUSE);
                }
            }
        }
    }

    fn is_over(&self) -> bool {
        self.given_back.load(Ordering::Relaxed) || self.closing.load(Ordering::Relaxed)
    }

    /// In the group until the claim is given back, or the client can't go on.
    fn take_part(&self) -> Result<(), ClientError> {
        let context = Group {
            role: self.role,
            held: self.held.clone(),
            heard: Heard::default(),
        };
        let consumer: BaseConsumer<Group> = self.settings.create_with_context(context)?;
        consumer.subscribe(&[&self.topic])?;
        while !self.is_over() {
            if let Some(Err(ClientError::MessageConsumptionFatal(code))) = consumer.poll(POLL) {
                self.release();
                return Err(ClientError::MessageConsumptionFatal(code));
            }
        }
        // Before the group is left: nobody else has them until then.
        self.release();
        Ok(())
    }

    fn release(&self) {
        self.held.send_replace(Arc::default());
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        self.release();
        *self.joined.0.lock() -= 1;
        self.joined.1.notify_all();
    }
}

/// Keeps what is held as the coordinator says.
struct Group {
    role: &'static str,
    held: Held,
    heard: Heard,
}

impl Group {
    fn change(&self, partitions: &TopicPartitionList, gained: bool) {
        let elements = partitions.elements();
        let changed: Vec<Partition> = elements
            .iter()
            .map(|element| element.partition().cast_unsigned())
            .collect();
        tracing::info!(role = self.role, partitions = ?changed, gained, "partitions moved");
        self.held.send_modify(|held| {
            let mut now = BTreeSet::clone(held);
            match gained {
                true => now.extend(changed),
                false => now.retain(|partition| !changed.contains(partition)),
            }
            *held = Arc::new(now);
        });
    }
}

impl ClientContext for Group {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        pass_on(level, facility, message);
    }

    fn error(&self, error: ClientError, reason: &str) {
        self.heard.note(&error, reason);
    }
}

impl ConsumerContext for Group {
    fn pre_rebalance(&self, _: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        // Let go of before the others can get them.
        if let Rebalance::Revoke(partitions) = rebalance {
            self.change(partitions, false);
        }
    }

    fn post_rebalance(&self, consumer: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        if let Rebalance::Assign(partitions) = rebalance {
            if let Err(error) = consumer.pause(partitions) {
                tracing::info!(role = self.role, %error, "partitions not paused");
            }
            self.change(partitions, true);
        }
    }
}
