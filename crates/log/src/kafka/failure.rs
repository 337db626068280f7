//! What can be wrong with a topic, or with the way to it.

use std::fmt;
use std::path::PathBuf;

use crate::Partition;

/// A setting of the topic that is not as the log needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The setting, as Kafka names it.
    pub setting: String,
    /// What it is.
    pub is: String,
    /// What it should be.
    pub should_be: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            setting,
            is,
            should_be,
        } = self;
        write!(f, "{setting} is {is} and should be {should_be}")
    }
}

/// Why a log on Kafka could not be opened, or made.
#[derive(Debug, thiserror::Error)]
pub enum KafkaError {
    /// No broker answered.
    #[error(
        "no broker of {brokers} answers ({detail}): check `brokers` in [log.kafka], that the \
         cluster runs, and whether it wants TLS or SASL"
    )]
    Unreachable {
        /// Who was asked.
        brokers: String,
        /// What was heard last.
        detail: String,
    },
    /// The brokers don't take who we say that we are.
    #[error(
        "the brokers refuse these credentials ({detail}): check `sasl_mechanism`, `username` and \
         `password_file` in [log.kafka]"
    )]
    Credentials {
        /// What the broker said.
        detail: String,
    },
    /// The TLS handshake failed.
    #[error(
        "TLS with the brokers failed ({detail}): check `ca_file`, `certificate_file` and `key_file` \
         in [log.kafka], and that the brokers' certificate names the host"
    )]
    Tls {
        /// What was wrong.
        detail: String,
    },
    /// The brokers know who we are, and don't let us.
    #[error(
        "the brokers do not allow it ({detail}): this user needs the rights to read, write and \
         describe the topic {topic}, and to read the groups that begin with its name"
    )]
    Forbidden {
        /// The topic.
        topic: String,
        /// What the broker said.
        detail: String,
    },
    /// There is no such topic.
    #[error("there is no topic {topic}: `aftercall log init` creates it")]
    Missing {
        /// The topic.
        topic: String,
    },
    /// The topic would not keep what the log promises.
    #[error(
        "the topic {topic} has settings that a log can't have: {}; change them by Kafka's \
         kafka-configs tool, or choose another topic and create it by `aftercall log init`",
        differences.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")
    )]
    Settings {
        /// The topic.
        topic: String,
        /// All that differs.
        differences: Vec<Difference>,
    },
    /// Records are gone from the front of the log.
    #[error(
        "partition {partition} of the topic {topic} begins at offset {first}: records before it \
         were deleted, and the views can't be built without them. Copy the log from another engine \
         or a backup into a new topic (`aftercall log copy`)"
    )]
    Truncated {
        /// The topic.
        topic: String,
        /// The partition.
        partition: Partition,
        /// Its first offset.
        first: u64,
    },
    /// The topic has another number of partitions than the log.
    #[error(
        "the topic {topic} has {is} partitions, and the log was made with {was}: with another number, \
         records of one key are in different places. Stop all services, create a topic with the \
         number that you want (`aftercall log init --partitions N`), and copy the log into it \
         (`aftercall log copy --from DIR`, from a data directory or a backup made before)"
    )]
    Repartitioned {
        /// The topic.
        topic: String,
        /// How many partitions the log was made with.
        was: u32,
        /// How many the topic has.
        is: u32,
    },
    /// The topic was deleted and made anew while the log was open.
    #[error(
        "the topic {topic} was made anew and is another log: start the services again to serve that \
         one, or bring the log back by `aftercall log copy` into a new topic"
    )]
    Replaced {
        /// The topic.
        topic: String,
    },
    /// Records are gone from the end of the log.
    #[error(
        "partition {partition} of the topic {topic} ends at offset {tail}, and had records up to \
         {known}: the cluster lost what it had acknowledged. Start the services again when you have \
         found out why; what was recorded after that must be recorded again"
    )]
    Shortened {
        /// The topic.
        topic: String,
        /// The partition.
        partition: Partition,
        /// Where it ends.
        tail: u64,
        /// Where it ended before.
        known: u64,
    },
    /// The topic was made, and not by us to the end.
    #[error("the topic {topic} has no identity yet: run `aftercall log init` (again)")]
    NoIdentity {
        /// The topic.
        topic: String,
    },
    /// The topic holds something else.
    #[error(
        "the topic {topic} holds records that are not aftercall's: choose another topic, and create \
         it by `aftercall log init`"
    )]
    Foreign {
        /// The topic.
        topic: String,
    },
    /// A file that the configuration names can't be read.
    #[error("can't read {}, which [log.kafka] names", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// The operating system's answer.
        #[source]
        source: std::io::Error,
    },
    /// The settings can't be used.
    #[error("the settings of [log.kafka] can't be used: {detail}")]
    Config {
        /// What librdkafka says of them.
        detail: String,
    },
    /// The cluster refused to create the topic.
    #[error("the cluster does not create the topic {topic}: {detail}")]
    NotCreated {
        /// The topic.
        topic: String,
        /// Why.
        detail: String,
    },
    /// A thread could not be started.
    #[error("can't start a thread of the log")]
    Thread(#[source] std::io::Error),
}
