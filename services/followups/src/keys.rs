//! The view's store: every kind of key, and what stands under it.
//!
//! Contacts and promises have ids that callers may give, and two customers' may be the same: so
//! their keys end in whose they are, see [`whose`](aftercall_view::key::whose).

pub(crate) mod calls;
pub(crate) mod concerns;
pub(crate) mod contacts;
pub(crate) mod matched;
pub(crate) mod recovery;
mod rules;

use std::collections::BTreeSet;

use aftercall_domain::alert::{Alert, Rule};
use aftercall_domain::commitment::{Clock, Commitment, Lapse, Lifecycle, Owner};
use aftercall_domain::{Handle, Parties, Party};
use aftercall_ledger::requests::Requests;
use aftercall_ledger::{Accepted, MergedPairs};
use aftercall_log::{Partition, Position};
use aftercall_proto::convert::time::microseconds;
use aftercall_view::ApplyError;
use aftercall_view::key::{Key, MalformedKey, Parts};
use bytes::Bytes;
use prost::Message;
use uuid::Uuid;

use crate::list::tally::Tally;
use rules::{number_of, rule_of, subject_of, with_subject};

/// The kinds of keys; 190 to 199 are those of [`calls`], 210 to 219 those of [`concerns`]. Part of the view's version: a change needs another one.
#[derive(Debug, Clone, Copy)]
#[repr(u8)]
enum Tag {
    /// tenant, commitment, whose → the promise.
    Commitment = 2,
    /// partition, time, tenant, commitment, whose → nothing: when the tracker has something to say of a promise
    /// first.
    Watched = 3,
    /// tenant, lifecycle, due, commitment, whose → what counts look at of it: a [`Tally`].
    ListAll = 4,
    /// tenant, customer, lifecycle, due, commitment, whose → nothing.
    ListCustomer = 5,
    /// tenant, agent, lifecycle, due, commitment, whose → nothing.
    ListAgent = 6,
    /// tenant, queue, lifecycle, due, commitment, whose → nothing.
    ListQueue = 7,
    /// What requests did: see [`REQUESTS`].
    Request = 8,
    /// The requests by their age.
    RequestAge = 9,
    /// tenant, commitment (or contact, or customer), whose, rule, episode → the alert.
    Alert = 10,
    /// tenant, open or not, time of firing (the latest first), commitment, whose, rule, episode → nothing.
    ListAlerts = 11,
    /// tenant, partition, offset → the alerts that this record changed, as it left them.
    AlertChange = 12,
    /// → the number of open promises.
    OpenCount = 13,
    /// tenant, key of a handle, lifecycle, due, commitment, whose → nothing.
    ListHandle = 14,
    /// tenant, commitment, whose → the log key of a promise whose contact became another customer's.
    LogKey = 15,
    /// See [`MergedPairs`].
    Merged = 16,
    /// tenant, commitment, whose, number → the move of one of the dues.
    Move = 17,
    /// tenant, sort of party, party, lifecycle, due, commitment, whose → nothing: by who else than its owner
    /// has a part in it.
    ListParty = 18,
    /// tenant, sort of party, party, open or not, time of firing (the latest first), commitment, whose, rule,
    /// episode → nothing.
    ListPartyAlerts = 19,
    /// tenant, alert, and its place: commitment, whose, rule, episode → where its latest change stands. (40 to 49 and 53 to
    /// 55: `routing::keys`.)
    AlertId = 20,
    /// tenant, partition, offset → which promises this record made or changed.
    PromiseChange = 30,
    /// tenant, contact, whose, commitment → nothing: the promises that were made in it after it was recorded.
    MadeIn = 24,
    /// See [`matched`].
    FollowedUp = 21,
    /// See [`matched`].
    Counted = 22,
    /// See [`matched`].
    Undecided = 23,
    /// tenant, feed → the feed, with what its address is known by.
    CalendarFeed = 50,
    /// hash of an address → whose feed it is, while it is not revoked.
    CalendarFeedSecret = 51,
    /// tenant, agent, feed → nothing: those that are not revoked.
    AgentCalendarFeed = 52,
    /// tenant, series, whose → how the series stands.
    Series = 70,
    /// tenant, plan, lifecycle, due, commitment, whose → nothing.
    ListPlan = 71,
    /// tenant, series, lifecycle, due, commitment, whose → nothing.
    ListSeries = 72,
    /// tenant, commitment, whose, another commitment → nothing: the ones that wait for it.
    AwaitedBy = 25,
    /// See [`contacts`].
    Contact = 60,
    /// See [`contacts`].
    ContactOf = 61,
    /// See [`contacts`].
    Lapsed = 62,
    /// See [`contacts`].
    Caused = 63,
    /// See [`contacts`].
    Repeat = 64,
    /// See [`recovery`].
    Dropped = 80,
    /// See [`recovery`].
    Recovering = 81,
    /// See [`recovery`].
    InboundBy = 82,
}

