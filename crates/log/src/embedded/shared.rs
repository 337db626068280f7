//! What the writer and the readers of an open log share.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::{Condvar, Mutex, RwLock};

use super::segment::Segment;
use crate::{LogIdentity, Offset, ReadError, WriteBlocked};

#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) dir: PathBuf,
    pub(crate) identity: LogIdentity,
    /// By first offset; the last one is written to. Never empty.
    pub(crate) segments: RwLock<Vec<Arc<Segment>>>,
    tail: AtomicU64,
    followed: Mutex<Followed>,
    /// The disk was full the last time that something was written.
    full: AtomicBool,
    grown: Condvar,
}

/// The tail as those see it who wait for it to move.
#[derive(Debug)]
struct Followed {
    tail: Offset,
    closed: bool,
}

impl Shared {
    pub(crate) fn new(
        dir: PathBuf,
        identity: LogIdentity,
        segments: Vec<Arc<Segment>>,
        tail: Offset,
    ) -> Self {
        Self {
            dir,
            identity,
            segments: RwLock::new(segments),
            tail: AtomicU64::new(tail),
            followed: Mutex::new(Followed {
                tail,
                closed: false,
            }),
            full: AtomicBool::new(false),
            grown: Condvar::new(),
        }
    }

    /// The first offset that is not durable.
    pub(crate) fn tail(&self) -> Offset {
        self.tail.load(Ordering::Acquire)
    }

    /// Moves the tail: everything below `tail` is durable.
    pub(crate) fn publish(&self, tail: Offset) {
        self.tail.store(tail, Ordering::Release);
        self.followed.lock().tail = tail;
        self.grown.notify_all();
    }

    /// Notes whether the disk is full.
    pub(crate) fn set_full(&self, full: bool) {
        self.full.store(full, Ordering::Relaxed);
    }

    /// Why nothing can be written now.
    pub(crate) fn blocked(&self) -> Option<WriteBlocked> {
        if self.followed.lock().closed {
            return Some(WriteBlocked::Closed);
        }
        let full = self.full.load(Ordering::Relaxed);
        full.then_some(WriteBlocked::DiskFull)
    }

    /// No more records will come.
    pub(crate) fn close(&self) {
        self.followed.lock().closed = true;
        self.grown.notify_all();
    }

    /// Waits up to `wait` for the tail to be beyond `offset`, and returns it.
    ///
    /// # Errors
    /// [`ReadError::Closed`] when it never will be.
    pub(crate) fn wait_beyond(&self, offset: Offset, wait: Duration) -> Result<Offset, ReadError> {
        let tail = self.tail();
        if tail > offset {
            return Ok(tail);
        }
        let mut followed = self.followed.lock();
        let waiting = |followed: &mut Followed| followed.tail <= offset && !followed.closed;
        self.grown.wait_while_for(&mut followed, waiting, wait);
        if followed.closed && followed.tail <= offset {
            return Err(ReadError::Closed);
        }
        Ok(followed.tail)
    }

    /// The segment that holds the record `offset`, or that it will be written to.
    pub(crate) fn segment_of(&self, offset: Offset) -> Option<Arc<Segment>> {
        let segments = self.segments.read();
        let after = segments.partition_point(|segment| segment.head.base <= offset);
        after.checked_sub(1).map(|at| Arc::clone(&segments[at]))
    }
}
