//! What a topic must be like to be a log, and whether one is.

use std::cell::Cell;
use std::future::Future;
use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::admin::{
    AdminClient, AdminOptions, ConfigResource, ConfigResourceResult, ResourceSpecifier,
};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rdkafka::error::{KafkaError as ClientError, RDKafkaErrorCode};
use rdkafka::message::Message as _;
use rdkafka::metadata::MetadataTopic;
use rdkafka::types::RDKafkaRespErr;
use rdkafka::{Offset as At, TopicPartitionList};
use tokio::time::Instant;

use super::guard::check_partitions;
use super::message::{self, Read};
use super::producer::MESSAGE_BYTES_MAX;
use super::watch::{Asking, serve};
use super::{Config, Difference, KafkaError};
use crate::{LogId, Partition, Position};

/// How long it may take until any broker answers, all tries together: longer than one that is gone
/// takes to be noticed.
const PATIENCE: Duration = Duration::from_secs(20);

/// How long a cluster of which some broker has answered may take for the rest: longer than brokers
/// take to be replaced, or to start again.
const RECOVERY_PATIENCE: Duration = Duration::from_secs(60);

/// How long one question may take.
const ASK_TIMEOUT: Duration = Duration::from_secs(3);

/// How long to wait before a question is asked again.
const AGAIN_AFTER: Duration = Duration::from_millis(50);

/// The settings that must be as they are here, word for word.
pub(super) const FIXED: [(&str, &str); 7] = [
    ("cleanup.policy", "delete"),
    ("retention.ms", "-1"),
    ("retention.bytes", "-1"),
    ("message.timestamp.type", "CreateTime"),
    ("unclean.leader.election.enable", "false"),
    ("compression.type", "producer"),
    ("remote.storage.enable", "false"),
];

/// The settings that must be at least so much: any time may be recorded, and a record of the largest
/// size must fit.
pub(super) fn at_least() -> [(&'static str, i64); 3] {
    [
        ("message.timestamp.before.max.ms", i64::MAX),
        ("message.timestamp.after.max.ms", i64::MAX),
        ("max.message.bytes", MESSAGE_BYTES_MAX as i64),
    ]
}

/// A topic that is as a log's must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Shape {
    pub(super) partitions: u32,
    pub(super) replication: usize,
    /// How many replicas must have a record before it is acknowledged.
    pub(super) replicas_min: usize,
}

/// A way to ask about a topic.
pub(super) struct Topic {
    config: Config,
    settings: ClientConfig,
    pub(super) consumer: BaseConsumer<Asking>,
    /// Whether it was said that the brokers take their time.
    told: Cell<bool>,
    /// How long a cluster of which some broker has answered may take for the rest.
    recovery_patience: Duration,
    /// How long it may take until any broker answers.
    patience: Duration,
}

impl Topic {
    pub(super) fn new(config: &Config) -> Result<Self, KafkaError> {
        let settings = config.client()?;
        let mut asking = settings.clone();
        asking
            .set("group.id", format!("{}.reader", config.topic))
            .set("enable.auto.commit", "false")
            .set("enable.partition.eof", "true")
            .set("isolation.level", "read_uncommitted")
            .set("auto.offset.reset", "error");
        let consumer = asking.create_with_context(Asking::default());
        let consumer = consumer.map_err(|error| KafkaError::Config {
            detail: error.to_string(),
        })?;
        Ok(Self {
            config: config.clone(),
            settings,
            consumer,
            told: Cell::new(false),
            recovery_patience: RECOVERY_PATIENCE,
            patience: PATIENCE,
        })
    }

    /// The same, for who asks again by itself.
    pub(super) fn with_patience(self, patience: Duration) -> Self {
        Self {
            recovery_patience: patience,
            patience,
            // Nobody waits for the answers.
            told: Cell::new(true),
            ..self
        }
    }

    /// The topic's name.
    pub(super) fn name(&self) -> &str {
        &self.config.topic
    }

    /// The topic's shape; none if there is no such topic.
    pub(super) fn shape(&self) -> Result<Option<(u32, usize)>, KafkaError> {
        let begun_at = Instant::now();
        loop {
            let metadata = self
                .consumer
                .fetch_metadata(Some(&self.config.topic), ASK_TIMEOUT);
            // What was said beside the answer is heard here.
            serve(&self.consumer);
            match metadata {
                Ok(metadata) => {
                    let same = |topic: &&MetadataTopic| topic.name() == self.config.topic;
                    let topic = metadata.topics().iter().find(same);
                    return topic.map_or(Ok(None), |topic| self.shape_of(topic));
                }
                Err(error) => {
                    let refused = self.refused();
                    if refused.is_some() || begun_at.elapsed() >= self.patience {
                        return Err(refused.unwrap_or_else(|| self.unreachable(&error)));
                    }
                    self.tell_once(&error);
                }
            }
        }
    }