/// The commands that were done. Their answer is the promise as they left it.
pub(crate) const REQUESTS: Requests = Requests::new(Tag::Request as u8, Tag::RequestAge as u8);

/// The customers that are one.
pub(crate) const MERGED: MergedPairs = MergedPairs::under(Tag::Merged as u8);

fn key(tag: Tag) -> Key {
    Key::new(tag as u8)
}

/// Where a record stands, as far as keys tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Home {
    pub(crate) partition: Partition,
    pub(crate) whose: u64,
}

impl Home {
    pub(crate) fn of(fact: &Accepted) -> Self {
        Self {
            partition: fact.position.partition,
            whose: fact.whose,
        }
    }
}

/// All promises of an id: usually there is one.
pub(crate) fn commitments(tenant_id: &str, commitment_id: &str) -> Key {
    key(Tag::Commitment).text(tenant_id).id(commitment_id)
}

pub(crate) fn commitment(tenant_id: &str, commitment_id: &str, whose: u64) -> Key {
    commitments(tenant_id, commitment_id).u64(whose)
}

/// All moves of a promise's due, the first one first.
pub(crate) fn moves(tenant_id: &str, commitment_id: &str, whose: u64) -> Key {
    key(Tag::Move)
        .text(tenant_id)
        .text(commitment_id)
        .u64(whose)
}

/// One of the moves, by its number.
pub(crate) fn moved(tenant_id: &str, commitment_id: &str, whose: u64, number: u32) -> Key {
    moves(tenant_id, commitment_id, whose).u32(number)
}

/// The promises that were made in a contact after it was recorded.
pub(crate) fn made_in(tenant_id: &str, interaction_id: &str, whose: u64) -> Key {
    key(Tag::MadeIn)
        .text(tenant_id)
        .id(interaction_id)
        .u64(whose)
}

/// The promises that wait for one.
pub(crate) fn awaited_by(tenant_id: &str, commitment_id: &str, whose: u64) -> Key {
    key(Tag::AwaitedBy)
        .text(tenant_id)
        .id(commitment_id)
        .u64(whose)
}

/// How a series stands.
pub(crate) fn series(tenant_id: &str, series_id: &str, whose: u64) -> Key {
    key(Tag::Series).text(tenant_id).id(series_id).u64(whose)
}

/// Under which log key a promise stands, if not under its present customer's.
pub(crate) fn log_key(tenant_id: &str, commitment_id: &str, whose: u64) -> Key {
    key(Tag::LogKey)
        .text(tenant_id)
        .id(commitment_id)
        .u64(whose)
}

/// All watched promises of a partition, those first of which something is to be said first.
pub(crate) fn all_watched(partition: Partition) -> Key {
    key(Tag::Watched).u32(partition)
}

/// All watched promises of a partition of which something is to be said before `at_us` have keys before this one.
pub(crate) fn watched_from(partition: Partition, at_us: i64) -> Key {
    all_watched(partition).time(at_us)
}

/// Where the tracker finds a promise; nowhere if it has nothing to say of it.
pub(crate) fn watched(tenant_id: &str, commitment: &Commitment, home: Home) -> Option<Key> {
    let at = commitment.watched_until()?;
    let key = watched_from(home.partition, microseconds(at))
        .text(tenant_id)
        .id(&commitment.commitment_id)
        .u64(home.whose);
    Some(key)
}

/// What a key of [`watched`] says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Watched {
    /// When, in microseconds since the Unix epoch, rounded down.
    pub(crate) at_us: i64,
    pub(crate) tenant_id: String,
    pub(crate) commitment_id: String,
    pub(crate) whose: u64,
}

pub(crate) fn read_watched(key: &[u8]) -> Result<Watched, MalformedKey> {
    let mut parts = Parts::new(key);
    parts.tag()?;
    parts.u32()?;
    Ok(Watched {
        at_us: parts.time()?,
        tenant_id: parts.text()?,
        commitment_id: parts.id()?,
        whose: parts.u64()?,
    })
}

/// Whose promises a list holds.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum ListOf {
    Tenant,
    Customer(String),
    /// An agent's, or a queue's.
    Agent(String),
    Queue(String),
    /// By a form under which a handle is found.
    Handle(String),
    /// By who else has a part in it: the sort of party, and its id.
    Party(u32, String),
    /// The steps of a plan.
    Plan(String),
    /// The promises of a series.
    Series(String),
}

