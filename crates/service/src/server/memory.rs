//! The memory that requests may take, all together.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::{Failure, Reason};

/// How often a message lies in memory while it is read: as it came, framed for its decoder, and
/// decoded.
pub(super) const COPIES: u32 = 3;
/// What a decoded element takes beyond its bytes, at most: the largest of our messages, with the
/// smallest allocations of its texts.
pub(super) const ELEMENT_BYTES: u32 = 768;

/// When a caller that found no room should come again.
const RETRY_AFTER: Duration = Duration::from_millis(200);

/// All of it, in bytes. Clones are the same.
#[derive(Debug, Clone)]
pub(super) struct Memory(Arc<Semaphore>);

impl Memory {
    pub(super) fn new(bytes: u32) -> Self {
        Self(Arc::new(Semaphore::new(bytes as usize)))
    }

    /// Waits for as much as a message of `bytes` takes while it is read.
    pub(super) async fn wait_for(&self, bytes: u32) -> Result<Share, NoMemory> {
        let wanted = bytes.saturating_mul(COPIES);
        let share = Arc::clone(&self.0).acquire_many_owned(wanted).await;
        share.map(Share).map_err(|_| NoMemory)
    }

    /// Takes as much as `elements` need beyond their bytes, and `bytes` that a message unfolded to. It
    /// does not wait: what waits here would keep others waiting for what it holds.
    pub(super) fn add(
        &self,
        share: &mut Share,
        elements: usize,
        bytes: usize,
    ) -> Result<(), NoMemory> {
        let elements = elements.saturating_mul(ELEMENT_BYTES as usize);
        let wanted = elements.saturating_add(bytes.saturating_mul(COPIES as usize));
        let wanted = u32::try_from(wanted).map_err(|_| NoMemory)?;
        let more = Arc::clone(&self.0).try_acquire_many_owned(wanted);
        share.0.merge(more.map_err(|_| NoMemory)?);
        Ok(())
    }
}

/// What one message takes, until this is dropped.
#[derive(Debug)]
pub(super) struct Share(OwnedSemaphorePermit);

/// What a request takes: as much as its last message. Clones are the same.
#[derive(Debug, Clone, Default)]
pub(super) struct Held(Arc<Mutex<Option<Share>>>);

impl Held {
    pub(super) fn hold(&self, share: Share) {
        *self.0.lock() = Some(share);
    }
}

/// There is no room at the moment.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("the requests that the server works on take all the memory that they may; try again")]
pub(super) struct NoMemory;

impl Failure for NoMemory {
    fn reason(&self) -> Reason {
        Reason::TooManyRequests
    }

    fn retry_after(&self) -> Option<Duration> {
        Some(RETRY_AFTER)
    }
}
