//! What the log says, folded as simply as can be: no batches, no store, nothing shared with the folds
//! of the services.

mod alert;
mod asked;
mod follow;
mod promise;
mod series;

use std::collections::{BTreeMap, BTreeSet};

use aftercall_domain::interaction::commitment_id;
use aftercall_log::Position;
use aftercall_proto::convert::time::from_wire;
use aftercall_proto::envelope::Fact;
use aftercall_proto::event::v1::{AlertsRouted, CommitmentMade, Event, InteractionRecorded};
use aftercall_proto::model::v1::{Direction, ExternalRef, NotificationKind};
use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use prost::Message;
use uuid::Uuid;

use crate::client::watches::Change;
use crate::log::{Medium, Stored};
pub(crate) use promise::{Promise, State};
use series::Series;

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
    pub(crate) solutions: BTreeMap<(String, String), u64>,
    /// How often was decided on the candidates of a tenant's contact reason.
    decided: BTreeMap<(String, String), u64>,
    /// What became of alerts, by tenant, and where it stands.
    pub(crate) alerts: Vec<(Position, String, Change)>,
    /// Which records count.
    pub(crate) counted: BTreeSet<Position>,
    /// Which requests did something, and when by its record: the sort of it, to whose, to what, by whom, and
    /// the request's id.
    requests: BTreeMap<(i32, Bytes, String, String, String), Timestamp>,
    /// The version of each tenant's settings, and of who is told of its alerts.
    settings: BTreeMap<String, u64>,
    routes: BTreeMap<String, u64>,
    /// The alerts of which something was decided, by tenant and id.
    pub(crate) alerts_decided: BTreeSet<(String, String)>,
    /// The messages about alerts that were decided on, by tenant and id.
    pub(crate) messages: BTreeSet<(String, String)>,
    /// What they say needs somebody: by tenant, promise, rule and revision of the due.
    told: BTreeSet<(String, String, String, u32)>,
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
    /// Whether the customer reached out.
    pub(crate) is_inbound: bool,
    pub(crate) handles: Vec<String>,
    pub(crate) promises: Vec<Promise>,
    /// The promises that it follows up, by their ids.
    follows_up: Vec<String>,
    /// The series of its promises, by the first one's id.
    series: BTreeMap<String, Series>,
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
        self.check_lapse(position, &event, &fact, stored)?;
        let counts = match &fact {
            Fact::InteractionRecorded(recorded) => {
                self.record(position, &event, recorded, stored)?
            }
            Fact::InteractionAmended(_) | Fact::InteractionAnalysed(_) => {
                self.next(&event, stored, |_| ())
            }
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
            Fact::SettingsChanged(_) => {
                let of = event.tenant_id.clone();
                is_next(self.settings.entry(of).or_default(), &event)
            }
            Fact::CandidatesClaimed(_)
            | Fact::CandidatesReleased(_)
            | Fact::CandidatesPutOff(_)
            | Fact::CandidatesRejected(_)
            | Fact::CandidatesMerged(_)
            | Fact::ConcernRaised(_)
            | Fact::ConcernAcknowledged(_)
            | Fact::ConcernSnoozed(_)
            | Fact::ConcernClosed(_)
            | Fact::ConcernRetriggered(_)
            | Fact::ConcernResolved(_) => {
                let of = (event.tenant_id.clone(), event.aggregate_id.clone());
                is_next(self.decided.entry(of).or_default(), &event)
            }
            Fact::AlertsRouted(routed) => self.route(position, &event, routed)?,
            Fact::CommitmentMade(made) => self.make(&event, made, stored)?,
            Fact::SolutionPublished(_)
            | Fact::SolutionDrafted(_)
            | Fact::SolutionEdited(_)
            | Fact::SolutionSubmitted(_)
            | Fact::SolutionReturned(_)
            | Fact::SolutionApproved(_)
            | Fact::SolutionRetired(_)
            | Fact::SolutionVersionRecalled(_)
            | Fact::SolutionRestored(_)
            | Fact::SolutionMerged(_)
            | Fact::SolutionUnmerged(_)
            | Fact::SolutionConfidenceChanged(_)
            | Fact::SolutionFlagged(_)
            | Fact::SolutionFlagResolved(_)
            | Fact::SolutionVerified(_) => {
                let solution = (event.tenant_id.clone(), event.aggregate_id.clone());
                is_next(self.solutions.entry(solution).or_default(), &event)
            }
            fact => self.follow(position, &event, fact, stored)?,
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
        let (actor, id) = (event.actor_id.clone(), event.request_id.clone());
        let request = (event.r#type, of.0, of.1, actor, id);
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
    ) -> Result<bool, String> {
        let Some(interaction) = &recorded.interaction else {
            return Ok(false);
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
            return Ok(false);
        }
        self.names.extend(brought);
        let promises = interaction.commitments.iter().map(|draft| Promise {
            is_from_record: true,
            ..Promise::made(draft)
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
            is_inbound: interaction.direction() == Direction::Inbound,
            promises: promises.collect(),
            series: Series::begun(&interaction.commitments)?,
            follows_up: interaction
                .follow_ups
                .iter()
                .map(|one| one.commitment_id.clone())
                .collect(),
        };
        self.contacts.insert(key, contact);
        Ok(true)
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

    /// It is decided who is told of alerts: each message once.
    fn route(
        &mut self,
        position: Position,
        event: &Event,
        routed: &AlertsRouted,
    ) -> Result<bool, String> {
        let tenant_id = &event.tenant_id;
        let version = self.routes.entry(tenant_id.clone()).or_default();
        if *version + 1 != event.sequence {
            return Ok(false);
        }
        *version += 1;
        let decided = routed.alerts.iter();
        let decided = decided.map(|alert| (tenant_id.clone(), alert.alert_id.clone()));
        self.alerts_decided.extend(decided);
        for message in &routed.notifications {
            let id = (tenant_id.clone(), message.notification_id.clone());
            if !self.messages.insert(id) {
                return Err(format!(
                    "{position:?}: a message is decided on twice: {message:?}"
                ));
            }
            let needing = message.alerts.iter();
            let needing = needing.filter(|alert| alert.kind() != NotificationKind::Resolved);
            let told = needing.filter_map(|alert| {
                let promise = alert.promise.as_ref()?;
                let (id, revision) = (promise.commitment_id.clone(), promise.due_revision);
                Some((tenant_id.clone(), id, alert.rule.clone(), revision))
            });
            self.told.extend(told);
        }
        Ok(true)
    }

    /// A promise is made after its contact, or takes up one that has ended, or is the next one of a series.
    fn make(
        &mut self,
        event: &Event,
        made: &CommitmentMade,
        stored: &Stored,
    ) -> Result<bool, String> {
        let whose = stored.record.key.clone();
        let key = (whose.clone(), event.interaction_id.clone());
        let name = (whose, event.aggregate_id.clone());
        let Some(contact) = self.contacts.get_mut(&key) else {
            return Ok(false);
        };
        let is_theirs = contact.customer_id == event.customer_id;
        if !is_theirs || event.sequence != 1 || self.names.contains(&name) {
            return Ok(false);
        }
        if !made.reopens.is_empty() {
            let mut promises = contact.promises.iter_mut();
            let old = promises.find(|promise| promise.id == made.reopens);
            match old.filter(|old| !old.is_open() && !old.reopened) {
                Some(old) => old.reopened = true,
                None => return Ok(false),
            }
        }
        let draft = made.commitment.clone().unwrap_or_default();
        if !contact.go_on(made, &draft, event, stored)? {
            return Ok(false);
        }
        contact.promises.push(Promise::made(&draft));
        self.names.insert(name);
        Ok(true)
    }

    fn promise(&mut self, event: &Event, stored: &Stored) -> Option<&mut Promise> {
        let key = (stored.record.key.clone(), event.interaction_id.clone());
        let contact = self.contacts.get_mut(&key)?;
        let mut promises = contact.promises.iter_mut();
        promises.find(|promise| promise.id == event.aggregate_id)
    }

    fn follow(
        &mut self,
        position: Position,
        event: &Event,
        fact: &Fact,
        stored: &Stored,
    ) -> Result<bool, String> {
        let key = (stored.record.key.clone(), event.interaction_id.clone());
        let Some(contact) = self.contacts.get_mut(&key) else {
            return Ok(false);
        };
        let taken = contact.follow(fact, event, stored);
        let taken = taken.map_err(|wrong| format!("{position:?}: {wrong}"))?;
        let Some(changed) = taken else {
            return Ok(false);
        };
        let (promise, contact) = (event.aggregate_id.clone(), event.interaction_id.clone());
        let changed = changed.into_iter().map(|seen| {
            let change = seen.change(&promise, &contact);
            (position, event.tenant_id.clone(), change)
        });
        self.alerts.extend(changed);
        Ok(true)
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
        let ended = promise.due_mut(lapse.clock()).ends.get(&lapse.due_revision);
        match ended.and_then(|clocks| clocks.get(stored.by)) {
            Some(clock) if *clock < due => Err(format!(
                "{position:?}: a lapse of a promise that was kept, moved or paused: {promise:?}"
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
}

fn at(wire: Option<pbjson_types::Timestamp>) -> Timestamp {
    wire.as_ref().and_then(from_wire).unwrap_or(Timestamp::MIN)
}

/// Whether an event is the next one of what has had so many, which it then is one of.
fn is_next(count: &mut u64, event: &Event) -> bool {
    let is_next = *count + 1 == event.sequence;
    *count += u64::from(is_next);
    is_next
}
