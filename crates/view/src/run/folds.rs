//! What is done with facts: a view folds the accepted ones, the ledger judges all.

use std::sync::Arc;

use crate::feed::{Batch, Feed};
use crate::judge::refused_key;
use crate::{
    ApplyError, FromRecord, Indexer, Judge, Placed, Positions, Projection, Store, Txn, Verdict,
};

/// What a worker does with facts, and where it keeps it.
pub(crate) trait Fold: Send + 'static {
    type Fact: FromRecord;

    fn version(&self) -> u32;

    /// The version of the judge whose decisions it is given.
    fn judged_by(&self) -> u32;

    fn opened(&mut self, store: &Store, applied: &Positions) -> Result<(), ApplyError>;

    fn apply(&mut self, fact: &Placed<Self::Fact>, txn: &mut Txn<'_>) -> Result<(), ApplyError>;

    /// All facts of a batch are applied.
    fn finish(&mut self, txn: &mut Txn<'_>) -> Result<(), ApplyError>;

    /// Queries see what these batches made; the store is complete through `applied`.
    fn committed(&mut self, applied: &Positions, batches: Vec<Arc<Batch<Self::Fact>>>);

    /// The store is closed, because it failed.
    fn closed(&mut self) {}

    fn indexer(&mut self) -> Option<&mut dyn Indexer<Self::Fact>>;
}

/// A view of what was accepted, by a judge of that version.
pub(crate) struct Viewing<P>(pub(crate) P, pub(crate) u32);

impl<P: Projection> Fold for Viewing<P> {
    type Fact = P::Fact;

    fn version(&self) -> u32 {
        self.0.version()
    }

    fn judged_by(&self) -> u32 {
        self.1
    }

    fn opened(&mut self, store: &Store, applied: &Positions) -> Result<(), ApplyError> {
        self.0.opened(store, applied)
    }

    fn apply(&mut self, fact: &Placed<P::Fact>, txn: &mut Txn<'_>) -> Result<(), ApplyError> {
        self.0.apply(fact, txn)
    }

    fn finish(&mut self, txn: &mut Txn<'_>) -> Result<(), ApplyError> {
        self.0.finish(txn)
    }

    fn committed(&mut self, applied: &Positions, _: Vec<Arc<Batch<P::Fact>>>) {
        self.0.committed(applied);
    }

    fn indexer(&mut self) -> Option<&mut dyn Indexer<P::Fact>> {
        self.0.indexer()
    }
}

/// The ledger.
pub(crate) struct Judging<J: Judge> {
    judge: J,
    feed: Feed<J::Fact>,
    /// Of each fact that was judged and is not committed, whether views are told.
    tells: Vec<bool>,
}

impl<J: Judge> Judging<J> {
    pub(crate) fn new(judge: J, feed: Feed<J::Fact>) -> Self {
        Self {
            judge,
            feed,
            tells: Vec::new(),
        }
    }
}

impl<J: Judge> Fold for Judging<J> {
    type Fact = J::Fact;

    fn version(&self) -> u32 {
        self.judge.version()
    }

    fn judged_by(&self) -> u32 {
        0
    }

    fn opened(&mut self, store: &Store, applied: &Positions) -> Result<(), ApplyError> {
        self.tells.clear();
        self.feed.0.ring.lock().reset(applied.clone());
        self.judge.opened(store, applied)
    }

    fn apply(&mut self, fact: &Placed<J::Fact>, txn: &mut Txn<'_>) -> Result<(), ApplyError> {
        let accepted = match self.judge.judge(fact, txn)? {
            Verdict::Accepted => true,
            Verdict::Refused(reason) => {
                let key = refused_key(fact.position.partition, fact.position.offset);
                txn.put_own(key, reason.as_bytes().into());
                let refused =
                    metrics::counter!("aftercall_ledger_refused_total", "reason" => reason);
                refused.increment(1);
                false
            }
        };
        self.tells.push(accepted && fact.is_for_views());
        Ok(())
    }

    fn finish(&mut self, _: &mut Txn<'_>) -> Result<(), ApplyError> {
        Ok(())
    }

    fn committed(&mut self, _: &Positions, batches: Vec<Arc<Batch<J::Fact>>>) {
        for batch in batches {
            self.feed.tell(&batch.facts);
            // Nobody else has it yet.
            let Ok(mut batch) = Arc::try_unwrap(batch) else {
                continue;
            };
            let mut tells = self.tells.drain(..batch.facts.len());
            batch.facts.retain(|_| tells.next() == Some(true));
            drop(tells);
            self.feed.0.ring.lock().push(batch);
            self.feed.0.pushed.notify_all();
            self.feed.make_room();
        }
    }

    fn closed(&mut self) {
        self.feed.0.ring.lock().reset(Positions::new());
    }

    fn indexer(&mut self) -> Option<&mut dyn Indexer<J::Fact>> {
        None
    }
}
