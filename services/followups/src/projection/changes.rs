//! Promises and alerts into the store, with all that finds them.

use aftercall_domain::alert::Alert;
use aftercall_domain::commitment::{Commitment, Event};
use aftercall_proto::convert::alert::to_row;
use aftercall_view::{ApplyError, Direction, Txn};
use bytes::Bytes;

use crate::keys::{self, Home};
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

/// Puts what the alert of the promise becomes by `event`, and returns it, if it changes.
pub(super) fn put_alert(
    tenant_id: &str,
    commitment: &Commitment,
    event: &Event,
    whose: u64,
    txn: &mut Txn<'_>,
) -> Result<Option<Alert>, ApplyError> {
    let episodes = keys::alerts_of(tenant_id, &commitment.commitment_id, whose);
    let last = txn.scan_prefix(episodes, Direction::Descending).next();
    let last = last.transpose()?;
    let last = last.map(|(_, alert)| stored::decode_alert(alert));
    let last = last.transpose()?;
    let Some(alert) = Alert::after(last.as_ref(), tenant_id, commitment, event) else {
        return Ok(None);
    };
    if let Some(last) = last.filter(|last| last.episode_no == alert.episode_no) {
        for place in keys::alert_places(tenant_id, &last, whose) {
            txn.delete(place)?;
        }
    }
    for place in keys::alert_places(tenant_id, &alert, whose) {
        txn.put(place, Bytes::new())?;
    }
    let key = keys::alert(tenant_id, alert.subject.id(), whose, alert.episode_no);
    txn.put(key, to_row(alert.clone()))?;
    Ok(Some(alert))
}
