//! What librdkafka says beside its answers, kept for error texts and passed on to the log output.

use std::time::Duration;

use parking_lot::Mutex;
use rdkafka::ClientContext;
use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, ConsumerContext};
use rdkafka::error::{KafkaError as ClientError, RDKafkaErrorCode};

/// What a client has heard.
#[derive(Debug, Default)]
pub(super) struct Heard(Mutex<Option<(RDKafkaErrorCode, String)>>);

impl Heard {
    /// The last error, and what was said with it. Authentication outlives what follows from it.
    pub(super) fn last(&self) -> Option<(RDKafkaErrorCode, String)> {
        self.0.lock().clone()
    }

    /// Forgets the last error.
    pub(super) fn clear(&self) {
        *self.0.lock() = None;
    }

    pub(super) fn note(&self, error: &ClientError, reason: &str) {
        let Some(code) = error.rdkafka_error_code() else {
            return;
        };
        if code == RDKafkaErrorCode::PartitionEOF {
            return;
        }
        tracing::debug!(%code, reason, "kafka client");
        let mut last = self.0.lock();
        let telling = |code| {
            matches!(
                code,
                RDKafkaErrorCode::Authentication
                    | RDKafkaErrorCode::SaslAuthenticationFailed
                    | RDKafkaErrorCode::SSL
            )
        };
        let keeps = last
            .as_ref()
            .is_some_and(|(known, _)| telling(*known) && !telling(code));
        if !keeps {
            *last = Some((code, reason.to_owned()));
        }
    }
}

/// The context of clients that are only asked.
#[derive(Debug, Default)]
pub(super) struct Asking(pub(super) Heard);

impl ClientContext for Asking {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        pass_on(level, facility, message);
    }

    fn error(&self, error: ClientError, reason: &str) {
        self.0.note(&error, reason);
    }
}

impl ConsumerContext for Asking {}

/// Lets a client that is only asked say what it has heard beside its answers.
pub(super) fn serve(client: &BaseConsumer<Asking>) {
    // It has no messages, so this takes the time that it is given, whatever there is.
    client.poll(Duration::from_millis(20));
}

/// Writes a line of librdkafka's to ours. Its warnings are mostly of connections that come back by
/// themselves: what matters is said by those who meet it.
pub(super) fn pass_on(level: RDKafkaLogLevel, facility: &str, message: &str) {
    match level {
        RDKafkaLogLevel::Emerg | RDKafkaLogLevel::Alert | RDKafkaLogLevel::Critical => {
            tracing::error!(target: "librdkafka", facility, "{message}");
        }
        RDKafkaLogLevel::Error | RDKafkaLogLevel::Warning => {
            tracing::info!(target: "librdkafka", facility, "{message}");
        }
        _ => tracing::debug!(target: "librdkafka", facility, "{message}"),
    }
}
