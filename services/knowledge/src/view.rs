//! The view of all that is known of solutions.

use aftercall_ledger::{Accepted, Happening};
use aftercall_view::{ApplyError, Indexer, Positions, Projection, Store, Txn};

use crate::fold;
use crate::index::Fields;
use crate::notes::{Noted, Notes};

/// Raised with each change of the fold or of what is stored.
const VERSION: u32 = 17;

/// The view's fold and its index.
#[derive(Debug)]
pub(crate) struct KnowledgeView {
    fields: Fields,
    /// Where the keeper learns what was committed.
    notes: Notes,
    /// What is not committed yet.
    noted: Noted,
}

impl KnowledgeView {
    pub(crate) fn new(fields: Fields, notes: Notes) -> Self {
        Self {
            fields,
            notes,
            noted: Noted::default(),
        }
    }
}

impl Projection for KnowledgeView {
    type Fact = Happening;

    fn name(&self) -> &'static str {
        "knowledge"
    }

    fn version(&self) -> u32 {
        VERSION
    }

    fn apply(&mut self, fact: &Accepted, txn: &mut Txn<'_>) -> Result<(), ApplyError> {
        fold::apply(fact, txn, &mut self.noted)
    }

    fn finish(&mut self, txn: &mut Txn<'_>) -> Result<(), ApplyError> {
        fold::finish(&mut self.noted, txn)
    }

    fn opened(&mut self, _store: &Store, _applied: &Positions) -> Result<(), ApplyError> {
        self.noted = Noted::default();
        self.notes.leave(Noted::everything());
        Ok(())
    }

    fn committed(&mut self, _applied: &Positions) {
        self.notes.leave(std::mem::take(&mut self.noted));
    }

    fn indexer(&mut self) -> Option<&mut dyn Indexer<Happening>> {
        Some(&mut self.fields)
    }
}
