//! One session of a view: from an open store to a stop or a failure.

mod index;
mod room;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use aftercall_log::{Offset, ReadError};
use bytes::Bytes;
use tokio::time::Instant;

use super::freshness::Freshness;
use super::worker::flush_at_stop;
use super::{Fold, Got, IDLE_WAIT, Options, Source, Stepped, Trouble, ViewError};
use crate::feed::{Batch, Shared as Feeding};
use crate::handle::{Lag, Shared};
use crate::open::{Identity, ViewDir, write_checkpoint};
use crate::store::{Audit, Touch};
use crate::{ApplyError, Changes, Placed, Positions, StoreError, Txn};
use index::IndexState;
use room::Room;

/// How many entries are audited at a time between other work.
const AUDIT_STEP: usize = 1_024;

/// How often the gauges are set, and the free space looked at.
const HOUSEKEEPING_EVERY: Duration = Duration::from_secs(1);

/// How often a view that is behind says so.
const REPORT_EVERY: Duration = Duration::from_secs(10);

/// After so many facts a fold looks whether it is to stop.
const FACTS_BETWEEN_LOOKS: usize = 64;

/// What stays from session to session.
pub(super) struct Site<F: Fold, S> {
    pub(super) fold: F,
    pub(super) source: S,
    pub(super) dir: ViewDir,
    pub(super) identity: Identity,
    pub(super) options: Options,
    pub(super) shared: Arc<Shared>,
    pub(super) feed: Arc<Feeding<F::Fact>>,
}

impl<F: Fold, S> Site<F, S> {
    pub(super) fn is_stopping(&self) -> bool {
        self.shared.stop.load(Ordering::Relaxed)
    }
}

/// How far a view is.
pub(super) struct Session<T> {
    /// What the store is complete through.
    applied: Positions,
    /// What was read: less than `applied` while an index catches up with its store.
    read: Positions,
    stage: Stage<T>,
    audit: Audit,
    index: Option<IndexState>,
    /// Where the log ended when the session began.
    target: Positions,
    /// All that was ever read in this session.
    reached: Positions,
    /// The last answer of the log that was looked at.
    ends_seen: u64,
    /// Where the log ended when it was last asked.
    tails: Vec<Offset>,
    freshness: Freshness,
    housekept_at: Instant,
    reported_at: Instant,
    room: Room,
    /// Why the view could not go on, until it is seen to go on.
    trouble: Option<Arc<ViewError>>,
}

/// What the next step has to do with.
enum Stage<T> {
    /// To read.
    Ready,
    /// To fold what was read.
    Read(Load<T>),
    /// To commit what was folded.
    Folded(Load<T>, Option<Changes>),
}

/// Some batches, and what they make the view complete through.
struct Load<T> {
    batches: Vec<Arc<Batch<T>>>,
    through: Positions,
}

impl<T> Load<T> {
    fn records(&self) -> u64 {
        self.batches.iter().map(|batch| batch.records).sum()
    }

    fn bytes(&self) -> u64 {
        self.batches.iter().map(|batch| batch.bytes as u64).sum()
    }

    /// Whether there was nothing more.
    fn keeps_up(&self) -> bool {
        self.batches.last().is_none_or(|batch| batch.is_last)
    }
}

impl<T> Session<T> {
    pub(super) fn begin<F: Fold<Fact = T>, S: Source<Fact = T>>(
        site: &mut Site<F, S>,
        applied: Positions,
        (tails, asked_at): (Vec<Offset>, Instant),
    ) -> Result<Self, Trouble> {
        let begun_at = Instant::now();
        let mut audit = Audit::begin();
        while audit.under_way() && begun_at.elapsed() < site.options.check_wait {
            audit.step(&site.shared.store, AUDIT_STEP)?;
        }
        let now = Instant::now();
        let mut session = Self {
            read: applied.clone(),
            reached: applied.clone(),
            applied,
            stage: Stage::Ready,
            audit,
            index: site.fold.indexer().map(|_| IndexState::default()),
            target: Positions::below(&tails),
            ends_seen: 0,
            freshness: Freshness::new(Positions::below(&tails), asked_at),
            tails,
            housekept_at: now,
            reported_at: now,
            room: Room::default(),
            trouble: site.shared.progress.borrow().trouble.clone(),
        };
        let begun = session.begin_folding(site);
        session.unless_of_index(site, begun)?;
        session.publish(site);
        let housekept = session.housekeep(site);
        session.unless_of_index(site, housekept)?;
        Ok(session)
    }

