//! Who was cut off: after which contacts somebody is to be called back, and which of these promises are to be withdrawn.
//! And whom we waited for: of which promises something rested, and goes on because their customers reached us.
//!
//! A promise to call back is to be withdrawn because of one contact at most: of those by which the customer was back the
//! first, or the dropped one itself, if it was none. Which, follows from the rows that contacts, promises and merges
//! leave, so it is found anew from all of them whenever one of them changes: [`refresh`]. So it is with what rests, which
//! ends with the first contact that began since.
//!
//! A call is a contact here from when telephony tells of it. What is recorded of it later stands under another key, mostly
//! in another partition. Whoever holds the call makes the promise where telephony says that it was lost, else whoever
//! holds the record: [`refresh_dropped`].

use std::collections::BTreeSet;

use aftercall_domain::commitment::{Commitment, Contact, Origin};
use aftercall_domain::interaction::Direction;
use aftercall_domain::limits::CONTACTS_LOOKED_AT_MAX;
use aftercall_proto::convert::time::microseconds;
use aftercall_view::key::Key;
use aftercall_view::{ApplyError, Direction as Order, Txn};
use bytes::Bytes;
use jiff::Timestamp;
use prost::Message;

use super::contacts::{Id, Short, call_is_whose};
use super::followed_up::{self, SaidOf};
use super::redialled;
use crate::keys::matched::{self, Following};
use crate::keys::{self, MERGED, calls, contacts, recovery};
use crate::stored;

/// A contact was recorded or changed.
pub(super) fn contact(
    id: Id<'_>,
    (before, after): (Option<&Short>, &Short),
    txn: &mut Txn<'_>,
) -> Result<(), ApplyError> {
    let places = |short: &Short| short.inbound_by(id, recovery::inbound_by);
    move_to(before.map(places).unwrap_or_default(), places(after), txn)?;
    changed(id, (before, Some(after)), txn)
}

/// Something was told of a call.
pub(super) fn call(
    id: Id<'_>,
    (before, after): (Option<&Short>, Option<&Short>),
    txn: &mut Txn<'_>,
) -> Result<(), ApplyError> {
    let places = |short: &Short| {
        let mut places = short.inbound_by(id, calls::inbound_by);
        if short.is_inbound() && !short.customer_id.is_empty() {
            let list = calls::inbound_of(id.0, &short.customer_id);
            places.insert(list.time(short.began_at_us).id(id.1).u64(id.2));
        }
        places
    };
    let places = |short: Option<&Short>| short.map(places).unwrap_or_default();
    move_to(places(before), places(after), txn)?;
    changed(id, (before, after), txn)
}

/// Puts a contact where it is found now, in place of where it was.
fn move_to(old: BTreeSet<Key>, new: BTreeSet<Key>, txn: &mut Txn<'_>) -> Result<(), ApplyError> {
    for place in old.difference(&new) {
        txn.delete(place.clone())?;
    }
    for place in new.difference(&old) {
        txn.put(place.clone(), Bytes::new())?;
    }
    Ok(())
}

/// A contact is what it was not before: what follows from it for promises to call back, and for calls shortly before it.
fn changed(
    id: Id<'_>,
    (before, after): (Option<&Short>, Option<&Short>),
    txn: &mut Txn<'_>,
) -> Result<(), ApplyError> {
    if is_same(before, after) {
        return Ok(());
    }
    let (tenant_id, interaction_id, _) = id;
    if let Some(was) = before.and_then(|before| before.dropped_at(id)) {
        txn.delete(was)?;
    }
    let sides = || before.into_iter().chain(after);
    if sides().any(|short| short.dropped.is_some()) {
        refresh_dropped(tenant_id, interaction_id, txn)?;
    }
    for short in sides() {
        redialled::inbound(tenant_id, short, txn)?;
    }
    // Most tenants have nobody called back: that is known without a scan.
    if txn.get(&*recovery::recovering(tenant_id))?.is_none() {
        return Ok(());
    }
    let mut promises = BTreeSet::new();
    for short in sides() {
        promises.insert(promise_of(id, short));
        promises.extend(may_be_met(tenant_id, short, txn)?);
    }
    refresh_all(tenant_id, promises, txn)
}

/// Whether a promise has to be looked at because it was made so, or changed: whether its customer reaches us makes a
/// difference, or did so before.
pub(super) fn is_concerned(before: Option<&Commitment>, after: &Commitment) -> bool {
    let awaits = |promise: &Commitment| promise.awaits_return_since().is_some();
    awaits(after) || before.is_some_and(awaits) || after.origin == Origin::DropRecovery
}

