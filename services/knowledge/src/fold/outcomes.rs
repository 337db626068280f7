//! Whether customers came back after a solution was used, for the same reason: the solution's own, where the contact was
//! about that one, too; else the contact's primary one.
//!
//! Uses and returns may be known in any order: each contact leaves a row among those of its customer and of each of its
//! reasons, and whatever comes or goes looks at its neighbours alone. A use is followed by the first return after it; a
//! return changes that for the uses since the return before it, and for no others. So what is counted follows from the
//! rows that there are, and costs no more when there are many. What was counted of a use stands beside it.
//!
//! What a version's reason is may be known before its uses or after them, and may become another one. So what came of a
//! use is kept for each reason of its contact, and summed for each: another reason takes other sums, in one step, however
//! many uses there are.

mod concerns;

use std::collections::BTreeSet;

use aftercall_domain::solution::RETURN_DAYS_MAX;
use aftercall_view::key::Key;
use aftercall_view::{ApplyError, Direction, Txn};
use bytes::Bytes;
use prost::Message;

use super::uses::{Named, count, update};
use super::{Change, stored};
use crate::heads;
use crate::keys;
use crate::keys::evidence::{self, Contact};
use crate::notes::Noted;
use crate::records::{Case, Differing, Hour, Known, Link, Linked, Used};

pub(super) use concerns::on_merged;
use concerns::{Concern, persons};

const MICROS_PER_DAY: i64 = 86_400_000_000;

/// When a solution was used, and in which contact.
type At<'a> = (i64, Contact<'a>);

/// A contact is counted: what it follows, and what follows it.
pub(super) fn enter(change: &mut Change<'_, '_>, case: &Case) -> Result<(), ApplyError> {
    let tenant_id = &*change.event.tenant_id;
    let contact = (&*change.event.aggregate_id, change.whose);
    let at = (case.occurred_at_us, contact);
    let persons = persons(tenant_id, &case.customer_id, change.txn)?;
    for reason_code in returns_for(case) {
        let concern = Concern::of(tenant_id, &persons, reason_code);
        put_return(concern, at, (change.txn, &mut change.noted))?;
    }
    let links = case.links();
    for (solution_id, _) in case.told() {
        if links.iter().all(|link| link.solution_id != solution_id) {
            let key = keys::used(tenant_id, solution_id, case.occurred_at_us, contact);
            change.txn.put(key, Used::default().encode_to_vec())?;
        }
    }
    for link in &links {
        let own = Concern::of(tenant_id, &persons, &case.reason_code);
        let mut used = Used::of(link.version, trace(own, link, at, change.txn)?);
        for reason_code in case.other_reasons() {
            let other = Concern::of(tenant_id, &persons, reason_code);
            used.add(reason_code, trace(other, link, at, change.txn)?);
        }
        shift(tenant_id, link, (case.occurred_at_us, &used), 1, change.txn)?;
        let key = keys::used(tenant_id, &link.solution_id, case.occurred_at_us, contact);
        change.txn.put(key, used.encode_to_vec())?;
    }
    Ok(())
}

/// A contact is not counted any more.
pub(super) fn leave(change: &mut Change<'_, '_>, case: &Case) -> Result<(), ApplyError> {
    let tenant_id = &*change.event.tenant_id;
    let contact = (&*change.event.aggregate_id, change.whose);
    let at = (case.occurred_at_us, contact);
    let persons = persons(tenant_id, &case.customer_id, change.txn)?;
    for link in &case.links() {
        let others = case.other_reasons().into_iter();
        for reason_code in others.chain([case.reason_code.as_str()]) {
            untrace(
                Concern::of(tenant_id, &persons, reason_code),
                link,
                at,
                change.txn,
            )?;
        }
        let key = keys::used(tenant_id, &link.solution_id, case.occurred_at_us, contact);
        if let Some(used) = stored::<Used>(change.txn.get(key)?)? {
            shift(
                tenant_id,
                link,
                (case.occurred_at_us, &used),
                -1,
                change.txn,
            )?;
        }
    }
    for (solution_id, _) in case.told() {
        let key = keys::used(tenant_id, solution_id, case.occurred_at_us, contact);
        change.txn.delete(key)?;
    }
    for reason_code in returns_for(case) {
        let concern = Concern::of(tenant_id, &persons, reason_code);
        take_return(concern, at, (change.txn, &mut change.noted))?;
    }
    Ok(())
}

/// What the customer came for by themselves: any of the contact's reasons.
fn returns_for(case: &Case) -> impl Iterator<Item = &str> {
    let reached_out = case.is_inbound && !case.customer_id.is_empty();
    let codes: BTreeSet<&str> = case.reason_codes.iter().map(String::as_str).collect();
    let codes = codes.into_iter().filter(|code| !code.is_empty());
    codes.filter(move |_| reached_out)
}

