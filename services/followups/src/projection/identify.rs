//! A contact becomes another customer's, or nobody's, and so do the promises that were made in it.

use aftercall_domain::alert::Alert;
use aftercall_domain::commitment::Commitment;
use aftercall_ledger::Accepted;
use aftercall_proto::convert::alert::to_row;
use aftercall_proto::event::v1::InteractionIdentified;
use aftercall_view::key::Parts;
use aftercall_view::{ApplyError, Direction, Txn};
use bytes::Bytes;

use super::Promises;
use crate::{keys, stored};

impl Promises {
    /// Moves the promises, and returns the alerts that this changed.
    pub(super) fn identify(
        &mut self,
        fact: &Accepted,
        identified: &InteractionIdentified,
        txn: &mut Txn<'_>,
    ) -> Result<Vec<Alert>, ApplyError> {
        let tenant_id = &fact.event.tenant_id;
        let customer_id = Some(&identified.customer_id).filter(|id| !id.is_empty());
        let mut changed = Vec::new();
        let mut ids = identified.commitment_ids.clone();
        let later = keys::made_in(tenant_id, &fact.event.aggregate_id, fact.whose);
        for made in txn.scan_prefix(later.clone(), Direction::Ascending) {
            let (key, _) = made?;
            let id = Parts::new(&key[later.len()..]).id();
            ids.push(id.map_err(ApplyError::record)?);
        }
        for id in &ids {
            let before = stored::commitment(tenant_id, id, fact.whose, |key| txn.get(key))?;
            let Some(before) = before else { continue };
            let mut after = before.clone();
            after.customer_id = customer_id.cloned();
            if !identified.display_name.is_empty() {
                after.customer_name.clone_from(&identified.display_name);
            }
            // What becomes of it goes on under the key that its contact was recorded under.
            txn.put(keys::log_key(tenant_id, id, fact.whose), fact.key.clone())?;
            rename_alerts(tenant_id, &after, fact.whose, txn)?;
            changed.extend(Alert::changed(tenant_id, Some(&before), &after));
            self.put(fact, Some(&before), after, txn)?;
        }
        Ok(changed)
    }
}

/// All episodes of the promise's alerts are the new customer's.
fn rename_alerts(
    tenant_id: &str,
    promise: &Commitment,
    whose: u64,
    txn: &mut Txn<'_>,
) -> Result<(), ApplyError> {
    let episodes = keys::alerts_of(tenant_id, &promise.commitment_id, whose);
    let episodes = txn.scan_prefix(episodes, Direction::Ascending);
    let episodes: Vec<(Bytes, Bytes)> = episodes.collect::<Result<_, _>>()?;
    for (key, alert) in episodes {
        let mut alert = stored::decode_alert(alert)?;
        alert.customer_id.clone_from(&promise.customer_id);
        txn.put(key, to_row(alert))?;
    }
    Ok(())
}
