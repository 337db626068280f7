//! Whom receivers reach: what goes to a webhook that is not in use reaches nobody.

use super::{House, Route, Why, on_level};
use crate::alert::Alert;
use crate::commitment::AlertState;
use crate::setting::Receiver;

impl House {
    /// Whether what a receiver is told goes anywhere: it is in use, and takes mail, or its webhook is in use. One that
    /// names neither is told all the same: whoever reads the decisions sees to it.
    pub fn reaches(&self, receiver_id: &str) -> bool {
        let receiver = self.receivers.get(receiver_id);
        receiver.is_some_and(|(_, receiver)| {
            !receiver.mail_address.is_empty() || self.idle_webhook(receiver).is_none()
        })
    }

    /// Whether something of an alert is held for a receiver that reaches nobody any more.
    pub fn strands(&self, route: &Route) -> bool {
        let mut held = route.told.iter().filter(|told| told.held);
        held.any(|told| !self.reaches(&told.receiver_id))
    }

    /// Whether somebody is to be told of an alert on its level, as the house is set up now, and can be.
    pub fn finds_somebody(&self, alert: &Alert) -> bool {
        alert.state == AlertState::Triggered && self.reaches_of(alert)
    }

    /// Whether the level of an alert reaches somebody, as the house is set up now, whether or not somebody has taken it.
    pub(super) fn reaches_of(&self, alert: &Alert) -> bool {
        !on_level(alert, alert.level, self).is_empty()
    }

    /// Why a receiver reaches nobody, or not by its webhook; none if there is nothing to say.
    pub(super) fn unreached(&self, receiver_id: &str) -> Option<Why> {
        let Some((_, receiver)) = self.receivers.get(receiver_id) else {
            return Some(Why::NoReceiver);
        };
        let webhook_id = self.idle_webhook(receiver)?.to_owned();
        Some(Why::WebhookNotInUse { webhook_id })
    }

    /// The webhook that a receiver names although it is not in use.
    fn idle_webhook<'r>(&self, receiver: &'r Receiver) -> Option<&'r str> {
        let id = receiver.webhook_id.as_str();
        (!id.is_empty() && !self.webhooks.contains(id)).then_some(id)
    }
}
