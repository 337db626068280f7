//! A running view as its service sees it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use aftercall_log::{Log, ReadError};
use parking_lot::Condvar;
use tokio::sync::watch;
use tokio::time::Instant;

use crate::index::{Published, Snapshot};
use crate::{Positions, Store, ViewError};

/// How long a wait goes on before the log is asked whether it has the position at all.
const TAIL_CHECK_AFTER: Duration = Duration::from_millis(20);

/// How far a view is.
#[derive(Debug, Clone, Default)]
pub struct Progress {
    /// What the store is complete through.
    pub applied: Positions,
    /// What the search index is complete through; stays empty in a view without one.
    pub indexed: Positions,
    /// Whether the view has once reached the tail that the log had when the view was opened.
    /// False again while it is rebuilt: its answers are then of the distant past.
    pub ready: bool,
    /// Whether the view waits for free space on its disk: see
    /// [`Options::disk_free_bytes_min`](crate::Options::disk_free_bytes_min).
    pub paused: bool,
    /// Why the view can't go on; it tries again by itself, after pauses that grow. What it has
    /// committed is answered meanwhile, unless it is that which failed.
    pub trouble: Option<Arc<ViewError>>,
    /// How far the view was behind its log when it last looked, about once a second.
    pub lag: Lag,
    /// The last moment of which it is known that the view (its index too) includes all that the log held then. It does
    /// not move while the view doesn't. None if of no moment; so it is never in a view that is ready and has no index.
    pub complete_at: Option<Instant>,
    /// Set when the view's thread has ended: as it was told to, or because it is a ledger whose
    /// directory another process uses.
    pub ended: Option<Result<(), Arc<ViewError>>>,
}

/// How far a view is behind its log.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Lag {
    /// Records that are in the log and not yet in the store.
    pub records: u64,
    /// Records that are in the log and not yet in the search index; 0 without one.
    pub index_records: u64,
    /// How long ago it was that the view (its index too) was last known to include all that the log
    /// held. Grows while the log does not say where it ends.
    pub age: Duration,
}

/// Why a wait for a position ended without it.
#[derive(Debug, Clone, thiserror::Error)]
pub enum WaitError {
    /// The deadline came first. The view works on it: try again.
    #[error("the view did not reach the position in time")]
    DeadlineExceeded {
        /// How far it got.
        reached: Positions,
    },
    /// The log does not have that position: it can't come from one of its answers.
    #[error("the position is beyond the end of the log")]
    BeyondTail,
    /// The view's thread has ended.
    #[error("the view has stopped")]
    Stopped,
    /// The log could not say where it ends.
    #[error(transparent)]
    Log(#[from] ReadError),
}

/// A running view. Cheap to clone. The view runs until [`ViewHandle::stop`], also without handles.
#[derive(Debug, Clone)]
pub struct ViewHandle(pub(crate) Arc<Shared>);

/// What the thread and the handles share.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) name: &'static str,
    pub(crate) log: Arc<dyn Log>,
    pub(crate) has_index: bool,
    pub(crate) store: Store,
    pub(crate) published: Published,
    pub(crate) progress: watch::Sender<Progress>,
    pub(crate) stop: AtomicBool,
    /// Somebody waits for the index: commit as soon as it has caught up.
    pub(crate) index_wanted: AtomicBool,
    /// What goes before this view; none for the ledger itself.
    pub(crate) ledger: Option<ViewHandle>,
    /// Who waits for the ledger, if this is one.
    pub(crate) waiters: Waiters,
}

impl Shared {
    /// Shows the moment that the view is complete through. Nobody waits for it.
    pub(crate) fn show_complete(&self, at: Option<Instant>) {
        self.progress.send_if_modified(|progress| {
            progress.complete_at = at;
            false
        });
    }
}

/// How many wait for a ledger that has not got where they need it.
#[derive(Debug, Default)]
pub(crate) struct Waiters {
    count: AtomicUsize,
    woken: Arc<Condvar>,
}

impl Waiters {
    /// Whether there are any.
    pub(crate) fn any(&self) -> bool {
        self.count.load(Ordering::Relaxed) > 0
    }

