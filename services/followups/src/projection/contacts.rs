//! Contacts in short: what is looked for in them later, and what the log has said of them.

mod short;

use aftercall_domain::commitment::Commitment;
use aftercall_domain::interaction::Direction;
use aftercall_domain::limits::{CAUSES_LOOKED_AT_MAX, CONTACTS_LOOKED_AT_MAX};
use aftercall_ledger::Accepted;
use aftercall_proto::convert::time::{from_wire, microseconds};
use aftercall_proto::event::v1::{
    Event, InteractionAmended, InteractionIdentified, RepeatAttributed,
};
use aftercall_proto::model::v1 as wire;
use aftercall_view::key::Key;
use aftercall_view::{ApplyError, Direction as Order, Txn};
use bytes::Bytes;
use jiff::Timestamp;
use prost::Message;

use super::returned;
use crate::keys::{MERGED, contacts};
use crate::repeats;
pub(crate) use short::Short;
use short::{Dropped, Parts, ended_at, main_reason};
pub(super) use short::{Id, call_is_whose};

/// What the log says that caused a contact.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Cause {
    #[prost(string, tag = "1")]
    commitment_id: String,
    #[prost(string, tag = "2")]
    made_in: String,
    /// When the contact began, as the log says there.
    #[prost(sint64, tag = "3")]
    began_at_us: i64,
    #[prost(string, tag = "4")]
    repeat: String,
}

impl Cause {
    fn of(event: &Event, attributed: &RepeatAttributed) -> Self {
        let began_at = event.occurred_at.as_ref().and_then(from_wire);
        Self {
            commitment_id: attributed.commitment_id.clone(),
            made_in: attributed.made_in_interaction_id.clone(),
            began_at_us: began_at.map_or(0, microseconds),
            repeat: event.aggregate_id.clone(),
        }
    }

    fn all_caused(&self, tenant_id: &str) -> Key {
        contacts::caused(tenant_id, &self.commitment_id, &self.made_in)
    }

    /// Where it stands what the log says.
    fn places(&self, tenant_id: &str) -> [Key; 2] {
        let caused = self.all_caused(tenant_id).time_descending(self.began_at_us);
        let repeats = contacts::repeats(tenant_id).time(self.began_at_us);
        [caused.id(&self.repeat), repeats.id(&self.repeat)]
    }

    fn put(
        &self,
        tenant_id: &str,
        attributed: &RepeatAttributed,
        txn: &mut Txn<'_>,
    ) -> Result<(), ApplyError> {
        self.count(tenant_id, |count| count.saturating_add(1), txn)?;
        for place in self.places(tenant_id) {
            txn.put(place, attributed.encode_to_vec())?;
        }
        Ok(())
    }

    fn remove(&self, tenant_id: &str, txn: &mut Txn<'_>) -> Result<(), ApplyError> {
        self.count(tenant_id, |count| count.saturating_sub(1), txn)?;
        for place in self.places(tenant_id) {
            txn.delete(place)?;
        }
        Ok(())
    }

    fn count(
        &self,
        tenant_id: &str,
        change: impl FnOnce(u64) -> u64,
        txn: &mut Txn<'_>,
    ) -> Result<(), ApplyError> {
        let all = self.all_caused(tenant_id);
        let count = txn.get(&*all)?;
        let count = count.and_then(|count| count.as_ref().try_into().ok());
        match change(count.map_or(0, u64::from_be_bytes)) {
            0 => txn.delete(all)?,
            count => txn.put(all, count.to_be_bytes().to_vec())?,
        }
        Ok(())
    }
}

/// A contact was recorded.
pub(super) fn record(
    fact: &Accepted,
    contact: &wire::Interaction,
    txn: &mut Txn<'_>,
) -> Result<(), ApplyError> {
    match Short::of(fact, contact) {
        Some(short) => put(fact, None, short, txn),
        None => Ok(()),
    }
}

