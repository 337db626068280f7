//! What the log says, folded as simply as can be: no batches, no store, nothing shared with the folds
//! of the services.

use std::collections::{BTreeMap, BTreeSet};

use aftercall_domain::interaction::commitment_id;
use aftercall_log::Position;
use aftercall_proto::convert::time::from_wire;
use aftercall_proto::envelope::Fact;
use aftercall_proto::event::v1::{Event, InteractionRecorded};
use aftercall_proto::model::v1::{CommitmentClock, ExternalRef};
use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use prost::Message;
use uuid::Uuid;

use crate::client::watches::Change;
use crate::log::{Medium, Stored};

/// For how long the same request gets the first answer again.
const REQUESTS_KEPT: SignedDuration = SignedDuration::from_hours(7 * 24);

/// What counts, and what came of it.
#[derive(Debug, Default)]
pub(crate) struct Model {
    /// By the record's key and the contact's id.
    pub(crate) contacts: BTreeMap<(Bytes, String), Contact>,
    /// The other names that contacts brought, of each key.
    names: BTreeSet<(Bytes, String)>,
    /// The version of each customer's merges, and with whom it is merged, by tenant.
    merges: BTreeMap<(String, String), (u64, BTreeSet<String>)>,
    /// By tenant.
    pub(crate) solutions: BTreeSet<(String, String)>,
    /// What became of alerts, by tenant, and where it stands.
    pub(crate) alerts: Vec<(Position, String, Change)>,
    /// Which records count.
    pub(crate) counted: BTreeSet<Position>,
    /// Which requests did something, and when by its record: the sort of it, to whose, to what, and the
    /// request's id.
    requests: BTreeMap<(i32, Bytes, String, String), Timestamp>,
}

#[derive(Debug)]
pub(crate) struct Contact {
    pub(crate) tenant_id: String,
    pub(crate) position: Position,
    pub(crate) recorded_at: Timestamp,
    pub(crate) hash: Bytes,
    pub(crate) version: u64,
    pub(crate) reference: Option<ExternalRef>,
    /// Empty while it is nobody's.
    pub(crate) customer_id: String,
    pub(crate) handles: Vec<String>,
    pub(crate) promises: Vec<Promise>,
}

#[derive(Debug)]
pub(crate) struct Promise {
    pub(crate) id: String,
    pub(crate) version: u64,
    /// As the customer was told.
    pub(crate) told: Due,
    /// As we set it on our own, while there is such a due.
    pub(crate) ours: Due,
    /// The alerts that fired, by rule and revision, and whether their condition holds.
    pub(crate) alerts: Vec<(&'static str, u32, bool)>,
    /// How often a due was over too late, before anybody had said that it lapsed.
    pub(crate) late_ends: usize,
    pub(crate) is_open: bool,
}

/// A due of a promise.
#[derive(Debug, Default)]
pub(crate) struct Due {
    /// None if there is none.
    pub(crate) at: Option<Timestamp>,
    pub(crate) revision: u32,
    pub(crate) lapsed: bool,
    /// For each revision that is over, what the clocks had shown then.
    ends: BTreeMap<u32, Vec<Timestamp>>,
}

/// The rules by whose alerts lapses are told.
pub(crate) const LATE: &str = "commitment.promise_lapsed";
const OURS_LATE: &str = "commitment.target_lapsed";

impl Due {
    /// It is over: whether that was late, and nobody had said so.
    fn end(&mut self, open_until: Timestamp, stored: &Stored) -> usize {
        self.ends.insert(self.revision, stored.clocks.clone());
        usize::from(self.is_late_at(open_until))
    }

    /// Whether it has passed, and nobody has said so.
    pub(crate) fn is_late_at(&self, now: Timestamp) -> bool {
        !self.lapsed && self.at.is_some_and(|at| now > at)
    }

