//! Drives one fold from its opening to its end.

use std::fmt;
use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use aftercall_log::{Offset, ReadError};
use tokio::time::Instant;

use super::retry::Retry;
use super::session::{Session, Site};
use super::{Fold, IDLE_WAIT, Options, Source, Stepped, Trouble, ViewError, lower_priority};
use crate::feed::Feed;
use crate::handle::{Progress, Shared};
use crate::open::{self, Has, Identity, ViewDir, is_ahead};
use crate::store::panic_message;
use crate::{Cause, Positions, ViewHandle, room};

/// How often it is looked whether the last query has let go of a store that failed.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// How long a shared log may seem to end before what a view has of it, until the view is void.
const AHEAD_MAX: Duration = Duration::from_secs(20);

/// A fold, where its facts come from, and how far it is.
pub(crate) struct Worker<F: Fold, S: Source<Fact = F::Fact>> {
    site: Site<F, S>,
    session: Option<Session<F::Fact>>,
    /// Keeps other processes out of the view's directory.
    lock: Option<File>,
    /// How often the view failed since it was last ready, and when it is tried again.
    retry: Retry,
    /// It failed for want of room.
    is_full: bool,
    /// Closes a store that failed, as soon as no query reads it any more.
    closing: Option<JoinHandle<()>>,
    /// Since when something is in the way of opening: another process, a log that can't be reached,
    /// or one that seems to end before what the view has.
    in_the_way_since: Option<Instant>,
    ended: bool,
}

impl<F: Fold, S: Source<Fact = F::Fact>> Worker<F, S> {
    pub(crate) fn new(
        fold: F,
        source: S,
        handle: ViewHandle,
        feed: &Feed<F::Fact>,
        options: Options,
    ) -> Self {
        let identity = Identity {
            name: handle.name(),
            version: fold.version(),
            judged_by: fold.judged_by(),
            log: feed.0.log.identity(),
        };
        Self {
            site: Site {
                dir: ViewDir::new(&feed.0.views, handle.name()),
                shared: Arc::clone(&handle.0),
                feed: Arc::clone(&feed.0),
                fold,
                source,
                identity,
                options,
            },
            session: None,
            lock: None,
            retry: Retry::default(),
            is_full: false,
            closing: None,
            in_the_way_since: None,
            ended: false,
        }
    }

    pub(crate) fn handle(&self) -> ViewHandle {
        ViewHandle(Arc::clone(&self.site.shared))
    }

    /// Steps until the end, on the calling thread.
    pub(crate) fn run(&mut self) {
        lower_priority(self.site.options.nice);
        loop {
            match self.step(IDLE_WAIT) {
                Stepped::Ended => return,
                Stepped::Blocked => std::thread::sleep(IDLE_WAIT),
                _ => {}
            }
        }
    }

    /// One step, which waits at most `wait` for something to do.
    pub(crate) fn step(&mut self, wait: Duration) -> Stepped {
        if self.ended {
            return Stepped::Ended;
        }
        if self.site.is_stopping() {
            return self.stop();
        }
        let stepped = catch_unwind(AssertUnwindSafe(|| self.try_step(wait)));
        let stepped = stepped.unwrap_or_else(|panic| {
            let panic = panic_message(&*panic).to_owned();
            Err(ViewError::Panicked(panic).into())
        });
        match stepped {
            Ok(stepped) => stepped,
            // A second process on the same directories: for a view of this one there is no ledger at all.
            Err(Trouble::Fatal(error @ ViewError::Locked { .. })) if self.is_ledger() => {
                self.end(Err(error))
            }
            Err(trouble) => self.recover(trouble),
        }
    }

    fn try_step(&mut self, wait: Duration) -> Result<Stepped, Trouble> {
        let Some(mut session) = self.session.take() else {
            return match self.may_open() {
                true => self.open(),
                false => Ok(Stepped::Blocked),
            };
        };
        let stepped = session.step(&mut self.site, wait)?;
        self.session = Some(session);
        Ok(stepped)
    }

