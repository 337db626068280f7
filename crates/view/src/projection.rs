//! What a concrete view implements.

use std::collections::BTreeSet;

use bytes::Bytes;
use tantivy::TantivyDocument;

use crate::index::IndexSchema;
use crate::{FromRecord, Placed, Positions, Store, StoreError, Txn};

/// A fold of the accepted facts into a store, run by [`Feed::spawn`](crate::Feed::spawn) on a thread
/// of its own.
///
/// The fold must be a function of the facts alone: the same log gives the same store, however it is
/// cut into batches, and whenever it runs. It looks nothing up elsewhere, reads no clock, and does
/// not fail on a legal log. Whether a fact counts is not its to judge: the [`Judge`](crate::Judge)
/// has.
pub trait Projection: Send + 'static {
    /// What the log's records say.
    type Fact: FromRecord;

    /// The view's name: names its directory, its metrics and its log lines.
    fn name(&self) -> &'static str;

    /// The version of the store's layout and of the fold. A view built by another version is
    /// deleted and rebuilt.
    fn version(&self) -> u32;

    /// Called when the store has been opened, or begun anew after damage, before any fact is
    /// applied: what the projection keeps in memory must be loaded from `store` here, and what it
    /// kept before must be dropped.
    fn opened(&mut self, store: &Store, applied: &Positions) -> Result<(), ApplyError> {
        let _ = (store, applied);
        Ok(())
    }

    /// Applies one fact. Called for each accepted fact once, in the order of its partition.
    ///
    /// # Errors
    /// After an error the view does not go on: it is for logs that this program can't read. Errors of the
    /// store are passed on as they are.
    fn apply(&mut self, fact: &Placed<Self::Fact>, txn: &mut Txn<'_>) -> Result<(), ApplyError>;

    /// Called when all facts of a batch are applied, before it is committed: for what follows from all that the batch
    /// changed, and need not be said after each fact. It must leave what it would leave after each of them, so that the
    /// store is the same however the log is cut. Touches nothing.
    ///
    /// # Errors
    /// As [`Projection::apply`].
    fn finish(&mut self, txn: &mut Txn<'_>) -> Result<(), ApplyError> {
        let _ = txn;
        Ok(())
    }

    /// Called when a batch is in the store, and queries can see it. `applied` is what the store is
    /// complete through.
    fn committed(&mut self, applied: &Positions) {
        let _ = applied;
    }

    /// The view's search index, if it has one.
    fn indexer(&mut self) -> Option<&mut dyn Indexer<Self::Fact>> {
        None
    }
}

/// How a view's search index is made from its store.
///
/// [`Projection::apply`] names the documents that a fact touches by [`Txn::touch`]. Before the index's next commit
/// every touched document is made anew by [`Indexer::document`], once, from the store's state: soon while the view keeps
/// up, after many batches while it is far behind.
pub trait Indexer<F> {
    /// The index's schema. Asked for at each opening.
    fn schema(&self) -> IndexSchema;

    /// Adds the keys of all documents that `fact` can touch to `touched`: asked only for facts that
    /// the store holds already but the index may not, so that `txn` may know of later ones, too. May name more than
    /// `apply` did.
    fn touched(
        &mut self,
        fact: &Placed<F>,
        txn: &Txn<'_>,
        touched: &mut BTreeSet<Bytes>,
    ) -> Result<(), ApplyError>;

    /// The document `key` in the state of `txn`; none if there is no such document (any more). The
    /// key field is filled in by the run loop.
    fn document(
        &mut self,
        key: &[u8],
        txn: &Txn<'_>,
    ) -> Result<Option<TantivyDocument>, ApplyError>;
}

/// Why a record could not be applied.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// The view's own store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The record, or what the store holds, makes no sense to this program.
    #[error("the record can't be applied")]
    Record(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl ApplyError {
    /// A record that makes no sense, and why.
    pub fn record(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Record(cause.into())
    }
}