/// Such a promise was made, or changed.
pub(super) fn promise(
    tenant_id: &str,
    (before, after): (Option<&Commitment>, &Commitment),
    txn: &mut Txn<'_>,
) -> Result<(), ApplyError> {
    let is_same = before.is_some_and(|before| {
        before.customer_id == after.customer_id
            && before.is_open() == after.is_open()
            && before.awaits_return_like(after)
    });
    if is_same {
        return Ok(());
    }
    let any = recovery::recovering(tenant_id);
    if txn.get(&*any)?.is_none() {
        txn.put(any, Bytes::new())?;
    }
    if before.is_none() && after.origin == Origin::DropRecovery {
        refresh_dropped(tenant_id, &after.interaction_id, txn)?;
    }
    refresh(tenant_id, &after.commitment_id, txn)
}

/// Customers are one from now on, or are two.
pub(super) fn merge(
    tenant_id: &str,
    customer_ids: [&str; 2],
    txn: &mut Txn<'_>,
) -> Result<(), ApplyError> {
    if txn.get(&*recovery::recovering(tenant_id))?.is_none() {
        return Ok(());
    }
    let mut promises = BTreeSet::new();
    for customer_id in customer_ids {
        for customer_id in MERGED.customers_then(txn, tenant_id, customer_id)? {
            let list = recovery::recovering_of(tenant_id, &customer_id);
            promises.extend(listed(&list, txn)?);
        }
    }
    refresh_all(tenant_id, promises, txn)
}

/// Whether all stayed as it was that decides here.
fn is_same(before: Option<&Short>, after: Option<&Short>) -> bool {
    match (before, after) {
        (Some(before), Some(after)) => {
            let of = |short: &Short| (short.began_at_us, short.dropped);
            before.customer_id == after.customer_id
                && of(before) == of(after)
                && before.handles() == after.handles()
        }
        (before, after) => before.is_none() && after.is_none(),
    }
}

/// The promise that calls back after a contact, if there is one.
fn promise_of((_, interaction_id, _): Id<'_>, short: &Short) -> String {
    recovery::promise_of(&short.log_key, interaction_id)
}

/// Puts down to whom it is left to promise a call back after a contact: that is done once, whatever becomes of it. Where
/// telephony says that the call was lost, it is left to whoever holds the call.
fn refresh_dropped(
    tenant_id: &str,
    interaction_id: &str,
    txn: &mut Txn<'_>,
) -> Result<(), ApplyError> {
    let of_call = call_is_whose(tenant_id, interaction_id);
    let call = Short::find_call((tenant_id, interaction_id, of_call), |key| txn.get(key))?;
    let mut recorded = Vec::new();
    let all = contacts::contacts(tenant_id, interaction_id);
    for entry in txn.scan_prefix(&*all, Order::Ascending) {
        let (key, row) = entry?;
        let whose = key.last_chunk().map_or(0, |of| u64::from_be_bytes(*of));
        recorded.push((whose, Short::decode_row(row)?));
    }
    let is_promised = |whose: u64, short: &Short, txn: &Txn<'_>| {
        let id = promise_of((tenant_id, interaction_id, whose), short);
        let promise = txn.get(&*keys::commitment(tenant_id, &id, whose))?;
        Ok::<_, ApplyError>(promise.is_some())
    };
    let mut is_taken = false;
    if let Some(call) = &call {
        let mut is_done = is_promised(of_call, call, txn)?;
        is_taken = is_done || call.dropped.is_some();
        for (whose, short) in &recorded {
            is_done |= is_promised(*whose, short, txn)?;
        }
        leave((tenant_id, interaction_id, of_call), call, !is_done, txn)?;
    }
    for (whose, short) in &recorded {
        let is_left = !is_taken && !is_promised(*whose, short, txn)?;
        leave((tenant_id, interaction_id, *whose), short, is_left, txn)?;
    }
    Ok(())
}

/// Puts down whether it is left to promise a call back after a contact that was cut off.
fn leave(id: Id<'_>, short: &Short, is_left: bool, txn: &mut Txn<'_>) -> Result<(), ApplyError> {
    let (Some(key), Some(dropped)) = (short.dropped_at(id), short.dropped) else {
        return Ok(());
    };
    match is_left {
        true => txn.put(key, dropped.known_at_us.to_be_bytes().to_vec())?,
        false => txn.delete(key)?,
    }
    Ok(())
}