    fn shape_of(&self, topic: &MetadataTopic) -> Result<Option<(u32, usize)>, KafkaError> {
        match topic.error() {
            None => {}
            Some(RDKafkaRespErr::RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART) => return Ok(None),
            Some(error) => return Err(self.failed(RDKafkaErrorCode::from(error))),
        }
        let partitions = topic.partitions();
        let replication = partitions.iter().map(|one| one.replicas().len()).min();
        Ok(replication.map(|replication| (partitions.len() as u32, replication)))
    }

    /// Compares the topic with what a log needs.
    pub(super) fn check(&self) -> Result<Shape, KafkaError> {
        let topic = || self.config.topic.clone();
        let (partitions, replication) = self
            .shape()?
            .ok_or_else(|| KafkaError::Missing { topic: topic() })?;
        let described = self.describe()?;
        let (differences, replicas_min) = differences(&described, replication);
        if !differences.is_empty() {
            return Err(KafkaError::Settings {
                topic: topic(),
                differences,
            });
        }
        Ok(Shape {
            partitions,
            replication,
            replicas_min,
        })
    }

    fn describe(&self) -> Result<ConfigResource, KafkaError> {
        let admin = self.admin()?;
        let options = AdminOptions::new().request_timeout(Some(ASK_TIMEOUT));
        let resource = ResourceSpecifier::Topic(&self.config.topic);
        let begun_at = Instant::now();
        let described = loop {
            match block_on(admin.describe_configs([&resource], &options)) {
                // Every broker has settings to tell of a topic, but not while it only learns of it.
                Ok(described)
                    if tells_nothing(&described) && begun_at.elapsed() < self.patience =>
                {
                    std::thread::sleep(AGAIN_AFTER);
                }
                Ok(described) => break described,
                // The broker that was asked may be the only one that is gone.
                Err(error)
                    if begun_at.elapsed() < self.recovery_patience && self.refused().is_none() =>
                {
                    self.tell_once(&error);
                    std::thread::sleep(AGAIN_AFTER);
                }
                Err(error) => return Err(self.admin_failed(&error)),
            }
        };
        match described.into_iter().next() {
            Some(Ok(described)) => Ok(described),
            Some(Err(code)) => Err(self.failed(code)),
            None => Err(self.failed(RDKafkaErrorCode::Unknown)),
        }
    }

    /// Says that it takes longer, where somebody may wait for it.
    fn tell_once(&self, error: &ClientError) {
        if !self.told.replace(true) {
            let brokers = self.config.brokers.join(", ");
            tracing::warn!(%brokers, %error, "waiting for the log's brokers to answer");
        }
    }

    pub(super) fn admin(&self) -> Result<AdminClient<DefaultClientContext>, KafkaError> {
        let admin = self.settings.create();
        admin.map_err(|error| KafkaError::Config {
            detail: error.to_string(),
        })
    }

    /// The log's identity: the first record of partition 0, which also tells how many partitions the log
    /// was made with. The topic has `partitions` now.
    pub(super) fn identity(&self, partitions: u32) -> Result<LogId, KafkaError> {
        let topic = || self.config.topic.clone();
        if self.watermarks(0)?.1 == 0 {
            return Err(KafkaError::NoIdentity { topic: topic() });
        }
        match self.first_record()? {
            Read::Identity(id, made_with) => {
                check_partitions(topic(), made_with, partitions)?;
                Ok(id)
            }
            Read::Record(_) | Read::Foreign => Err(KafkaError::Foreign { topic: topic() }),
        }
    }

    /// Refuses a log whose first records are gone.
    pub(super) fn check_whole(&self, partitions: u32) -> Result<(), KafkaError> {
        for partition in 0..partitions {
            let (first, _) = self.watermarks(partition)?;
            if first > 0 {
                return Err(KafkaError::Truncated {
                    topic: self.config.topic.clone(),
                    partition,
                    first,
                });
            }
        }
        Ok(())
    }

    /// The first offset that `partition` still has, and its tail.
    pub(super) fn watermarks(&self, partition: Partition) -> Result<(u64, u64), KafkaError> {
        let begun_at = Instant::now();
        loop {
            let held = self.consumer.fetch_watermarks(
                &self.config.topic,
                partition.cast_signed(),
                ASK_TIMEOUT,
            );
            match held {
                Ok((first, tail)) => return Ok((first.cast_unsigned(), tail.cast_unsigned())),
                Err(error) if begun_at.elapsed() >= self.recovery_patience => {
                    return Err(match error.rdkafka_error_code() {
                        Some(RDKafkaErrorCode::TopicAuthorizationFailed) => {
                            self.failed(RDKafkaErrorCode::TopicAuthorizationFailed)
                        }
                        _ => self.unreachable(&error),
                    });
                }
                // A topic that was just made has leaders in a moment.
                Err(error) => {
                    if begun_at.elapsed() >= ASK_TIMEOUT {
                        self.tell_once(&error);
                    }
                    std::thread::sleep(AGAIN_AFTER);
                }
            }
        }
    }

