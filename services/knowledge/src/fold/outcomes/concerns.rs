//! For what a customer would come back after a solution was used, and by which ids they do.
//!
//! Customers that are merged keep their own rows, and are looked at together: when they are merged, or not any more, their
//! uses are looked at anew.

use std::collections::BTreeSet;

use aftercall_domain::limits::MERGES_MAX;
use aftercall_ledger::{Accepted, What};
use aftercall_view::key::prefix_end;
use aftercall_view::{ApplyError, Direction, Txn};
use bytes::Bytes;
use prost::Message;

use super::{far_before, settle};
use crate::fold::stored;
use crate::keys::evidence::{self, MERGED, Matter};
use crate::limits::USES_LOOKED_AT_ONCE;
use crate::notes::Noted;
use crate::records::{Brief, Known, Linked};

/// Somebody, by all their ids, and a reason for which they may come back.
#[derive(Debug, Clone, Copy)]
pub(super) struct Concern<'a> {
    pub(super) tenant_id: &'a str,
    /// The customer that a contact is of comes first; nobody, if none is known.
    persons: &'a [String],
    /// Empty for none.
    reason_code: &'a str,
}

impl<'a> Concern<'a> {
    /// See [`persons`].
    pub(super) fn of(tenant_id: &'a str, persons: &'a [String], reason_code: &'a str) -> Self {
        Self {
            tenant_id,
            persons,
            reason_code,
        }
    }

    /// Whose it is: the tenant's, and the reason.
    pub(super) fn whose(self) -> (&'a str, &'a str) {
        (self.tenant_id, self.reason_code)
    }