    /// Opens the index, if the view has one and it is time, and lets the fold begin; says whether it may.
    fn begin_folding<F: Fold<Fact = T>, S: Source<Fact = T>>(
        &mut self,
        site: &mut Site<F, S>,
    ) -> Result<bool, Trouble> {
        self.read.clone_from(&self.applied);
        if let Some(index) = &mut self.index {
            if !index.is_due_again() {
                return Ok(false);
            }
            let log_has = self.target.union(&self.reached);
            self.freshness.forget();
            site.shared.show_complete(None);
            index.open(site, log_has, &self.applied)?;
            self.read = self.applied.intersection(&index.written);
        }
        let opened = site.fold.opened(&site.shared.store, &self.applied);
        opened.map_err(begin_trouble)?;
        site.source.begin();
        Ok(true)
    }

    /// What failed, unless it was the index: then that is closed, and the view waits until it can be
    /// opened again, while its store and the last commit of the index answer.
    fn unless_of_index<F: Fold<Fact = T>, S: Source<Fact = T>, O>(
        &mut self,
        site: &mut Site<F, S>,
        outcome: Result<O, Trouble>,
    ) -> Result<Option<O>, Trouble> {
        match (outcome, &mut self.index) {
            (Err(Trouble::Index(error)), Some(index)) => {
                if let Some(trouble) = index.close(site, error) {
                    self.trouble = Some(trouble);
                }
                self.stage = Stage::Ready;
                site.source.pause();
                self.publish(site);
                Ok(None)
            }
            (outcome, _) => outcome.map(Some),
        }
    }

    /// Reads, folds or commits, whichever comes next.
    pub(super) fn step<F: Fold<Fact = T>, S: Source<Fact = T>>(
        &mut self,
        site: &mut Site<F, S>,
        wait: Duration,
    ) -> Result<Stepped, Trouble> {
        let stepped = match std::mem::replace(&mut self.stage, Stage::Ready) {
            Stage::Ready => self.read(site, wait),
            Stage::Read(load) => self.fold(site, load),
            Stage::Folded(load, changes) => self.commit(site, load, changes),
        };
        let stepped = self.unless_of_index(site, stepped)?;
        if self.trouble.is_some() && matches!(stepped, Some(Stepped::Committed | Stepped::Idle)) {
            let index_works = |index: &IndexState| !index.retry.has_failed();
            if self.index.as_ref().is_none_or(index_works) {
                tracing::info!(view = site.shared.name, "view goes on");
                self.trouble = None;
                self.publish(site);
            }
        }
        Ok(stepped.unwrap_or(Stepped::Blocked))
    }

    fn read<F: Fold<Fact = T>, S: Source<Fact = T>>(
        &mut self,
        site: &mut Site<F, S>,
        wait: Duration,
    ) -> Result<Stepped, Trouble> {
        if let Some(failure) = site.shared.store.failure() {
            return Err(Trouble::Store(failure));
        }
        self.see_ends(site)?;
        if self.housekept_at.elapsed() >= HOUSEKEEPING_EVERY {
            self.housekeep(site)?;
        }
        if self.lacks_room(site)? || !self.has_index(site)? {
            site.source.pause();
            return Ok(Stepped::Blocked);
        }
        if self.index.as_ref().is_some_and(IndexState::is_committing) {
            self.commit_index(site)?;
            return Ok(Stepped::Folded);
        }
        self.audit_if_due(site)?;
        let wait = wait.min(self.has_time(&site.options));
        let at_once = (site.options.poll_records_max, site.options.poll_bytes_max);
        match site.source.next(&self.read, at_once, wait)? {
            Got::Batches(batches) => {
                let last = batches.last().map(|batch| batch.through.clone());
                let through = self.read.union(&last.unwrap_or_default());
                self.reached = self.reached.union(&through);
                self.stage = Stage::Read(Load { batches, through });
                Ok(Stepped::Read)
            }
            got => {
                self.commit_index_if_due(site, true)?;
                Ok(match got {
                    Got::Blocked => Stepped::Blocked,
                    _ => Stepped::Idle,
                })
            }
        }
    }

    fn audit_if_due<F: Fold, S>(&mut self, site: &Site<F, S>) -> Result<(), Trouble> {
        let from = Instant::now();
        if self.audit.is_due_in(from) == Some(Duration::ZERO) {
            self.audit.step(&site.shared.store, AUDIT_STEP)?;
            self.audit.worked((from, Instant::now()));
            if !self.audit.under_way() {
                tracing::debug!(view = site.shared.name, "store read through: whole");
            }
        }
        Ok(())
    }

