//! Drives one fold from its opening to its end.

use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use aftercall_log::{Offset, ReadError};
use tokio::time::Instant;

use super::session::{Session, Site};
use super::{Fold, IDLE_WAIT, Options, Source, Stepped, Trouble, ViewError, lower_priority};
use crate::feed::Feed;
use crate::handle::Progress;
use crate::index::remove_dir;
use crate::open::{self, Has, Identity, ViewDir, is_ahead};
use crate::store::panic_message;
use crate::{Positions, ViewHandle};

/// A view that fails this often without once catching up in between is not helped by rebuilding.
const REBUILDS_MAX: u32 = 3;

/// How long a shared log may seem to end before what a view has of it, until the view is void.
const AHEAD_MAX: Duration = Duration::from_secs(20);

/// A fold, where its facts come from, and how far it is.
pub(crate) struct Worker<F: Fold, S: Source<Fact = F::Fact>> {
    site: Site<F, S>,
    session: Option<Session<F::Fact>>,
    /// Keeps other processes out of the view's directory.
    lock: Option<File>,
    /// How often the view was rebuilt since it was last ready.
    rebuilds: u32,
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
            rebuilds: 0,
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
        let stepped = catch_unwind(AssertUnwindSafe(|| self.try_step(wait)))
            .unwrap_or_else(|panic| Err(ViewError::Panicked(panic_message(&*panic).to_owned())));
        match stepped {
            Ok(Some(stepped)) => stepped,
            Ok(None) => self.end(Ok(())),
            Err(error) => self.end(Err(error)),
        }
    }

    /// One step; none when the view is to stop.
    fn try_step(&mut self, wait: Duration) -> Result<Option<Stepped>, ViewError> {
        let session = self.session.take();
        if self.site.is_stopping() {
            if let Some(session) = session {
                session.stop(&self.site);
            }
            return Ok(None);
        }
        let stepped = match session {
            None => self.open(),
            Some(mut session) => {
                let stepped = session.step(&mut self.site, wait);
                self.session = Some(session);
                stepped
            }
        };
        let trouble = match stepped {
            Ok(stepped) => return Ok(Some(stepped)),
            Err(trouble) => trouble,
        };
        self.session = None;
        if self.site.shared.progress.borrow().ready {
            self.rebuilds = 0;
        }
        self.rebuilds += 1;
        self.repair(trouble)?;
        Ok(Some(Stepped::Opened))
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
        let has = |applied: &Positions| self.reaches(&tails, applied);
        let cache_bytes = self.site.options.cache_bytes;
        let opened = open::open(&self.site.dir, &self.site.identity, &has, cache_bytes)?;
        let Some(opened) = opened else {
            self.in_the_way_since.get_or_insert_with(Instant::now);
            return Ok(Stepped::Blocked);
        };
        self.in_the_way_since = None;
        self.site.shared.store.install(opened.engine);
        self.session = Some(Session::begin(&mut self.site, opened.applied, &tails)?);
        Ok(Stepped::Opened)
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

    /// Clears away what failed, so that the next session builds it anew.
    fn repair(&mut self, trouble: Trouble) -> Result<(), ViewError> {
        let again = self.rebuilds <= REBUILDS_MAX;
        let view = self.site.shared.name;
        match trouble {
            Trouble::Fatal(error) => return Err(error),
            Trouble::Store(error) if !again => return Err(ViewError::Store(error)),
            Trouble::Index(error) if !again => return Err(ViewError::Index(error)),
            Trouble::Store(error) => {
                tracing::warn!(view, %error, "view damaged, rebuilding it");
                self.site.fold.closed();
                self.abandon_store();
                self.site.dir.set_store_aside()?;
            }
            Trouble::Index(error) => {
                tracing::warn!(view, %error, "index damaged, rebuilding it");
                self.close_store();
                remove_dir(&self.site.dir.index()).map_err(ViewError::Index)?;
            }
        }
        *self.site.shared.published.write() = None;
        let progress = &self.site.shared.progress;
        progress.send_replace(Progress::default());
        self.site.source.pause();
        Ok(())
    }

    /// Closes the store and waits for its threads.
    fn close_store(&self) {
        let opened = self.site.shared.store.uninstall();
        if catch_unwind(AssertUnwindSafe(|| drop(opened))).is_err() {
            tracing::warn!(view = self.site.shared.name, "store did not close cleanly");
        }
    }

    /// Closes a failed store on a thread of its own: its threads may be dead, and waiting for them
    /// may take for ever.
    fn abandon_store(&self) {
        let opened = self.site.shared.store.uninstall();
        let closer = std::thread::Builder::new().name("view-abandon".to_owned());
        if let Err(error) = closer.spawn(move || drop(opened)) {
            tracing::warn!(view = self.site.shared.name, %error, "failed store not closed");
        }
    }
}
