//! The thread of a view: opens it, runs it, and begins anew after damage.

mod freshness;
mod session;
mod tails;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use aftercall_log::{Log, Offset, Position, ReadError};
use tokio::sync::watch;
use tokio::time::Instant;

use crate::handle::{Progress, Shared};
use crate::index::{IndexError, IndexOptions, remove_dir};
use crate::open::{self, Identity, ViewDir, is_ahead};
use crate::store::panic_message;
use crate::{ApplyError, Positions, Projection, Store, StoreError, ViewHandle, Views};
use session::Session;

/// A view that fails this often without once catching up in between is not helped by rebuilding.
const REBUILDS_MAX: u32 = 3;

/// How long a shared log may seem to end before what a view has of it, until the view is void.
const AHEAD_MAX: Duration = Duration::from_secs(20);

/// How a view runs.
#[derive(Debug, Clone)]
pub struct Options {
    /// The store's page cache, in bytes.
    pub cache_bytes: u64,
    /// The most records in one batch. A view that keeps up never has as many; one that is behind
    /// works the faster, the more it takes at once.
    pub poll_records_max: usize,
    /// About the most bytes in one batch.
    pub poll_bytes_max: usize,
    /// How much the thread gives way to others: 0 to 19. Recording goes before views.
    pub nice: i32,
    /// The view pauses while the disk has fewer free bytes than this, so that its engines never
    /// meet a full disk; what is left is the log's.
    pub disk_free_bytes_min: u64,
    /// Store and index are each read once after they were opened, to find damage. The view serves
    /// before that is over if it takes longer than this.
    pub check_wait: Duration,
    /// How the search index is written, in a view that has one.
    pub index: IndexOptions,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            cache_bytes: 64 << 20,
            poll_records_max: 16_384,
            poll_bytes_max: 16 << 20,
            nice: 19,
            disk_free_bytes_min: 8 << 20,
            check_wait: Duration::from_secs(1),
            index: IndexOptions::default(),
        }
    }
}