    /// What wakes the ledger when there is one more.
    pub(crate) fn woken(&self) -> Arc<Condvar> {
        Arc::clone(&self.woken)
    }

    fn enter(&self) -> Waiter<'_> {
        self.count.fetch_add(1, Ordering::Relaxed);
        self.woken.notify_all();
        Waiter(self)
    }
}

/// One of [`Waiters`], until it is dropped.
struct Waiter<'w>(&'w Waiters);

impl Drop for Waiter<'_> {
    fn drop(&mut self) {
        self.0.count.fetch_sub(1, Ordering::Relaxed);
    }
}

impl ViewHandle {
    /// A view that nobody has opened yet.
    pub(crate) fn new(
        name: &'static str,
        log: Arc<dyn Log>,
        ledger: Option<Self>,
        has_index: bool,
    ) -> Self {
        Self(Arc::new(Shared {
            name,
            log,
            has_index,
            store: Store::default(),
            published: Arc::default(),
            progress: watch::Sender::new(Progress::default()),
            stop: AtomicBool::new(false),
            index_wanted: AtomicBool::new(false),
            ledger,
            waiters: Waiters::default(),
        }))
    }

    /// The view's name.
    pub fn name(&self) -> &'static str {
        self.0.name
    }

    /// The view's store. It may be kept.
    pub fn store(&self) -> Store {
        self.0.store.clone()
    }

    /// The search index as of its last commit. None before the index is open, and in a view
    /// without one. To be asked for at each query.
    pub fn snapshot(&self) -> Option<Snapshot> {
        self.0.published.read().clone()
    }

    /// What the store is complete through.
    pub fn applied(&self) -> Positions {
        self.0.progress.borrow().applied.clone()
    }

    /// Whether the view has caught up since it was opened or rebuilt.
    pub fn is_ready(&self) -> bool {
        self.0.progress.borrow().ready
    }

    /// The moment that the view is complete through: see [`Progress::complete_at`]. What is read of the view after this
    /// was asked includes all that the log held then.
    pub fn complete_at(&self) -> Option<Instant> {
        self.0.progress.borrow().complete_at
    }

    /// Follows the view's progress: the receiver changes with each batch and each index commit.
    pub fn progress(&self) -> watch::Receiver<Progress> {
        self.0.progress.subscribe()
    }

    /// Waits until the view has caught up with the log as it was when the view was opened.
    ///
    /// # Errors
    /// [`WaitError::DeadlineExceeded`] or [`WaitError::Stopped`].
    pub async fn ready(&self, deadline: Instant) -> Result<(), WaitError> {
        self.wait(deadline, |progress| progress.ready).await
    }

    /// Waits until the store includes all of `positions`: read your own writes.
    ///
    /// # Errors
    /// [`WaitError::BeyondTail`] soon for a position that the log does not have. Of a log that is
    /// shared nobody knows that: another process may just have got the record acknowledged, and a
    /// leader that was replaced may tell an end that is long passed. There it is waited for.
    pub async fn wait_for(
        &self,
        positions: &Positions,
        deadline: Instant,
    ) -> Result<(), WaitError> {
        self.reach(positions, deadline, |progress| &progress.applied)
            .await
    }

    /// Waits until the search index includes all of `positions`, and hurries its commit.
    ///
    /// # Errors
    /// [`WaitError::BeyondTail`] soon for a position that the log does not have.
    pub async fn wait_for_index(
        &self,
        positions: &Positions,
        deadline: Instant,
    ) -> Result<(), WaitError> {
        if self.0.progress.borrow().indexed.covers_all(positions) {
            return Ok(());
        }
        self.0.index_wanted.store(true, Ordering::Relaxed);
        self.reach(positions, deadline, |progress| &progress.indexed)
            .await
    }

    /// Waits until what `part` shows includes `positions`.
    async fn reach(
        &self,
        positions: &Positions,
        deadline: Instant,
        part: impl Fn(&Progress) -> &Positions,
    ) -> Result<(), WaitError> {
        let reached = |progress: &Progress| part(progress).covers_all(positions);
        if reached(&self.0.progress.borrow()) {
            return Ok(());
        }
        tokio::select! {
            biased;
            waited = self.wait(deadline, reached) => waited,
            refused = self.beyond_tail(positions) => Err(refused),
            () = self.hurry(positions) => Err(WaitError::Stopped),
        }
    }

    /// Hurries the ledger, which goes before this view, while it lacks `positions`. Never ends.
    async fn hurry(&self, positions: &Positions) {
        let ledger = self.0.ledger.as_ref().unwrap_or(self);
        let waiter = ledger.0.waiters.enter();
        let mut progress = ledger.progress();
        let reached = progress.wait_for(|progress| progress.applied.covers_all(positions));
        let gone = reached.await.is_err();
        drop(waiter);
        if !gone {
            std::future::pending::<()>().await;
        }
    }

    /// How far the view is behind the log now. Blocks as [`Log::tails`] does.
    ///
    /// # Errors
    /// When the log can't say where it ends.
    pub fn lag(&self) -> Result<Lag, ReadError> {
        let (applied, indexed, age) = {
            let progress = self.0.progress.borrow();
            let Progress {
                applied,
                indexed,
                lag,
                ..
            } = &*progress;
            (applied.clone(), indexed.clone(), lag.age)
        };
        let tails = self.0.log.tails()?;
        let index_records = match self.0.has_index {
            true => indexed.behind(&tails),
            false => 0,
        };
        Ok(Lag {
            records: applied.behind(&tails),
            index_records,
            age,
        })
    }

    /// Asks the view to stop. What it is about to apply is abandoned: it is read again.
    pub fn stop(&self) {
        self.0.stop.store(true, Ordering::Relaxed);
    }

    /// Whether it was asked to stop, or has ended.
    pub fn is_stopping(&self) -> bool {
        let has_ended = || self.0.progress.borrow().ended.is_some();
        self.0.stop.load(Ordering::Relaxed) || has_ended()
    }

    /// Resolves when the view's thread has ended: `Ok` after [`ViewHandle::stop`]. Of a ledger it may be
    /// that another process uses its directory, which should end this one; all else that fails is tried
    /// again: see [`Progress::trouble`].
    pub async fn stopped(&self) -> Result<(), Arc<ViewError>> {
        let mut progress = self.progress();
        // The sender lives in `self`, so the wait can't end without an answer.
        match progress.wait_for(|progress| progress.ended.is_some()).await {
            Ok(progress) => progress.ended.clone().unwrap_or(Ok(())),
            Err(_) => Ok(()),
        }
    }

    async fn wait(
        &self,
        deadline: Instant,
        reached: impl Fn(&Progress) -> bool,
    ) -> Result<(), WaitError> {
        let mut receiver = self.progress();
        let done = receiver.wait_for(|progress| reached(progress) || progress.ended.is_some());
        match tokio::time::timeout_at(deadline, done).await {
            Ok(Ok(progress)) if reached(&progress) => Ok(()),
            Ok(_) => Err(WaitError::Stopped),
            Err(_) => Err(WaitError::DeadlineExceeded {
                reached: self.applied(),
            }),
        }
    }

    /// Resolves if the log certainly does not have `positions`. Most waits are over before it has to
    /// be asked.
    async fn beyond_tail(&self, positions: &Positions) -> WaitError {
        let partitions = self.0.log.partitions();
        if positions
            .iter()
            .any(|(partition, _)| partition >= partitions)
        {
            return WaitError::BeyondTail;
        }
        if self.0.log.is_shared() {
            return std::future::pending().await;
        }
        tokio::time::sleep(TAIL_CHECK_AFTER).await;
        match Positions::tails_of(&self.0.log).await {
            Ok(tails) if !tails.covers_all(positions) => WaitError::BeyondTail,
            // Who waits learns soon enough whether the view gets there.
            Ok(_) | Err(ReadError::Unavailable { .. }) => std::future::pending().await,
            Err(error) => WaitError::Log(error),
        }
    }
}
