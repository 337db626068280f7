//! What is told of promises: warnings, who is told of alerts, and what webhooks and mails were sent.
//!
//! The load sets nothing up by which any of it would come about, but logs that have it are read all the same.

use std::collections::{HashMap, HashSet};

use aftercall_log::Position;
use aftercall_proto::envelope::Fact;
use aftercall_proto::event::v1::{
    AlertsRouted, CommitmentStageReached, Event, MailAttempted, WebhookAttempted, WebhookQueued,
};
use aftercall_proto::model::v1::NotificationKind;

use super::Checker;
use crate::journal::Entries;

/// The rule by whose alerts it is told that a promise was not kept.
const LATE: &str = "commitment.promise_lapsed";

/// What was told, as far as the log was read.
#[derive(Debug, Default)]
pub(super) struct Told {
    /// How many events made each of what tells, by its kind and id.
    versions: HashMap<(i32, String), u64>,
    /// The warnings that were given, by promise, clock, revision and stage.
    warnings: HashSet<(String, i32, u32, String)>,
    /// The messages that were decided on, by their ids.
    messages: HashSet<String>,
    /// Which lapses they tell of, and where.
    lapses: Vec<(Position, String, u32)>,
    /// The number of each webhook's last message, and the events that it is told of.
    queues: HashMap<String, (u64, HashSet<String>)>,
}

impl Told {
    /// Whether the event is the next of what tells. If not, it lost a race, and every reader ignores it.
    fn is_next(&mut self, event: &Event) -> bool {
        let of = (event.aggregate_kind, event.aggregate_id.clone());
        let version = self.versions.entry(of).or_default();
        let is_next = event.sequence == *version + 1;
        *version += u64::from(is_next);
        is_next
    }
}

impl Checker {
    /// Takes what is told; says whether it is that.
    pub(super) fn tells(
        &mut self,
        at: Position,
        event: &Event,
        fact: &Fact,
        entries: &Entries,
    ) -> bool {
        match fact {
            Fact::SettingsChanged(_)
            | Fact::WebhookChanged(_)
            | Fact::WebhookReplayed(_)
            | Fact::CalendarFeedChanged(_) => {}
            Fact::AlertRetriggered(_) | Fact::AlertFiredAgain(_) => {
                self.counts(event);
            }
            Fact::CommitmentStageReached(reached) => self.warn(at, event, reached, entries),
            Fact::AlertsRouted(routed) if self.told.is_next(event) => self.route(at, routed),
            Fact::WebhookQueued(queued) if self.told.is_next(event) => {
                self.queue(at, event, queued);
            }
            Fact::WebhookAttempted(attempted) => self.try_webhook(at, event, attempted),
            Fact::MailAttempted(attempted) => self.try_mail(at, attempted),
            Fact::AlertsRouted(_) | Fact::WebhookQueued(_) => {}
            _ => return false,
        }
        true
    }

    /// Lapses that somebody was told of, and that never were. What was read of one partition may tell of another one's:
    /// so this is asked in the end.
    pub(crate) fn told_and_never_was(&self) -> Vec<String> {
        let lapses = self.told.lapses.iter();
        let never =
            lapses.filter(|(_, id, revision)| !self.lapses.contains_key(&(id.clone(), *revision)));
        let never = never.map(|(at, id, _)| {
            format!(
                "{}: somebody is told that {id} lapsed, and it did not",
                super::shown(*at)
            )
        });
        never.collect()
    }

    fn warn(
        &mut self,
        at: Position,
        event: &Event,
        reached: &CommitmentStageReached,
        entries: &Entries,
    ) {
        let id = event.aggregate_id.clone();
        if entries.promise(&id).is_none() {
            return self.fault(at, format!("{id} is warned of, and was never promised"));
        }
        let seconds =
            |at: &Option<pbjson_types::Timestamp>| at.as_ref().map(|at| (at.seconds, at.nanos));
        if seconds(&event.recorded_at) < seconds(&reached.reached_at) {
            self.fault(at, format!("{id} is warned of before its time"));
        }
        let stage_id = reached.stage_id.clone();
        let warning = (id.clone(), reached.clock, reached.due_revision, stage_id);
        if self.counts(event) && !self.told.warnings.insert(warning) {
            self.fault(at, format!("{id} is warned of twice: {reached:?}"));
        }
    }

    fn route(&mut self, at: Position, routed: &AlertsRouted) {
        for message in &routed.notifications {
            let id = &message.notification_id;
            if !self.told.messages.insert(id.clone()) {
                self.fault(at, format!("message {id} is decided on twice"));
            }
            let needs_somebody = message
                .alerts
                .iter()
                .filter(|alert| alert.kind() != NotificationKind::Resolved && alert.rule == LATE);
            let promises = needs_somebody.filter_map(|alert| alert.promise.as_ref());
            let lapses =
                promises.map(|promise| (at, promise.commitment_id.clone(), promise.due_revision));
            self.told.lapses.extend(lapses);
        }
    }

    /// A webhook's messages have numbers without gaps, and it is told of each event once.
    fn queue(&mut self, at: Position, event: &Event, queued: &WebhookQueued) {
        let webhook = event.aggregate_id.clone();
        let deliveries = queued.deliveries.iter();
        for delivery in deliveries.filter_map(|one| one.delivery.as_ref()) {
            let (last, events) = self.told.queues.entry(webhook.clone()).or_default();
            let follows = delivery.sequence == *last + 1;
            *last = delivery.sequence;
            let is_new = events.insert(delivery.event_id.clone());
            if !follows || !is_new {
                self.fault(
                    at,
                    format!("webhook {webhook}: a gap, or a message twice: {delivery:?}"),
                );
            }
        }
    }

    fn try_webhook(&mut self, at: Position, event: &Event, attempted: &WebhookAttempted) {
        let queued = self.told.queues.get(&event.aggregate_id);
        let last = queued.map_or(0, |queue| queue.0);
        let early = attempted
            .attempts
            .iter()
            .find(|attempt| attempt.sequence > last);
        if let Some(early) = early {
            self.fault(at, format!("sent before it was queued: {early:?}"));
        }
    }

    fn try_mail(&mut self, at: Position, attempted: &MailAttempted) {
        let mut mails = attempted.attempts.iter();
        let unknown = mails.find(|mail| !self.told.messages.contains(&mail.notification_id));
        if let Some(unknown) = unknown {
            self.fault(at, format!("mailed, and nobody decided so: {unknown:?}"));
        }
    }
}
