//! Customers that are one, as a view keeps them: pairs, of which whoever is asked for one finds the
//! other. A merge stands under both of its customers, apart from one that names the same two the
//! other way round, so that neither undoes the other.

use std::collections::BTreeSet;

use aftercall_domain::limits::MERGES_MAX;
use aftercall_view::key::{Key, Parts};
use aftercall_view::{ApplyError, Direction, Store, StoreError, Txn};

use crate::{Accepted, What};

/// The merges in a view's store.
///
/// ```text
///  tag · tenant · customer · other · whether the event names the customer first → nothing
/// ```
#[derive(Debug, Clone, Copy)]
pub struct MergedPairs {
    tag: u8,
}

impl MergedPairs {
    /// Those under keys that begin with `tag`.
    pub const fn under(tag: u8) -> Self {
        Self { tag }
    }

    /// Applies a merge or unmerge; anything else changes nothing.
    ///
    /// # Errors
    /// When the store can't be written.
    pub fn apply(self, fact: &Accepted, txn: &mut Txn<'_>) -> Result<(), ApplyError> {
        let (tenant_id, customer_id) = (&fact.event.tenant_id, &fact.event.aggregate_id);
        let pair = |other: &str| {
            [
                self.key(tenant_id, customer_id, other, true),
                self.key(tenant_id, other, customer_id, false),
            ]
        };
        match &fact.what {
            What::Merged(merged) => {
                for key in pair(&merged.merged_customer_id) {
                    txn.put(key, Vec::new())?;
                }
            }
            What::Unmerged(unmerged) => {
                for key in pair(&unmerged.merged_customer_id) {
                    txn.delete(key)?;
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// The customer, and all that it is merged with, directly or by others: itself first, and at most
    /// [`MERGES_MAX`] in all.
    ///
    /// # Errors
    /// When the store can't be read.
    pub fn customers(
        self,
        store: &Store,
        tenant_id: &str,
        customer_id: &str,
    ) -> Result<Vec<String>, StoreError> {
        let mut known = BTreeSet::from([customer_id.to_owned()]);
        let mut found = vec![customer_id.to_owned()];
        let mut next = 0;
        while next < found.len() {
            let prefix = Vec::from(self.all(tenant_id, &found[next]));
            next += 1;
            for entry in store.scan_prefix(&prefix, Direction::Ascending) {
                let (key, _) = entry?;
                let Ok(other) = Parts::new(&key[prefix.len()..]).text() else {
                    continue;
                };
                if found.len() < MERGES_MAX && known.insert(other.clone()) {
                    found.push(other);
                }
            }
        }
        Ok(found)
    }

    fn all(self, tenant_id: &str, customer_id: &str) -> Key {
        Key::new(self.tag).text(tenant_id).text(customer_id)
    }

    fn key(self, tenant_id: &str, customer_id: &str, other: &str, first: bool) -> Key {
        self.all(tenant_id, customer_id)
            .text(other)
            .u32(u32::from(first))
    }
}
