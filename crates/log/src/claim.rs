//! Which partitions a process works for.

use std::any::Any;
use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use tokio::sync::watch;

use crate::Partition;

/// The partitions that this process works for in a role, such as firing timers: among all the
/// processes that claim the same role, each partition is one process's. They move when processes
/// come and go, and for a moment after a process was cut off two may believe to have the same one;
/// so what is done under a claim must be harmless when it is done twice.
///
/// Dropping the claim gives its partitions to the others.
pub struct Claim {
    held: watch::Receiver<Arc<BTreeSet<Partition>>>,
    /// Gives the claim back when it is dropped.
    _guard: Option<Box<dyn Any + Send + Sync>>,
}

impl Claim {
    /// A claim whose partitions are in `held`, and that is given back by dropping `guard`.
    pub fn new(
        held: watch::Receiver<Arc<BTreeSet<Partition>>>,
        guard: impl Any + Send + Sync,
    ) -> Self {
        Self {
            held,
            _guard: Some(Box::new(guard)),
        }
    }

    /// A claim on all of the first `partitions` partitions, for good.
    pub fn of_all(partitions: u32) -> Self {
        let (_, held) = watch::channel(Arc::new((0..partitions).collect()));
        Self { held, _guard: None }
    }

    /// The partitions that are this process's now.
    pub fn partitions(&self) -> Arc<BTreeSet<Partition>> {
        Arc::clone(&self.held.borrow())
    }

    /// Whether `partition` is this process's now.
    pub fn holds(&self, partition: Partition) -> bool {
        self.held.borrow().contains(&partition)
    }

    /// Waits until `partition` is this process's, or, unless `held`, until it isn't. Safe to cancel.
    pub async fn until(&self, partition: Partition, held: bool) {
        self.wait(|now| now.contains(&partition) == held).await;
    }

    /// Waits until the partitions are others than these. Safe to cancel.
    pub async fn others_than(&self, partitions: &BTreeSet<Partition>) {
        self.wait(|now| now != partitions).await;
    }

    async fn wait(&self, holds: impl Fn(&BTreeSet<Partition>) -> bool) {
        let mut held = self.held.clone();
        if held.wait_for(|now| holds(now)).await.is_err() {
            // Nobody is left who could change them.
            std::future::pending::<()>().await;
        }
    }
}

impl fmt::Debug for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Claim").field(&self.partitions()).finish()
    }
}
