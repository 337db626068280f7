//! Makes a topic, and the log in it.

use std::time::Duration;

use rdkafka::admin::{AdminOptions, NewTopic, TopicReplication};
use rdkafka::error::RDKafkaErrorCode;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer as _};
use tokio::time::Instant;

use super::message::{identity_headers, identity_value};
use super::topic::{FIXED, Topic, at_least, block_on};
use super::{Config, Difference, KafkaError};
use crate::LogId;

/// How long the cluster may take to have the topic's partitions ready, or to take the identity.
const PATIENCE: Duration = Duration::from_secs(30);

/// What a new log is to be like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewLog {
    /// How many partitions it has, for good: more would put keys elsewhere.
    pub partitions: u32,
    /// How many brokers keep each record.
    pub replication: u32,
    /// How many of them must have a record before it is acknowledged.
    pub replicas_min: u32,
}

impl Default for NewLog {
    fn default() -> Self {
        Self {
            partitions: 12,
            replication: 3,
            replicas_min: 2,
        }
    }
}

/// What `init` found or made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Made {
    /// The log's identity.
    pub id: LogId,
    /// Whether the topic was created now.
    pub created: bool,
    /// How many partitions it has.
    pub partitions: u32,
}

/// Creates the topic that `config` names, and gives the log its identity. What is there already is
/// compared with `new` and completed: run again after it was broken off, it comes to the same end,
/// and of several at once all return the same identity.
///
/// # Errors
/// [`KafkaError::NotCreated`] when the cluster refuses; [`KafkaError::Settings`] when there is such
/// a topic, and it is not like `new`.
pub fn init(config: &Config, new: &NewLog) -> Result<Made, KafkaError> {
    let topic = Topic::new(config)?;
    let created = match topic.shape()? {
        Some(_) => false,
        None => create(&topic, config, new)?,
    };
    let begun_at = Instant::now();
    let shape = loop {
        match topic.check() {
            // The brokers learn of a new topic one after the other.
            Err(KafkaError::Missing { .. }) if begun_at.elapsed() < PATIENCE => {
                std::thread::sleep(Duration::from_millis(50));
            }
            shape => break shape?,
        }
    };
    let differences: Vec<_> = [
        ("partitions", shape.partitions as usize, new.partitions),
        ("replicas", shape.replication, new.replication),
        ("min.insync.replicas", shape.replicas_min, new.replicas_min),
    ]
    .into_iter()
    .filter(|(_, is, should_be)| *is != *should_be as usize)
    .map(|(setting, is, should_be)| Difference {
        setting: setting.to_owned(),
        is: is.to_string(),
        should_be: should_be.to_string(),
    })
    .collect();
    if !differences.is_empty() {
        return Err(KafkaError::Settings {
            topic: config.topic.clone(),
            differences,
        });
    }
    topic.check_whole(shape.partitions)?;
    if topic.watermarks(0)?.1 == 0 {
        write_identity(config, shape.partitions)?;
    }
    Ok(Made {
        id: topic.identity(shape.partitions)?,
        created,
        partitions: shape.partitions,
    })
}

/// Whether it was this call that created the topic.
fn create(topic: &Topic, config: &Config, new: &NewLog) -> Result<bool, KafkaError> {
    let not_created = |detail: String| KafkaError::NotCreated {
        topic: config.topic.clone(),
        detail,
    };
    let replication = i32::try_from(new.replication)
        .map_err(|_| not_created("there are no so many brokers".to_owned()))?;
    let partitions = i32::try_from(new.partitions)
        .map_err(|_| not_created("a topic has no so many partitions".to_owned()))?;
    let replicas_min = new.replicas_min.to_string();
    let bounds = at_least().map(|(setting, least)| (setting, least.to_string()));
    let replication = TopicReplication::Fixed(replication);
    let mut wanted = NewTopic::new(&config.topic, partitions, replication)
        .set("min.insync.replicas", &replicas_min);
    for (setting, value) in FIXED.iter().filter(|(setting, _)| is_settable(setting)) {
        wanted = wanted.set(setting, value);
    }
    for (setting, value) in &bounds {
        wanted = wanted.set(setting, value);
    }
    let options = AdminOptions::new()
        .request_timeout(Some(PATIENCE))
        .operation_timeout(Some(PATIENCE));
    let created = block_on(topic.admin()?.create_topics([&wanted], &options));
    let created = created.map_err(|error| topic.admin_failed(&error))?;
    match created.into_iter().next() {
        Some(Ok(_)) => Ok(true),
        Some(Err((_, RDKafkaErrorCode::TopicAlreadyExists))) => Ok(false),
        Some(Err((_, code @ RDKafkaErrorCode::TopicAuthorizationFailed))) => {
            Err(topic.failed(code))
        }
        Some(Err((_, RDKafkaErrorCode::InvalidReplicationFactor))) => Err(not_created(format!(
            "the cluster has fewer brokers than the {} replicas that are wanted; name fewer by \
             --replication (and --min-in-sync)",
            new.replication
        ))),
        Some(Err((_, code))) => Err(not_created(code.to_string())),
        None => Err(not_created("the brokers did not say why".to_owned())),
    }
}

/// Clusters without tiered storage refuse to be told that there is to be none.
fn is_settable(setting: &str) -> bool {
    setting != "remote.storage.enable"
}

/// Writes the first record of partition 0. Another process may do so at the same time; then the
/// first of them is the identity.
fn write_identity(config: &Config, partitions: u32) -> Result<(), KafkaError> {
    let mut settings = config.client()?;
    settings
        .set("acks", "all")
        .set("enable.idempotence", "true")
        .set("message.timeout.ms", PATIENCE.as_millis().to_string());
    let producer: BaseProducer = settings.create().map_err(|error| KafkaError::Config {
        detail: error.to_string(),
    })?;
    let failed = |detail: String| KafkaError::Unreachable {
        brokers: config.brokers.join(", "),
        detail,
    };
    let id = crate::embedded::recovery::random_id();
    let id = id.map_err(|error| failed(error.to_string()))?;
    let value = identity_value(id, partitions);
    let record = BaseRecord::<[u8], [u8]>::to(&config.topic)
        .partition(0)
        .payload(&value)
        .headers(identity_headers());
    let sent = producer.send(record);
    sent.map_err(|(error, _)| failed(error.to_string()))?;
    let flushed = producer.flush(PATIENCE);
    flushed.map_err(|error| failed(error.to_string()))
}