/// A contact is somebody else's, or nobody's: what caused it is to be found out anew.
pub(super) fn identify(
    fact: &Accepted,
    identified: &InteractionIdentified,
    txn: &mut Txn<'_>,
) -> Result<(), ApplyError> {
    let Some(before) = read(fact, txn)? else {
        return Ok(());
    };
    let mut after = before.clone();
    after.customer_id.clone_from(&identified.customer_id);
    if after.customer_id != before.customer_id
        && let Some(cause) = after.cause.take()
    {
        cause.remove(&fact.event.tenant_id, txn)?;
    }
    put(fact, Some(before), after, txn)
}

/// A contact's record was amended.
pub(super) fn amend(
    fact: &Accepted,
    amended: &InteractionAmended,
    txn: &mut Txn<'_>,
) -> Result<(), ApplyError> {
    let Some(before) = read(fact, txn)? else {
        return Ok(());
    };
    let mut after = before.clone();
    let values = amended.interaction.clone().unwrap_or_default();
    for path in amended.update_mask.iter().flat_map(|mask| &mask.paths) {
        match path.as_str() {
            "occurred_at" => {
                let began_at = values.occurred_at.as_ref().and_then(from_wire);
                after.began_at_us = began_at.map_or(after.began_at_us, microseconds);
            }
            "ended_at" => after.ended_at_us = ended_at(&values),
            "segments" => after.amended_parts = Some(Parts::of(&values)),
            "contact_reasons" => after.reason_code = main_reason(&values),
            "disconnect" => {
                let dropped = Dropped::by(fact, &values);
                after.dropped = dropped.map(|dropped| before.dropped.unwrap_or(dropped));
            }
            _ => {}
        }
    }
    match after == before {
        true => Ok(()),
        false => put(fact, Some(before), after, txn),
    }
}

/// The log says what caused a contact. Of a customer whose contact it no longer is, that is void.
pub(super) fn attribute(
    fact: &Accepted,
    attributed: &RepeatAttributed,
    txn: &mut Txn<'_>,
) -> Result<(), ApplyError> {
    let Some(before) = read(fact, txn)? else {
        return Ok(());
    };
    let mut after = before.clone();
    after.times_said = fact.event.sequence;
    if after.customer_id == fact.event.customer_id && after.cause.is_none() {
        let cause = Cause::of(&fact.event, attributed);
        cause.put(&fact.event.tenant_id, attributed, txn)?;
        after.cause = Some(cause);
    }
    put(fact, Some(before), after, txn)
}

/// What changed, by which a contact may have a cause that it had not, or have lost one.
#[derive(Clone, Copy)]
pub(super) enum Change<'a> {
    /// This promise is one more that may be a cause.
    More(&'a Commitment),
    /// One promise is a cause no longer.
    Less,
    /// More than that, such as who is one with whom.
    Other,
}

/// More is known of broken promises to a customer: puts down of whose latest contacts after an instant it is left to
/// decide what caused them, and of whose not.
pub(super) fn again(
    (tenant_id, customer_id): (&str, &str),
    after_us: i64,
    change: Change<'_>,
    txn: &mut Txn<'_>,
) -> Result<(), ApplyError> {
    let customers = MERGED.customers_then(txn, tenant_id, customer_id)?;
    for customer_id in &customers {
        let list = contacts::contacts_of(tenant_id, customer_id, Direction::Inbound);
        let from = list.clone().time(after_us);
        let to = list.clone().time(i64::MAX);
        let latest = txn.scan_range(from, Some(&to), Order::Descending);
        let latest: Vec<Bytes> = latest
            .take(CONTACTS_LOOKED_AT_MAX)
            .map(|entry| Ok(entry?.0))
            .collect::<Result<_, ApplyError>>()?;
        for key in latest {
            let (id, whose) = contacts::read_contact_of(&key, &list).map_err(ApplyError::record)?;
            let row = txn.get(contacts::contact(tenant_id, &id, whose))?;
            if let Some(short) = row.map(Short::decode_row).transpose()? {
                let id = (tenant_id, &*id, whose);
                refresh(id, &short, (&customers, change), txn)?;
            }
        }
    }
    Ok(())
}

