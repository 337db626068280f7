//! The search index of a session, written beside its store.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::time::Duration;

use aftercall_log::Offset;
use bytes::Bytes;
use tokio::time::Instant;

use super::super::{Fold, IDLE_WAIT, Trouble};
use super::{Site, begin_trouble};
use crate::handle::Shared;
use crate::index::{IndexError, IndexOptions, SearchIndex, remove_dir};
use crate::open::is_ahead;
use crate::store::Touch;
use crate::{Indexer, Positions, Txn};

/// A commit of so few records takes no time.
const SOON_COMMITTED_RECORDS: u64 = 2_048;

/// An index, and how far it is.
pub(super) struct IndexState {
    index: SearchIndex,
    /// What the index will be complete through when it is committed.
    pub(super) written: Positions,
    /// What the index may hold more of than it says: all that any session before this one can have
    /// read. A commit that fails half-way, and a crash after it, leave documents of later records
    /// behind. Nothing if the index began empty.
    pub(super) doubted: Positions,
    /// How many records are written and not committed.
    pub(super) records: u64,
    committed_at: Instant,
}

impl IndexState {
    /// Opens the view's index, if it has one, and empties one that is ahead of the log.
    pub(super) fn open<F: Fold, S>(
        site: &mut Site<F, S>,
        tails: &[Offset],
    ) -> Result<Option<Self>, Trouble> {
        let Some(indexer) = site.fold.indexer() else {
            return Ok(None);
        };
        let dir = site.dir.index();
        let log = &site.identity.log;
        let options = &site.options.index;
        let mut index = SearchIndex::open(&dir, indexer.schema(), log, options)?;
        index.await_check(site.options.check_wait)?;
        if is_ahead(tails, index.committed()) {
            drop(index);
            remove_dir(&dir)?;
            index = SearchIndex::open(&dir, indexer.schema(), log, options)?;
        }
        *site.shared.published.write() = Some(index.snapshot());
        let written = index.committed().clone();
        let doubted = match index.is_new() {
            true => Positions::new(),
            false => Positions::below(tails),
        };
        Ok(Some(Self {
            index,
            written,
            doubted,
            records: 0,
            committed_at: Instant::now(),
        }))
    }

    pub(super) fn committed(&self) -> &Positions {
        self.index.committed()
    }

    /// Makes each touched document anew, from the state that a batch leaves behind.
    pub(super) fn write<T>(
        &mut self,
        indexer: &mut dyn Indexer<T>,
        touched: BTreeMap<Bytes, Touch>,
        txn: &Txn<'_>,
    ) -> Result<(), Trouble> {
        for (key, touch) in touched {
            let document = indexer.document(&key, txn).map_err(begin_trouble)?;
            self.index.write(&key, document, touch)?;
        }
        Ok(())
    }

    /// In how long it is to be committed, while the view keeps up.
    pub(super) fn is_due_in(&self, options: &IndexOptions) -> Duration {
        match self.records {
            0 => IDLE_WAIT,
            _ => options
                .commit_every
                .saturating_sub(self.committed_at.elapsed()),
        }
    }

    /// Whether it is to be committed now.
    pub(super) fn is_due(
        &mut self,
        options: &IndexOptions,
        shared: &Shared,
        caught_up: bool,
    ) -> bool {
        self.index.set_merges(caught_up);
        let since = self.committed_at.elapsed();
        let wanted = || shared.index_wanted.load(Ordering::Relaxed);
        match caught_up {
            true => since >= options.commit_every || wanted(),
            false => {
                since >= options.behind_commit_every || self.records >= options.behind_records_max
            }
        }
    }

    /// Whether a commit is a matter of a moment.
    pub(super) fn is_soon_committed(&self) -> bool {
        self.records <= SOON_COMMITTED_RECORDS
    }

    /// Makes what was written visible; says whether there was anything.
    pub(super) fn commit(&mut self, shared: &Shared) -> Result<bool, IndexError> {
        if self.written == *self.index.committed() {
            return Ok(false);
        }
        shared.index_wanted.store(false, Ordering::Relaxed);
        self.index.commit(&self.written)?;
        self.records = 0;
        self.committed_at = Instant::now();
        *shared.published.write() = Some(self.index.snapshot());
        Ok(true)
    }

    /// Looks whether the files of the last session have turned out to be damaged.
    pub(super) fn check(&mut self) -> Result<(), IndexError> {
        self.index.await_check(Duration::ZERO)
    }
}