    /// Whether what failed may be tried again now.
    fn may_open(&mut self) -> bool {
        if self
            .closing
            .as_ref()
            .is_some_and(|closing| !closing.is_finished())
        {
            return false;
        }
        self.closing = None;
        let is_low = || !room::has(self.site.dir.path(), self.site.options.disk_free_bytes_min);
        if self.is_full && is_low() {
            // It is tried as soon as there is room.
            self.retry.hurry();
            return false;
        }
        self.retry.is_due(Instant::now())
    }

    fn is_ledger(&self) -> bool {
        self.site.shared.ledger.is_none()
    }

    /// Ends as asked.
    fn stop(&mut self) -> Stepped {
        let session = self.session.take();
        let stopped = catch_unwind(AssertUnwindSafe(|| match session {
            Some(session) => session.stop(&mut self.site),
            None if self.site.shared.store.is_open() => flush_at_stop(&self.site.shared),
            None => {}
        }));
        if stopped.is_err() {
            tracing::warn!(view = self.site.shared.name, "view did not stop cleanly");
        }
        self.end(Ok(()))
    }

    /// Tells how it ended, and closes what is open.
    fn end(&mut self, outcome: Result<(), ViewError>) -> Stepped {
        self.ended = true;
        self.session = None;
        self.site.source.pause();
        let name = self.site.shared.name;
        if let Err(error) = &outcome {
            tracing::error!(view = name, %error, "view failed");
        }
        self.close_store();
        self.lock = None;
        let ended = outcome.map_err(Arc::new);
        let progress = &self.site.shared.progress;
        progress.send_modify(|progress| progress.ended = Some(ended));
        Stepped::Ended
    }

    fn open(&mut self) -> Result<Stepped, Trouble> {
        if self.lock.is_none() {
            self.lock = match self.site.dir.lock() {
                Err(ViewError::Locked { .. }) if self.may_wait_for_lock() => {
                    return Ok(Stepped::Blocked);
                }
                locked => Some(locked?),
            };
            self.in_the_way_since = None;
        }
        let asked_at = Instant::now();
        let tails = match self.site.shared.log.tails() {
            Err(error @ ReadError::Unavailable { .. }) => {
                if self.in_the_way_since.is_none() {
                    let view = self.site.shared.name;
                    tracing::warn!(view, %error, "view waits for the log");
                    self.in_the_way_since = Some(Instant::now());
                }
                return Ok(Stepped::Blocked);
            }
            tails => tails?,
        };
        let Some(applied) = self.open_store(&tails)? else {
            self.in_the_way_since.get_or_insert_with(Instant::now);
            return Ok(Stepped::Blocked);
        };
        self.in_the_way_since = None;
        let ends = (tails, asked_at);
        self.session = Some(Session::begin(&mut self.site, applied, ends)?);
        Ok(Stepped::Opened)
    }

    /// Opens the store, unless it has been open all the time; says what it is complete through, if it is
    /// sure that the log has that.
    fn open_store(&self, tails: &[Offset]) -> Result<Option<Positions>, Trouble> {
        let Site {
            shared, identity, ..
        } = &self.site;
        if shared.store.is_open() {
            let applied = open::applied(&shared.store, identity)?;
            return Ok(Some(applied.unwrap_or_default()));
        }
        let has = |applied: &Positions| self.reaches(tails, applied);
        let opened = open::open(&self.site.dir, identity, &has);
        let opened = opened.map_err(|error| match error {
            ViewError::Store(error) => Trouble::Store(error),
            error => Trouble::Fatal(error),
        })?;
        Ok(opened.map(|opened| {
            shared.store.install(opened.engine);
            opened.applied
        }))
    }

    fn may_wait_for_lock(&mut self) -> bool {
        let since = self.in_the_way_since.get_or_insert_with(Instant::now);
        since.elapsed() < self.site.options.lock_wait
    }

