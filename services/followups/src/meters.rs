//! What is measured, by name.

use std::time::Duration;

use aftercall_proto::event::v1::AlertsRouted;

/// Promises that are open.
pub(crate) fn open_promises(count: u64) {
    metrics::gauge!("aftercall_followups_open_promises").set(count as f64);
}

/// A lapse was appended, `lateness` after the due.
pub(crate) fn lapsed(lateness: Duration) {
    metrics::counter!("aftercall_followups_lapses_total").increment(1);
    metrics::histogram!("aftercall_followups_lapse_lateness_seconds").record(lateness);
}

/// It was decided who is told of alerts.
pub(crate) fn routed(routed: &AlertsRouted) {
    metrics::counter!("aftercall_followups_alerts_routed_total")
        .increment(routed.alerts.len() as u64);
    metrics::counter!("aftercall_followups_notifications_total")
        .increment(routed.notifications.len() as u64);
}

/// How many partitions' dues are this process's to watch.
pub(crate) fn partitions_held(count: usize) {
    metrics::gauge!("aftercall_partitions_held", "role" => "timers").set(count as f64);
}
