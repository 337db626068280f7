//! Promises and alerts into the store, with all that finds them.

use aftercall_domain::alert::Alert;
use aftercall_domain::commitment::Commitment;
use aftercall_proto::convert::alert::to_row;
use aftercall_proto::convert::time::microseconds;
use aftercall_view::{ApplyError, Txn};
use bytes::Bytes;
use jiff::Timestamp;

use super::contacts::{self, Change};
use super::returned;
use crate::keys::{self, AlertPlace, Home};
use crate::{routing, stored};

/// Puts the promise, and moves it in the lists.
pub(super) fn put_commitment(
    tenant_id: &str,
    before: Option<&Commitment>,
    after: Commitment,
    home: Home,
    txn: &mut Txn<'_>,
) -> Result<(), ApplyError> {
    let old = before.map_or_else(Vec::new, |before| keys::indexes(tenant_id, before, home));
    let new = keys::indexes(tenant_id, &after, home);
    for (key, _) in &old {
        if new.iter().all(|(other, _)| other != key) {
            txn.delete(key.clone())?;
        }
    }
    for (key, beside) in new.iter().filter(|entry| !old.contains(entry)) {
        txn.put(key.clone(), beside.clone())?;
    }
    note_lapsed(tenant_id, &after, txn)?;
    let key = keys::commitment(tenant_id, &after.commitment_id, home.whose);
    // Contacts may have come before the word that the due had passed, or of whose promise it was.
    if let Some((customer_id, first)) = more_broken(before, &after) {
        let customer = (tenant_id, customer_id);
        contacts::again(customer, microseconds(first), Change::More(&after), txn)?;
    }
    let less_broken = less_broken(before, &after);
    let awaits = returned::is_concerned(before, &after).then(|| after.clone());
    let row = stored::encode_commitment(after);
    match before {
        // Many promises are kept and change once, and what changes is merged with the rest.
        None => txn.put_lasting(key, row)?,
        Some(_) => txn.put(key, row)?,
    }
    if let Some((customer_id, first)) = less_broken {
        let customer = (tenant_id, customer_id);
        contacts::again(customer, microseconds(first), Change::Less, txn)?;
    }
    match awaits {
        Some(after) => returned::promise(tenant_id, (before, &after), txn),
        None => Ok(()),
    }
}

/// Puts what the alerts of a promise became by an event, and returns those that it changed.
pub(super) fn put_alerts(
    tenant_id: &str,
    (before, after): (&Commitment, &Commitment),
    whose: u64,
    txn: &mut Txn<'_>,
) -> Result<Vec<Alert>, ApplyError> {
    let changed = Alert::changed(tenant_id, Some(before), after);
    for alert in &changed {
        let place = AlertPlace::of(alert, whose);
        let last = before.alert(alert.rule);
        let last = last.filter(|last| last.number == alert.episode_no);
        let last = last.map(|last| Alert::of(tenant_id, before, last));
        match &last {
            Some(last) => {
                for place in keys::alert_places(tenant_id, last, whose) {
                    txn.delete(place)?;
                }
            }
            None => txn.put(keys::alert_id_at(tenant_id, alert, &place), Bytes::new())?,
        }
        for place in keys::alert_places(tenant_id, alert, whose) {
            txn.put(place, Bytes::new())?;
        }
        routing::place(tenant_id, (last.as_ref(), alert), &place, txn)?;
        txn.put(place.key(tenant_id), to_row(alert.clone()))?;
    }
    Ok(changed)
}

/// Whose contacts since when a promise may have caused.
fn broken(promise: &Commitment) -> Option<(&str, Timestamp)> {
    let customer_id = promise.customer_id.as_deref()?;
    let first = promise.lapses.iter().map(|lapse| lapse.lapsed_at).min()?;
    Some((customer_id, first))
}

/// Whose contacts since when a promise may cause from now on, and may not have before.
fn more_broken<'a>(
    before: Option<&Commitment>,
    after: &'a Commitment,
) -> Option<(&'a str, Timestamp)> {
    let is_as_before = before.is_some_and(|before| {
        before.lapses == after.lapses && before.customer_id == after.customer_id
    });
    broken(after).filter(|_| !is_as_before)
}

/// Whose contacts since when a promise may have caused until now, and no longer.
fn less_broken<'a>(
    before: Option<&'a Commitment>,
    after: &Commitment,
) -> Option<(&'a str, Timestamp)> {
    let before = before?;
    let is_less = before.customer_id != after.customer_id || before.is_open() && !after.is_open();
    broken(before).filter(|_| is_less)
}

/// Notes that there are dues of a customer that passed with their promises open, so that it is known without a scan of
/// whom there are none.
fn note_lapsed(tenant_id: &str, after: &Commitment, txn: &mut Txn<'_>) -> Result<(), ApplyError> {
    let Some(customer_id) = &after.customer_id else {
        return Ok(());
    };
    if !after.lapses.is_empty() {
        let key = keys::contacts::lapsed(tenant_id, customer_id);
        if txn.get(&*key)?.is_none() {
            txn.put(key, Bytes::new())?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use aftercall_domain::commitment::{Clock, Lapse};
    use aftercall_domain::limits::LAPSES_SHOWN_MAX;
    use jiff::ToSpan;

    use super::*;
    use crate::list::tests::promise;

    #[test]
    fn a_further_lapse_counts_also_where_as_many_are_kept_as_are() {
        let lapsed = |from: i64| {
            let mut promise = promise(1);
            promise.customer_id = Some("customer-1".to_owned());
            let lapses = (from..).take(LAPSES_SHOWN_MAX).map(|hour| Lapse {
                clock: Clock::Promise,
                due_revision: 1,
                lapsed_at: promise.made_at + hour.hours(),
                detected_at: promise.made_at + hour.hours(),
            });
            promise.lapses = lapses.collect();
            promise
        };
        let (before, after) = (lapsed(0), lapsed(1));
        assert!(more_broken(Some(&before), &after).is_some());
        assert!(more_broken(Some(&after), &after).is_none());
    }
}