/// Puts a use where it is found by whether the customer comes back for that. Gives what is known of that by now.
fn trace(
    concern: Concern<'_>,
    link: &Link,
    (used_us, contact): At<'_>,
    txn: &mut Txn<'_>,
) -> Result<Known, ApplyError> {
    let Some(own) = concern.own() else {
        return Ok(Known::Untraced);
    };
    let key = evidence::at(own.linked(), used_us, contact);
    let row: Option<Linked> = stored(txn.get(&key)?)?;
    if row.is_none() {
        concerns::edit(own, txn, |brief| brief.linked += 1)?;
    }
    let mut linked = row.unwrap_or_default();
    linked.links.push(link.clone());
    // Whichever of them was known first.
    linked.links.sort_unstable();
    txn.put(key, linked.encode_to_vec())?;
    Ok(Known::after(concern.next_return(used_us, txn)?, used_us))
}

/// Takes a use away from there.
fn untrace(
    concern: Concern<'_>,
    link: &Link,
    (used_us, contact): At<'_>,
    txn: &mut Txn<'_>,
) -> Result<(), ApplyError> {
    let Some(own) = concern.own() else {
        return Ok(());
    };
    let key = evidence::at(own.linked(), used_us, contact);
    let Some(mut linked) = stored::<Linked>(txn.get(&key)?)? else {
        return Ok(());
    };
    linked.links.retain(|one| one != link);
    match linked.links.is_empty() {
        true => {
            txn.delete(key)?;
            concerns::edit(own, txn, |brief| {
                brief.linked = brief.linked.saturating_sub(1)
            })
        }
        false => Ok(txn.put(key, linked.encode_to_vec())?),
    }
}

