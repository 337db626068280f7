//! The search index of a session, written beside its store.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use tokio::time::Instant;

use super::super::retry::Retry;
use super::super::{Fold, IDLE_WAIT, Source, Trouble, ViewError};
use super::{Session, Site, begin_trouble};
use crate::handle::Shared;
use crate::index::{IndexError, IndexOptions, IndexSchema, SearchIndex, remove_dir};
use crate::store::Touch;
use crate::{Cause, Indexer, Positions, Txn};

/// A commit of so few records takes no time.
const SOON_COMMITTED_RECORDS: u64 = 2_048;

/// How many documents are made at a time between other work: they take no time, and little room.
const DOCUMENTS_AT_ONCE: usize = 1_024;

/// How many documents may wait to be made. A key of a contact takes about 100 bytes here.
const TOUCHED_MAX: usize = 1 << 18;

/// A view that is far behind commits once what it has written is such a part of what is still to come.
const PART_OF_WHAT_COMES: u64 = 4;

/// However far it is behind, it commits after so many records.
const FAR_BEHIND_RECORDS_MAX: u64 = 1_000_000;

/// An index, and how far it is.
#[derive(Default)]
pub(super) struct IndexState {
    /// None while it can't be opened, for want of room or of anything else. The view reads nothing then,
    /// and its store and the last snapshot answer.
    index: Option<SearchIndex>,
    /// What its last commit is complete through.
    committed: Positions,
    /// What the index will be complete through when it is committed.
    pub(super) written: Positions,
    /// What the index may hold more of than it says: all that was ever read before it was opened. A
    /// commit that fails half-way, and a crash after it, leave documents of later records behind. Nothing
    /// if the index began empty.
    pub(super) doubted: Positions,
    /// Searches are answered once it is complete through this: one that is begun anew beside a store that
    /// is not new would answer as if nothing were there.
    shown_from: Positions,
    /// The documents that were touched since the last commit and may have been there before. Each is made once, before
    /// the next commit, however often it is touched until then.
    touched: BTreeSet<Bytes>,
    /// A commit has begun: the touched documents are made, some at a time.
    is_committing: bool,
    /// How many records, and bytes of them, are written and not committed.
    records: u64,
    bytes: u64,
    committed_at: Option<Instant>,
    /// When it is opened again.
    pub(super) retry: Retry,
    /// It was closed for want of room.
    pub(super) lacks_room: bool,
}

impl IndexState {
    pub(super) fn is_open(&self) -> bool {
        self.index.is_some()
    }

    /// Whether it may be opened again now.
    pub(super) fn is_due_again(&self) -> bool {
        self.retry.is_due(Instant::now())
    }

    /// Opens the view's index beside a store that is complete through `applied`. One that is ahead of
    /// what the log has, or had when it was last read, is begun anew.
    pub(super) fn open<F: Fold, S>(
        &mut self,
        site: &mut Site<F, S>,
        log_has: Positions,
        applied: &Positions,
    ) -> Result<(), Trouble> {
        let Some(indexer) = site.fold.indexer() else {
            return Ok(());
        };
        let schema = indexer.schema();
        let dir = site.dir.index();
        let open = || {
            SearchIndex::open(
                &dir,
                schema.clone(),
                &site.identity.log,
                &site.options.index,
            )
        };
        let mut index = match open() {
            Ok(index) => index,
            Err(error) => {
                self.show_as_it_is(site, &schema, &log_has)?;
                return Err(error.into());
            }
        };
        index.await_check(site.options.check_wait)?;
        if !log_has.covers_all(index.committed()) {
            drop(index);
            remove_dir(&dir)?;
            index = open()?;
        }
        self.committed = index.committed().clone();
        self.written = self.committed.clone();
        (self.doubted, self.shown_from) = match index.is_new() {
            true => (Positions::new(), applied.clone()),
            false => (log_has, Positions::new()),
        };
        (self.records, self.bytes) = (0, 0);
        self.committed_at = Some(Instant::now());
        self.lacks_room = false;
        self.index = Some(index);
        self.show(&site.shared);
        Ok(())
    }