    /// How long it may wait for facts.
    fn has_time(&self, options: &Options) -> Duration {
        let audit = self.audit.is_due_in(Instant::now());
        let index = self.index.as_ref();
        let index = index.map(|index| index.is_due_in(&options.index));
        let times = [audit, index].into_iter().flatten();
        times.fold(IDLE_WAIT, Duration::min)
    }

    fn fold<F: Fold<Fact = T>, S>(
        &mut self,
        site: &mut Site<F, S>,
        load: Load<T>,
    ) -> Result<Stepped, Trouble> {
        let store = site.shared.store.clone();
        let mut txn = Txn::new(&store);
        let mut behind_store = BTreeSet::new();
        let facts = load.batches.iter().flat_map(|batch| &batch.facts);
        for (number, fact) in facts.enumerate() {
            if number % FACTS_BETWEEN_LOOKS == 0 && site.is_stopping() {
                // A view is a cache: what is abandoned here is read again.
                return Ok(Stepped::Folded);
            }
            self.apply(site, fact, &mut txn, &mut behind_store)?;
        }
        site.fold.finish(&mut txn).map_err(begin_trouble)?;
        if let (Some(index), Some(indexer)) = (&mut self.index, site.fold.indexer()) {
            let mut touched = txn.take_touched();
            touched.extend(behind_store.into_iter().map(|key| (key, Touch::Known)));
            index.write(indexer, touched, &txn)?;
        }
        let applied = self.applied.union(&load.through);
        let changes = (applied != self.applied).then(|| {
            write_checkpoint(&site.identity, &applied, &mut txn);
            txn.into_changes()
        });
        self.stage = Stage::Folded(load, changes);
        Ok(Stepped::Folded)
    }

    /// Applies one fact to the store, or, if the store has it, finds what it means for the index.
    fn apply<F: Fold<Fact = T>, S>(
        &mut self,
        site: &mut Site<F, S>,
        fact: &Placed<T>,
        txn: &mut Txn<'_>,
        behind_store: &mut BTreeSet<Bytes>,
    ) -> Result<(), Trouble> {
        let indexed = match &self.index {
            Some(index) => index.written.covers(fact.position),
            None => true,
        };
        let outcome = if !self.applied.covers(fact.position) {
            let touched = txn.touched_len();
            let outcome = site.fold.apply(fact, txn);
            match &self.index {
                Some(_) if indexed => txn.forget_touched(touched),
                Some(index) if index.doubted.covers(fact.position) => {
                    txn.distrust_touched(touched);
                }
                _ => {}
            }
            outcome
        } else if indexed {
            Ok(())
        } else {
            let indexer = site.fold.indexer();
            indexer.map_or(Ok(()), |indexer| indexer.touched(fact, txn, behind_store))
        };
        outcome.map_err(|error| trouble(fact, error))
    }

    fn commit<F: Fold<Fact = T>, S>(
        &mut self,
        site: &mut Site<F, S>,
        load: Load<T>,
        changes: Option<Changes>,
    ) -> Result<Stepped, Trouble> {
        if let Some(changes) = changes {
            site.shared.store.apply(changes)?;
            self.applied = self.applied.union(&load.through);
        }
        let (records, bytes, keeps_up) = (load.records(), load.bytes(), load.keeps_up());
        self.read = load.through;
        if let Some(index) = &mut self.index {
            index.wrote(&self.read, records, bytes);
        }
        let counted = metrics::counter!("aftercall_view_records_total", "view" => site.shared.name);
        counted.increment(records);
        self.publish(site);
        site.fold.committed(&self.applied, load.batches);
        self.commit_index_if_due(site, keeps_up)?;
        Ok(Stepped::Committed)
    }

    /// Ends: what is not committed is abandoned, but what is in memory goes to the disk if that takes
    /// no time.
    pub(super) fn stop<F: Fold<Fact = T>, S>(mut self, site: &mut Site<F, S>) {
        let is_soon = self
            .index
            .as_ref()
            .is_some_and(IndexState::is_soon_committed);
        if is_soon && let Err(error) = self.commit_index_if_few(site) {
            tracing::warn!(
                view = site.shared.name,
                ?error,
                "index not committed at the stop"
            );
        }
        flush_at_stop(&site.shared);
    }