    fn first_record(&self) -> Result<Read, KafkaError> {
        let mut from = TopicPartitionList::with_capacity(1);
        let assigned = from
            .add_partition_offset(&self.config.topic, 0, At::Offset(0))
            .and_then(|()| self.consumer.assign(&from));
        assigned.map_err(|error| self.unreachable(&error))?;
        let begun_at = Instant::now();
        let read = loop {
            match self.consumer.poll(Duration::from_millis(100)) {
                Some(Ok(message)) => {
                    let position = Position {
                        partition: 0,
                        offset: message.offset().cast_unsigned(),
                    };
                    break message::read(&message, position);
                }
                Some(Err(error)) if begun_at.elapsed() >= self.recovery_patience => {
                    return Err(self.unreachable(&error));
                }
                None if begun_at.elapsed() >= self.recovery_patience => {
                    return Err(self.unreachable(&ClientError::NoMessageReceived));
                }
                Some(Err(_)) | None => {}
            }
        };
        let unassigned = self.consumer.unassign();
        unassigned.map_err(|error| self.unreachable(&error))?;
        Ok(read)
    }

    /// Why the brokers do not talk with us, if that is known.
    fn refused(&self) -> Option<KafkaError> {
        let (code, detail) = self.consumer.context().0.last()?;
        match code {
            RDKafkaErrorCode::Authentication | RDKafkaErrorCode::SaslAuthenticationFailed => {
                Some(KafkaError::Credentials { detail })
            }
            RDKafkaErrorCode::SSL => Some(KafkaError::Tls { detail }),
            _ => None,
        }
    }

    fn unreachable(&self, error: &ClientError) -> KafkaError {
        let heard = self.consumer.context().0.last();
        KafkaError::Unreachable {
            brokers: self.config.brokers.join(", "),
            detail: heard.map_or_else(|| error.to_string(), |(_, said)| said),
        }
    }

    /// What an error of the brokers means to who opens the log.
    pub(super) fn failed(&self, code: RDKafkaErrorCode) -> KafkaError {
        let (topic, detail) = (self.config.topic.clone(), code.to_string());
        match code {
            RDKafkaErrorCode::TopicAuthorizationFailed
            | RDKafkaErrorCode::ClusterAuthorizationFailed
            | RDKafkaErrorCode::GroupAuthorizationFailed => KafkaError::Forbidden { topic, detail },
            RDKafkaErrorCode::UnknownTopicOrPartition | RDKafkaErrorCode::UnknownTopic => {
                KafkaError::Missing { topic }
            }
            RDKafkaErrorCode::InvalidTopic => KafkaError::Config {
                detail: format!("the topic's name, {topic}, is not one that Kafka takes"),
            },
            _ => KafkaError::Unreachable {
                brokers: self.config.brokers.join(", "),
                detail,
            },
        }
    }

    pub(super) fn admin_failed(&self, error: &ClientError) -> KafkaError {
        self.refused().unwrap_or_else(|| self.unreachable(error))
    }
}

fn tells_nothing(described: &[ConfigResourceResult]) -> bool {
    matches!(described, [Ok(topic)] if topic.entries.is_empty())
}

/// What differs from what a log needs, and how many replicas acknowledge.
fn differences(described: &ConfigResource, replication: usize) -> (Vec<Difference>, usize) {
    let value = |setting: &str| described.get(setting)?.value.clone();
    let mut differences = Vec::new();
    let mut differs = |setting: &str, is: Option<String>, should_be: String| {
        differences.push(Difference {
            setting: setting.to_owned(),
            is: is.unwrap_or_else(|| "not set".to_owned()),
            should_be,
        });
    };
    for (setting, should_be) in FIXED {
        match value(setting) {
            // A broker that does not know a setting does not act on it.
            None => {}
            Some(is) if is == should_be => {}
            is => differs(setting, is, should_be.to_owned()),
        }
    }
    for (setting, least) in at_least() {
        let is = value(setting);
        let enough = |is: &String| is.parse::<i64>().is_ok_and(|is| is >= least);
        if !is.as_ref().is_none_or(enough) {
            differs(setting, is, format!("{least} or more"));
        }
    }
    let is = value("min.insync.replicas");
    let replicas_min = is.as_ref().and_then(|is| is.parse().ok()).unwrap_or(1);
    let majority = replication / 2 + 1;
    if replicas_min < majority || replicas_min > replication {
        let should_be = format!("{majority}, with {replication} replicas");
        differs("min.insync.replicas", is, should_be);
    }
    (differences, replicas_min)
}

/// Waits for the admin client, which answers from a thread of its own.
pub(super) fn block_on<F: Future>(future: F) -> F::Output {
    futures::executor::block_on(future)
}
