//! A customer's inbound contacts in order: which one came before which, and after it.
//!
//! What a contact's row says of its neighbours is a function of the set of the contacts of the customer and of all that are
//! one with it, whatever order they were recorded and merged in: of the 100 contacts before it and after it,
//! and of no more than 30 days; of a trouble of which it is known when it began, of a year. So a contact that comes, goes or
//! changes is looked at together with as many on both sides, and customers that become one, or two again, with all of
//! theirs.
//!
//! Calls of known customers that nobody recorded are among them. They say no reason, so no contact is a repeat of one; but
//! they may have been cut off, and what the customer waited in them was waited. What was cut off, or what nobody answered and
//! recorded, is one with the next contact if that begins soon.

mod around;

use aftercall_domain::measure::{DAY_MS, NO_GAP, REPEAT_DAYS_MAX, family, flag};
use aftercall_proto::convert::parties::PartiesRow;
use aftercall_proto::convert::time;
use aftercall_view::key::Key;
use aftercall_view::{ApplyError, Direction, Txn};
use bytes::Bytes;
use prost::Message;

use super::contact::Kept;
use super::noted::{self, Noted};
use crate::keys::{self, Address, MERGED};
use crate::limits::TROUBLE_DAYS_MAX;
use crate::row::Row;
use around::{Around, change, gap, read};

const DAY_US: i64 = DAY_MS as i64 * 1_000;

/// How far apart contacts can be that have to do with each other.
const APART_US: i64 = REPEAT_DAYS_MAX as i64 * DAY_US;

/// How far back a trouble is followed.
const TROUBLE_US: i64 = TROUBLE_DAYS_MAX * DAY_US;

/// A contact among its customer's.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Place {
    #[prost(uint32, tag = "1")]
    partition: u32,
    #[prost(uint64, tag = "2")]
    row: u64,
    /// The codes of its reasons.
    #[prost(string, repeated, tag = "3")]
    codes: Vec<String>,
    #[prost(bool, tag = "4")]
    pub(crate) dropped: bool,
    #[prost(bool, tag = "5")]
    unsolved: bool,
    /// In queues, in milliseconds.
    #[prost(uint32, tag = "6")]
    pub(crate) queue_wait: u32,
    #[prost(message, optional, tag = "7")]
    pub(crate) parties: Option<PartiesRow>,
    /// Whether all of its reasons were solved.
    #[prost(bool, tag = "8")]
    solved: bool,
    /// Since when the customer has had the trouble, in microseconds.
    #[prost(sint64, optional, tag = "9")]
    onset_us: Option<i64>,
    /// How long it took the customer, in milliseconds.
    #[prost(uint32, tag = "10")]
    time: u32,
    #[prost(uint32, tag = "11")]
    transfers: u32,
    /// Whether it is a call that nobody recorded, and the customer left before anybody answered.
    #[prost(bool, tag = "12")]
    left: bool,
    /// How soon after it, if it was cut off, the customer is back to go on with it, in milliseconds.
    #[prost(uint32, tag = "13")]
    back_within: u32,
}

impl Place {
    fn of(linked: Linked<'_>, kept: &Kept, row: &Row) -> Self {
        let parties: aftercall_domain::Parties = kept.parties().collect();
        let codes = kept.codes();
        Self {
            partition: linked.address.partition,
            row: linked.address.row,
            left: codes.is_empty() && row.facts.has(flag::ABANDONED),
            codes,
            dropped: row.facts.has(flag::DROPPED),
            unsolved: row.facts.has(flag::UNSOLVED),
            queue_wait: row.facts.queue_wait,
            parties: Some(parties.into()),
            solved: row.facts.has(flag::SOLVED),
            onset_us: kept.onset_us(),
            time: u32::try_from(row.facts.time()).unwrap_or(u32::MAX),
            transfers: row.facts.transfers.into(),
            back_within: kept.back_within_ms(),
        }
    }

    /// Whether it says a reason; a call that nobody recorded doesn't.
    const fn says_why(&self) -> bool {
        !self.codes.is_empty()
    }

