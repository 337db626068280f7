//! One session of a view: from an open store to a stop or a failure.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use aftercall_log::{Entry, Offset, Position, ReadError, Reader};
use bytes::Bytes;
use tokio::time::Instant;

use super::freshness::Freshness;
use super::tails::Tails;
use super::{IDLE_WAIT, Trouble, ViewError, Worker};
use crate::index::SearchIndex;
use crate::open::{Identity, is_ahead, write_checkpoint};
use crate::store::{Audit, Touch};
use crate::{ApplyError, Positions, Projection, StoreError, Txn};

/// How many entries are audited at a time between other work.
const AUDIT_STEP: usize = 256;

/// How often the gauges are set, and the free space looked at.
const HOUSEKEEPING_EVERY: Duration = Duration::from_secs(1);

/// How often a view that is behind says so.
const REPORT_EVERY: Duration = Duration::from_secs(10);

pub(super) struct Session<'w, P> {
    worker: &'w mut Worker<P>,
    identity: Identity,
    applied: Positions,
    audit: Audit,
    index: Option<IndexState>,
    reader: Box<dyn Reader>,
    /// Where the log ended when the session began.
    target: Positions,
    tails: Tails,
    freshness: Freshness,
    housekept_at: Instant,
    reported_at: Instant,
    /// The disk is almost full.
    paused: bool,
}

struct IndexState {
    index: SearchIndex,
    /// What the index will be complete through when it is committed.
    written: Positions,
    /// What the index may hold more of than it says: all that any session before this one can have
    /// read. A commit that fails half-way, and a crash after it, leave documents of later records
    /// behind. Nothing if the index began empty.
    doubted: Positions,
    /// How many records are written and not committed.
    records: u64,
    committed_at: Instant,
}

/// The records of one poll, and what they make the view complete through.
struct Batch {
    entries: Vec<Entry>,
    through: Positions,
    /// There was room for more.
    keeps_up: bool,
}

impl<'w, P: Projection> Session<'w, P> {
    pub(super) fn begin(
        worker: &'w mut Worker<P>,
        identity: Identity,
        applied: Positions,
        tails: &[Offset],
    ) -> Result<Option<Self>, Trouble> {
        let begun_at = Instant::now();
        let mut audit = Audit::begin();
        while audit.under_way() && begun_at.elapsed() < worker.options.check_wait {
            audit.step(&worker.shared.store, AUDIT_STEP)?;
        }
        let index = open_index(worker, tails)?;
        worker
            .projection
            .opened(&worker.shared.store, &applied)
            .map_err(begin_trouble)?;
        let start = index.as_ref().map_or_else(
            || applied.clone(),
            |index| applied.intersection(&index.written),
        );
        let from: Vec<_> = (0..worker.shared.log.partitions())
            .map(|partition| Position {
                partition,
                offset: start.next(partition),
            })
            .collect();
        let Some(reader) = worker.when_available(|log| log.reader(&from))? else {
            return Ok(None);
        };
        let log = Arc::clone(&worker.shared.log);
        let tails_of_log = Tails::of(log, identity.name).map_err(ViewError::Thread)?;
        let now = Instant::now();
        let mut session = Self {
            worker,
            identity,
            applied,
            audit,
            index,
            reader,
            target: Positions::below(tails),
            tails: tails_of_log,
            freshness: Freshness::new(now),
            housekept_at: now,
            reported_at: now,
            paused: false,
        };
        session.publish();
        session.housekeep()?;
        Ok(Some(session))
    }

    /// Runs until the view is to stop.
    pub(super) fn run(mut self) -> Result<(), Trouble> {
        while !self.worker.shared.stop.load(Ordering::Relaxed) {
            if self.worker.shared.store.has_failed() {
                return Err(Trouble::Store(StoreError::failed(
                    "a query could not be answered",
                )));
            }
            if self.housekept_at.elapsed() >= HOUSEKEEPING_EVERY {
                self.housekeep()?;
            }
            if self.pauses_for_space() {
                std::thread::sleep(IDLE_WAIT);
                continue;
            }
            let caught_up = match self.poll()? {
                None => true,
                Some(batch) => {
                    self.apply(&batch)?;
                    batch.keeps_up
                }
            };
            self.audit.step(&self.worker.shared.store, AUDIT_STEP)?;
            self.commit_index_if_due(caught_up)?;
        }
        self.commit_index()?;
        self.worker.shared.store.flush()?;
        Ok(())
    }

    /// Whether the disk is so full that the view had better wait.
    fn pauses_for_space(&mut self) -> bool {
        let Ok(disk) = rustix::fs::statvfs(self.worker.dir.path()) else {
            return false;
        };
        let free = disk.f_bavail.saturating_mul(disk.f_frsize);
        let pauses = free < self.worker.options.disk_free_bytes_min;
        if pauses != self.paused {
            self.paused = pauses;
            self.publish();
            let view = self.identity.name;
            match pauses {
                true => tracing::warn!(view, free_bytes = free, "view pauses: disk almost full"),
                false => tracing::info!(view, free_bytes = free, "view resumes"),
            }
        }
        pauses
    }

