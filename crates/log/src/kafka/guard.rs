//! Whether the topic is still the log that was opened, looked at by a thread of its own.
//!
//! A topic that got more partitions puts keys elsewhere; one that was made anew, or cut, lacks what
//! views and callers have been told of. Nothing that a process goes on to say would be true then: it
//! ends, and says what to do.

use std::fmt;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use parking_lot::{Condvar, Mutex};
use tokio::time::Instant;

use super::durable::Durable;
use super::topic::Topic;
use super::{Config, KafkaError};
use crate::LogId;

/// The exit code of a process whose log is not the same any more (`EX_IOERR` of sysexits.h).
const EXIT_CODE: i32 = 74;

/// How often the topic is looked at.
const EVERY: Duration = Duration::from_secs(5);

/// How long the brokers may take to answer a look. The next one asks again.
const PATIENCE: Duration = Duration::from_secs(3);

/// For how long a topic may seem to be gone, or a partition to end too early: longer than a leader
/// that was replaced takes to learn of it, and than brokers take to start.
const DOUBT_MAX: Duration = Duration::from_secs(30);

/// What happens when the topic is not the log any more.
pub type OnLost = Arc<dyn Fn(&KafkaError) + Send + Sync>;

/// Says why, and ends the process.
pub(super) fn exit() -> OnLost {
    Arc::new(|error| {
        tracing::error!(%error, "the log is not the one that was opened; ending the process");
        std::process::exit(EXIT_CODE);
    })
}

/// What a topic was when it was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Opened {
    pub(super) id: LogId,
    pub(super) partitions: u32,
}

/// Looks at the topic again and again.
#[derive(Debug)]
pub(super) struct Guard {
    closed: Arc<(Mutex<bool>, Condvar)>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Guard {
    pub(super) fn start(
        config: &Config,
        opened: Opened,
        durable: Arc<Durable>,
        lost: OnLost,
    ) -> Result<Self, KafkaError> {
        let closed = Arc::new((Mutex::new(false), Condvar::new()));
        let mut looking = Looking {
            topic: Topic::new(config)?.with_patience(PATIENCE),
            opened,
            durable,
            missing_since: None,
            short_since: vec![None; opened.partitions as usize],
        };
        let waiting = Arc::clone(&closed);
        let thread = std::thread::Builder::new()
            .name("log-guard".to_owned())
            .spawn(move || {
                while !closes_within(&waiting, EVERY) {
                    if let Err(error) = looking.look() {
                        return lost(&error);
                    }
                }
            })
            .map_err(KafkaError::Thread)?;
        Ok(Self {
            closed,
            thread: Mutex::new(Some(thread)),
        })
    }

    pub(super) fn close(&self) {
        *self.closed.0.lock() = true;
        self.closed.1.notify_one();
        if let Some(thread) = self.thread.lock().take() {
            // It ends early only by a panic, which the panic hook has reported.
            let _ = thread.join();
        }
    }
}

/// Waits for the log to be closed.
fn closes_within((closed, changed): &(Mutex<bool>, Condvar), wait: Duration) -> bool {
    let mut closed = closed.lock();
    if !*closed {
        changed.wait_for(&mut closed, wait);
    }
    *closed
}

/// What was seen until now.
struct Looking {
    topic: Topic,
    opened: Opened,
    durable: Arc<Durable>,
    missing_since: Option<Instant>,
    /// For each partition: since when it seems to end before what was told of it.
    short_since: Vec<Option<Instant>>,
}

impl fmt::Debug for Looking {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Looking")
            .field("opened", &self.opened)
            .finish_non_exhaustive()
    }
}

impl Looking {
    /// Fails when the topic is certainly not the log any more.
    fn look(&mut self) -> Result<(), KafkaError> {
        match self.compare() {
            Ok(()) => {
                self.missing_since = None;
                Ok(())
            }
            Err(error @ (KafkaError::Missing { .. } | KafkaError::NoIdentity { .. })) => {
                let since = *self.missing_since.get_or_insert_with(Instant::now);
                match since.elapsed() >= DOUBT_MAX {
                    true => Err(error),
                    false => Ok(()),
                }
            }
            Err(
                error @ (KafkaError::Repartitioned { .. }
                | KafkaError::Replaced { .. }
                | KafkaError::Truncated { .. }
                | KafkaError::Shortened { .. }
                | KafkaError::Foreign { .. }),
            ) => Err(error),
            // Brokers come back, and then they are asked again.
            Err(error) => {
                tracing::debug!(%error, "the topic can't be looked at");
                Ok(())
            }
        }
    }

    fn compare(&mut self) -> Result<(), KafkaError> {
        let name = || self.topic.name().to_owned();
        let shape = self.topic.shape()?;
        let (partitions, _) = shape.ok_or_else(|| KafkaError::Missing { topic: name() })?;
        check_partitions(name(), self.opened.partitions, partitions)?;
        for partition in 0..partitions {
            // What is known before the question is below the answer.
            let known = self.durable.of(partition);
            let (first, tail) = self.topic.watermarks(partition)?;
            if first > 0 {
                return Err(KafkaError::Truncated {
                    topic: name(),
                    partition,
                    first,
                });
            }
            let short_since = &mut self.short_since[partition as usize];
            if tail >= known {
                *short_since = None;
            } else if short_since.get_or_insert_with(Instant::now).elapsed() >= DOUBT_MAX {
                return Err(KafkaError::Shortened {
                    topic: name(),
                    partition,
                    tail,
                    known,
                });
            }
        }
        match self.topic.identity(partitions)? == self.opened.id {
            true => Ok(()),
            false => Err(KafkaError::Replaced { topic: name() }),
        }
    }
}

/// Refuses a topic that has another number of partitions than the log was made with.
pub(super) fn check_partitions(topic: String, was: u32, is: u32) -> Result<(), KafkaError> {
    match was == is {
        true => Ok(()),
        false => Err(KafkaError::Repartitioned { topic, was, is }),
    }
}