    /// Closes an index that failed, and clears away one that is damaged; says why it is missed, unless it
    /// is for want of room.
    pub(super) fn close<F: Fold, S>(
        &mut self,
        site: &Site<F, S>,
        error: IndexError,
    ) -> Option<Arc<ViewError>> {
        self.index = None;
        self.touched.clear();
        self.is_committing = false;
        let view = site.shared.name;
        let pause = self.retry.failed(Instant::now());
        self.lacks_room = error.cause() == Cause::Full;
        match error.cause() {
            Cause::Full => {
                tracing::warn!(view, %error, ?pause, "view pauses: no room for its index")
            }
            Cause::Unclear => {
                tracing::warn!(view, %error, ?pause, "index closed, to be opened again")
            }
            Cause::Damaged => {
                tracing::warn!(view, %error, ?pause, "index damaged, rebuilding it");
                *site.shared.published.write() = None;
                self.committed = Positions::new();
                if let Err(error) = remove_dir(&site.dir.index()) {
                    tracing::warn!(view, %error, "damaged index not removed");
                }
            }
        }
        (!self.lacks_room).then(|| Arc::new(ViewError::Index(error)))
    }

    /// Lets searches see what was committed in an index that can't be written now.
    fn show_as_it_is<F: Fold, S>(
        &mut self,
        site: &Site<F, S>,
        schema: &IndexSchema,
        log_has: &Positions,
    ) -> Result<(), IndexError> {
        if site.shared.published.read().is_some() {
            return Ok(());
        }
        let there = SearchIndex::peek(&site.dir.index(), schema, &site.identity.log)?;
        if let Some(there) = there.filter(|there| log_has.covers_all(&there.complete_through)) {
            self.committed = there.complete_through.clone();
            *site.shared.published.write() = Some(there);
        }
        Ok(())
    }

    /// Lets searches see the last commit.
    fn show(&mut self, shared: &Shared) {
        if let Some(index) = &self.index
            && self.committed.covers_all(&self.shown_from)
        {
            self.shown_from = Positions::new();
            let shown = index.snapshot();
            let before = shared.published.write().replace(shown);
            // Outside of the lock: to let go of it takes a while, and this thread gives way to those who wait for the lock.
            drop(before);
        }
    }

    /// What the last commit is complete through.
    pub(super) fn committed(&self) -> &Positions {
        &self.committed
    }

    /// How many bytes must be free to write what is in memory.
    pub(super) fn reserve_bytes(&self, options: &IndexOptions) -> u64 {
        self.bytes.min(options.memory_bytes as u64)
    }

    /// Takes note that so much was written.
    pub(super) fn wrote(&mut self, through: &Positions, records: u64, bytes: u64) {
        self.written = self.written.union(through);
        self.records += records;
        self.bytes += bytes;
    }

    /// Takes note of the documents that a batch touched. One that the index can't hold yet is made at once, from the
    /// state that the batch leaves behind: it is seldom touched again before the next commit.
    pub(super) fn write<T>(
        &mut self,
        indexer: &mut dyn Indexer<T>,
        touched: BTreeMap<Bytes, Touch>,
        txn: &Txn<'_>,
    ) -> Result<(), Trouble> {
        let Some(index) = &mut self.index else {
            return Err(IndexError::closed().into());
        };
        for (key, touch) in touched {
            if touch == Touch::Known || self.touched.contains(&key) {
                self.touched.insert(key);
                continue;
            }
            let document = indexer.document(&key, txn).map_err(begin_trouble)?;
            index.write(&key, document, touch)?;
        }
        Ok(())
    }

    /// In how long it is to be committed, while the view keeps up.
    pub(super) fn is_due_in(&self, options: &IndexOptions) -> Duration {
        match self.records {
            0 => IDLE_WAIT,
            _ => options.commit_every.saturating_sub(self.age()),
        }
    }

    /// Whether it is to be committed now. `to_come` tells how many records are not read yet, as far as that is known,
    /// and nothing while the view keeps up.
    pub(super) fn is_due(
        &mut self,
        options: &IndexOptions,
        shared: &Shared,
        to_come: Option<u64>,
    ) -> bool {
        self.set_merges(to_come.is_none());
        let since = self.age();
        let wanted = || shared.index_wanted.load(Ordering::Relaxed);
        let Some(to_come) = to_come else {
            return since >= options.commit_every || wanted();
        };
        // Who is far behind shows nobody much by a little more. What is touched meanwhile is made once.
        let worth_it = (to_come / PART_OF_WHAT_COMES).min(FAR_BEHIND_RECORDS_MAX);
        let is_due =
            since >= options.behind_commit_every || self.records >= options.behind_records_max;
        self.touched.len() >= TOUCHED_MAX || (is_due && self.records >= worth_it)
    }

