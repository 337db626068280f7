//! Opens the log on the engine that the configuration names.

use std::sync::Arc;

use aftercall_log::{EmbeddedLog, Log, OpenError, Options};

use crate::config::{Config, Engine, LogConfigError};

/// Why the log can't be opened.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The files of the embedded log.
    #[error(transparent)]
    Embedded(#[from] OpenError),
    /// Settings that don't go together.
    #[error(transparent)]
    Config(#[from] LogConfigError),
    /// The topic, or the way to it.
    #[cfg(feature = "kafka")]
    #[error(transparent)]
    Kafka(#[from] aftercall_log::kafka::KafkaError),
    /// The engine was left out.
    #[cfg(not(feature = "kafka"))]
    #[error("this build has no log on Kafka: build it with its default features")]
    NotBuilt,
}

/// Opens the log of `config`. Blocks: it reads files, and after a crash a segment whole, or asks a
/// cluster.
///
/// # Errors
/// [`LogError`], which says what to do.
pub fn open(config: &Config) -> Result<Arc<dyn Log>, LogError> {
    match config.log.engine {
        Engine::Embedded => {
            let log = EmbeddedLog::open(config.storage.log(), Options::default())?;
            Ok(Arc::new(log))
        }
        Engine::Kafka => open_kafka(&config.log.kafka),
    }
}

#[cfg(feature = "kafka")]
pub(crate) fn open_kafka(config: &crate::config::KafkaConfig) -> Result<Arc<dyn Log>, LogError> {
    use aftercall_log::kafka::{Headers, KafkaLog};
    // The log does not know what records mean; here both are known.
    let headers: Headers =
        Arc::new(|record| aftercall_proto::cloud_event::headers(&record.key, &record.body));
    Ok(Arc::new(KafkaLog::open(&config.engine()?, headers)?))
}

#[cfg(not(feature = "kafka"))]
pub(crate) fn open_kafka(_: &crate::config::KafkaConfig) -> Result<Arc<dyn Log>, LogError> {
    Err(LogError::NotBuilt)
}
