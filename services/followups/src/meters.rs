//! What is measured, by name.

use std::time::Duration;

/// Promises that are open.
pub(crate) fn open_promises(count: u64) {
    metrics::gauge!("aftercall_followups_open_promises").set(count as f64);
}

/// A lapse was appended, `lateness` after the due.
pub(crate) fn lapsed(lateness: Duration) {
    metrics::counter!("aftercall_followups_lapses_total").increment(1);
    metrics::histogram!("aftercall_followups_lapse_lateness_seconds").record(lateness);
}

/// How many partitions' dues are this process's to watch.
pub(crate) fn partitions_held(count: usize) {
    metrics::gauge!("aftercall_partitions_held", "role" => "timers").set(count as f64);
}
