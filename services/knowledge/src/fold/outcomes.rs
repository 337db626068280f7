//! Whether customers came back after a solution was used, for the same reason: the solution's own, where the contact was
//! about that one, too; else the contact's primary one.
//!
//! Uses and returns may be known in any order: each contact leaves a row among those of its customer and reason, and
//! whatever comes or goes looks at its neighbours alone. A use is followed by the first return after it; a return
//! changes that for the uses since the return before it, and for no others. So what is counted follows from the rows
//! that there are, and costs no more when there are many. What was counted of a use stands beside it.

mod concerns;

use std::collections::BTreeSet;

use aftercall_domain::solution::{RETURN_DAYS, RETURN_DAYS_MAX, day_of_return};
use aftercall_view::key::Key;
use aftercall_view::{ApplyError, Direction, Txn};
use bytes::Bytes;
use prost::Message;

use super::uses::{Named, count, update};
use super::{Change, stored};
use crate::keys;
use crate::keys::evidence::{self, Contact};
use crate::notes::Noted;
use crate::records::{Case, Link, Linked, Used};

use concerns::{Concern, persons, reason_of};
pub(super) use concerns::{on_merged, retrace};

const MICROS_PER_DAY: i64 = 86_400_000_000;

/// What is known of a use, whatever the time is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Known {
    /// Nothing, and nothing will be: nobody is known who could come back, or no reason.
    Untraced,
    /// Nobody came back.
    Unreturned,
    /// The customer came back on this day after it.
    Returned(u32),
}

impl Known {
    /// By when the customer came back first, and when it was used.
    fn after(return_us: Option<i64>, used_us: i64) -> Self {
        let day = return_us.and_then(|at_us| day_of_return(at_us.saturating_sub(used_us)));
        day.map_or(Self::Unreturned, Self::Returned)
    }

    /// What was counted of a use.
    const fn counted(used: Used) -> Self {
        match (used.is_traced, used.returned) {
            (false, _) => Self::Untraced,
            (true, 0) => Self::Unreturned,
            (true, day) => Self::Returned(day),
        }
    }

    /// Whether the window ends without a return, as far as is known.
    const fn may_last(self) -> bool {
        match self {
            Self::Untraced => false,
            Self::Unreturned => true,
            Self::Returned(day) => day > RETURN_DAYS,
        }
    }
}

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
        if case.has_several_reasons() {
            let key = evidence::of_several(tenant_id, link, contact);
            change.txn.put(key, "")?;
        }
        let reason_code = reason_of(tenant_id, case, link, change.txn)?;
        let concern = Concern::of(tenant_id, &persons, reason_code);
        add(concern, link, at, change.txn)?;
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
        if case.has_several_reasons() {
            let key = evidence::of_several(tenant_id, link, contact);
            change.txn.delete(key)?;
        }
        let reason_code = reason_of(tenant_id, case, link, change.txn)?;
        let concern = Concern::of(tenant_id, &persons, reason_code);
        take(concern, link, at, change.txn)?;
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

/// Counts a use, by what the customer would come back for.
fn add(
    concern: Concern<'_>,
    link: &Link,
    (used_us, contact): At<'_>,
    txn: &mut Txn<'_>,
) -> Result<(), ApplyError> {
    let known = match concern.own() {
        None => Known::Untraced,
        Some(own) => {
            let key = evidence::at(own.linked(), used_us, contact);
            let row: Option<Linked> = stored(txn.get(&key)?)?;
            if row.is_none() {
                shift_count(own.linked_count(), 1, txn)?;
            }
            let mut linked = row.unwrap_or_default();
            linked.links.push(link.clone());
            // Whichever of them was known first.
            linked.links.sort_unstable();
            txn.put(key, linked.encode_to_vec())?;
            Known::after(concern.next_return(used_us, txn)?, used_us)
        }
    };
    let tenant_id = concern.tenant_id;
    shift(tenant_id, link, (used_us, known), 1, txn)?;
    let key = keys::used(tenant_id, &link.solution_id, used_us, contact);
    Ok(txn.put(key, used(link, known).encode_to_vec())?)
}

/// Takes a use back, which was counted by what the customer would come back for.
fn take(
    concern: Concern<'_>,
    link: &Link,
    (used_us, contact): At<'_>,
    txn: &mut Txn<'_>,
) -> Result<(), ApplyError> {
    if let Some(own) = concern.own() {
        let key = evidence::at(own.linked(), used_us, contact);
        let row: Option<Linked> = stored(txn.get(&key)?)?;
        let mut linked = row.unwrap_or_default();
        linked.links.retain(|one| one != link);
        if linked.links.is_empty() {
            txn.delete(key)?;
            shift_count(own.linked_count(), -1, txn)?;
        } else {
            txn.put(key, linked.encode_to_vec())?;
        }
    }
    let tenant_id = concern.tenant_id;
    let key = keys::used(tenant_id, &link.solution_id, used_us, contact);
    let counted: Option<Used> = stored(txn.get(&key)?)?;
    let known = Known::counted(counted.unwrap_or_default());
    shift(tenant_id, link, (used_us, known), -1, txn)?;
    Ok(txn.delete(key)?)
}

/// Counts a use by what is known of it now, in place of what was known before.
fn settle(
    tenant_id: &str,
    link: &Link,
    (used_us, contact): At<'_>,
    now: Known,
    (txn, noted): (&mut Txn<'_>, &mut Noted),
) -> Result<(), ApplyError> {
    let key = keys::used(tenant_id, &link.solution_id, used_us, contact);
    let counted: Option<Used> = stored(txn.get(&key)?)?;
    let before = Known::counted(counted.unwrap_or_default());
    if before == now {
        return Ok(());
    }
    shift(tenant_id, link, (used_us, before), -1, txn)?;
    shift(tenant_id, link, (used_us, now), 1, txn)?;
    noted.solution(tenant_id, &link.solution_id);
    Ok(txn.put(key, used(link, now).encode_to_vec())?)
}

/// Counts up or down under a key; where nothing is left, nothing stands.
fn shift_count(key: Key, by: i64, txn: &mut Txn<'_>) -> Result<(), ApplyError> {
    let before = txn.get(&key)?.map_or(0, |value| count(&value));
    match before.saturating_add_signed(by) {
        0 => txn.delete(key)?,
        after => txn.put(key, after.to_be_bytes().to_vec())?,
    }
    Ok(())
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
                settle(concern.tenant_id, link, at, now, (txn, noted))?;
            }
        }
    }
    Ok(())
}

/// Counts a use of which something is known, or takes it back.
fn shift(
    tenant_id: &str,
    link: &Link,
    (used_us, known): (i64, Known),
    by: i64,
    txn: &mut Txn<'_>,
) -> Result<(), ApplyError> {
    let solution = Named::solution(&link.solution_id);
    let version = Named::version(&link.solution_id, link.version);
    for named in [solution, version] {
        update((tenant_id, named), txn, |uses| {
            uses.links = uses.links.saturating_add_signed(by);
            match known {
                Known::Untraced => uses.untraced = uses.untraced.saturating_add_signed(by),
                Known::Unreturned => {}
                Known::Returned(day) => uses.count_return(day, by),
            }
        })?;
    }
    match known.may_last() {
        true => shift_count(evidence::unreturned(tenant_id, link, used_us), by, txn),
        false => Ok(()),
    }
}

fn used(link: &Link, known: Known) -> Used {
    Used {
        version: link.version,
        is_traced: known != Known::Untraced,
        returned: match known {
            Known::Returned(day) => day,
            Known::Untraced | Known::Unreturned => 0,
        },
    }
}