/// Why a view's thread ended.
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
    /// The store failed again and again, in spite of being rebuilt.
    #[error("the store fails even when it is new")]
    Store(#[source] StoreError),
    /// The index failed again and again, in spite of being rebuilt.
    #[error("the search index fails even when it is new")]
    Index(#[source] IndexError),
    /// The projection panicked.
    #[error("the view's thread panicked: {0}")]
    Panicked(String),
}

/// Why a session ended.
#[derive(Debug)]
enum Trouble {
    /// The store is to be rebuilt.
    Store(StoreError),
    /// The index is to be rebuilt.
    Index(IndexError),
    /// The view can't go on.
    Fatal(ViewError),
}

impl From<StoreError> for Trouble {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
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

/// Starts the view of `projection` over `log`, in a directory of its own where `views` are kept.
///
/// Returns at once; the store answers [`StoreError::Opening`] until the thread has opened it.
///
/// # Errors
/// [`ViewError::Thread`] when the operating system refuses a thread. All other failures end the
/// thread: see [`ViewHandle::stopped`].
pub fn spawn<P: Projection>(
    log: Arc<dyn Log>,
    views: &Views,
    mut projection: P,
    options: Options,
) -> Result<ViewHandle, ViewError> {
    let name = projection.name();
    let shared = Arc::new(Shared {
        name,
        log,
        has_index: projection.indexer().is_some(),
        store: Store::default(),
        published: Arc::default(),
        progress: watch::Sender::new(Progress::default()),
        stop: AtomicBool::new(false),
        index_wanted: AtomicBool::new(false),
    });
    let dir = ViewDir::new(views, name);
    let mut worker = Worker {
        projection,
        dir,
        options,
        shared: Arc::clone(&shared),
        rebuilds: 0,
    };
    std::thread::Builder::new()
        .name(format!("view-{name}"))
        .spawn(move || worker.run_to_end())
        .map_err(ViewError::Thread)?;
    Ok(ViewHandle(shared))
}

struct Worker<P> {
    projection: P,
    dir: ViewDir,
    options: Options,
    shared: Arc<Shared>,
    /// How often the view was rebuilt since it was last ready.
    rebuilds: u32,
}

impl<P: Projection> Worker<P> {
    /// Runs, and tells how it ended.
    fn run_to_end(&mut self) {
        lower_priority(self.options.nice);
        let outcome = catch_unwind(AssertUnwindSafe(|| self.run()))
            .unwrap_or_else(|panic| Err(ViewError::Panicked(panic_message(&*panic).to_owned())));
        if let Err(error) = &outcome {
            tracing::error!(view = self.shared.name, %error, "view failed");
        }
        self.close_store();
        let ended = outcome.map_err(Arc::new);
        self.shared
            .progress
            .send_modify(|progress| progress.ended = Some(ended));
    }

    fn run(&mut self) -> Result<(), ViewError> {
        let _lock = self.dir.lock()?;
        loop {
            let Err(trouble) = self.run_session() else {
                return Ok(());
            };
            if self.shared.progress.borrow().ready {
                self.rebuilds = 0;
            }
            self.rebuilds += 1;
            self.repair(trouble)?;
        }
    }

    fn run_session(&mut self) -> Result<(), Trouble> {
        let Some(mut tails) = self.when_available(|log| log.tails())? else {
            return Ok(());
        };
        let identity = Identity {
            name: self.shared.name,
            version: self.projection.version(),
            log: self.shared.log.id(),
        };
        let cache_bytes = self.options.cache_bytes;
        let mut has = |applied: &Positions| self.reaches(&mut tails, applied);
        let store = open::open(&self.dir, identity, &mut has, cache_bytes);
        let store = store.map_err(Trouble::Fatal)?;
        self.shared.store.install(store.engine);
        match Session::begin(self, identity, store.applied, &tails)? {
            Some(session) => session.run(),
            None => Ok(()),
        }
    }

    /// Whether the log, which told `tails`, has all of `applied`. A leader of a shared log that was
    /// replaced, and does not know it yet, tells an old end: then it is asked again for a while.
    fn reaches(&self, tails: &mut Vec<Offset>, applied: &Positions) -> bool {
        let begun_at = Instant::now();
        while is_ahead(tails, applied) {
            let patient = self.shared.log.is_shared() && begun_at.elapsed() < AHEAD_MAX;
            if !patient || self.shared.stop.load(Ordering::Relaxed) {
                return false;
            }
            std::thread::sleep(IDLE_WAIT);
            match self.shared.log.tails() {
                Ok(told) => *tails = told,
                Err(ReadError::Unavailable { .. }) => {}
                Err(_) => return false,
            }
        }
        true
    }

    /// Asks the log, as often as it takes until its cluster can be reached; none when the view is
    /// to stop before that.
    fn when_available<T>(
        &self,
        ask: impl Fn(&dyn Log) -> Result<T, ReadError>,
    ) -> Result<Option<T>, ReadError> {
        let mut told = false;
        while !self.shared.stop.load(Ordering::Relaxed) {
            match ask(&*self.shared.log) {
                Err(error @ ReadError::Unavailable { .. }) => {
                    if !told {
                        tracing::warn!(view = self.shared.name, %error, "view waits for the log");
                        told = true;
                    }
                    std::thread::sleep(IDLE_WAIT);
                }
                answer => return answer.map(Some),
            }
        }
        Ok(None)
    }

    /// Clears away what failed, so that the next session builds it anew.
    fn repair(&mut self, trouble: Trouble) -> Result<(), ViewError> {
        let again = self.rebuilds <= REBUILDS_MAX;
        match trouble {
            Trouble::Fatal(error) => return Err(error),
            Trouble::Store(error) if !again => return Err(ViewError::Store(error)),
            Trouble::Index(error) if !again => return Err(ViewError::Index(error)),
            Trouble::Store(error) => {
                tracing::warn!(view = self.shared.name, %error, "view damaged, rebuilding it");
                self.abandon_store();
                self.dir.set_store_aside()?;
            }
            Trouble::Index(error) => {
                tracing::warn!(view = self.shared.name, %error, "index damaged, rebuilding it");
                self.close_store();
                remove_dir(&self.dir.index()).map_err(ViewError::Index)?;
            }
        }
        *self.shared.published.write() = None;
        self.shared.progress.send_replace(Progress::default());
        Ok(())
    }

    /// Closes the store and waits for its threads.
    fn close_store(&self) {
        let opened = self.shared.store.uninstall();
        if catch_unwind(AssertUnwindSafe(|| drop(opened))).is_err() {
            tracing::warn!(view = self.shared.name, "store did not close cleanly");
        }
    }

    /// Closes a failed store on a thread of its own: its threads may be dead, and waiting for them
    /// may take for ever.
    fn abandon_store(&self) {
        let opened = self.shared.store.uninstall();
        let closer = std::thread::Builder::new().name("view-abandon".to_owned());
        if let Err(error) = closer.spawn(move || drop(opened)) {
            tracing::warn!(view = self.shared.name, %error, "failed store not closed");
        }
    }
}

/// Lets the calling thread, and those that it starts, give way to others.
fn lower_priority(nice: i32) {
    #[cfg(target_os = "linux")]
    if nice > 0 {
        let thread = Some(rustix::thread::gettid());
        if let Err(error) = rustix::process::setpriority_process(thread, nice) {
            tracing::warn!(%error, "view thread keeps its priority");
        }
    }
    #[cfg(not(target_os = "linux"))]
    let _ = nice;
}

/// How long the run loop may wait for a record before it looks whether it is to stop.
const IDLE_WAIT: Duration = Duration::from_millis(100);
