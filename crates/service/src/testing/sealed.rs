//! Events as a log holds them.

use aftercall_log::Record;
use aftercall_proto::envelope::Fact;
use jiff::Timestamp;

use crate::seal::{Author, Sealing};

/// The log's record of the event of this place among those of an aggregate, which concerns that alone, and
/// answers nobody.
///
/// # Panics
/// When the fact is larger than the log's records may be.
pub fn sealed(
    by: Author<'_>,
    (aggregate_id, sequence): (&str, u64),
    now: Timestamp,
    fact: &Fact,
) -> Record {
    let sealing = Sealing {
        by,
        aggregate_id,
        interaction_id: "",
        customer_id: "",
        sequence,
        occurred_at: now,
        recorded_at: now,
        import_batch: "",
        request: None,
    };
    let record = sealing.seal(fact);
    record.expect("a fact that fits into a record")
}
