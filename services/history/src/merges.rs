//! Customers that are one: whoever asks for any of them is shown all.

use std::collections::BTreeSet;

use aftercall_view::{Direction, Store, StoreError};

use crate::keys;

/// How many customers are shown as one.
const ONE_OF_MAX: usize = 50;

/// The customer, and all with whom it is merged, by whatever others; at most [`ONE_OF_MAX`].
pub(crate) fn all_of(
    store: &Store,
    tenant_id: &str,
    customer_id: &str,
) -> Result<Vec<String>, StoreError> {
    let mut all = vec![customer_id.to_owned()];
    let mut seen: BTreeSet<String> = all.iter().cloned().collect();
    let mut at = 0;
    while let Some(customer_id) = all.get(at).cloned() {
        at += 1;
        let prefix = keys::merges(tenant_id, &customer_id);
        for merged in store.scan_prefix(&prefix, Direction::Ascending) {
            let Some(other) = keys::merged_with(&prefix, &merged?.0) else {
                continue;
            };
            if all.len() < ONE_OF_MAX && seen.insert(other.clone()) {
                all.push(other);
            }
        }
    }
    Ok(all)
}