/// Counts a use by what is known of it now by one of its contact's reasons, in place of what was known before.
fn settle(
    (tenant_id, reason_code): (&str, &str),
    link: &Link,
    (used_us, contact): At<'_>,
    now: Known,
    (txn, noted): (&mut Txn<'_>, &mut Noted),
) -> Result<(), ApplyError> {
    let key = keys::used(tenant_id, &link.solution_id, used_us, contact);
    let Some(before) = stored::<Used>(txn.get(&key)?)? else {
        return Ok(());
    };
    let mut after = before.clone();
    after.set(reason_code, now);
    if before == after {
        return Ok(());
    }
    shift(tenant_id, link, (used_us, &before), -1, txn)?;
    shift(tenant_id, link, (used_us, &after), 1, txn)?;
    noted.solution(tenant_id, &link.solution_id);
    Ok(txn.put(key, after.encode_to_vec())?)
}

fn put_return(
    concern: Concern<'_>,
    (at_us, contact): At<'_>,
    (txn, noted): (&mut Txn<'_>, &mut Noted),
) -> Result<(), ApplyError> {
    let Some(own) = concern.own() else {
        return Ok(());
    };
    // Hardly a contact follows a use, which is seen at one look.
    let is_first = concern.follows_a_use(at_us, txn)? && !concern.is_return(at_us, txn)?;
    txn.put(evidence::at(own.returns(), at_us, contact), "")?;
    concerns::edit(own, txn, |brief| {
        brief.last_return_us = brief.last_return_us.max(Some(at_us));
    })?;
    match is_first {
        true => refresh(concern, at_us, Some(at_us), (txn, noted)),
        false => Ok(()),
    }
}

fn take_return(
    concern: Concern<'_>,
    (at_us, contact): At<'_>,
    (txn, noted): (&mut Txn<'_>, &mut Noted),
) -> Result<(), ApplyError> {
    let Some(own) = concern.own() else {
        return Ok(());
    };
    txn.delete(evidence::at(own.returns(), at_us, contact))?;
    concerns::forget_last(own, at_us, txn)?;
    if !concern.follows_a_use(at_us, txn)? || concern.is_return(at_us, txn)? {
        return Ok(());
    }
    let next_us = concern.next_return(at_us, txn)?;
    refresh(concern, at_us, next_us, (txn, noted))
}

/// Before which nothing is followed by what happens at an instant, by any window.
const fn far_before(at_us: i64) -> i64 {
    at_us.saturating_sub(RETURN_DAYS_MAX as i64 * MICROS_PER_DAY)
}

/// The uses that a return at `at_us` follows first, or followed, are followed by one at `next_us` from now on.
fn refresh(
    concern: Concern<'_>,
    at_us: i64,
    next_us: Option<i64>,
    (txn, noted): (&mut Txn<'_>, &mut Noted),
) -> Result<(), ApplyError> {
    let far_us = far_before(at_us);
    let last_us = concern.last_return(at_us, txn)?;
    let since_us = last_us.map_or(far_us, |last_us| last_us.max(far_us));
    for matter in concern.matters() {
        let list = matter.linked();
        let (from, to) = (list.clone().time(since_us), list.clone().time(at_us));
        let uses = txn.scan_range(&from, Some(&*to), Direction::Ascending);
        let uses: Vec<(Bytes, Bytes)> = uses.collect::<Result<_, _>>()?;
        for (key, linked) in uses {
            let read = evidence::read_at(&key, &list).map_err(ApplyError::record)?;
            let (used_us, interaction_id, whose) = read;
            let linked = Linked::decode(linked).map_err(ApplyError::record)?;
            let now = Known::after(next_us, used_us);
            let at = (used_us, (interaction_id.as_str(), whose));
            for link in &linked.links {
                settle(concern.whose(), link, at, now, (txn, noted))?;
            }
        }
    }
    Ok(())
}

/// Counts a use, or takes it back.
fn shift(
    tenant_id: &str,
    link: &Link,
    (used_us, used): (i64, &Used),
    by: i64,
    txn: &mut Txn<'_>,
) -> Result<(), ApplyError> {
    let known = match used.others() {
        // Most contacts have one reason, by whichever the version is looked at.
        [] => used.by_primary(),
        _ => used.by(&own_reason(tenant_id, link, txn)?),
    };
    for named in Named::both(link) {
        update((tenant_id, named), txn, |uses| {
            uses.links = uses.links.saturating_add_signed(by);
            match known {
                Known::Untraced => uses.untraced = uses.untraced.saturating_add_signed(by),
                Known::Unreturned => {}
                Known::Returned(day) => uses.count_return(day, by),
            }
        })?;
    }
    let differs = shift_others(tenant_id, link, (used_us, used), by, txn)?;
    let may_last = used.by_primary().may_last();
    if !may_last && !differs {
        return Ok(());
    }
    let key = evidence::unreturned(tenant_id, link, used_us);
    let mut hour: Hour = stored(txn.get(&key)?)?.unwrap_or_default();
    let counted = |count: u64, counts: bool| count.saturating_add_signed(by * i64::from(counts));
    hour.unreturned = counted(hour.unreturned, may_last);
    hour.differing = counted(hour.differing, differs);
    match hour == Hour::default() {
        true => Ok(txn.delete(key)?),
        false => Ok(txn.put(key, hour.encode_to_vec())?),
    }
}

/// Counts how much else is known of a use by each other reason of its contact. Gives whether by any of them it may still
/// last, or may not, where it is the other way by the primary one.
fn shift_others(
    tenant_id: &str,
    link: &Link,
    (used_us, used): (i64, &Used),
    by: i64,
    txn: &mut Txn<'_>,
) -> Result<bool, ApplyError> {
    let primary = used.by_primary();
    let mut differs = false;
    for other in used.others() {
        let known = other.known();
        if known == primary {
            continue;
        }
        let key = evidence::differing(tenant_id, link, &other.reason_code);
        let mut differing: Differing = stored(txn.get(&key)?)?.unwrap_or_default();
        differing.count(known, by);
        differing.count(primary, -by);
        match differing == Differing::default() {
            true => txn.delete(key)?,
            false => txn.put(key, differing.encode_to_vec())?,
        }
        let more = i64::from(known.may_last()) - i64::from(primary.may_last());
        if more != 0 {
            differs = true;
            let hours = evidence::differing_hours(tenant_id, link, &other.reason_code);
            shift_hour(hours.time(evidence::hour_of(used_us)), more * by, txn)?;
        }
    }
    Ok(differs)
}

/// Counts up or down under a key, below zero, too; where nothing is left, nothing stands.
fn shift_hour(key: Key, by: i64, txn: &mut Txn<'_>) -> Result<(), ApplyError> {
    // A count below zero is kept in its two's complement.
    let before = txn.get(&key)?.map_or(0, |value| count(&value));
    match before.wrapping_add_signed(by) {
        0 => txn.delete(key)?,
        after => txn.put(key, after.to_be_bytes().to_vec())?,
    }
    Ok(())
}

/// The reason of the version that was used; empty while that is not known.
fn own_reason(tenant_id: &str, link: &Link, txn: &Txn<'_>) -> Result<String, ApplyError> {
    let version = heads::version(txn, tenant_id, &link.solution_id, link.version)?;
    Ok(version.unwrap_or_default().reason_code)
}

/// A version's reason is another one from now on: of its uses in contacts of several reasons counts what came of them by
/// that one. What differs was summed reason by reason, so this takes no longer when there are many uses.
pub(super) fn retrace(
    tenant_id: &str,
    link: &Link,
    [before, after]: [&str; 2],
    txn: &mut Txn<'_>,
) -> Result<(), ApplyError> {
    for (reason_code, sign) in [(before, -1), (after, 1)] {
        let key = evidence::differing(tenant_id, link, reason_code);
        let Some(differing) = stored::<Differing>(txn.get(key)?)? else {
            continue;
        };
        for named in Named::both(link) {
            update((tenant_id, named), txn, |uses| differing.add_to(uses, sign))?;
        }
    }
    Ok(())
}
