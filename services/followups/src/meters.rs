//! What is measured, by name.

use std::time::Duration;

use aftercall_proto::event::v1::AlertsRouted;
use aftercall_proto::model::v1::RouteReason;

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
    let unreached = routed.alerts.iter().filter(|alert| {
        let mut verdicts = alert.verdicts.iter();
        verdicts.any(|one| one.receiver_id.is_empty() && one.reason() == RouteReason::NoReceiver)
    });
    nobody("no_receiver", unreached.count());
}

/// So many alerts are to be written that fire, or go on, and of which nobody is told: nothing is set up for them.
pub(crate) fn untold(count: usize) {
    nobody("no_policy", count);
}

/// So many alerts reach nobody: counted again whenever that is decided.
fn nobody(reason: &'static str, count: usize) {
    if count > 0 {
        metrics::counter!("aftercall_followups_alerts_reaching_nobody_total", "reason" => reason)
            .increment(count as u64);
    }
}

/// How many partitions' dues are this process's to watch.
pub(crate) fn partitions_held(count: usize) {
    metrics::gauge!("aftercall_partitions_held", "role" => "timers").set(count as f64);
}