    /// Whether two contacts have reasons of the same family.
    pub(crate) fn is_akin(&self, other: &Self) -> bool {
        let mut families = self.codes.iter().map(|code| family(code));
        families.any(|own| other.codes.iter().any(|code| family(code) == own))
    }

    /// Whether it was cut off, or nobody answered, and the customer's next contact goes on with it: it began at the one
    /// instant, and they are back at the other.
    pub(crate) fn is_redialled(&self, began_us: i64, back_us: i64) -> bool {
        let ended_us = began_us.saturating_add(i64::from(self.time) * 1_000);
        let within_us = i64::from(self.back_within) * 1_000;
        let is_soon = back_us <= ended_us.saturating_add(within_us);
        (self.dropped || self.left) && is_soon && gap(began_us, back_us) != NO_GAP
    }

    /// Whether none of its reasons is one of those of an earlier contact.
    fn asks_anew(&self, before: &Self) -> bool {
        !self.codes.iter().any(|code| before.codes.contains(code))
    }

    const fn address(&self) -> Address {
        Address {
            partition: self.partition,
            row: self.row,
        }
    }
}

/// Whose contact it is, and where its row stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Linked<'a> {
    pub(super) tenant_id: &'a str,
    pub(super) customer_id: &'a str,
    pub(super) address: Address,
    pub(super) whose: u64,
}

impl<'a> Linked<'a> {
    /// A contact, if it is among those of a customer.
    pub(super) fn of(tenant_id: &'a str, kept: &'a Kept, whose: u64) -> Option<Self> {
        Some(Self {
            tenant_id,
            customer_id: kept.linked()?,
            address: kept.address(),
            whose,
        })
    }

    /// Its key among its customer's contacts, and where that places it among all contacts.
    fn place(&self, kept: &Kept) -> (Key, At) {
        let list = keys::places(self.tenant_id, self.customer_id);
        let at_us = time::microseconds(kept.occurred_at());
        let key = keys::place(&list, at_us, kept.id(), self.whose);
        let order = Bytes::copy_from_slice(&key[list.len()..]);
        (key, At { at_us, order })
    }
}

/// Where a contact stands among others, of whatever customers: by its time and its id.
#[derive(Debug, Clone, PartialEq, Eq)]
struct At {
    at_us: i64,
    /// The end of its key, which orders contacts.
    order: Bytes,
}

/// Puts a contact among its customer's, and says in `row` and in its neighbours' what they are to each other. Answers
/// whether that makes something of a neighbour that went wrong.
pub(super) fn insert(
    linked: Linked<'_>,
    kept: &Kept,
    row: &mut Row,
    txn: &mut Txn<'_>,
) -> Result<bool, ApplyError> {
    let (key, at) = linked.place(kept);
    let place = Place::of(linked, kept, row);
    if place.onset_us.is_some() {
        noted::trouble(linked.tenant_id, linked.customer_id, true, txn)?;
    }
    let group = Group::of(linked.tenant_id, linked.customer_id, txn)?;
    if place.says_why() {
        row.facts.since_correction = group.since_correction(at.at_us, txn)?;
    }
    let mut around = Around::of(&group, &at, txn)?;
    let own = around.before;
    txn.put(key, place.encode_to_vec())?;
    around.entries.insert(own, (at, place));
    around.look_back(own, row);
    around.look_ahead(own, row);
    around.settle(linked.tenant_id, (around.touched(own), own), txn)
}

/// Takes a contact away from its customer's. Answers whether that makes something of a neighbour that went wrong: those
/// on both sides of it may go on with each other now.
pub(super) fn remove(
    linked: Linked<'_>,
    kept: &Kept,
    txn: &mut Txn<'_>,
) -> Result<bool, ApplyError> {
    let (key, at) = linked.place(kept);
    let place = txn.get(&key)?.map(Place::decode).transpose();
    let Some(place) = place.map_err(ApplyError::record)? else {
        return Ok(false);
    };
    txn.delete(key)?;
    // What it says of a trouble is looked at before that is forgotten.
    let group = Group::of(linked.tenant_id, linked.customer_id, txn)?;
    if place.onset_us.is_some() {
        noted::trouble(linked.tenant_id, linked.customer_id, false, txn)?;
    }
    let mut around = Around::of(&group, &at, txn)?;
    let own = around.before;
    around.entries.insert(own, (at, place));
    let touched = around.touched(own);
    around.entries.remove(own);
    let without = |place: usize| if place > own { place - 1 } else { place };
    let touched = touched.into_iter().map(without).collect();
    around.settle(linked.tenant_id, (touched, own), txn)
}

