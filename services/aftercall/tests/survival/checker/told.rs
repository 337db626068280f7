//! What is told of promises: warnings, who is told of alerts, and what webhooks and mails were sent.
//!
//! Most loads set nothing up by which any of it would come about, but logs that have it are read all the same.

use std::collections::{BTreeMap, HashMap, HashSet};

use aftercall_domain::ids::Namespace;
use aftercall_log::Position;
use aftercall_proto::cloud_event;
use aftercall_proto::envelope::Fact;
use aftercall_proto::event::v1::{
    AlertsRouted, CommitmentStageReached, Event, MailAttempted, WebhookAttempted, WebhookQueued,
};
use aftercall_proto::model::v1::{NotificationKind, Priority, RouteReason};
use serde_json::Value;

use super::Checker;
use super::kept_back::KeptBack;
use crate::journal::Entries;

/// The rule by whose alerts it is told that a promise was not kept.
pub(crate) const LATE: &str = "commitment.promise_lapsed";
/// The rule by whose alerts somebody is warned.
const AT_RISK: &str = "commitment.at_risk";
/// Whose alerts all of them are.
const TENANT: &str = "default";

/// What a webhook is to be told.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct News {
    /// The event's type.
    pub(crate) event_type: String,
    /// What it happened to.
    pub(crate) about: String,
    /// Of a message to a receiver, what it says.
    pub(crate) notification: Option<Value>,
}

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
    /// What webhooks are to be told, by the event's or the message's id.
    news: BTreeMap<String, News>,
    /// The alerts that were told to a receiver, or are held for it.
    reached: HashSet<(String, String)>,
    /// What is told later, or not at all.
    pub(super) kept_back: KeptBack,
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

    /// Notes what happened to a promise, and counts.
    pub(super) fn happened(&mut self, event: &Event) {
        let news = News {
            event_type: event.cloud_event_type().to_owned(),
            about: event.aggregate_id.clone(),
            notification: None,
        };
        self.news.insert(event.event_id.clone(), news);
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
            | Fact::CalendarFeedChanged(_)
            | Fact::CandidatesClaimed(_)
            | Fact::CandidatesReleased(_)
            | Fact::CandidatesPutOff(_)
            | Fact::CandidatesRejected(_)
            | Fact::CandidatesMerged(_)
            // Customers with whom too much went wrong: which they are, no load foresees.
            | Fact::ConcernRaised(_)
            | Fact::ConcernAcknowledged(_)
            | Fact::ConcernSnoozed(_)
            | Fact::ConcernClosed(_)
            | Fact::ConcernRetriggered(_)
            | Fact::ConcernResolved(_) => {}
            Fact::AlertRetriggered(gone_on) => {
                if self.counts(event) {
                    self.told.happened(event);
                    let alert_id = alert_id(&gone_on.rule, &event.aggregate_id);
                    let fault = self.told.kept_back.goes_on(&alert_id);
                    fault.into_iter().for_each(|what| self.fault(at, what));
                }
            }
            Fact::AlertFiredAgain(_) => {
                if self.counts(event) {
                    self.told.happened(event);
                }
            }
            Fact::AlertAcknowledged(seen) => {
                if self.counts(event) {
                    let alert_id = alert_id(&seen.rule, &event.aggregate_id);
                    self.told.kept_back.is_taken(alert_id);
                }
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

    /// What webhooks are to be told: lapses, warnings, alerts that go on, and messages to receivers.
    pub(crate) fn news(&self) -> &BTreeMap<String, News> {
        &self.told.news
    }

    /// What was not told to the last of those whom a house's policy names for promises of the priority P1: of those that
    /// nobody fulfilled, each lapse, and each warning where there is no lapse.
    pub(crate) fn kept_from(&self, receiver_id: &str, entries: &Entries) -> Vec<String> {
        let fulfilled = self.fulfilled(entries);
        let mut faults = Vec::new();
        for (id, interaction) in &entries.promises {
            let promise = entries.promise(id).expect("it was sent");
            let is_open = self.records.contains_key(interaction) && !fulfilled.contains(id);
            if promise.priority() != Priority::P1 || !is_open {
                continue;
            }
            let rule = match self.lapses.contains_key(&(id.clone(), 1)) {
                true => LATE,
                false => AT_RISK,
            };
            let alert = (alert_id(rule, id), receiver_id.to_owned());
            if !self.told.reached.contains(&alert) {
                faults.push(format!("{receiver_id} is not told of {rule} of {id}"));
            }
        }
        faults
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
        if !self.counts(event) {
            return;
        }
        self.told.happened(event);
        if !self.told.warnings.insert(warning) {
            self.fault(at, format!("{id} is warned of twice: {reached:?}"));
        }
    }

    fn route(&mut self, at: Position, routed: &AlertsRouted) {
        for message in &routed.notifications {
            self.told.kept_back.tells(message);
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
            if !message.webhook_id.is_empty() {
                let news = News {
                    event_type: cloud_event::NOTIFICATION.to_owned(),
                    about: id.clone(),
                    notification: serde_json::to_value(message).ok(),
                };
                self.told.news.insert(id.clone(), news);
            }
        }
        for alert in &routed.alerts {
            let told = alert.verdicts.iter().filter(|verdict| {
                [RouteReason::Told, RouteReason::Held].contains(&verdict.reason())
            });
            let told = told.map(|verdict| (alert.alert_id.clone(), verdict.receiver_id.clone()));
            self.told.reached.extend(told);
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

/// The id of the first alert of a rule about a promise: these are kept for ever.
pub(crate) fn alert_id(rule: &str, commitment_id: &str) -> String {
    let key = [TENANT, rule, commitment_id].map(str::as_bytes);
    let key = Namespace::AlertKey.id(&key);
    let id = Namespace::Alert.id(&[&key.as_bytes()[..], &1_u32.to_be_bytes()]);
    id.to_string()
}
