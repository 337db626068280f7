//! The view of all that is known of solutions.

use aftercall_log::Entry;
use aftercall_view::{ApplyError, Indexer, Projection, Txn};

use crate::fold;
use crate::index::Fields;

/// Raised with each change of the fold or of what is stored.
const VERSION: u32 = 2;

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
    fn name(&self) -> &'static str {
        "knowledge"
    }

    fn version(&self) -> u32 {
        VERSION
    }

    fn apply(&mut self, entry: &Entry, txn: &mut Txn<'_>) -> Result<(), ApplyError> {
        fold::apply(entry, txn)
    }

    fn indexer(&mut self) -> Option<&mut dyn Indexer> {
        Some(&mut self.fields)
    }
}
