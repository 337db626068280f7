//! What counts, decided as naively as can be: with everything in memory, one partition after the
//! other, and promises as they are, not in short.

use std::collections::{BTreeMap, BTreeSet};

use aftercall_domain::commitment::{Commitment, Folded};
use aftercall_domain::interaction::{commitment_id, id_of_reference, is_ours};
use aftercall_log::{Entry, Position};
use aftercall_proto::convert::commitment::{later_event, made};
use aftercall_proto::envelope::Fact;
use aftercall_proto::event::v1::{AggregateKind, Event, InteractionRecorded};
use bytes::Bytes;
use prost::Message;
use uuid::Uuid;

use crate::written::TENANT;

/// A key of the log, and an id: an id names something only together with whose it is.
type Name = (Bytes, Uuid);

#[derive(Default)]
pub(crate) struct Model {
    /// Which contacts there are, and in which version.
    contacts: BTreeMap<Name, u64>,
    /// Of which contact a promise is, and what has become of it.
    promises: BTreeMap<(Bytes, Uuid, String), Commitment>,
    /// Ids of contacts and of their references.
    ids: BTreeSet<Name>,
    /// Ids of promises that callers gave.
    given: BTreeSet<Name>,
    solutions: BTreeMap<String, u64>,
    /// In which version a customer is, and with whom it is one.
    customers: BTreeMap<String, (u64, BTreeSet<String>)>,
    /// How often settings changed.
    settings: u64,
    /// By what sort of thing it is, and its id.
    counted: BTreeMap<(Bytes, i32, String), u64>,
    /// What counts, and what views are told.
    pub(crate) accepted: BTreeSet<Position>,
    pub(crate) told: BTreeSet<Position>,
}

impl Model {
    /// Judges all of a log, each partition in its order.
    pub(crate) fn of(log: &[Entry]) -> Self {
        let mut model = Self::default();
        for entry in log {
            let event = Event::decode(entry.record.body.clone()).unwrap();
            let fact = event.fact().unwrap();
            if model.counts(entry.record.key.clone(), &event, fact.as_ref()) {
                model.accepted.insert(entry.position);
                if fact.is_some() {
                    model.told.insert(entry.position);
                }
            }
        }
        model
    }

    fn counts(&mut self, key: Bytes, event: &Event, fact: Option<&Fact>) -> bool {
        let interaction = Uuid::parse_str(&event.interaction_id).unwrap_or_default();
        let contact = (key.clone(), interaction);
        match (event.aggregate_kind(), fact) {
            (AggregateKind::Interaction, Some(Fact::InteractionRecorded(recorded))) => {
                self.records(contact, event, recorded)
            }
            (AggregateKind::Interaction, None) if event.sequence == 1 => self.begins(contact),
            (AggregateKind::Interaction, _) => match self.contacts.get_mut(&contact) {
                Some(version) if event.sequence == *version + 1 => {
                    *version += 1;
                    true
                }
                _ => false,
            },
            (AggregateKind::Commitment, fact) => {
                let name = (key, interaction, event.aggregate_id.clone());
                let Some(promise) = self.promises.get_mut(&name) else {
                    return false;
                };
                match fact {
                    Some(fact) => {
                        let step = later_event(event, fact).unwrap();
                        promise.apply(&step) == Folded::Applied
                    }
                    None if event.sequence == promise.version + 1 => {
                        promise.version += 1;
                        true
                    }
                    None => false,
                }
            }
            (AggregateKind::Solution, _) => self.publishes(event),
            (AggregateKind::Customer, fact) => self.merges(event, fact),
            (AggregateKind::Settings, _) => {
                let counts = event.sequence == self.settings + 1;
                self.settings += u64::from(counts);
                counts
            }
            (
                AggregateKind::Repeat
                | AggregateKind::Webhook
                | AggregateKind::WebhookQueue
                | AggregateKind::WebhookOutcomes
                | AggregateKind::MailOutcomes
                | AggregateKind::CalendarFeed
                | AggregateKind::Candidate
                | AggregateKind::Search
                | AggregateKind::Link
                | AggregateKind::Cause
                | AggregateKind::Problem
                | AggregateKind::Export
                | AggregateKind::Concern
                | AggregateKind::AlertRoutes,
                _,
            ) => self.is_next(key, event),
            // A call stands under the key of a contact of nobody.
            (AggregateKind::Call, _) => event.customer_id.is_empty(),
            (AggregateKind::Unspecified, _) => true,
        }
    }

    fn merges(&mut self, event: &Event, fact: Option<&Fact>) -> bool {
        let customer = self.customers.entry(event.aggregate_id.clone());
        let (version, merged) = customer.or_default();
        let counts = event.sequence == *version + 1
            && match fact {
                Some(Fact::CustomersMerged(one)) => merged.insert(one.merged_customer_id.clone()),
                Some(Fact::CustomersUnmerged(one)) => merged.remove(&one.merged_customer_id),
                _ => true,
            };
        *version += u64::from(counts);
        counts
    }

    fn publishes(&mut self, event: &Event) -> bool {
        let solutions = self.solutions.entry(event.aggregate_id.clone());
        let version = solutions.or_default();
        let counts = event.sequence == *version + 1;
        *version += u64::from(counts);
        counts
    }

    /// Whether it is the next one of a thing that only counts its events, of its key.
    fn is_next(&mut self, key: Bytes, event: &Event) -> bool {
        let counted = (key, event.aggregate_kind, event.aggregate_id.clone());
        let happened = self.counted.entry(counted).or_default();
        let counts = event.sequence == *happened + 1;
        *happened += u64::from(counts);
        counts
    }

    fn begins(&mut self, contact: Name) -> bool {
        let is_new = self.ids.insert(contact.clone());
        if is_new {
            self.contacts.insert(contact, 1);
        }
        is_new
    }

    fn records(&mut self, contact: Name, event: &Event, recorded: &InteractionRecorded) -> bool {
        let (key, id) = contact.clone();
        let interaction = recorded.interaction.as_ref().unwrap();
        let reference = interaction.external_ref.as_ref();
        let reference = reference
            .map(|one| id_of_reference(TENANT, &one.source_system, &one.external_id))
            .filter(|reference| *reference != id);
        let mut given = BTreeSet::new();
        for (index, draft) in interaction.commitments.iter().enumerate() {
            let promise = Uuid::parse_str(&draft.commitment_id).unwrap();
            if promise == commitment_id(TENANT, id, index) {
                continue;
            }
            if is_ours(promise) {
                return false;
            }
            given.insert((key.clone(), promise));
        }
        let taken = reference.is_some_and(|id| self.ids.contains(&(key.clone(), id)));
        if taken || !self.given.is_disjoint(&given) || !self.begins(contact) {
            return false;
        }
        self.ids.extend(reference.map(|id| (key.clone(), id)));
        self.given.extend(given);
        for made in made(event, recorded) {
            let name = (key.clone(), id, made.commitment_id.clone());
            self.promises.insert(name, Commitment::new(made));
        }
        true
    }
}
