//! Promises and alerts into the store, with all that finds them.

use aftercall_domain::alert::Alert;
use aftercall_domain::commitment::Commitment;
use aftercall_proto::convert::alert::to_row;
use aftercall_proto::convert::time::microseconds;
use aftercall_view::{ApplyError, Txn};
use bytes::Bytes;
use jiff::Timestamp;

use crate::keys::{self, AlertPlace, Home, contacts};
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
    for key in old.iter().filter(|key| !new.contains(key)) {
        txn.delete(key.clone())?;
    }
    for key in new.iter().filter(|key| !old.contains(key)) {
        txn.put(key.clone(), Bytes::new())?;
    }
    note_lapsed(tenant_id, &after, txn)?;
    let key = keys::commitment(tenant_id, &after.commitment_id, home.whose);
    let broken = broken(before, &after);
    let row = stored::encode_commitment(after);
    match before {
        // Many promises are kept and change once, and what changes is merged with the rest.
        None => txn.put_lasting(key, row)?,
        Some(_) => txn.put(key, row)?,
    }
    // Contacts may have come before the word that the due had passed, or of whose promise it was.
    for (customer_id, first) in broken {
        super::contacts::again((tenant_id, &customer_id), microseconds(first), txn)?;
    }
    Ok(())
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

/// Whose contacts a broken promise may have caused, or may have until now, if that changes, and since when.
fn broken(before: Option<&Commitment>, after: &Commitment) -> Vec<(String, Timestamp)> {
    let of = |promise: &Commitment| {
        let first = promise.lapses.iter().map(|lapse| lapse.lapsed_at).min();
        promise.customer_id.clone().zip(first)
    };
    let is_as_before = before.is_some_and(|before| {
        let state = |promise: &Commitment| (promise.lapses.len(), promise.is_open());
        state(before) == state(after) && before.customer_id == after.customer_id
    });
    if is_as_before {
        return Vec::new();
    }
    let (was, is) = (before.and_then(of), of(after));
    let was = was.filter(|(customer_id, _)| is.as_ref().is_none_or(|(one, _)| one != customer_id));
    was.into_iter().chain(is).collect()
}

/// Notes that there are dues of a customer that passed with their promises open, so that it is known without a scan of
/// whom there are none.
fn note_lapsed(tenant_id: &str, after: &Commitment, txn: &mut Txn<'_>) -> Result<(), ApplyError> {
    let Some(customer_id) = &after.customer_id else {
        return Ok(());
    };
    if !after.lapses.is_empty() {
        let key = contacts::lapsed(tenant_id, customer_id);
        if txn.get(&*key)?.is_none() {
            txn.put(key, Bytes::new())?;
        }
    }
    Ok(())
}