/// Says anew of all contacts of a customer, and of those that are one with it, what they are to each other.
pub(super) fn relink(
    tenant_id: &str,
    customer_id: &str,
    txn: &mut Txn<'_>,
) -> Result<(), ApplyError> {
    let group = Group::of(tenant_id, customer_id, txn)?;
    let mut entries = Vec::new();
    for customer_id in &group.customers {
        let list = keys::places(tenant_id, customer_id);
        for entry in txn.scan_prefix(&*list, Direction::Ascending) {
            entries.push(read(&list, entry?)?);
        }
    }
    entries.sort_unstable_by(|(one, _), (other, _)| one.order.cmp(&other.order));
    let all = Around { entries, before: 0 };
    for own in 0..all.entries.len() {
        let (at, place) = &all.entries[own];
        let since = match place.says_why() {
            true => group.since_correction(at.at_us, txn)?,
            false => NO_GAP,
        };
        all.change(tenant_id, own, txn, |row| {
            row.facts.since_correction = since;
            all.look_back(own, row);
            all.look_ahead(own, row);
        })?;
    }
    Ok(())
}

/// It was promised to a customer that what they had been told is put right, or that is another customer's now: says so of
/// the contacts that come after it.
pub(super) fn corrected(
    tenant_id: &str,
    customer_id: &str,
    at_us: i64,
    txn: &mut Txn<'_>,
) -> Result<(), ApplyError> {
    let group = Group::of(tenant_id, customer_id, txn)?;
    let mut after = Vec::new();
    for customer_id in &group.customers {
        let list = keys::places(tenant_id, customer_id);
        let from = list.clone().time(at_us);
        let to = list.clone().time(at_us.saturating_add(APART_US));
        for entry in txn.scan_range(from, Some(&to), Direction::Ascending) {
            after.push(read(&list, entry?)?);
        }
    }
    for (at, place) in after.iter().filter(|(_, place)| place.says_why()) {
        let since = group.since_correction(at.at_us, txn)?;
        change(tenant_id, place, txn, |row| {
            row.facts.since_correction = since;
        })?;
    }
    Ok(())
}

/// A customer and all that are one with it.
struct Group<'a> {
    tenant_id: &'a str,
    customers: Vec<String>,
    noted: Noted,
}

impl<'a> Group<'a> {
    fn of(tenant_id: &'a str, customer_id: &str, txn: &mut Txn<'_>) -> Result<Self, ApplyError> {
        let customers = MERGED.customers_then(txn, tenant_id, customer_id)?;
        let mut all = Noted::default();
        for customer_id in &customers {
            all.add(Noted::read(tenant_id, customer_id, txn)?);
        }
        Ok(Self {
            tenant_id,
            customers,
            noted: all,
        })
    }

    /// How far apart contacts may have to do with each other.
    const fn apart_us(&self) -> i64 {
        match self.noted.troubles {
            0 => APART_US,
            _ => TROUBLE_US,
        }
    }

    /// How long before an instant it was last promised that something is put right.
    fn since_correction(&self, at_us: i64, txn: &mut Txn<'_>) -> Result<u32, ApplyError> {
        if self.noted.corrections == 0 {
            return Ok(NO_GAP);
        }
        let mut last = None;
        for customer_id in &self.customers {
            let found = noted::last_correction(self.tenant_id, customer_id, at_us, txn)?;
            last = last.max(found);
        }
        Ok(last.map_or(NO_GAP, |last| gap(last, at_us)))
    }
}
