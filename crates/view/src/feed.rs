//! The feed: each record is read, decoded and judged once, for all views of a process.
//!
//! ```text
//!  Log::reader ─► decode ─► Judge ─► ledger + checkpoint ─► ring of accepted facts ─► views that keep up
//!                                        └─ refused positions ─► Log::reader, decode ─► a view far behind
//! ```
//!
//! A view never passes the ledger. One that is far behind reads the log by a cursor of its own up to
//! where the ledger is, and needs nothing of it but the refused positions, which are few.

mod cursor;
mod ends;
mod following;
mod reading;
mod ring;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use aftercall_log::{Log, Position};
use bytes::Bytes;
use parking_lot::{Condvar, Mutex};

use crate::judge::refused_key;
use crate::run::{FeedRunner, ViewRunner};
use crate::{
    FromRecord, Judge, Observer, Options, Placed, Projection, StoreError, ViewError, ViewHandle,
    Views,
};

pub(crate) use ends::Ends;
pub(crate) use following::Following;
pub(crate) use reading::Reading;
pub(crate) use ring::{Batch, Found, Ring};

/// How a feed runs.
#[derive(Debug, Clone)]
pub struct FeedOptions {
    /// How the ledger runs. Its batches are what views get at once, or several of them.
    pub ledger: Options,
    /// About how many bytes of records are kept, decoded, for views that keep up with the ledger.
    pub ring_bytes_max: usize,
}

impl Default for FeedOptions {
    fn default() -> Self {
        Self {
            ledger: Options {
                poll_records_max: 4_096,
                poll_bytes_max: 4 << 20,
                ..Options::default()
            },
            ring_bytes_max: 24 << 20,
        }
    }
}

/// What a process reads of its log: judged facts, for all its views. Cheap to clone.
pub struct Feed<F>(pub(crate) Arc<Shared<F>>);

/// What the ledger and the views share.
pub(crate) struct Shared<F> {
    pub(crate) log: Arc<dyn Log>,
    pub(crate) views: Views,
    pub(crate) ledger: ViewHandle,
    /// The judge's version: what it decides differently makes every view void.
    pub(crate) judged_by: u32,
    pub(crate) ring: Mutex<Ring<F>>,
    /// There is a new batch.
    pub(crate) pushed: Condvar,
    /// A view has come for more, or somebody waits for the ledger.
    pub(crate) taken: Arc<Condvar>,
    pub(crate) ends: Ends,
    observers: Mutex<Vec<Arc<dyn Observer<F>>>>,
}

impl<F> Clone for Feed<F> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<F> fmt::Debug for Feed<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Feed")
            .field("ledger", &self.0.ledger.name())
            .finish_non_exhaustive()
    }
}

impl<F: FromRecord> Feed<F> {
    /// A feed over `log` whose ledger, and whose views, are kept where `views` says, and what runs
    /// it. Views are best begun before it runs, so that it waits for them.
    pub fn new<J: Judge<Fact = F>>(
        log: Arc<dyn Log>,
        views: Views,
        judge: J,
        options: FeedOptions,
    ) -> (Self, FeedRunner<J>) {
        let ledger = ViewHandle::new(judge.name(), Arc::clone(&log), None, false);
        let feed = Self(Arc::new(Shared {
            views,
            judged_by: judge.version(),
            ring: Mutex::new(Ring::new(options.ring_bytes_max)),
            pushed: Condvar::new(),
            taken: ledger.0.waiters.woken(),
            ends: Ends::of(Arc::clone(&log)),
            observers: Mutex::default(),
            ledger,
            log,
        }));
        let runner = FeedRunner::new(feed.clone(), judge, options.ledger);
        (feed, runner)
    }

    /// The ledger: how far it is, and its store.
    pub fn ledger(&self) -> &ViewHandle {
        &self.0.ledger
    }

    /// Tells `observer` of all that is judged from here on.
    pub fn observe(&self, observer: Arc<dyn Observer<F>>) {
        self.0.observers.lock().push(observer);
    }

    /// A view of the accepted facts, to be driven step by step. The feed waits for it from here on.
    pub fn view<P: Projection<Fact = F>>(&self, projection: P, options: Options) -> ViewRunner<P> {
        ViewRunner::new(self, projection, options)
    }

    /// Starts a view of the accepted facts, on a thread of its own.
    ///
    /// Returns at once; the store answers [`StoreError::Opening`] until the thread has opened it.
    ///
    /// # Errors
    /// [`ViewError::Thread`] when the operating system refuses a thread. All other failures are tried
    /// again: see [`Progress::trouble`](crate::Progress::trouble).
    pub fn spawn<P: Projection<Fact = F>>(
        &self,
        projection: P,
        options: Options,
    ) -> Result<ViewHandle, ViewError> {
        let runner = self.view(projection, options);
        let handle = runner.handle();
        runner.spawn()?;
        Ok(handle)
    }

    /// Why the record at `position`, which the ledger includes, was refused; none if it was not.
    ///
    /// # Errors
    /// When the ledger can't be read, or is being opened.
    pub fn refusal(&self, position: Position) -> Result<Option<Bytes>, StoreError> {
        let key = refused_key(position.partition, position.offset);
        self.0.ledger.store().get(key)
    }

    /// Asks the log where it ends, for the lag of all views. It may block as [`Log::tails`] does.
    /// [`FeedRunner::spawn`] has a thread for it; who drives the feed step by step calls it now and
    /// then.
    pub fn look_for_ends(&self) {
        self.0.ends.ask();
    }

    /// Whether somebody waits for the ledger, so that it must not wait for a slow view.
    pub(crate) fn is_hurried(&self) -> bool {
        let observers = self.0.observers.lock();
        self.0.ledger.0.waiters.any() || observers.iter().any(|one| one.hurries())
    }

    /// Tells all observers what was judged.
    pub(crate) fn tell(&self, facts: &[Placed<F>]) {
        let observers = self.0.observers.lock();
        observers.iter().for_each(|one| one.committed(facts));
    }

    /// Waits up to `wait` for room for another batch.
    pub(crate) fn await_room(&self, wait: Duration) -> bool {
        if self.make_room() {
            return true;
        }
        let mut ring = self.0.ring.lock();
        self.0.taken.wait_for(&mut ring, wait);
        drop(ring);
        self.make_room()
    }

    pub(crate) fn make_room(&self) -> bool {
        let hurried = self.is_hurried();
        // What is let go is dropped when nobody waits for the ring.
        let (has_room, _let_go) = self.0.ring.lock().make_room(hurried);
        has_room
    }
}