    /// What the customer that the contact is of may come back for; nothing, where nobody is known, or no reason.
    pub(super) fn own(self) -> Option<Matter<'a>> {
        self.matters().next()
    }

    /// The same of each of their ids.
    pub(super) fn matters(self) -> impl Iterator<Item = Matter<'a>> {
        let persons: &'a [String] = match self.reason_code.is_empty() {
            true => &[],
            false => self.persons,
        };
        persons.iter().map(move |customer_id| Matter {
            tenant_id: self.tenant_id,
            customer_id,
            reason_code: self.reason_code,
        })
    }

    /// When they came back first after an instant.
    pub(super) fn next_return(
        self,
        at_us: i64,
        txn: &mut Txn<'_>,
    ) -> Result<Option<i64>, ApplyError> {
        let Some(after_us) = at_us.checked_add(1) else {
            return Ok(None);
        };
        let mut next: Option<i64> = None;
        for matter in self.matters() {
            // Mostly a contact is the last of all, so that one look is enough.
            if brief(matter, txn)?.last_return_us < Some(after_us) {
                continue;
            }
            let list = matter.returns();
            let (from, to) = (list.clone().time(after_us), prefix_end(&list));
            let mut later = txn.scan_range(&from, to.as_deref(), Direction::Ascending);
            if let Some(at_us) = time_of(later.next(), &list)? {
                next = Some(next.map_or(at_us, |next| next.min(at_us)));
            }
        }
        Ok(next)
    }

    /// When they had come back last before an instant.
    pub(super) fn last_return(
        self,
        at_us: i64,
        txn: &mut Txn<'_>,
    ) -> Result<Option<i64>, ApplyError> {
        let mut last: Option<i64> = None;
        for matter in self.matters() {
            let list = matter.returns();
            let to = list.clone().time(at_us);
            let mut earlier = txn.scan_range(&list, Some(&*to), Direction::Descending);
            last = last.max(time_of(earlier.next(), &list)?);
        }
        Ok(last)
    }

    /// Whether they came back at that very instant.
    pub(super) fn is_return(self, at_us: i64, txn: &mut Txn<'_>) -> Result<bool, ApplyError> {
        for matter in self.matters() {
            if brief(matter, txn)?.last_return_us < Some(at_us) {
                continue;
            }
            let then = matter.returns().time(at_us);
            let first = txn.scan_prefix(&then, Direction::Ascending).next();
            if first.transpose()?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether a solution was used so short a time before that a contact may be a return.
    pub(super) fn follows_a_use(self, at_us: i64, txn: &mut Txn<'_>) -> Result<bool, ApplyError> {
        for matter in self.matters() {
            if brief(matter, txn)?.linked == 0 {
                continue;
            }
            let list = matter.linked();
            let (from, to) = (list.clone().time(far_before(at_us)), list.time(at_us));
            let first = txn
                .scan_range(&from, Some(&*to), Direction::Ascending)
                .next();
            if first.transpose()?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

type Entry = Result<(Bytes, Bytes), aftercall_view::StoreError>;

fn time_of(entry: Option<Entry>, list: &[u8]) -> Result<Option<i64>, ApplyError> {
    let Some(entry) = entry else { return Ok(None) };
    let (at_us, ..) = evidence::read_at(&entry?.0, list).map_err(ApplyError::record)?;
    Ok(Some(at_us))
}

/// All ids of a customer, the own one first; none of nobody.
pub(super) fn persons(
    tenant_id: &str,
    customer_id: &str,
    txn: &mut Txn<'_>,
) -> Result<Vec<String>, ApplyError> {
    if customer_id.is_empty() {
        return Ok(Vec::new());
    }
    let all = MERGED.customers_then(txn, tenant_id, customer_id)?;
    // Of more than there may be not all are told, and each of them would be told others.
    match all.len() < MERGES_MAX {
        true => Ok(all),
        false => Ok(vec![customer_id.to_owned()]),
    }
}

/// What is known of a matter at one look.
fn brief(matter: Matter<'_>, txn: &Txn<'_>) -> Result<Brief, ApplyError> {
    Ok(stored(txn.get(matter.brief())?)?.unwrap_or_default())
}

/// Changes what is known of a matter at one look; where nothing is, nothing stands.
pub(super) fn edit(
    matter: Matter<'_>,
    txn: &mut Txn<'_>,
    edit: impl FnOnce(&mut Brief),
) -> Result<(), ApplyError> {
    let before = brief(matter, txn)?;
    let mut after = before;
    edit(&mut after);
    match after == before {
        true => Ok(()),
        false if after == Brief::default() => Ok(txn.delete(matter.brief())?),
        false => Ok(txn.put(matter.brief(), after.encode_to_vec())?),
    }
}

/// A return at that instant is not there any more: if it was the last one, another one is.
pub(super) fn forget_last(
    matter: Matter<'_>,
    at_us: i64,
    txn: &mut Txn<'_>,
) -> Result<(), ApplyError> {
    if brief(matter, txn)?.last_return_us != Some(at_us) {
        return Ok(());
    }
    let list = matter.returns();
    let left = txn.scan_prefix(&list, Direction::Descending).next();
    let last_return_us = time_of(left, &list)?;
    edit(matter, txn, |brief| brief.last_return_us = last_return_us)
}

/// Two customers are one from now on, or not any more: what came of the uses of all who are one with them is counted
/// anew.
pub(in crate::fold) fn on_merged(
    fact: &Accepted,
    txn: &mut Txn<'_>,
    noted: &mut Noted,
) -> Result<(), ApplyError> {
    let (tenant_id, one) = (&*fact.event.tenant_id, &*fact.event.aggregate_id);
    let other = match &fact.what {
        What::Merged(merged) => merged.merged_customer_id.as_str(),
        What::Unmerged(unmerged) => unmerged.merged_customer_id.as_str(),
        _ => return Ok(()),
    };
    let mut concerned = BTreeSet::new();
    for customer_id in [one, other] {
        concerned.extend(MERGED.customers_then(txn, tenant_id, customer_id)?);
    }
    MERGED.apply(fact, txn)?;
    for customer_id in [one, other] {
        concerned.extend(MERGED.customers_then(txn, tenant_id, customer_id)?);
    }
    for customer_id in &concerned {
        look_again(tenant_id, customer_id, (txn, noted))?;
    }
    Ok(())
}

/// Counts anew what came of a customer's uses: some at a time, so that it takes little memory however many they are.
fn look_again(
    tenant_id: &str,
    customer_id: &str,
    (txn, noted): (&mut Txn<'_>, &mut Noted),
) -> Result<(), ApplyError> {
    let persons = persons(tenant_id, customer_id, txn)?;
    let all = evidence::all_linked(tenant_id, customer_id);
    let (mut from, end) = (all.to_vec(), prefix_end(&all));
    loop {
        let rows = txn.scan_range(&from, end.as_deref(), Direction::Ascending);
        let rows = rows.take(USES_LOOKED_AT_ONCE);
        let rows: Vec<(Bytes, Bytes)> = rows.collect::<Result<_, _>>()?;
        let Some((last, _)) = rows.last() else {
            return Ok(());
        };
        // The first key that may follow it.
        from = [&last[..], &[0]].concat();
        for (key, linked) in rows {
            let read = evidence::read_linked(&key, &all).map_err(ApplyError::record)?;
            let (reason_code, used_us, interaction_id, whose) = read;
            let concern = Concern::of(tenant_id, &persons, &reason_code);
            let now = Known::after(concern.next_return(used_us, txn)?, used_us);
            let linked = Linked::decode(linked).map_err(ApplyError::record)?;
            let at = (used_us, (interaction_id.as_str(), whose));
            for link in &linked.links {
                settle((tenant_id, &reason_code), link, at, now, (txn, noted))?;
            }
        }
    }
}