    /// The next records; none when all of the log is read.
    fn poll(&mut self) -> Result<Option<Batch>, ViewError> {
        let wait = match &self.index {
            _ if self.audit.under_way() => Duration::ZERO,
            Some(index) if index.records > 0 => {
                let due_in = self.worker.options.index.commit_every;
                due_in
                    .saturating_sub(index.committed_at.elapsed())
                    .min(IDLE_WAIT)
            }
            _ => IDLE_WAIT,
        };
        let options = &self.worker.options;
        let (records_max, bytes_max) = (options.poll_records_max, options.poll_bytes_max);
        let entries = match self.reader.next(records_max, bytes_max, wait) {
            // The reader goes on by itself when the cluster is back.
            Err(ReadError::Unavailable { .. }) => Vec::new(),
            read => read?,
        };
        let through = self.reader.positions().iter();
        let through = through.map(|at| (at.partition, at.offset)).collect();
        // Offsets without a record are passed over without one.
        if entries.is_empty() && self.applied.covers_all(&through) {
            return Ok(None);
        }
        let bytes = |entry: &Entry| entry.record.key.len() + entry.record.body.len();
        let filled =
            entries.len() >= records_max || entries.iter().map(bytes).sum::<usize>() >= bytes_max;
        Ok(Some(Batch {
            entries,
            through,
            keeps_up: !filled,
        }))
    }

    fn apply(&mut self, batch: &Batch) -> Result<(), Trouble> {
        let store = self.worker.shared.store.clone();
        let mut txn = Txn::new(&store);
        let mut behind_store = BTreeSet::new();
        for entry in &batch.entries {
            self.apply_one(entry, &mut txn, &mut behind_store)?;
        }
        self.write_documents(&mut txn, behind_store)?;
        let applied = self.applied.union(&batch.through);
        if applied != self.applied {
            write_checkpoint(self.identity, &applied, &mut txn);
            store.apply(txn.into_changes())?;
            self.applied = applied;
        }
        if let Some(index) = &mut self.index {
            index.written = index.written.union(&batch.through);
            index.records += batch.entries.len() as u64;
        }
        let records = batch.entries.len() as u64;
        metrics::counter!("aftercall_view_records_total", "view" => self.identity.name)
            .increment(records);
        self.publish();
        self.worker.projection.committed(&self.applied);
        Ok(())
    }

    /// Applies one record to the store, or, if the store has it, finds what it means for the
    /// index.
    fn apply_one(
        &mut self,
        entry: &Entry,
        txn: &mut Txn<'_>,
        behind_store: &mut BTreeSet<Bytes>,
    ) -> Result<(), Trouble> {
        let projection = &mut self.worker.projection;
        let indexed = match &self.index {
            Some(index) => index.written.covers(entry.position),
            None => true,
        };
        let outcome = if !self.applied.covers(entry.position) {
            let touched = txn.touched_len();
            let outcome = projection.apply(entry, txn);
            match &self.index {
                Some(_) if indexed => txn.forget_touched(touched),
                Some(index) if index.doubted.covers(entry.position) => {
                    txn.distrust_touched(touched);
                }
                _ => {}
            }
            outcome
        } else if indexed {
            Ok(())
        } else {
            projection
                .indexer()
                .map_or(Ok(()), |indexer| indexer.touched(entry, behind_store))
        };
        outcome.map_err(|error| trouble(entry, error))
    }

    /// Makes each touched document anew, from the state that this batch leaves behind.
    fn write_documents(
        &mut self,
        txn: &mut Txn<'_>,
        behind_store: BTreeSet<Bytes>,
    ) -> Result<(), Trouble> {
        let Some(state) = &mut self.index else {
            return Ok(());
        };
        let Some(indexer) = self.worker.projection.indexer() else {
            return Ok(());
        };
        let mut documents = txn.take_touched();
        documents.extend(behind_store.into_iter().map(|key| (key, Touch::Known)));
        for (key, touch) in documents {
            let document = indexer.document(&key, txn).map_err(begin_trouble)?;
            state.index.write(&key, document, touch)?;
        }
        Ok(())
    }

    fn commit_index_if_due(&mut self, caught_up: bool) -> Result<(), Trouble> {
        let Some(state) = &mut self.index else {
            return Ok(());
        };
        state.index.set_merges(caught_up);
        let options = &self.worker.options.index;
        let since = state.committed_at.elapsed();
        let wanted = || self.worker.shared.index_wanted.load(Ordering::Relaxed);
        let due = if caught_up {
            since >= options.commit_every || wanted()
        } else {
            since >= options.behind_commit_every || state.records >= options.behind_records_max
        };
        if due { self.commit_index() } else { Ok(()) }
    }

