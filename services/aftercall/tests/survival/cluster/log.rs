//! A log of the test's own, on the brokers.

use std::sync::Arc;
use std::time::Duration;

use aftercall_log::kafka::{Config, KafkaLog, NewLog, init};
use aftercall_log::{Entry, Log, LogId, Position, Reader};
use jiff::SignedDuration;
use tokio::task::block_in_place;
use tokio::time::{sleep, timeout};

use crate::checker::Checker;
use crate::journal::Journal;
use crate::requests::now;

/// How long a reader waits for more before it is asked again.
const WAIT: Duration = Duration::from_millis(200);
/// How often the log is looked at for what is to come.
const LOOK_EVERY: Duration = Duration::from_millis(300);
/// What a slow machine may take until a due that has passed is noticed.
const PATIENCE: Duration = Duration::from_secs(180);

/// A log in a topic that no other run has.
#[derive(Debug)]
pub(crate) struct SharedLog {
    config: Config,
    log: KafkaLog,
}

impl SharedLog {
    /// Made anew, on as many of `brokers` as keep a record each.
    pub(crate) fn create(bootstrap: &str, partitions: u32, brokers: usize) -> Self {
        let config = Config {
            brokers: bootstrap.split(',').map(str::to_owned).collect(),
            topic: format!("survival-{:016x}", rand::random::<u64>()),
            ..Config::default()
        };
        let replication = u32::try_from(brokers.min(3)).expect("a few");
        let new = NewLog {
            partitions,
            replication,
            replicas_min: replication.saturating_sub(1).max(1),
        };
        init(&config, &new).expect("a log");
        let log = KafkaLog::open(&config, Arc::new(|_| Vec::new())).expect("the log");
        Self { config, log }
    }

    /// What a process must be told to use it.
    pub(crate) fn settings(&self) -> Vec<(String, String)> {
        let settings = [
            ("ENGINE", "kafka".to_owned()),
            ("KAFKA__BROKERS", self.config.brokers.join(",")),
            ("KAFKA__TOPIC", self.config.topic.clone()),
        ];
        settings
            .map(|(name, value)| (format!("AFTERCALL_LOG__{name}"), value))
            .into()
    }

    /// The consumer group of the processes that share the work of `role`.
    pub(crate) fn group_of(&self, role: &str) -> String {
        format!("{}.{role}", self.config.topic)
    }

    pub(crate) fn id(&self) -> LogId {
        self.log.id()
    }

    /// What stands in it when every promise that is due within a minute has lapsed or been kept,
    /// compared with `journal`.
    pub(crate) async fn when_all_has_lapsed(&self, journal: &Journal) -> Checker {
        let soon = now() + SignedDuration::from_secs(60);
        let all_has = |checker: &Checker| checker.to_lapse(journal, soon) == 0;
        let waited = self.once(journal, PATIENCE, all_has).await;
        waited.expect("every due that passes is noticed")
    }

    /// What stands in it once that is as `holds` says, compared with `journal`.
    ///
    /// # Errors
    /// What stands in it when it isn't after `patience`.
    pub(crate) async fn once(
        &self,
        journal: &Journal,
        patience: Duration,
        holds: impl Fn(&Checker) -> bool,
    ) -> Result<Checker, Checker> {
        let mut checker = Checker::of_shared();
        let mut reader = self.reader();
        let waiting = async {
            loop {
                let read = block_in_place(|| reader.read_to_the_end());
                checker.compare(self.id(), &read, &journal.entries());
                if holds(&checker) {
                    return;
                }
                sleep(LOOK_EVERY).await;
            }
        };
        let waited = timeout(patience, waiting).await;
        match waited {
            Ok(()) => Ok(checker),
            Err(_) => Err(checker),
        }
    }

    /// A reader of all that it has.
    pub(crate) fn reader(&self) -> WholeReader<'_> {
        let partitions = 0..self.log.partitions();
        let from: Vec<_> = partitions
            .map(|partition| Position {
                partition,
                offset: 0,
            })
            .collect();
        WholeReader {
            log: &self.log,
            reader: self.log.reader(&from).expect("a reader"),
        }
    }
}

/// Reads all partitions.
#[derive(Debug)]
pub(crate) struct WholeReader<'a> {
    log: &'a KafkaLog,
    reader: Box<dyn Reader>,
}

impl WholeReader<'_> {
    /// What has come since the last time, up to where the log ends now.
    pub(crate) fn read_to_the_end(&mut self) -> Vec<Entry> {
        let tails = self.log.tails().expect("a cluster that is well");
        let mut read = Vec::new();
        loop {
            let mut at = self.reader.positions().iter();
            if at.all(|at| at.offset >= tails[at.partition as usize]) {
                return read;
            }
            let next = self.reader.next(1_024, 8 << 20, WAIT);
            read.extend(next.expect("a log that is sound"));
        }
    }
}