    /// Whether the log, which told `tails`, has all of `applied`. A leader of a shared log that was
    /// replaced, and does not know it yet, tells an old end: then it is asked again for a while.
    fn reaches(&self, tails: &[Offset], applied: &Positions) -> Has {
        let patient = || {
            let since = self.in_the_way_since;
            let log = &self.site.shared.log;
            log.is_shared() && since.is_none_or(|since| since.elapsed() < AHEAD_MAX)
        };
        match is_ahead(tails, applied) {
            false => Has::Yes,
            true if patient() => Has::Unsure,
            true => Has::No,
        }
    }

    /// Clears away what is damaged, closes what failed, and says why the view can't go on. It is tried
    /// again by itself: whatever it is, others must not suffer from it.
    fn recover(&mut self, trouble: Trouble) -> Stepped {
        self.session = None;
        self.site.source.pause();
        let shared = Arc::clone(&self.site.shared);
        if shared.progress.borrow().ready {
            self.retry.succeeded();
        }
        let pause = self.retry.failed(Instant::now());
        let view = shared.name;
        let (error, is_full) = match trouble {
            // It keeps its store, which answers what it has.
            Trouble::Fatal(error) => (error, false),
            // A session takes care of its index itself.
            Trouble::Index(error) => (ViewError::Index(error), false),
            Trouble::Store(error) => {
                self.site.fold.closed();
                let cause = error.cause();
                match cause {
                    Some(Cause::Damaged) => self.set_store_aside(),
                    _ => self.closing = self.close_store_in_time(),
                }
                *shared.published.write() = None;
                shared.progress.send_replace(Progress::default());
                (ViewError::Store(error), cause == Some(Cause::Full))
            }
        };
        self.is_full = is_full;
        metrics::gauge!("aftercall_view_troubled", "view" => view).set(1.0);
        let error = Arc::new(error);
        let chain = Chain(&*error);
        tracing::error!(view, error = %chain, ?pause, "view can't go on, and tries again");
        shared.progress.send_modify(|progress| {
            progress.paused |= is_full;
            progress.trouble = Some(error);
        });
        Stepped::Blocked
    }

    /// Puts a damaged store out of the way. Its threads may be dead, and it is closed beside.
    fn set_store_aside(&self) {
        self.close_store_in_time();
        if let Err(error) = self.site.dir.set_store_aside() {
            tracing::warn!(view = self.site.shared.name, error = %Chain(&error), "damaged store stays");
        }
    }

    /// Closes the store and waits for its threads.
    fn close_store(&self) {
        let opened = self.site.shared.store.uninstall();
        if catch_unwind(AssertUnwindSafe(|| drop(opened))).is_err() {
            tracing::warn!(view = self.site.shared.name, "store did not close cleanly");
        }
    }

    /// Closes a failed store on a thread of its own: its threads may be dead, and waiting for them
    /// may take for ever. It can be opened again when that is over.
    fn close_store_in_time(&self) -> Option<JoinHandle<()>> {
        let mut opened = self.site.shared.store.uninstall()?;
        let closer = std::thread::Builder::new().name("view-abandon".to_owned());
        let closing = closer.spawn(move || {
            // Queries that have begun read on, and the last one would close it.
            while let Err(read) = Arc::try_unwrap(opened).map(drop) {
                opened = read;
                std::thread::sleep(LOOK_EVERY);
            }
        });
        match closing {
            Ok(closing) => Some(closing),
            Err(error) => {
                tracing::warn!(view = self.site.shared.name, %error, "failed store not closed");
                None
            }
        }
    }
}

/// Hands the disk what is in a store's memory.
pub(super) fn flush_at_stop(shared: &Shared) {
    if let Err(error) = shared.store.flush() {
        tracing::warn!(view = shared.name, %error, "store not flushed at the stop");
    }
}

/// An error with its causes.
struct Chain<'e>(&'e (dyn std::error::Error + 'static));

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        let mut next = self.0.source();
        while let Some(error) = next {
            write!(f, ": {error}")?;
            next = error.source();
        }
        Ok(())
    }
}