/// The open promises for which a contact may make a difference.
fn may_be_met(
    tenant_id: &str,
    short: &Short,
    txn: &mut Txn<'_>,
) -> Result<BTreeSet<String>, ApplyError> {
    let mut promises = BTreeSet::new();
    if !short.is_inbound() {
        return Ok(promises);
    }
    let customers = match short.customer_id.as_str() {
        "" => Vec::new(),
        customer_id => MERGED.customers_then(txn, tenant_id, customer_id)?,
    };
    let of = customers
        .iter()
        .map(|customer_id| recovery::recovering_of(tenant_id, customer_id));
    let names = recovery::names(&short.handles());
    let by = names
        .iter()
        .map(|name| recovery::recovering_by(tenant_id, name));
    for list in of.chain(by) {
        promises.extend(listed(&list, txn)?);
    }
    Ok(promises)
}

/// The promises of a list.
fn listed(list: &Key, txn: &mut Txn<'_>) -> Result<Vec<String>, ApplyError> {
    let entries = txn.scan_prefix(&**list, Order::Ascending);
    let entries = entries.map(|entry| {
        let (key, _) = entry?;
        let (id, _) = recovery::read_recovering(&key, list).map_err(ApplyError::record)?;
        Ok(id)
    });
    entries.collect()
}

fn refresh_all(
    tenant_id: &str,
    promises: BTreeSet<String>,
    txn: &mut Txn<'_>,
) -> Result<(), ApplyError> {
    for id in promises {
        refresh(tenant_id, &id, txn)?;
    }
    Ok(())
}

/// Puts down which contacts make a difference for the promises of an id, of which there is one mostly: because of which a
/// promise to call back is to be withdrawn, or by which something goes on that rested.
fn refresh(tenant_id: &str, commitment_id: &str, txn: &mut Txn<'_>) -> Result<(), ApplyError> {
    let wanted = wanted(tenant_id, commitment_id, txn)?;
    let all = Vec::from(matched::followed_up(tenant_id, commitment_id));
    let rows = txn.scan_prefix(&all, Order::Ascending);
    let rows: Vec<(Bytes, Bytes)> = rows.collect::<Result<_, _>>()?;
    let mut is_named = !wanted.is_empty();
    for (key, row) in rows.into_iter().filter(|(key, _)| key.len() > all.len()) {
        let following = Following::read(&key).map_err(ApplyError::record)?;
        let mut said = SaidOf::decode_row(row)?;
        let is_wanted = wanted.iter().any(|(it, _)| *it == following);
        is_named |= said.attempt.is_some();
        if said.returns && !is_wanted {
            txn.delete(following.undecided(said.position()))?;
            match said.attempt {
                Some(_) => {
                    said.returns = false;
                    txn.put(key, said.encode_to_vec())?;
                }
                None => txn.delete(key)?,
            }
        }
    }
    if !is_named {
        if txn.get(&all)?.is_some() {
            txn.delete(all)?;
        }
        return Ok(());
    }
    for (following, short) in wanted {
        let key = following.key();
        let said = txn.get(&*key)?.map(SaidOf::decode_row).transpose()?;
        let said = SaidOf::returning(said, short.position());
        txn.put(all.clone(), Bytes::new())?;
        txn.put(key, said.encode_to_vec())?;
    }
    followed_up::refresh(tenant_id, commitment_id, txn)
}

/// The contacts that make a difference for the promises of an id, in short.
fn wanted(
    tenant_id: &str,
    commitment_id: &str,
    txn: &mut Txn<'_>,
) -> Result<Vec<(Following, Short)>, ApplyError> {
    let named = keys::commitments(tenant_id, commitment_id);
    let rows = txn.scan_prefix(named, Order::Ascending);
    let rows: Vec<(Bytes, Bytes)> = rows.collect::<Result<_, _>>()?;
    let mut wanted = Vec::new();
    for (key, row) in rows {
        let promise = stored::decode_commitment(row)?;
        let Some(since) = promise.awaits_return_since() else {
            continue;
        };
        let whose = key.last_chunk().map_or(0, |of| u64::from_be_bytes(*of));
        let by = ended_by(tenant_id, (&promise, whose), since, txn)?;
        wanted.extend(by.map(|(interaction_id, whose, short)| {
            let following = Following {
                tenant_id: tenant_id.to_owned(),
                commitment_id: commitment_id.to_owned(),
                interaction_id,
                whose,
            };
            (following, short)
        }));
    }
    Ok(wanted)
}