/// The same when customers are one from now on, or are two.
pub(super) fn merge(
    tenant_id: &str,
    customer_ids: [&str; 2],
    txn: &mut Txn<'_>,
) -> Result<(), ApplyError> {
    for customer_id in customer_ids {
        let customer = (tenant_id, customer_id);
        again(customer, i64::MIN, Change::Other, txn)?;
    }
    returned::merge(tenant_id, customer_ids, txn)
}

/// The contact that something happened to.
fn read(fact: &Accepted, txn: &Txn<'_>) -> Result<Option<Short>, ApplyError> {
    let event = &fact.event;
    let key = contacts::contact(&event.tenant_id, &event.interaction_id, fact.whose);
    txn.get(&*key)?.map(Short::decode_row).transpose()
}

fn put(
    fact: &Accepted,
    before: Option<Short>,
    after: Short,
    txn: &mut Txn<'_>,
) -> Result<(), ApplyError> {
    let event = &fact.event;
    let id = (&*event.tenant_id, &*event.interaction_id, fact.whose);
    let was = before.as_ref().and_then(|before| before.place(id));
    let is = after.place(id);
    if was != is {
        if let Some(was) = was {
            txn.delete(was)?;
        }
        if let Some(is) = is {
            txn.put(is, Bytes::new())?;
        }
    }
    if after.is_inbound() {
        let customers = match (&after.cause, after.customer_id.as_str()) {
            (Some(_), _) | (None, "") => Vec::new(),
            (None, customer_id) => MERGED.customers_then(txn, id.0, customer_id)?,
        };
        refresh(id, &after, (&customers, Change::Other), txn)?;
    }
    txn.put(contacts::contact(id.0, id.1, id.2), after.encode_to_vec())?;
    returned::contact(id, (before.as_ref(), &after), txn)
}

/// Puts down whether it is left to decide what caused an inbound contact with these customers, who are one.
fn refresh(
    id: Id<'_>,
    short: &Short,
    (customers, change): (&[String], Change<'_>),
    txn: &mut Txn<'_>,
) -> Result<(), ApplyError> {
    let undecided = short.undecided(id);
    let was_left = txn.get(&*undecided)?.is_some();
    // Most changes can't turn what is put down, and then there is nothing to look for.
    let is_left = match (short.cause.is_some(), was_left, change) {
        (true, ..) => false,
        (false, true, Change::More(_)) => true,
        (false, false, Change::Less) => false,
        (false, false, Change::More(promise)) => Timestamp::from_microsecond(short.began_at_us)
            .is_ok_and(|began_at| promise.broken_before(began_at).is_some()),
        (false, true, Change::Less) | (false, _, Change::Other) => {
            may_be_caused(id.0, short, customers, txn)?
        }
    };
    match (was_left, is_left) {
        (false, true) => txn.put(undecided, Bytes::new())?,
        (true, false) => txn.delete(undecided)?,
        _ => {}
    }
    Ok(())
}

/// Whether a promise to one of these customers caused the contact, by what is known.
fn may_be_caused(
    tenant_id: &str,
    short: &Short,
    customers: &[String],
    txn: &mut Txn<'_>,
) -> Result<bool, ApplyError> {
    let Ok(began_at) = Timestamp::from_microsecond(short.began_at_us) else {
        return Ok(false);
    };
    for customer_id in customers {
        let list = contacts::lapsed(tenant_id, customer_id);
        if txn.get(&*list)?.is_none() {
            continue;
        }
        let (from, to) = repeats::span(&list, short.began_at_us);
        let lapsed = txn.scan_range(from, Some(&to), Order::Descending);
        let lapsed: Vec<Bytes> = lapsed
            .take(CAUSES_LOOKED_AT_MAX)
            .map(|entry| Ok(entry?.0))
            .collect::<Result<_, ApplyError>>()?;
        // Which of them it was is decided later: here one is enough, and mostly it is the latest.
        for key in &lapsed {
            let one = std::iter::once((&list[..], &key[..]));
            if repeats::cause(tenant_id, began_at, one, |key| txn.get(key))?.is_some() {
                return Ok(true);
            }
        }
    }
    Ok(false)
}