    fn move_to(&mut self, at: Option<Timestamp>) {
        self.revision += u32::from(at.is_some());
        (self.at, self.lapsed) = (at, false);
    }
}

impl Promise {
    fn due(&mut self, clock: CommitmentClock) -> (&mut Due, &'static str) {
        match clock {
            CommitmentClock::Internal => (&mut self.ours, OURS_LATE),
            _ => (&mut self.told, LATE),
        }
    }

    /// Both dues are over.
    fn end(&mut self, open_until: Timestamp, stored: &Stored) {
        self.late_ends += self.told.end(open_until, stored) + self.ours.end(open_until, stored);
    }

    /// The conditions of alerts are gone: which did hold.
    fn resolve(&mut self, rule: Option<&'static str>) -> Vec<(&'static str, u32, bool)> {
        let mut resolved = Vec::new();
        for alert in &mut self.alerts {
            if alert.2 && rule.is_none_or(|rule| rule == alert.0) {
                alert.2 = false;
                resolved.push(*alert);
            }
        }
        resolved
    }
}

impl Model {
    /// Folds all that is durable.
    ///
    /// # Errors
    /// What no record may be: unreadable, a lapse too early, or one of a promise that was kept.
    pub(crate) fn of(medium: &Medium) -> Result<Self, String> {
        let mut model = Self::default();
        for partition in (0..).take(medium.tails().len()) {
            for (offset, stored) in (0..).zip(medium.read(partition, 0)) {
                let position = Position { partition, offset };
                model.take(position, &stored)?;
            }
        }
        Ok(model)
    }

    fn take(&mut self, position: Position, stored: &Stored) -> Result<(), String> {
        let decoded = Event::decode(stored.record.body.clone());
        let event = decoded.map_err(|error| format!("{position:?} is no event: {error}"))?;
        let fact = event
            .fact()
            .map_err(|error| format!("{position:?}: {error}"))?;
        let fact = fact.ok_or_else(|| format!("{position:?} says nothing"))?;
        if let Fact::CommitmentLapsed(_) = &fact {
            self.check_lapse(position, &event, &fact, stored)?;
        }
        let counts = match &fact {
            Fact::InteractionRecorded(recorded) => self.record(position, &event, recorded, stored),
            Fact::InteractionAmended(_) => self.next(&event, stored, |_| ()),
            Fact::InteractionIdentified(identified) => self.next(&event, stored, |contact| {
                contact.customer_id.clone_from(&identified.customer_id);
            }),
            Fact::CustomersMerged(merged) => {
                self.merge(&event, &merged.merged_customer_id, BTreeSet::insert)
            }
            Fact::CustomersUnmerged(unmerged) => {
                self.merge(&event, &unmerged.merged_customer_id, |with, other| {
                    with.remove(&other)
                })
            }
            Fact::SolutionPublished(_) => {
                let solution = (event.tenant_id.clone(), event.aggregate_id.clone());
                self.solutions.insert(solution)
            }
            fact => self.follow(position, &event, fact, stored),
        };
        match counts {
            true => self.count(position, &event, stored),
            false => Ok(()),
        }
    }