/// The contact of a promise's own that was taken to be cut off, and was not.
fn no_drop(id: Id<'_>, txn: &mut Txn<'_>) -> Result<Option<Short>, ApplyError> {
    let (tenant_id, interaction_id, whose) = id;
    let recorded = txn.get(&*contacts::contact(tenant_id, interaction_id, whose))?;
    let recorded = recorded.map(Short::decode_row).transpose()?;
    let call = Short::find_call(id, |key| txn.get(key))?;
    let is_dropped = |short: &Option<Short>| short.as_ref().is_some_and(|it| it.dropped.is_some());
    let is_lost = is_dropped(&recorded) || is_dropped(&call);
    Ok(recorded.or(call).filter(|_| !is_lost))
}

/// The contact because of which an open promise is to be withdrawn, or by which something of it goes on that rested: which,
/// whose, and in short. Of each list, such as that of a number which many have, the first contacts since then are looked at.
fn ended_by(
    tenant_id: &str,
    (promise, whose): (&Commitment, u64),
    since: Timestamp,
    txn: &mut Txn<'_>,
) -> Result<Option<(String, u64, Short)>, ApplyError> {
    if promise.origin == Origin::DropRecovery
        && let Some(own) = no_drop((tenant_id, &*promise.interaction_id, whose), txn)?
    {
        return Ok(Some((promise.interaction_id.clone(), whose, own)));
    }
    let merged = match &promise.customer_id {
        Some(customer_id) => MERGED.customers_then(txn, tenant_id, customer_id)?,
        None => Vec::new(),
    };
    let names = recovery::names(&promise.handles);
    let mut first: Option<(String, u64, Short)> = None;
    for (list, are_calls) in reached(tenant_id, &merged, &names) {
        let of = (promise, since);
        let next = first_of(tenant_id, of, (&list, are_calls, &merged), txn)?;
        let order = |one: &(String, u64, Short)| (one.2.began_at_us, one.0.clone(), one.1);
        first = first.into_iter().chain(next).min_by_key(order);
    }
    Ok(first)
}

/// The lists of contacts in which some customers, or whoever has some names, reached out, the earliest first; and
/// whether they are of calls.
pub(super) fn reached(
    tenant_id: &str,
    customer_ids: &[String],
    names: &BTreeSet<String>,
) -> impl Iterator<Item = (Key, bool)> {
    let of = customer_ids.iter().flat_map(move |customer_id| {
        let recorded = contacts::contacts_of(tenant_id, customer_id, Direction::Inbound);
        [
            (recorded, false),
            (calls::inbound_of(tenant_id, customer_id), true),
        ]
    });
    let by = names.iter().flat_map(move |name| {
        let recorded = recovery::inbound_by(tenant_id, name);
        [
            (recorded, false),
            (calls::inbound_by(tenant_id, name), true),
        ]
    });
    of.chain(by)
}

/// The first contact of a list by which the customer was back.
fn first_of(
    tenant_id: &str,
    (promise, since): (&Commitment, Timestamp),
    (list, are_calls, merged): (&Key, bool, &[String]),
    txn: &mut Txn<'_>,
) -> Result<Option<(String, u64, Short)>, ApplyError> {
    let from = list.clone().time(microseconds(since));
    let to = list.clone().time(i64::MAX);
    let since = txn.scan_range(from, Some(&to), Order::Ascending);
    let since: Vec<Bytes> = since
        .take(CONTACTS_LOOKED_AT_MAX)
        .map(|entry| Ok(entry?.0))
        .collect::<Result<_, ApplyError>>()?;
    for key in since {
        let (id, whose) = contacts::read_contact_of(&key, list).map_err(ApplyError::record)?;
        let named = (tenant_id, &*id, whose);
        let short = match are_calls {
            true => Short::find_call(named, |key| txn.get(key))?,
            false => Short::find(named, |key| txn.get(key))?,
        };
        let Some(short) = short else { continue };
        let Ok(began_at) = Timestamp::from_microsecond(short.began_at_us) else {
            continue;
        };
        let contact = Contact {
            interaction_id: &id,
            customer_id: Some(&*short.customer_id).filter(|id| !id.is_empty()),
            handles: &short.handles(),
        };
        if promise.is_met_by_return(contact, began_at, merged) {
            return Ok(Some((id, whose, short)));
        }
    }
    Ok(None)
}
