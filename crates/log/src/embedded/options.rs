//! The embedded engine's settings.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::FatalError;
use crate::LogId;

/// The exit code of a process whose log could not be synced (`EX_IOERR` of sysexits.h).
const EXIT_CODE: i32 = 74;

/// What happens when the disk fails under the log.
pub type OnFatal = Arc<dyn Fn(&FatalError) + Send + Sync>;

/// The embedded engine's settings. The defaults suit a server.
#[derive(Clone)]
pub struct Options {
    /// A segment that has grown to this size is sealed, and the next one begun. Recovery reads one
    /// segment whole, so it decides how long a start takes after a crash.
    pub segment_bytes: u64,
    /// How many records may wait to be durable, before an append is refused.
    pub queue_records: usize,
    /// How many bytes of records may wait to be durable, before an append is refused.
    pub queue_bytes: usize,
    /// A commit takes no further append when it has this many records.
    pub batch_records: usize,
    /// A commit takes no further append when it has this many bytes.
    pub batch_bytes: usize,
    /// How long a commit waits for more when appends come from several callers and few wait.
    pub linger: Duration,
    /// The identity that the log gets if it is created; drawn at random if there is none.
    pub new_log_id: Option<LogId>,
    /// Called when a write or a sync failed in a way that can't be undone. The default logs the
    /// error and exits with the code 74. If it returns, the log is closed, and nothing more is
    /// acknowledged.
    pub on_fatal: OnFatal,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            segment_bytes: 256 << 20,
            queue_records: 65_536,
            queue_bytes: 64 << 20,
            batch_records: 2048,
            batch_bytes: 2 << 20,
            linger: Duration::from_micros(200),
            new_log_id: None,
            on_fatal: Arc::new(exit),
        }
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            segment_bytes,
            queue_records,
            queue_bytes,
            batch_records,
            ..
        } = self;
        f.debug_struct("Options")
            .field("segment_bytes", segment_bytes)
            .field("queue_records", queue_records)
            .field("queue_bytes", queue_bytes)
            .field("batch_records", batch_records)
            .field("batch_bytes", &self.batch_bytes)
            .field("linger", &self.linger)
            .finish_non_exhaustive()
    }
}

fn exit(error: &FatalError) {
    tracing::error!(
        action = error.action,
        path = %error.path.display(),
        error = %error.source,
        "the log's disk failed; ending the process, recovery at the next start will look at it"
    );
    std::process::exit(EXIT_CODE);
}
