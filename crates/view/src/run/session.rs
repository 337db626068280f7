//! One session of a view: from an open store to a stop or a failure.

mod index;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use aftercall_log::{Offset, ReadError};
use bytes::Bytes;
use tokio::time::Instant;

use super::freshness::Freshness;
use super::{Fold, Got, IDLE_WAIT, Options, Source, Stepped, Trouble, ViewError};
use crate::feed::{Batch, Shared as Feeding};
use crate::handle::Shared;
use crate::open::{Identity, ViewDir, write_checkpoint};
use crate::store::{Audit, Touch};
use crate::{ApplyError, Changes, Placed, Positions, StoreError, Txn};
use index::IndexState;

/// How many entries are audited at a time between other work.
const AUDIT_STEP: usize = 256;

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
    /// The last answer of the log that was looked at.
    ends_seen: u64,
    freshness: Freshness,
    housekept_at: Instant,
    reported_at: Instant,
    /// The disk is almost full.
    paused: bool,
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

    /// Whether there was nothing more.
    fn keeps_up(&self) -> bool {
        self.batches.last().is_none_or(|batch| batch.is_last)
    }
}

impl<T> Session<T> {
    pub(super) fn begin<F: Fold<Fact = T>, S: Source<Fact = T>>(
        site: &mut Site<F, S>,
        applied: Positions,
        tails: &[Offset],
    ) -> Result<Self, Trouble> {
        let begun_at = Instant::now();
        let mut audit = Audit::begin();
        while audit.under_way() && begun_at.elapsed() < site.options.check_wait {
            audit.step(&site.shared.store, AUDIT_STEP)?;
        }
        let index = IndexState::open(site, tails)?;
        let opened = site.fold.opened(&site.shared.store, &applied);
        opened.map_err(begin_trouble)?;
        site.source.begin();
        let read = index.as_ref().map_or_else(
            || applied.clone(),
            |index| applied.intersection(&index.written),
        );
        let now = Instant::now();
        let mut session = Self {
            applied,
            read,
            stage: Stage::Ready,
            audit,
            index,
            target: Positions::below(tails),
            ends_seen: 0,
            freshness: Freshness::new(now),
            housekept_at: now,
            reported_at: now,
            paused: false,
        };
        session.publish(site);
        session.housekeep(site)?;
        Ok(session)
    }

    /// Reads, folds or commits, whichever comes next.
    pub(super) fn step<F: Fold<Fact = T>, S: Source<Fact = T>>(
        &mut self,
        site: &mut Site<F, S>,
        wait: Duration,
    ) -> Result<Stepped, Trouble> {
        match std::mem::replace(&mut self.stage, Stage::Ready) {
            Stage::Ready => self.read(site, wait),
            Stage::Read(load) => self.fold(site, load),
            Stage::Folded(load, changes) => self.commit(site, load, changes),
        }
    }

