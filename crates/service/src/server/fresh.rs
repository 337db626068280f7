//! Credentials and certificates are read again when their files change.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Interval, MissedTickBehavior, interval};

use super::tls::Tls;
use crate::Authenticator;

/// How often it is looked. A file is small, and read whole: its time may say nothing, as when it is
/// swapped behind a link.
const LOOKED_EVERY: Duration = Duration::from_secs(2);

/// What is kept fresh.
pub(super) struct Fresh {
    pub(super) authenticator: Arc<Authenticator>,
    pub(super) tls: Option<Tls>,
}

impl Fresh {
    /// Looks again and again, for ever. Whoever gives out keys slowly does not keep files waiting.
    pub(super) async fn keep(&self) {
        tokio::join!(self.keep_files(), self.keep_keys());
    }

    async fn keep_files(&self) {
        let mut looks = looks();
        loop {
            looks.tick().await;
            let (authenticator, tls) = (Arc::clone(&self.authenticator), self.tls.clone());
            let looked = tokio::task::spawn_blocking(move || {
                authenticator.refresh();
                if let Some(tls) = tls {
                    tls.refresh();
                }
            });
            if let Err(error) = looked.await {
                tracing::error!(%error, "credentials and certificates were not looked at");
            }
        }
    }

    async fn keep_keys(&self) {
        let mut looks = looks();
        loop {
            looks.tick().await;
            self.authenticator.refresh_keys().await;
        }
    }
}

fn looks() -> Interval {
    let mut looks = interval(LOOKED_EVERY);
    looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    looks
}
