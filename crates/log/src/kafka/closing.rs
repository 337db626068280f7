//! Clients that take their time to close, and must not keep others waiting.

use std::fmt;
use std::sync::mpsc::sync_channel;
use std::time::Duration;

/// How long dropping waits for the client to be closed.
const CLOSE_WAIT: Duration = Duration::from_secs(2);

/// A client that is closed on a thread of its own, since that may have to wait for a broker which
/// does not answer.
pub(super) struct Closing<T: Send + 'static>(Option<T>);

impl<T: Send + 'static> Closing<T> {
    pub(super) fn new(client: T) -> Self {
        Self(Some(client))
    }

    /// The client; none while it is being dropped.
    pub(super) fn get(&self) -> Option<&T> {
        self.0.as_ref()
    }
}

impl<T: Send + 'static> fmt::Debug for Closing<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Closing").finish_non_exhaustive()
    }
}

impl<T: Send + 'static> Drop for Closing<T> {
    fn drop(&mut self) {
        let client = self.0.take();
        let (closed, waits) = sync_channel(1);
        let closing = std::thread::Builder::new().name("log-closing".to_owned());
        let closing = closing.spawn(move || {
            drop(client);
            // Nobody waits any more for one that took too long.
            let _ = closed.send(());
        });
        match closing {
            Ok(_) => {
                if waits.recv_timeout(CLOSE_WAIT).is_err() {
                    tracing::info!("a client is still closing: its broker does not answer");
                }
            }
            Err(error) => tracing::warn!(%error, "a client was closed without a thread"),
        }
    }
}
