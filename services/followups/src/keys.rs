//! The view's store: every kind of key, and what stands under it.
//!
//! Contacts and promises have ids that callers may give, and two customers' may be the same: so
//! their keys end in whose they are, see [`whose`](aftercall_view::key::whose).

use std::collections::BTreeSet;

use aftercall_domain::alert::Alert;
use aftercall_domain::commitment::{Commitment, Lifecycle, Owner};
use aftercall_domain::{Handle, Parties, Party};
use aftercall_ledger::requests::Requests;
use aftercall_ledger::{Accepted, MergedPairs};
use aftercall_log::{Partition, Position};
use aftercall_proto::convert::time::microseconds;
use aftercall_view::key::{Key, MalformedKey, Parts};

/// The kinds of keys. Part of the view's version: a change needs another one.
#[derive(Debug, Clone, Copy)]
#[repr(u8)]
enum Tag {
    /// tenant, commitment, whose → the promise.
    Commitment = 2,
    /// partition, due, tenant, commitment, whose → nothing: the promises whose due the tracker
    /// watches.
    Watched = 3,
    /// tenant, lifecycle, due, commitment, whose → nothing.
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
    /// tenant, commitment, whose, episode → the alert.
    Alert = 10,
    /// tenant, state, time of firing (the latest first), commitment, whose, episode → nothing.
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
    /// tenant, commitment, whose, revision → the move of the due that made it.
    Move = 17,
    /// tenant, sort of party, party, lifecycle, due, commitment, whose → nothing: by who else than its owner
    /// has a part in it.
    ListParty = 18,
    /// tenant, sort of party, party, state, time of firing (the latest first), commitment, whose, episode →
    /// nothing.
    ListPartyAlerts = 19,
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

/// The move that made a revision of the due.
pub(crate) fn moved(tenant_id: &str, commitment_id: &str, whose: u64, revision: u32) -> Key {
    moves(tenant_id, commitment_id, whose).u32(revision)
}

/// Under which log key a promise stands, if not under its present customer's.
pub(crate) fn log_key(tenant_id: &str, commitment_id: &str, whose: u64) -> Key {
    key(Tag::LogKey)
        .text(tenant_id)
        .id(commitment_id)
        .u64(whose)
}

/// All watched promises of a partition, the first one due first.
pub(crate) fn all_watched(partition: Partition) -> Key {
    key(Tag::Watched).u32(partition)
}

/// All watched promises of a partition that are due before `due_us` have keys before this one.
pub(crate) fn watched_from(partition: Partition, due_us: i64) -> Key {
    all_watched(partition).time(due_us)
}

pub(crate) fn watched(tenant_id: &str, commitment: &Commitment, home: Home) -> Key {
    watched_from(home.partition, microseconds(commitment.promised_by))
        .text(tenant_id)
        .id(&commitment.commitment_id)
        .u64(home.whose)
}

/// What a key of [`watched`] says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Watched {
    /// The due in microseconds since the Unix epoch, rounded down.
    pub(crate) due_us: i64,
    pub(crate) tenant_id: String,
    pub(crate) commitment_id: String,
    pub(crate) whose: u64,
}

pub(crate) fn read_watched(key: &[u8]) -> Result<Watched, MalformedKey> {
    let mut parts = Parts::new(key);
    parts.tag()?;
    parts.u32()?;
    Ok(Watched {
        due_us: parts.time()?,
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
        let lists = [Some(Self::Tenant), customer, owner].into_iter().flatten();
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
            Self::Party(sort, id) => list(Tag::ListParty).u32(*sort).text(id),
        };
        of.u32(match lifecycle {
            Lifecycle::Active => 1,
            Lifecycle::Fulfilled => 2,
            Lifecycle::Cancelled => 3,
        })
    }
}

/// All keys under which lists and the tracker find `commitment`.
pub(crate) fn indexes(tenant_id: &str, commitment: &Commitment, home: Home) -> Vec<Key> {
    let due_us = microseconds(commitment.promised_by);
    let place = |list: Key| {
        list.time(due_us)
            .id(&commitment.commitment_id)
            .u64(home.whose)
    };
    let mut keys: Vec<Key> = ListOf::holding(commitment)
        .iter()
        .map(|list| place(list.key(tenant_id, commitment.lifecycle)))
        .collect();
    if commitment.may_lapse() {
        keys.push(watched(tenant_id, commitment, home));
    }
    keys
}

/// All episodes of a promise's alert.
pub(crate) fn alerts_of(tenant_id: &str, commitment_id: &str, whose: u64) -> Key {
    key(Tag::Alert).text(tenant_id).id(commitment_id).u64(whose)
}

pub(crate) fn alert(tenant_id: &str, commitment_id: &str, whose: u64, episode_no: u32) -> Key {
    alerts_of(tenant_id, commitment_id, whose).u32(episode_no)
}

/// All alerts of a state, or those in which a party has a part, the latest first.
pub(crate) fn alert_list(tenant_id: &str, of: Option<Party<'_>>, triggered: bool) -> Key {
    let list = match of {
        None => key(Tag::ListAlerts).text(tenant_id),
        Some(party) => key(Tag::ListPartyAlerts)
            .text(tenant_id)
            .u32(party.sort())
            .text(party.id()),
    };
    list.u32(if triggered { 1 } else { 2 })
}

/// The places of an alert in all lists.
pub(crate) fn alert_places(
    tenant_id: &str,
    alert: &Alert,
    whose: u64,
) -> impl Iterator<Item = Key> {
    let lists = [None].into_iter().chain(alert.parties.iter().map(Some));
    lists.map(move |of| {
        alert_list(tenant_id, of, alert.resolved.is_none())
            .time_descending(microseconds(alert.first_fired_at))
            .id(alert.subject.id())
            .u64(whose)
            .u32(alert.episode_no)
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

pub(crate) fn open_count() -> Key {
    key(Tag::OpenCount)
}