    /// What counts was asked for once: a request is known for some days.
    fn count(&mut self, position: Position, event: &Event, stored: &Stored) -> Result<(), String> {
        self.counted.insert(position);
        if event.request_id.is_empty() {
            return Ok(());
        }
        let of = (stored.record.key.clone(), event.aggregate_id.clone());
        let request = (event.r#type, of.0, of.1, event.request_id.clone());
        let now = at(event.recorded_at);
        let before = self.requests.insert(request, now);
        match before.filter(|before| now.duration_since(*before) < REQUESTS_KEPT) {
            Some(before) => Err(format!(
                "a request of {before} did something again: {position:?}, {event:?}"
            )),
            None => Ok(()),
        }
    }

    fn record(
        &mut self,
        position: Position,
        event: &Event,
        recorded: &InteractionRecorded,
        stored: &Stored,
    ) -> bool {
        let Some(interaction) = &recorded.interaction else {
            return false;
        };
        let whose = &stored.record.key;
        let key = (whose.clone(), event.aggregate_id.clone());
        let id = Uuid::try_parse(&event.aggregate_id).unwrap_or_default();
        let drafts = interaction.commitments.iter().enumerate();
        let given = drafts
            .filter(|(index, draft)| {
                draft.commitment_id != commitment_id(&event.tenant_id, id, *index).to_string()
            })
            .map(|(_, draft)| draft.commitment_id.clone());
        let reference = interaction.external_ref.iter();
        let reference = reference.map(|one| format!("{}/{}", one.source_system, one.external_id));
        let brought: Vec<_> = given
            .chain(reference)
            .map(|name| (whose.clone(), name))
            .collect();
        if self.contacts.contains_key(&key) || brought.iter().any(|name| self.names.contains(name))
        {
            return false;
        }
        self.names.extend(brought);
        let promises = interaction.commitments.iter().map(|draft| Promise {
            id: draft.commitment_id.clone(),
            version: 1,
            told: Due {
                at: Some(at(draft.promised_by)),
                revision: 1,
                ..Due::default()
            },
            ours: Due::default(),
            alerts: Vec::new(),
            late_ends: 0,
            is_open: true,
        });
        let customer = interaction.customer.clone().unwrap_or_default();
        let handles = customer.handles.into_iter().map(|handle| handle.value);
        let contact = Contact {
            tenant_id: event.tenant_id.clone(),
            handles: handles.collect(),
            position,
            recorded_at: at(event.recorded_at),
            hash: event.request_hash.clone(),
            version: 1,
            reference: interaction.external_ref.clone(),
            customer_id: customer.customer_id,
            promises: promises.collect(),
        };
        self.contacts.insert(key, contact);
        true
    }

    /// The next event of a contact's own.
    fn next(&mut self, event: &Event, stored: &Stored, change: impl FnOnce(&mut Contact)) -> bool {
        let key = (stored.record.key.clone(), event.aggregate_id.clone());
        match self.contacts.get_mut(&key) {
            Some(contact) if contact.version + 1 == event.sequence => {
                contact.version += 1;
                change(contact);
                true
            }
            _ => false,
        }
    }

    fn promise(&mut self, event: &Event, stored: &Stored) -> Option<&mut Promise> {
        let key = (stored.record.key.clone(), event.interaction_id.clone());
        let contact = self.contacts.get_mut(&key)?;
        let mut promises = contact.promises.iter_mut();
        promises.find(|promise| promise.id == event.aggregate_id)
    }

    fn follow(&mut self, position: Position, event: &Event, fact: &Fact, stored: &Stored) -> bool {
        let Some(promise) = self.promise(event, stored) else {
            return false;
        };
        if promise.version + 1 != event.sequence || !promise.is_open {
            return false;
        }
        let changed = match fact {
            Fact::CommitmentLapsed(lapsed) => {
                let lapse = lapsed.lapse.unwrap_or_default();
                let (due, rule) = promise.due(lapse.clock());
                if due.lapsed || lapse.due_revision != due.revision {
                    return false;
                }
                due.lapsed = true;
                let mut changed = match rule {
                    LATE => promise.resolve(Some(OURS_LATE)),
                    _ => Vec::new(),
                };
                promise.alerts.push((rule, lapse.due_revision, true));
                changed.push((rule, lapse.due_revision, true));
                changed
            }
            Fact::CommitmentRescheduled(moved) => {
                let moved = moved.reschedule.clone().unwrap_or_default();
                let (now, to) = (at(event.recorded_at), Some(at(moved.to_due)));
                match moved.clock() {
                    CommitmentClock::Internal => {
                        promise.late_ends += promise.ours.end(now, stored);
                        promise.ours.move_to(to);
                        promise.resolve(Some(OURS_LATE))
                    }
                    _ => {
                        promise.end(now, stored);
                        promise.told.move_to(to);
                        promise.ours.move_to(None);
                        promise.resolve(None)
                    }
                }
            }
            fact => {
                let until = match fact {
                    Fact::CommitmentFulfilled(fulfilled) => fulfilled.fulfilled_at,
                    _ => event.recorded_at,
                };
                promise.end(at(until), stored);
                promise.is_open = false;
                promise.resolve(None)
            }
        };
        promise.version += 1;
        let (promise, contact) = (event.aggregate_id.clone(), event.interaction_id.clone());
        let changed = changed.into_iter().map(|(rule, revision, holds)| {
            let change = (
                promise.clone(),
                contact.clone(),
                rule.to_owned(),
                revision,
                holds,
            );
            (position, event.tenant_id.clone(), change)
        });
        self.alerts.extend(changed);
        true
    }

    /// A lapse is asked for after its due, and not if the end of that due was durable before any
    /// clock of its writer had shown that it has passed.
    fn check_lapse(
        &mut self,
        position: Position,
        event: &Event,
        fact: &Fact,
        stored: &Stored,
    ) -> Result<(), String> {
        let Fact::CommitmentLapsed(lapsed) = fact else {
            return Ok(());
        };
        let lapse = lapsed.lapse.unwrap_or_default();
        let due = at(lapse.lapsed_at);
        if stored.asked_at <= due {
            let asked_at = stored.asked_at;
            return Err(format!(
                "{position:?}: a lapse at {asked_at}, and its due is {due}"
            ));
        }
        let promise = self.promise(event, stored);
        let promise = promise.ok_or_else(|| format!("{position:?}: a lapse of no promise"))?;
        let ended = promise.due(lapse.clock()).0.ends.get(&lapse.due_revision);
        match ended.and_then(|clocks| clocks.get(stored.by)) {
            Some(clock) if *clock < due => Err(format!(
                "{position:?}: a lapse of a promise that was kept: {promise:?}"
            )),
            _ => Ok(()),
        }
    }

    fn merge(
        &mut self,
        event: &Event,
        other: &str,
        change: impl FnOnce(&mut BTreeSet<String>, String) -> bool,
    ) -> bool {
        let customer = (event.tenant_id.clone(), event.aggregate_id.clone());
        let entry = self.merges.entry(customer).or_default();
        if entry.0 + 1 != event.sequence || !change(&mut entry.1, other.to_owned()) {
            return false;
        }
        entry.0 += 1;
        true
    }

    /// The contact that an id names: of several, the one that was recorded first.
    pub(crate) fn first(&self, tenant_id: &str, id: &str) -> Option<&Contact> {
        let mut named: Vec<&Contact> = self
            .contacts_of(tenant_id)
            .filter_map(|(one, contact)| (one == id).then_some(contact))
            .collect();
        named.sort_by_key(|contact| (contact.recorded_at, contact.position));
        named.first().copied()
    }

    /// A tenant's contacts, with their ids.
    pub(crate) fn contacts_of(&self, tenant_id: &str) -> impl Iterator<Item = (&String, &Contact)> {
        let contacts = self.contacts.iter();
        let of_tenant = move |contact: &Contact| contact.tenant_id == tenant_id;
        contacts.filter_map(move |((_, id), contact)| of_tenant(contact).then_some((id, contact)))
    }

    /// The customer, and all that are one with it.
    pub(crate) fn merged_with(&self, tenant_id: &str, customer_id: &str) -> BTreeSet<String> {
        let mut known = BTreeSet::from([customer_id.to_owned()]);
        let mut known_before = 0;
        while known.len() > known_before {
            known_before = known.len();
            for ((tenant, first), (_, others)) in &self.merges {
                for other in others.iter().filter(|_| tenant == tenant_id) {
                    if known.contains(first) || known.contains(other) {
                        known.extend([first.clone(), other.clone()]);
                    }
                }
            }
        }
        known
    }
}

fn at(wire: Option<pbjson_types::Timestamp>) -> Timestamp {
    wire.as_ref().and_then(from_wire).unwrap_or(Timestamp::MIN)
}
