//! Calls that may have been lost, and contacts by which their customers were back soon: [`Back`].
//!
//! A call and the contact that followed it stand in different partitions, and either may be told first. Each leaves rows
//! of its own, and by which contact the customer was back is found anew from all of them whenever one of them changes.
//! Whoever holds the call's partition says it, once: the earliest counts.

use std::collections::BTreeSet;

use aftercall_domain::limits::{CONTACTS_LOOKED_AT_MAX, DROP_BACK_S};
use aftercall_ledger::CallRow;
use aftercall_proto::convert::commitment::handles;
use aftercall_proto::convert::time::microseconds;
use aftercall_view::key::Key;
use aftercall_view::{ApplyError, Direction as Order, Txn};
use bytes::Bytes;
use prost::Message;

use super::contacts::Short;
use super::returned::reached;
use crate::keys::calls::{self as keys, Back, CALLS};
use crate::keys::{contacts, recovery};

/// How long after a contact the time may be over at most in which a call that had ended before is judged otherwise by it. Each
/// call stands where its own time is over: so of most tenants, who wait for minutes, no call is looked at of hours before.
const BACK_WITHIN_US: i64 = DROP_BACK_S.1 * 1_000_000;

/// Something was told of a call.
pub(super) fn call(
    (tenant_id, id): (&str, &str),
    (before, after): (Option<&CallRow>, &CallRow),
    txn: &mut Txn<'_>,
) -> Result<(), ApplyError> {
    let old = before.map_or_else(BTreeSet::new, |row| places(tenant_id, id, row));
    let new = places(tenant_id, id, after);
    if old.is_empty() && new.is_empty() {
        return Ok(());
    }
    for place in old.difference(&new) {
        txn.delete(place.clone())?;
    }
    for place in new.difference(&old) {
        txn.put(place.clone(), Bytes::new())?;
    }
    let any = keys::awaiting(tenant_id);
    if txn.get(&*any)?.is_none() {
        txn.put(any, Bytes::new())?;
    }
    refresh((tenant_id, id), after, txn)
}

/// A customer reached out, or did not at the time that was known: calls of theirs shortly before may be judged otherwise.
pub(super) fn inbound(tenant_id: &str, short: &Short, txn: &mut Txn<'_>) -> Result<(), ApplyError> {
    // Mostly there is no such call, which is known without a scan.
    if !short.is_inbound() || txn.get(&*keys::awaiting(tenant_id))?.is_none() {
        return Ok(());
    }
    let customer_id = Some(&*short.customer_id).filter(|id| !id.is_empty());
    let mut ids = BTreeSet::new();
    for list in lists(tenant_id, customer_id, &recovery::names(&short.handles())) {
        let from = list.clone().time(short.began_at_us);
        let latest = short.began_at_us.saturating_add(BACK_WITHIN_US);
        let to = list.clone().time(latest.saturating_add(1));
        for entry in txn.scan_range(from, Some(&to), Order::Ascending) {
            let id = keys::read_awaiting(&entry?.0, &list).map_err(ApplyError::record)?;
            ids.insert(id);
        }
    }
    for id in ids {
        if let Some(row) = CALLS.read(tenant_id, &id, |key| txn.get(key))? {
            refresh((tenant_id, &id), &row, txn)?;
        }
    }
    Ok(())
}

/// The lists of calls that would be judged otherwise if somebody was back.
fn lists(tenant_id: &str, customer_id: Option<&str>, names: &BTreeSet<String>) -> Vec<Key> {
    let of = customer_id.map(|customer_id| keys::awaiting_of(tenant_id, customer_id));
    let by = names.iter().map(|name| keys::awaiting_by(tenant_id, name));
    of.into_iter().chain(by).collect()
}

/// Where a call is found when its customer is back, if that makes a difference: by when it makes none any more.
fn places(tenant_id: &str, id: &str, row: &CallRow) -> BTreeSet<Key> {
    let (Some((_, until)), Some(call)) = (row.awaits_return(), row.call()) else {
        return BTreeSet::new();
    };
    let customer_id = Some(&*call.customer_id).filter(|id| !id.is_empty());
    let names = recovery::names(&handles(&call.handles));
    let lists = lists(tenant_id, customer_id, &names).into_iter();
    lists
        .map(|list| list.time(microseconds(until)).id(id))
        .collect()
}

/// Puts down by which contact a customer was back after a call, if it is to be said.
fn refresh(
    (tenant_id, id): (&str, &str),
    row: &CallRow,
    txn: &mut Txn<'_>,
) -> Result<(), ApplyError> {
    let key = keys::back(row.position().partition, tenant_id, id);
    let said_us = row.back_at_us();
    let back = first_back((tenant_id, id), row, txn)?;
    let back = back.filter(|back| said_us.is_none_or(|said_us| back.began_at_us < said_us));
    match back {
        Some(back) => txn.put(key, back.encode_to_vec())?,
        None if txn.get(&*key)?.is_some() => txn.delete(key)?,
        None => {}
    }
    Ok(())
}

/// The first contact in which a customer reached out soon after a call. Of each list, such as that of a number which many
/// have, the first contacts are looked at.
fn first_back(
    (tenant_id, id): (&str, &str),
    row: &CallRow,
    txn: &mut Txn<'_>,
) -> Result<Option<Back>, ApplyError> {
    let (Some((since, until)), Some(call)) = (row.awaits_return(), row.call()) else {
        return Ok(None);
    };
    let names = recovery::names(&handles(&call.handles));
    let customer_id = Some(call.customer_id.clone()).filter(|id| !id.is_empty());
    let customer_id: Vec<_> = customer_id.into_iter().collect();
    let mut first: Option<Back> = None;
    for (list, _) in reached(tenant_id, &customer_id, &names) {
        let from = list.clone().time(microseconds(since));
        let to = list.clone().time(microseconds(until).saturating_add(1));
        let reached = txn.scan_range(from, Some(&to), Order::Ascending);
        for entry in reached.take(CONTACTS_LOOKED_AT_MAX) {
            let key = entry?.0;
            let began_at_us = contacts::read_began(&key, &list).map_err(ApplyError::record)?;
            let (interaction_id, _) =
                contacts::read_contact_of(&key, &list).map_err(ApplyError::record)?;
            if interaction_id == id {
                continue;
            }
            let next = Back {
                began_at_us,
                interaction_id,
            };
            let order = |one: &Back| (one.began_at_us, one.interaction_id.clone());
            first = first.into_iter().chain([next]).min_by_key(order);
            break;
        }
    }
    Ok(first)
}
