//! The view of all that is known of solutions.

use aftercall_ledger::{Accepted, Happening};
use aftercall_view::{ApplyError, Indexer, Projection, Txn};

use crate::fold;
use crate::index::Fields;

/// Raised with each change of the fold or of what is stored.
const VERSION: u32 = 8;

/// The view's fold and its index.
#[derive(Debug)]
pub(crate) struct KnowledgeView {
    fields: Fields,
}

impl KnowledgeView {
    pub(crate) fn new(fields: Fields) -> Self {
        Self { fields }
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
        fold::apply(fact, txn)
    }

    fn indexer(&mut self) -> Option<&mut dyn Indexer<Happening>> {
        Some(&mut self.fields)
    }
}
