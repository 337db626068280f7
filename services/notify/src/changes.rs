//! What the view has brought: whoever works by it waits here.

use tokio::sync::watch;

/// How often something changed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Revisions {
    /// A webhook: how it is set up, or whether it is in use.
    pub(crate) webhooks: u64,
    /// What is to be sent.
    pub(crate) deliveries: u64,
    /// Which mails are to be sent.
    pub(crate) mails: u64,
}

/// What changed since the last commit.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Changed {
    pub(crate) webhooks: bool,
    pub(crate) deliveries: bool,
    pub(crate) mails: bool,
}

/// Tells of changes as soon as they can be read. Clones tell the same.
#[derive(Debug, Clone)]
pub(crate) struct Changes(watch::Sender<Revisions>);

impl Default for Changes {
    fn default() -> Self {
        Self(watch::Sender::new(Revisions::default()))
    }
}

impl Changes {
    pub(crate) fn post(&self, changed: Changed) {
        self.0.send_if_modified(|revisions| {
            revisions.webhooks += u64::from(changed.webhooks);
            revisions.deliveries += u64::from(changed.deliveries);
            revisions.mails += u64::from(changed.mails);
            changed.webhooks || changed.deliveries || changed.mails
        });
    }

    pub(crate) fn watch(&self) -> watch::Receiver<Revisions> {
        self.0.subscribe()
    }
}
