//! What runs a view or the ledger: opens it, drives it step by step, begins anew after damage, and tries
//! again whatever else fails.

mod folds;
mod freshness;
mod retry;
mod session;
mod worker;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use aftercall_log::{Position, ReadError};

use crate::feed::{Batch, Feed, Following, Reading};
use crate::index::{IndexError, IndexOptions};
use crate::{ApplyError, FromRecord, Judge, Positions, Projection, StoreError, ViewHandle};
use folds::{Judging, Viewing};
use worker::Worker;

pub(crate) use folds::Fold;

/// How long a step of a thread may wait for something to do before it looks whether it is to stop.
const IDLE_WAIT: Duration = Duration::from_millis(100);

/// How a view runs.
#[derive(Debug, Clone)]
pub struct Options {
    /// The most records in one batch. A view that keeps up never has as many; one that is behind
    /// works the faster, the more it takes at once.
    pub poll_records_max: usize,
    /// About the most bytes in one batch.
    pub poll_bytes_max: usize,
    /// How much the thread gives way to others: 0 to 19. Recording goes before views.
    pub nice: i32,
    /// The view pauses while the disk has fewer free bytes than this and what its engines have in
    /// memory, so that they never meet a full disk; what is left is the log's.
    pub disk_free_bytes_min: u64,
    /// Store and index are each read once after they were opened, to find damage. The view serves
    /// before that is over if it takes longer than this.
    pub check_wait: Duration,
    /// How long the view waits for another process, or an earlier view of this one, that has its
    /// directory and may be about to end.
    pub lock_wait: Duration,
    /// How the search index is written, in a view that has one.
    pub index: IndexOptions,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            poll_records_max: 16_384,
            poll_bytes_max: 16 << 20,
            nice: 19,
            disk_free_bytes_min: 8 << 20,
            check_wait: Duration::from_secs(1),
            lock_wait: Duration::from_secs(10),
            index: IndexOptions::default(),
        }
    }
}

