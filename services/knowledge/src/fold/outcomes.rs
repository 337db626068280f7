//! Whether customers came back after a solution was used, for the same reason.
//!
//! Uses and returns may be known in any order: each contact leaves a row among those of its customer and reason, and
//! whatever comes or goes looks at its neighbours alone. A use is followed by the first return after it; a return
//! changes that for the uses since the return before it, and for no others. So what is counted follows from the rows
//! that there are, and costs no more when there are many.

use std::collections::BTreeSet;

use aftercall_domain::solution::{RETURN_DAYS, RETURN_DAYS_MAX, day_of_return};
use aftercall_view::key::Key;
use aftercall_view::{ApplyError, Direction, Txn};
use bytes::Bytes;
use prost::Message;

use super::Change;
use super::uses::{Named, count, update};
use crate::keys;
use crate::keys::evidence::{self, Matter};
use crate::notes::Noted;
use crate::records::{Case, Link, Linked, Used};

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
    fn after(day: Option<u32>) -> Self {
        day.map_or(Self::Unreturned, Self::Returned)
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

/// A contact is counted: what it follows, and what follows it.
pub(super) fn enter(change: &mut Change<'_, '_>, case: &Case) -> Result<(), ApplyError> {
    let tenant_id = &*change.event.tenant_id;
    let contact = (&*change.event.aggregate_id, change.whose);
    for matter in returns_for(tenant_id, case) {
        put_return(
            matter,
            case.occurred_at_us,
            contact,
            (change.txn, &mut change.noted),
        )?;
    }
    let links = case.links();
    let known = match traced(tenant_id, case) {
        None => Known::Untraced,
        Some(matter) => {
            if !links.is_empty() {
                let key = evidence::at(matter.linked(), case.occurred_at_us, contact);
                let linked = Linked {
                    links: links.clone(),
                };
                change.txn.put(key, linked.encode_to_vec())?;
                shift_count(matter.linked_count(), 1, change.txn)?;
            }
            known_of(matter, case, change.txn)?
        }
    };
    for (solution_id, _) in case.told() {
        let key = keys::used(tenant_id, solution_id, case.occurred_at_us, contact);
        let link = links.iter().find(|link| link.solution_id == solution_id);
        change.txn.put(key, used(link, known).encode_to_vec())?;
    }
    for link in &links {
        shift(tenant_id, link, (case.occurred_at_us, known), 1, change.txn)?;
    }
    Ok(())
}

/// A contact is not counted any more.
pub(super) fn leave(change: &mut Change<'_, '_>, case: &Case) -> Result<(), ApplyError> {
    let tenant_id = &*change.event.tenant_id;
    let contact = (&*change.event.aggregate_id, change.whose);
    let known = match traced(tenant_id, case) {
        None => Known::Untraced,
        Some(matter) => {
            if !case.links().is_empty() {
                let key = evidence::at(matter.linked(), case.occurred_at_us, contact);
                change.txn.delete(key)?;
                shift_count(matter.linked_count(), -1, change.txn)?;
            }
            known_of(matter, case, change.txn)?
        }
    };
    for (solution_id, _) in case.told() {
        let key = keys::used(tenant_id, solution_id, case.occurred_at_us, contact);
        change.txn.delete(key)?;
    }
    for link in &case.links() {
        shift(
            tenant_id,
            link,
            (case.occurred_at_us, known),
            -1,
            change.txn,
        )?;
    }
    for matter in returns_for(tenant_id, case) {
        take_return(
            matter,
            case.occurred_at_us,
            contact,
            (change.txn, &mut change.noted),
        )?;
    }
    Ok(())
}

/// What is known of the uses of a contact, if it has any.
fn known_of(matter: Matter<'_>, case: &Case, txn: &mut Txn<'_>) -> Result<Known, ApplyError> {
    let returned = match case.told().is_empty() {
        true => None,
        false => first_return(matter, case.occurred_at_us, txn)?,
    };
    Ok(Known::after(returned))
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

/// What the customer would come back for.
fn traced<'a>(tenant_id: &'a str, case: &'a Case) -> Option<Matter<'a>> {
    let is_known = !case.customer_id.is_empty() && !case.reason_code.is_empty();
    is_known.then_some(Matter {
        tenant_id,
        customer_id: &case.customer_id,
        reason_code: &case.reason_code,
    })
}

/// What the customer came for by themselves: any of the contact's reasons.
fn returns_for<'a>(tenant_id: &'a str, case: &'a Case) -> impl Iterator<Item = Matter<'a>> {
    let reached_out = case.is_inbound && !case.customer_id.is_empty();
    let codes: BTreeSet<&str> = case.reason_codes.iter().map(String::as_str).collect();
    let codes = codes.into_iter().filter(|code| !code.is_empty());
    codes
        .filter(move |_| reached_out)
        .map(move |reason_code| Matter {
            tenant_id,
            customer_id: &case.customer_id,
            reason_code,
        })
}

/// On which day after an instant the customer came back first.
fn first_return(
    matter: Matter<'_>,
    at_us: i64,
    txn: &mut Txn<'_>,
) -> Result<Option<u32>, ApplyError> {
    let next = next_return(matter, at_us, txn)?;
    Ok(next.and_then(|next_us| day_of_return(next_us.saturating_sub(at_us))))
}

/// When the customer came back first after an instant.
fn next_return(
    matter: Matter<'_>,
    at_us: i64,
    txn: &mut Txn<'_>,
) -> Result<Option<i64>, ApplyError> {
    let list = matter.returns();
    let Some(after_us) = at_us.checked_add(1) else {
        return Ok(None);
    };
    let (from, to) = (list.clone().time(after_us), end_of(&list));
    let mut later = txn.scan_range(&from, to.as_deref(), Direction::Ascending);
    time_of(later.next(), &list)
}

/// When the customer had come back last before an instant.
fn last_return(
    matter: Matter<'_>,
    at_us: i64,
    txn: &mut Txn<'_>,
) -> Result<Option<i64>, ApplyError> {
    let list = matter.returns();
    let to = list.clone().time(at_us);
    let mut earlier = txn.scan_range(&list, Some(&*to), Direction::Descending);
    time_of(earlier.next(), &list)
}

type Entry = Result<(Bytes, Bytes), aftercall_view::StoreError>;

fn time_of(entry: Option<Entry>, list: &[u8]) -> Result<Option<i64>, ApplyError> {
    let Some(entry) = entry else { return Ok(None) };
    let (at_us, ..) = evidence::read_at(&entry?.0, list).map_err(ApplyError::record)?;
    Ok(Some(at_us))
}

fn end_of(list: &[u8]) -> Option<Vec<u8>> {
    aftercall_view::key::prefix_end(list)
}

/// Whether somebody came back at that very instant.
fn is_return(matter: Matter<'_>, at_us: i64, txn: &mut Txn<'_>) -> Result<bool, ApplyError> {
    let then = matter.returns().time(at_us);
    let first = txn.scan_prefix(&then, Direction::Ascending).next();
    Ok(first.transpose()?.is_some())
}

fn put_return(
    matter: Matter<'_>,
    at_us: i64,
    contact: evidence::Contact<'_>,
    (txn, noted): (&mut Txn<'_>, &mut Noted),
) -> Result<(), ApplyError> {
    let place = evidence::at(matter.returns(), at_us, contact);
    // Hardly a contact follows a use, which is seen at one look.
    if !follows_a_use(matter, at_us, txn)? || is_return(matter, at_us, txn)? {
        return Ok(txn.put(place, "")?);
    }
    txn.put(place, "")?;
    let next_us = next_return(matter, at_us, txn)?;
    refresh(matter, at_us, (next_us, Some(at_us)), (txn, noted))
}

/// Whether a solution was used so short a time before that a contact may be a return.
fn follows_a_use(matter: Matter<'_>, at_us: i64, txn: &mut Txn<'_>) -> Result<bool, ApplyError> {
    if txn.get(matter.linked_count())?.is_none() {
        return Ok(false);
    }
    let list = matter.linked();
    let (from, to) = (list.clone().time(far_before(at_us)), list.time(at_us));
    let first = txn
        .scan_range(&from, Some(&*to), Direction::Ascending)
        .next();
    Ok(first.transpose()?.is_some())
}

/// Before which nothing is followed by what happens at an instant, by any window.
const fn far_before(at_us: i64) -> i64 {
    at_us.saturating_sub(RETURN_DAYS_MAX as i64 * MICROS_PER_DAY)
}

fn take_return(
    matter: Matter<'_>,
    at_us: i64,
    contact: evidence::Contact<'_>,
    (txn, noted): (&mut Txn<'_>, &mut Noted),
) -> Result<(), ApplyError> {
    txn.delete(evidence::at(matter.returns(), at_us, contact))?;
    if !follows_a_use(matter, at_us, txn)? || is_return(matter, at_us, txn)? {
        return Ok(());
    }
    let next_us = next_return(matter, at_us, txn)?;
    refresh(matter, at_us, (Some(at_us), next_us), (txn, noted))
}

/// The uses that a return at `at_us` follows first are followed by another one from now on.
fn refresh(
    matter: Matter<'_>,
    at_us: i64,
    (before_us, after_us): (Option<i64>, Option<i64>),
    (txn, noted): (&mut Txn<'_>, &mut Noted),
) -> Result<(), ApplyError> {
    let far_us = far_before(at_us);
    let since_us = last_return(matter, at_us, txn)?.map_or(far_us, |last| last.max(far_us));
    let list = matter.linked();
    let (from, to) = (list.clone().time(since_us), list.clone().time(at_us));
    let uses = txn.scan_range(&from, Some(&*to), Direction::Ascending);
    let uses: Vec<(Bytes, Bytes)> = uses.collect::<Result<_, _>>()?;
    for (key, linked) in uses {
        let read = evidence::read_at(&key, &list).map_err(ApplyError::record)?;
        let (used_us, interaction_id, whose) = read;
        let known = |return_us: Option<i64>| {
            Known::after(return_us.and_then(|at| day_of_return(at.saturating_sub(used_us))))
        };
        let (before, after) = (known(before_us), known(after_us));
        if before == after {
            continue;
        }
        let linked = Linked::decode(linked).map_err(ApplyError::record)?;
        for link in &linked.links {
            let tenant_id = matter.tenant_id;
            shift(tenant_id, link, (used_us, before), -1, txn)?;
            shift(tenant_id, link, (used_us, after), 1, txn)?;
            noted.solution(tenant_id, &link.solution_id);
            let contact = (interaction_id.as_str(), whose);
            let key = keys::used(tenant_id, &link.solution_id, used_us, contact);
            txn.put(key, used(Some(link), after).encode_to_vec())?;
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

fn used(link: Option<&Link>, known: Known) -> Used {
    Used {
        version: link.map_or(0, |link| link.version),
        is_traced: link.is_some() && known != Known::Untraced,
        returned: match known {
            Known::Returned(day) if link.is_some() => day,
            _ => 0,
        },
    }
}