    /// Shows queries and waiters how far the view is.
    fn publish<F: Fold, S>(&mut self, site: &Site<F, S>) {
        let complete_at = self.freshness.complete_at(&self.shown());
        let indexed = self.index.as_ref().map(|state| state.committed().clone());
        let caught_up = self.applied.covers_all(&self.target)
            && indexed
                .as_ref()
                .is_none_or(|indexed| indexed.covers_all(&self.target));
        let mut became_ready = false;
        site.shared.progress.send_modify(|progress| {
            became_ready = caught_up && !progress.ready;
            progress.applied.clone_from(&self.applied);
            // A store that was open all the time has lost nothing; an index may have.
            let before = progress.complete_at.filter(|_| indexed.is_none());
            progress.complete_at = complete_at.or(before);
            progress.indexed = indexed.unwrap_or_default();
            progress.ready |= caught_up;
            progress.paused = self.room.is_lacking();
            progress.trouble.clone_from(&self.trouble);
        });
        if became_ready {
            let view = site.shared.name;
            tracing::info!(view, "view ready");
            metrics::gauge!("aftercall_view_rebuilding", "view" => view).set(0.0);
        }
    }

    /// What whoever asks is shown: what the index includes, too, if there is one.
    fn shown(&self) -> Positions {
        match &self.index {
            Some(index) => self.applied.intersection(index.committed()),
            None => self.applied.clone(),
        }
    }

    /// Takes note of where the log ends, if it was asked again.
    fn see_ends<F: Fold, S>(&mut self, site: &Site<F, S>) -> Result<(), Trouble> {
        let Some(told) = site.feed.ends.after(self.ends_seen) else {
            return Ok(());
        };
        self.ends_seen = told.number;
        match told.tails {
            Ok(tails) => {
                self.freshness.saw(Positions::below(&tails), told.asked_at);
                self.tails = tails;
            }
            // The reader goes on by itself when the cluster is back. Meanwhile the age grows.
            Err(ReadError::Unavailable { .. }) => {}
            Err(error) => return Err(error.into()),
        }
        if let Some(at) = self.freshness.complete_at(&self.shown()) {
            site.shared.show_complete(Some(at));
        }
        Ok(())
    }

    fn housekeep<F: Fold, S>(&mut self, site: &Site<F, S>) -> Result<(), Trouble> {
        self.housekept_at = Instant::now();
        if let Some(index) = &mut self.index {
            index.check()?;
        }
        let view = site.shared.name;
        let shown = self.shown();
        let lag = Lag {
            records: self.applied.behind(&self.tails),
            index_records: match self.index {
                Some(_) => shown.behind(&self.tails),
                None => 0,
            },
            age: self.freshness.behind(&shown, Instant::now()),
        };
        metrics::gauge!("aftercall_view_lag_records", "view" => view).set(lag.records as f64);
        if self.index.is_some() {
            let behind = lag.index_records as f64;
            metrics::gauge!("aftercall_view_index_lag_records", "view" => view).set(behind);
        }
        metrics::gauge!("aftercall_view_lag_seconds", "view" => view).set(lag.age.as_secs_f64());
        let paused = f64::from(u8::from(self.room.is_lacking()));
        metrics::gauge!("aftercall_view_paused", "view" => view).set(paused);
        let troubled = f64::from(u8::from(self.trouble.is_some()));
        metrics::gauge!("aftercall_view_troubled", "view" => view).set(troubled);
        // Nobody waits for it: whoever wants to know looks now and then.
        site.shared.progress.send_if_modified(|progress| {
            progress.lag = lag;
            false
        });
        if !site.shared.progress.borrow().ready {
            metrics::gauge!("aftercall_view_rebuilding", "view" => view).set(1.0);
            if self.reported_at.elapsed() >= REPORT_EVERY {
                self.reported_at = self.housekept_at;
                tracing::info!(view, lag_records = lag.records, "view catching up");
            }
        }
        Ok(())
    }
}

/// A failed store is opened again or rebuilt; any other error is the record's.
fn trouble<T>(fact: &Placed<T>, error: ApplyError) -> Trouble {
    match error {
        ApplyError::Store(error @ StoreError::Failed(_)) => Trouble::Store(error),
        source => Trouble::Fatal(ViewError::Apply {
            at: fact.position,
            source,
        }),
    }
}

fn begin_trouble(error: ApplyError) -> Trouble {
    match error {
        ApplyError::Store(error @ StoreError::Failed(_)) => Trouble::Store(error),
        source => Trouble::Fatal(ViewError::Begin(source)),
    }
}