impl ListOf {
    /// The lists that hold `commitment`.
    fn holding(commitment: &Commitment) -> BTreeSet<Self> {
        let customer = commitment.customer_id.clone().map(Self::Customer);
        let owner = commitment.owner.clone().map(Self::owner);
        let handles = commitment.handles.iter().flat_map(Handle::keys);
        let parties = commitment.parties();
        // The owner has a list already.
        let others = parties.filter(|party| match (party, &commitment.owner) {
            (Party::Agent(id), Some(Owner::Agent(owner))) => id != owner,
            _ => true,
        });
        let plan = Some(&commitment.plan_id).filter(|id| !id.is_empty());
        let plan = plan.cloned().map(Self::Plan);
        let series = commitment.series.as_ref();
        let series = series.map(|series| Self::Series(series.occurrence.series_id.clone()));
        let lists = [Some(Self::Tenant), customer, owner, plan, series];
        let lists = lists.into_iter().flatten();
        lists
            .chain(handles.map(Self::Handle))
            .chain(others.map(Self::party))
            .collect()
    }

    /// The promises that somebody keeps.
    pub(crate) fn owner(owner: Owner) -> Self {
        match owner {
            Owner::Agent(id) => Self::Agent(id),
            Owner::Queue(id) => Self::Queue(id),
        }
    }

    /// The promises in which somebody has a part, but for those that an agent keeps.
    pub(crate) fn party(party: Party<'_>) -> Self {
        Self::Party(party.sort(), party.id().to_owned())
    }

    /// The lists that together hold all promises in which one of `parties` has a part.
    pub(crate) fn all_of(parties: &Parties) -> Vec<Self> {
        let owners = parties.agents.iter().cloned().map(Self::Agent);
        owners.chain(parties.iter().map(Self::party)).collect()
    }

    /// The promises of one lifecycle, by due.
    pub(crate) fn key(&self, tenant_id: &str, lifecycle: Lifecycle) -> Key {
        let list = |tag| key(tag).text(tenant_id);
        let of = match self {
            Self::Tenant => list(Tag::ListAll),
            Self::Customer(id) => list(Tag::ListCustomer).text(id),
            Self::Handle(name) => list(Tag::ListHandle).text(name),
            Self::Agent(id) => list(Tag::ListAgent).text(id),
            Self::Queue(id) => list(Tag::ListQueue).text(id),
            Self::Plan(id) => list(Tag::ListPlan).text(id),
            Self::Series(id) => list(Tag::ListSeries).text(id),
            Self::Party(sort, id) => list(Tag::ListParty).u32(*sort).text(id),
        };
        of.u32(match lifecycle {
            Lifecycle::Active => 1,
            Lifecycle::Fulfilled => 2,
            Lifecycle::Cancelled => 3,
            Lifecycle::Proposed => 4,
            Lifecycle::Paused => 5,
            Lifecycle::Waived => 6,
            Lifecycle::Superseded => 7,
            Lifecycle::Expired => 8,
        })
    }
}

/// All keys under which lists and the tracker find `commitment`, and what stands there.
pub(crate) fn indexes(tenant_id: &str, commitment: &Commitment, home: Home) -> Vec<(Key, Bytes)> {
    let due_us = microseconds(commitment.due_at());
    let place = |list: Key| {
        list.time(due_us)
            .id(&commitment.commitment_id)
            .u64(home.whose)
    };
    let mut all: Vec<(Key, Bytes)> = ListOf::holding(commitment)
        .iter()
        .map(|list| {
            let beside = match list {
                ListOf::Tenant => Tally::of(commitment).encode(),
                _ => Bytes::new(),
            };
            (place(list.key(tenant_id, commitment.lifecycle)), beside)
        })
        .collect();
    let mut keys: Vec<Key> = watched(tenant_id, commitment, home).into_iter().collect();
    keys.extend(lapsed(tenant_id, commitment, home));
    keys.extend(recovery::places(tenant_id, commitment, home));
    all.extend(keys.into_iter().map(|key| (key, Bytes::new())));
    all
}

/// Where the dues are found that the customer was told, and that passed with the promise open.
fn lapsed(tenant_id: &str, commitment: &Commitment, home: Home) -> Vec<Key> {
    let Some(customer_id) = &commitment.customer_id else {
        return Vec::new();
    };
    let lapses = commitment.lapses.iter();
    let told = lapses.filter(|lapse| lapse.clock == Clock::Promise);
    let place = |lapse: &Lapse| {
        contacts::lapsed(tenant_id, customer_id)
            .time(microseconds(lapse.lapsed_at))
            .id(&commitment.commitment_id)
            .u64(home.whose)
    };
    told.map(place).collect()
}

/// A message that stands in the store.
pub(crate) fn decoded<M: Message + Default>(row: Bytes) -> Result<M, ApplyError> {
    M::decode(row).map_err(ApplyError::record)
}