    /// Whether a commit has begun and is not done.
    pub(super) fn is_committing(&self) -> bool {
        self.is_committing
    }

    /// How long ago the last commit was.
    fn age(&self) -> Duration {
        self.committed_at.map_or(Duration::ZERO, |at| at.elapsed())
    }

    /// Whether segments are merged from here on.
    pub(super) fn set_merges(&mut self, merges: bool) {
        if let Some(index) = &mut self.index {
            index.set_merges(merges);
        }
    }

    /// Whether a commit is a matter of a moment.
    pub(super) fn is_soon_committed(&self) -> bool {
        self.records <= SOON_COMMITTED_RECORDS
    }

    /// Makes some of the touched documents anew, from the store's state, and what was written visible once none is left;
    /// says whether more is visible now.
    pub(super) fn commit<T>(
        &mut self,
        indexer: &mut dyn Indexer<T>,
        shared: &Shared,
    ) -> Result<bool, Trouble> {
        let Some(index) = &mut self.index else {
            return Ok(false);
        };
        let txn = Txn::new(&shared.store);
        for _ in 0..DOCUMENTS_AT_ONCE {
            let Some(key) = self.touched.pop_first() else {
                break;
            };
            let document = indexer.document(&key, &txn).map_err(begin_trouble)?;
            index.write(&key, document, Touch::Known)?;
        }
        self.is_committing = !self.touched.is_empty();
        if self.is_committing {
            return Ok(false);
        }
        let has_more = self.written != self.committed;
        if has_more {
            shared.index_wanted.store(false, Ordering::Relaxed);
            index.commit(&self.written)?;
            self.committed.clone_from(&self.written);
            (self.records, self.bytes) = (0, 0);
            self.committed_at = Some(Instant::now());
            self.show(shared);
        }
        self.retry.succeeded();
        Ok(has_more)
    }

    /// Looks whether the files of the last session have turned out to be damaged.
    pub(super) fn check(&mut self) -> Result<(), IndexError> {
        let index = self.index.as_mut();
        index.map_or(Ok(()), |index| index.await_check(Duration::ZERO))
    }
}

impl<T> Session<T> {
    /// Whether the index is open, or was opened now.
    pub(super) fn has_index<F: Fold<Fact = T>, S: Source<Fact = T>>(
        &mut self,
        site: &mut Site<F, S>,
    ) -> Result<bool, Trouble> {
        match self.index.as_ref().is_none_or(IndexState::is_open) {
            true => Ok(true),
            false => self.begin_folding(site),
        }
    }

    pub(super) fn commit_index_if_due<F: Fold<Fact = T>, S>(
        &mut self,
        site: &mut Site<F, S>,
        caught_up: bool,
    ) -> Result<(), Trouble> {
        let to_come = (!caught_up).then(|| self.read.behind(&self.tails));
        let Some(index) = &mut self.index else {
            return Ok(());
        };
        match index.is_due(&site.options.index, &site.shared, to_come) {
            true => self.commit_index(site),
            false => Ok(()),
        }
    }

    /// Commits the index, or takes a step towards it, and shows that.
    pub(super) fn commit_index<F: Fold<Fact = T>, S>(
        &mut self,
        site: &mut Site<F, S>,
    ) -> Result<(), Trouble> {
        let (Some(index), Some(indexer)) = (&mut self.index, site.fold.indexer()) else {
            return Ok(());
        };
        if index.commit(indexer, &site.shared)? {
            self.publish(site);
        }
        Ok(())
    }

    /// Commits the index if few documents are to be made before.
    pub(super) fn commit_index_if_few<F: Fold<Fact = T>, S>(
        &mut self,
        site: &mut Site<F, S>,
    ) -> Result<(), Trouble> {
        let is_few = |index: &IndexState| index.touched.len() <= DOCUMENTS_AT_ONCE;
        match self.index.as_ref().is_some_and(is_few) {
            true => self.commit_index(site),
            false => Ok(()),
        }
    }
}
