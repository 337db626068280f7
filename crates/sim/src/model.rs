//! What the log says, folded as simply as can be: no batches, no store, nothing shared with the folds
//! of the services.

use std::collections::{BTreeMap, BTreeSet};

use aftercall_domain::interaction::commitment_id;
use aftercall_log::Position;
use aftercall_proto::convert::time::from_wire;
use aftercall_proto::envelope::Fact;
use aftercall_proto::event::v1::{Event, InteractionRecorded};
use aftercall_proto::model::v1::ExternalRef;
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
    pub(crate) due: Timestamp,
    pub(crate) revision: u32,
    pub(crate) lapsed: bool,
    /// The revisions of the due that passed.
    pub(crate) lapses: Vec<u32>,
    /// How often it was done, called off or moved too late, before anybody had said that it lapsed.
    pub(crate) late_ends: usize,
    pub(crate) is_open: bool,
    /// For each revision of the due that is over, what the clocks had shown then.
    ends: BTreeMap<u32, Vec<Timestamp>>,
}

impl Promise {
    /// Its present due is over.
    fn end(&mut self, open_until: Timestamp, stored: &Stored) {
        self.ends.insert(self.revision, stored.clocks.clone());
        self.late_ends += usize::from(!self.lapsed && open_until > self.due);
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
            due: at(draft.promised_by),
            revision: 1,
            lapsed: false,
            lapses: Vec::new(),
            late_ends: 0,
            is_open: true,
            ends: BTreeMap::new(),
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
        let (revision_before, lapsed_before) = (promise.revision, promise.lapsed);
        match fact {
            Fact::CommitmentLapsed(lapsed) => {
                let revision = lapsed.lapse.as_ref().map_or(0, |lapse| lapse.due_revision);
                if promise.lapsed || revision != promise.revision {
                    return false;
                }
                promise.lapsed = true;
                promise.lapses.push(revision);
            }
            Fact::CommitmentRescheduled(moved) => {
                promise.end(at(event.recorded_at), stored);
                let moved = moved.reschedule.clone().unwrap_or_default();
                promise.revision += 1;
                promise.due = at(moved.to_due);
                promise.lapsed = false;
            }
            Fact::CommitmentFulfilled(fulfilled) => {
                promise.end(at(fulfilled.fulfilled_at), stored);
                promise.is_open = false;
            }
            _ => {
                promise.end(at(event.recorded_at), stored);
                promise.is_open = false;
            }
        }
        promise.version += 1;
        let triggered = matches!(fact, Fact::CommitmentLapsed(_));
        if triggered || lapsed_before {
            let (promise, contact) = (event.aggregate_id.clone(), event.interaction_id.clone());
            let change = (promise, contact, revision_before, triggered);
            self.alerts
                .push((position, event.tenant_id.clone(), change));
        }
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
        let ended = promise.ends.get(&lapse.due_revision);
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