    fn commit_index(&mut self) -> Result<(), Trouble> {
        let Some(state) = &mut self.index else {
            return Ok(());
        };
        if state.written == *state.index.committed() {
            return Ok(());
        }
        self.worker
            .shared
            .index_wanted
            .store(false, Ordering::Relaxed);
        state.index.commit(&state.written)?;
        state.records = 0;
        state.committed_at = Instant::now();
        *self.worker.shared.published.write() = Some(state.index.snapshot());
        self.publish();
        Ok(())
    }

    /// Shows queries and waiters how far the view is.
    fn publish(&mut self) {
        let indexed = self
            .index
            .as_ref()
            .map(|state| state.index.committed().clone());
        let caught_up = self.applied.covers_all(&self.target)
            && indexed
                .as_ref()
                .is_none_or(|indexed| indexed.covers_all(&self.target));
        let mut became_ready = false;
        self.worker.shared.progress.send_modify(|progress| {
            became_ready = caught_up && !progress.ready;
            progress.applied.clone_from(&self.applied);
            progress.indexed = indexed.unwrap_or_default();
            progress.ready |= caught_up;
            progress.paused = self.paused;
        });
        if became_ready {
            tracing::info!(view = self.identity.name, "view ready");
            metrics::gauge!("aftercall_view_rebuilding", "view" => self.identity.name).set(0.0);
        }
    }

    fn housekeep(&mut self) -> Result<(), Trouble> {
        self.housekept_at = Instant::now();
        if let Some(state) = &mut self.index {
            state.index.await_check(Duration::ZERO)?;
        }
        let view = self.identity.name;
        let shown = match &self.index {
            Some(state) => self.applied.intersection(state.index.committed()),
            None => self.applied.clone(),
        };
        let mut lag = self.worker.shared.progress.borrow().lag;
        match self.tails.ask(self.housekept_at) {
            Some((asked_at, Ok(tails))) => {
                lag.records = self.applied.behind(&tails);
                lag.index_records = match self.index {
                    Some(_) => shown.behind(&tails),
                    None => 0,
                };
                self.freshness.saw(Positions::below(&tails), asked_at);
            }
            // The reader goes on by itself when the cluster is back. Meanwhile the age grows.
            None | Some((_, Err(ReadError::Unavailable { .. }))) => {}
            Some((_, Err(error))) => return Err(error.into()),
        }
        lag.age = self.freshness.behind(&shown, Instant::now());
        metrics::gauge!("aftercall_view_lag_records", "view" => view).set(lag.records as f64);
        metrics::gauge!("aftercall_view_lag_seconds", "view" => view).set(lag.age.as_secs_f64());
        // Nobody waits for it: whoever wants to know looks now and then.
        let progress = &self.worker.shared.progress;
        progress.send_if_modified(|progress| {
            progress.lag = lag;
            false
        });
        if !self.worker.shared.progress.borrow().ready {
            metrics::gauge!("aftercall_view_rebuilding", "view" => view).set(1.0);
            if self.reported_at.elapsed() >= REPORT_EVERY {
                self.reported_at = self.housekept_at;
                tracing::info!(view, lag_records = lag.records, "view catching up");
            }
        }
        Ok(())
    }
}

/// Opens the index, and empties one that is ahead of the log.
fn open_index<P: Projection>(
    worker: &mut Worker<P>,
    tails: &[Offset],
) -> Result<Option<IndexState>, Trouble> {
    let Some(indexer) = worker.projection.indexer() else {
        return Ok(None);
    };
    let dir = worker.dir.index();
    let log = &worker.shared.log;
    let options = &worker.options.index;
    let mut index = SearchIndex::open(&dir, indexer.schema(), log.id(), options)?;
    index.await_check(worker.options.check_wait)?;
    if is_ahead(tails, index.committed()) {
        drop(index);
        crate::index::remove_dir(&dir)?;
        index = SearchIndex::open(&dir, indexer.schema(), log.id(), options)?;
    }
    *worker.shared.published.write() = Some(index.snapshot());
    let written = index.committed().clone();
    let doubted = match index.is_new() {
        true => Positions::new(),
        false => Positions::below(tails),
    };
    Ok(Some(IndexState {
        index,
        written,
        doubted,
        records: 0,
        committed_at: Instant::now(),
    }))
}

/// A failed store is rebuilt; any other error is the record's.
fn trouble(entry: &Entry, error: ApplyError) -> Trouble {
    match error {
        ApplyError::Store(error @ StoreError::Failed(_)) => Trouble::Store(error),
        source => Trouble::Fatal(ViewError::Apply {
            at: entry.position,
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

impl From<ViewError> for Trouble {
    fn from(error: ViewError) -> Self {
        Self::Fatal(error)
    }
}