/// All episodes of all alerts of a promise.
pub(crate) fn alerts_of(tenant_id: &str, commitment_id: &str, whose: u64) -> Key {
    key(Tag::Alert).text(tenant_id).id(commitment_id).u64(whose)
}

/// Which episode of which alert of which promise, contact or customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AlertPlace {
    /// The id of what it is about.
    pub(crate) subject_id: String,
    pub(crate) whose: u64,
    pub(crate) rule: Rule,
    pub(crate) episode_no: u32,
}

impl AlertPlace {
    pub(crate) fn of(alert: &Alert, whose: u64) -> Self {
        Self {
            subject_id: alert.subject.id().to_owned(),
            whose,
            rule: alert.rule,
            episode_no: alert.episode_no,
        }
    }

    pub(crate) fn after(&self, list: Key) -> Key {
        with_subject(list, self.rule, &self.subject_id)
            .u64(self.whose)
            .u32(number_of(self.rule))
            .u32(self.episode_no)
    }

    pub(crate) fn read(parts: &mut Parts<'_>) -> Result<Self, MalformedKey> {
        let (subject_id, whose) = (parts.bytes()?, parts.u64()?);
        let rule = rule_of(parts.u32()?)?;
        Ok(Self {
            subject_id: subject_of(rule, subject_id)?,
            whose,
            rule,
            episode_no: parts.u32()?,
        })
    }

    /// Where the alert stands.
    pub(crate) fn key(&self, tenant_id: &str) -> Key {
        self.after(key(Tag::Alert).text(tenant_id))
    }
}

/// Where an alert is found by its id.
pub(crate) fn alert_id(tenant_id: &str, alert_id: Uuid) -> Key {
    key(Tag::AlertId).text(tenant_id).id(&alert_id.to_string())
}

/// The same, with its place.
pub(crate) fn alert_id_at(tenant_id: &str, alert: &Alert, place: &AlertPlace) -> Key {
    place.after(alert_id(tenant_id, alert.alert_id))
}

/// All alerts that are open, or that are not, or those of them in which a party has a part, the latest first.
pub(crate) fn alert_list(tenant_id: &str, of: Option<Party<'_>>, open: bool) -> Key {
    let list = match of {
        None => key(Tag::ListAlerts).text(tenant_id),
        Some(party) => key(Tag::ListPartyAlerts)
            .text(tenant_id)
            .u32(party.sort())
            .text(party.id()),
    };
    list.u32(if open { 1 } else { 2 })
}

/// The places of an alert in all lists.
pub(crate) fn alert_places(
    tenant_id: &str,
    alert: &Alert,
    whose: u64,
) -> impl Iterator<Item = Key> {
    let lists = [None].into_iter().chain(alert.parties.iter().map(Some));
    let place = AlertPlace::of(alert, whose);
    lists.map(move |of| {
        let list = alert_list(tenant_id, of, alert.state.is_open());
        place.after(list.time_descending(microseconds(alert.first_fired_at)))
    })
}

/// All changes of a tenant's alerts in a partition.
pub(crate) fn alert_changes(tenant_id: &str, partition: Partition) -> Key {
    key(Tag::AlertChange).text(tenant_id).u32(partition)
}

/// The changes by one record.
pub(crate) fn alert_changes_at(tenant_id: &str, at: Position) -> Key {
    alert_changes(tenant_id, at.partition).u64(at.offset)
}

/// All changes of a tenant's promises in a partition.
pub(crate) fn promise_changes(tenant_id: &str, partition: Partition) -> Key {
    key(Tag::PromiseChange).text(tenant_id).u32(partition)
}

/// The changes by one record.
pub(crate) fn promise_changes_at(tenant_id: &str, at: Position) -> Key {
    promise_changes(tenant_id, at.partition).u64(at.offset)
}

pub(crate) fn open_count() -> Key {
    key(Tag::OpenCount)
}

/// All feeds of a tenant.
pub(crate) fn feeds(tenant_id: &str) -> Key {
    key(Tag::CalendarFeed).text(tenant_id)
}

pub(crate) fn feed(tenant_id: &str, feed_id: &str) -> Key {
    feeds(tenant_id).id(feed_id)
}

pub(crate) fn feed_by_secret(secret_sha256: &[u8]) -> Key {
    key(Tag::CalendarFeedSecret).bytes(secret_sha256)
}

/// The feeds of an agent's promises that are not revoked.
pub(crate) fn feeds_of_agent(tenant_id: &str, agent_id: &str) -> Key {
    key(Tag::AgentCalendarFeed).text(tenant_id).text(agent_id)
}

pub(crate) fn feed_of_agent(tenant_id: &str, agent_id: &str, feed_id: &str) -> Key {
    feeds_of_agent(tenant_id, agent_id).id(feed_id)
}
