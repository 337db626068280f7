//! Events as a log holds them.

use aftercall_log::Record;
use aftercall_proto::envelope::Fact;
use jiff::Timestamp;

use crate::seal::{Author, Sealing};

/// The log's record of an event of this place among those of an aggregate, as of [`Sealing::alone`].
///
/// # Panics
/// When the fact is larger than the log's records may be.
pub fn sealed(by: Author<'_>, of: (&str, u64), now: Timestamp, fact: &Fact) -> Record {
    let record = Sealing::alone(by, of, now).seal(fact);
    record.expect("a fact that fits into a record")
}
