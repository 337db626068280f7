//! What is measured, by name.

use std::time::Duration;

use aftercall_proto::model::v1::WebhookDeliveryState as State;

/// An attempt ended; `lateness` is how long after its event was recorded it was made.
pub(crate) fn attempted(state: State, took: Duration, lateness: Duration) {
    metrics::counter!("aftercall_notify_attempts_total", "outcome" => outcome(state)).increment(1);
    metrics::histogram!("aftercall_notify_attempt_seconds").record(took);
    if state == State::Delivered {
        metrics::histogram!("aftercall_notify_lateness_seconds").record(lateness);
    }
}

/// It was tried to send a mail that tells of alerts.
pub(crate) fn mailed(state: State) {
    metrics::counter!("aftercall_notify_mails_total", "outcome" => outcome(state)).increment(1);
}

const fn outcome(state: State) -> &'static str {
    match state {
        State::Unspecified | State::Pending => "failed",
        State::Delivered => "delivered",
        State::Dead => "dead",
        State::Suppressed => "suppressed",
    }
}

/// Events were queued for webhooks.
pub(crate) fn queued(count: usize) {
    metrics::counter!("aftercall_notify_queued_total").increment(count as u64);
}

/// How many webhooks are this process's to send to.
pub(crate) fn webhooks_held(count: usize) {
    metrics::gauge!("aftercall_notify_webhooks_held").set(count as f64);
}