/// Why a view can't go on, or its thread ended.
#[derive(Debug, thiserror::Error)]
pub enum ViewError {
    /// Another process uses the view's directory.
    #[error("the view's directory {} is in use by another process", dir.display())]
    Locked {
        /// The directory.
        dir: PathBuf,
    },
    /// The view's directory can't be made or changed.
    #[error("the view's directory {} can't be used", dir.display())]
    Directory {
        /// The directory.
        dir: PathBuf,
        /// What the operating system says.
        #[source]
        source: std::io::Error,
    },
    /// The thread could not be started.
    #[error("the view's thread can't be started")]
    Thread(#[source] std::io::Error),
    /// The log can't be read.
    #[error("the log can't be read")]
    Log(#[from] ReadError),
    /// A record can't be applied.
    #[error("record {} of partition {} can't be applied", at.offset, at.partition)]
    Apply {
        /// The record.
        at: Position,
        /// What is wrong with it.
        #[source]
        source: ApplyError,
    },
    /// The projection could not load its state.
    #[error("the projection can't begin")]
    Begin(#[source] ApplyError),
    /// The store failed. It is opened again, or rebuilt.
    #[error("the view's store can't be used")]
    Store(#[source] StoreError),
    /// The index failed. It is opened again, or rebuilt.
    #[error("the view's search index can't be used")]
    Index(#[source] IndexError),
    /// The projection panicked.
    #[error("the view panicked: {0}")]
    Panicked(String),
}

/// Why a session ended.
#[derive(Debug)]
enum Trouble {
    /// The store is to be opened again, or rebuilt.
    Store(StoreError),
    /// The index is to be opened again, or rebuilt.
    Index(IndexError),
    /// Something else is in the way.
    Fatal(ViewError),
}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<ViewError> for Trouble {
    fn from(error: ViewError) -> Self {
        Self::Fatal(error)
    }
}

impl From<IndexError> for Trouble {
    fn from(error: IndexError) -> Self {
        Self::Index(error)
    }
}

impl From<ReadError> for Trouble {
    fn from(error: ReadError) -> Self {
        Self::Fatal(error.into())
    }
}

/// What one step did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stepped {
    /// The store was opened, or what failed was cleared away.
    Opened,
    /// The next facts were read.
    Read,
    /// They were folded, or judged; nobody sees it yet.
    Folded,
    /// What was folded is in the store.
    Committed,
    /// There was nothing to do, for as long as the step was to wait.
    Idle,
    /// Something is in the way, such as a log that can't be reached: to be tried again in a while.
    Blocked,
    /// It has ended. Further steps do nothing.
    Ended,
}

/// Drives a view or a feed's ledger, whichever it is.
pub trait Runner: Send + std::fmt::Debug + 'static {
    /// What it drives.
    fn handle(&self) -> ViewHandle;

    /// One step; it waits at most `wait` for something to do.
    fn step(&mut self, wait: Duration) -> Stepped;

    /// Steps on a thread of its own, until it is to stop or fails.
    ///
    /// # Errors
    /// [`ViewError::Thread`] when the operating system refuses a thread.
    fn spawn(self: Box<Self>) -> Result<(), ViewError>;
}

/// Drives a view: opening, reading, folding and committing are steps of their own.
pub struct ViewRunner<P: Projection>(Worker<Viewing<P>, Following<P::Fact>>);

/// Drives a feed's ledger: opening, reading, judging and committing are steps of their own.
pub struct FeedRunner<J: Judge> {
    worker: Worker<Judging<J>, Reading<J::Fact>>,
    feed: Feed<J::Fact>,
}

impl<P: Projection> Runner for ViewRunner<P> {
    fn handle(&self) -> ViewHandle {
        self.0.handle()
    }

    fn step(&mut self, wait: Duration) -> Stepped {
        self.0.step(wait)
    }

    fn spawn(self: Box<Self>) -> Result<(), ViewError> {
        Self::spawn(*self)
    }
}

impl<J: Judge> Runner for FeedRunner<J> {
    fn handle(&self) -> ViewHandle {
        self.worker.handle()
    }

    fn step(&mut self, wait: Duration) -> Stepped {
        self.worker.step(wait)
    }

    fn spawn(self: Box<Self>) -> Result<(), ViewError> {
        Self::spawn(*self)
    }
}

impl<P: Projection> ViewRunner<P> {
    pub(crate) fn new(feed: &Feed<P::Fact>, mut projection: P, mut options: Options) -> Self {
        let (shared, has_index) = (&feed.0, projection.indexer().is_some());
        let ledger = Some(shared.ledger.clone());
        let log = Arc::clone(&shared.log);
        let handle = ViewHandle::new(projection.name(), log, ledger, has_index);
        let index_bytes_max = shared.views.index_bytes_max;
        options.index.memory_bytes = options.index.memory_bytes.min(index_bytes_max);
        let source = Following::new(feed.clone());
        let fold = Viewing(projection, shared.judged_by);
        Self(Worker::new(fold, source, handle, feed, options))
    }

    /// The view, for queries.
    pub fn handle(&self) -> ViewHandle {
        self.0.handle()
    }

    /// One step; it waits at most `wait` for something to do.
    pub fn step(&mut self, wait: Duration) -> Stepped {
        self.0.step(wait)
    }

    /// Steps on a thread of its own, until the view is to stop.
    ///
    /// # Errors
    /// [`ViewError::Thread`] when the operating system refuses a thread.
    pub fn spawn(self) -> Result<(), ViewError> {
        let Self(mut worker) = self;
        let name = format!("view-{}", worker.handle().name());
        spawn_thread(name, move || worker.run())
    }
}

impl<J: Judge> FeedRunner<J> {
    pub(crate) fn new(feed: Feed<J::Fact>, judge: J, options: Options) -> Self {
        let handle = feed.0.ledger.clone();
        let source = Reading::new(feed.clone());
        let fold = Judging::new(judge, feed.clone());
        let worker = Worker::new(fold, source, handle, &feed, options);
        Self { worker, feed }
    }

    /// One step; it waits at most `wait` for something to do.
    pub fn step(&mut self, wait: Duration) -> Stepped {
        self.worker.step(wait)
    }

    /// Steps on a thread of its own, until the ledger is to stop; on another one the log is
    /// asked where it ends.
    ///
    /// # Errors
    /// [`ViewError::Thread`] when the operating system refuses a thread.
    pub fn spawn(self) -> Result<(), ViewError> {
        let Self { mut worker, feed } = self;
        let name = worker.handle().name();
        let ledger = feed.ledger().clone();
        spawn_thread(format!("ends-{name}"), move || {
            while !ledger.is_stopping() {
                feed.look_for_ends();
                // A second, in parts: so that the thread ends soon after the ledger.
                for _ in 0..10 {
                    if !ledger.is_stopping() {
                        std::thread::sleep(IDLE_WAIT);
                    }
                }
            }
        })?;
        spawn_thread(format!("view-{name}"), move || worker.run())
    }
}

impl<P: Projection> std::fmt::Debug for ViewRunner<P> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("ViewRunner").field(&self.handle()).finish()
    }
}

impl<J: Judge> std::fmt::Debug for FeedRunner<J> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("FeedRunner").field(&self.feed).finish()
    }
}

fn spawn_thread(name: String, run: impl FnOnce() + Send + 'static) -> Result<(), ViewError> {
    let thread = std::thread::Builder::new().name(name);
    thread.spawn(run).map(drop).map_err(ViewError::Thread)
}

/// Where facts come from.
pub(crate) trait Source: Send + 'static {
    type Fact: FromRecord;

    /// A store was opened: what was read ahead is forgotten.
    fn begin(&mut self);

    /// What comes after `after`: about as many records and bytes as are asked for at once.
    fn next(
        &mut self,
        after: &Positions,
        at_once: (usize, usize),
        wait: Duration,
    ) -> Result<Got<Self::Fact>, ViewError>;

    /// Nothing is asked for in a while.
    fn pause(&mut self) {}
}

/// What a [`Source`] gives.
pub(crate) enum Got<F> {
    /// At least one.
    Batches(Vec<Arc<Batch<F>>>),
    /// There is nothing more now.
    Nothing,
    /// It can't be said what there is.
    Blocked,
}

impl<F> Got<F> {
    pub(crate) fn batch(batch: Batch<F>) -> Self {
        Self::Batches(vec![Arc::new(batch)])
    }
}

/// Lets the calling thread, and those that it starts, give way to others: the more, the nicer it is, up to 19.
pub fn lower_priority(nice: i32) {
    #[cfg(target_os = "linux")]
    if nice > 0 {
        let thread = Some(rustix::thread::gettid());
        if let Err(error) = rustix::process::setpriority_process(thread, nice) {
            tracing::warn!(%error, "a thread keeps its priority");
        }
    }
    #[cfg(not(target_os = "linux"))]
    let _ = nice;
}