    fn read<F: Fold<Fact = T>, S: Source<Fact = T>>(
        &mut self,
        site: &mut Site<F, S>,
        wait: Duration,
    ) -> Result<Stepped, Trouble> {
        if site.shared.store.has_failed() {
            let what = "a query could not be answered";
            return Err(Trouble::Store(StoreError::failed(what)));
        }
        if self.housekept_at.elapsed() >= HOUSEKEEPING_EVERY {
            self.housekeep(site)?;
        }
        if self.pauses_for_space(site) {
            return Ok(Stepped::Blocked);
        }
        self.audit.step(&site.shared.store, AUDIT_STEP)?;
        let wait = wait.min(self.has_time(&site.options));
        let at_once = (site.options.poll_records_max, site.options.poll_bytes_max);
        match site.source.next(&self.read, at_once, wait)? {
            Got::Batches(batches) => {
                let last = batches.last().map(|batch| batch.through.clone());
                let through = self.read.union(&last.unwrap_or_default());
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

    /// How long it may wait for facts.
    fn has_time(&self, options: &Options) -> Duration {
        match &self.index {
            _ if self.audit.under_way() => Duration::ZERO,
            Some(index) => index.is_due_in(&options.index).min(IDLE_WAIT),
            None => IDLE_WAIT,
        }
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
            indexer.map_or(Ok(()), |indexer| indexer.touched(fact, behind_store))
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
        let (records, keeps_up) = (load.records(), load.keeps_up());
        self.read = load.through;
        if let Some(index) = &mut self.index {
            index.written = index.written.union(&self.read);
            index.records += records;
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
    pub(super) fn stop<F: Fold<Fact = T>, S>(mut self, site: &Site<F, S>) {
        let committed = match &mut self.index {
            Some(index) if index.is_soon_committed() => index.commit(&site.shared).map(drop),
            _ => Ok(()),
        };
        if let Err(error) = committed {
            tracing::warn!(view = site.shared.name, %error, "index not committed at the stop");
        }
        if let Err(error) = site.shared.store.flush() {
            tracing::warn!(view = site.shared.name, %error, "store not flushed at the stop");
        }
    }

    /// Whether the disk is so full that the view had better wait.
    fn pauses_for_space<F: Fold<Fact = T>, S: Source<Fact = T>>(
        &mut self,
        site: &mut Site<F, S>,
    ) -> bool {
        let Ok(disk) = rustix::fs::statvfs(site.dir.path()) else {
            return false;
        };
        let free = disk.f_bavail.saturating_mul(disk.f_frsize);
        let pauses = free < site.options.disk_free_bytes_min;
        if pauses != self.paused {
            self.paused = pauses;
            self.publish(site);
            let view = site.shared.name;
            match pauses {
                true => tracing::warn!(view, free_bytes = free, "view pauses: disk almost full"),
                false => tracing::info!(view, free_bytes = free, "view resumes"),
            }
        }
        if pauses {
            site.source.pause();
        }
        pauses
    }

    fn commit_index_if_due<F: Fold, S>(
        &mut self,
        site: &Site<F, S>,
        caught_up: bool,
    ) -> Result<(), Trouble> {
        let Some(index) = &mut self.index else {
            return Ok(());
        };
        let is_due = index.is_due(&site.options.index, &site.shared, caught_up);
        if is_due && index.commit(&site.shared)? {
            self.publish(site);
        }
        Ok(())
    }

    /// Shows queries and waiters how far the view is.
    fn publish<F: Fold, S>(&mut self, site: &Site<F, S>) {
        let indexed = self.index.as_ref().map(|state| state.committed().clone());
        let caught_up = self.applied.covers_all(&self.target)
            && indexed
                .as_ref()
                .is_none_or(|indexed| indexed.covers_all(&self.target));
        let mut became_ready = false;
        site.shared.progress.send_modify(|progress| {
            became_ready = caught_up && !progress.ready;
            progress.applied.clone_from(&self.applied);
            progress.indexed = indexed.unwrap_or_default();
            progress.ready |= caught_up;
            progress.paused = self.paused;
        });
        if became_ready {
            let view = site.shared.name;
            tracing::info!(view, "view ready");
            metrics::gauge!("aftercall_view_rebuilding", "view" => view).set(0.0);
        }
    }

    fn housekeep<F: Fold, S>(&mut self, site: &Site<F, S>) -> Result<(), Trouble> {
        self.housekept_at = Instant::now();
        if let Some(index) = &mut self.index {
            index.check()?;
        }
        let view = site.shared.name;
        let shown = match &self.index {
            Some(index) => self.applied.intersection(index.committed()),
            None => self.applied.clone(),
        };
        let mut lag = site.shared.progress.borrow().lag;
        if let Some(told) = site.feed.ends.after(self.ends_seen) {
            self.ends_seen = told.number;
            match told.tails {
                Ok(tails) => {
                    lag.records = self.applied.behind(&tails);
                    lag.index_records = match self.index {
                        Some(_) => shown.behind(&tails),
                        None => 0,
                    };
                    self.freshness.saw(Positions::below(&tails), told.asked_at);
                }
                // The reader goes on by itself when the cluster is back. Meanwhile the age grows.
                Err(ReadError::Unavailable { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        lag.age = self.freshness.behind(&shown, Instant::now());
        metrics::gauge!("aftercall_view_lag_records", "view" => view).set(lag.records as f64);
        metrics::gauge!("aftercall_view_lag_seconds", "view" => view).set(lag.age.as_secs_f64());
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

/// A failed store is rebuilt; any other error is the record's.
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
