//! Promises and alerts into the store, with all that finds them.

use aftercall_domain::alert::Alert;
use aftercall_domain::commitment::Commitment;
use aftercall_proto::convert::alert::to_row;
use aftercall_view::{ApplyError, Txn};
use bytes::Bytes;

use crate::keys::{self, AlertPlace, Home};
use crate::stored;

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
    let key = keys::commitment(tenant_id, &after.commitment_id, home.whose);
    let row = stored::encode_commitment(after);
    match before {
        // Many promises are kept and change once, and what changes is merged with the rest.
        None => txn.put_lasting(key, row)?,
        Some(_) => txn.put(key, row)?,
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
        match last.map(|last| Alert::of(tenant_id, before, last)) {
            Some(last) => {
                for place in keys::alert_places(tenant_id, &last, whose) {
                    txn.delete(place)?;
                }
            }
            None => txn.put(keys::alert_id_at(tenant_id, alert, &place), Bytes::new())?,
        }
        for place in keys::alert_places(tenant_id, alert, whose) {
            txn.put(place, Bytes::new())?;
        }
        txn.put(place.key(tenant_id), to_row(alert.clone()))?;
    }
    Ok(changed)
}
