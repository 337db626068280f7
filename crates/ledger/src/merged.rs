//! Customers that are one, as a view keeps them: pairs, of which whoever is asked for one finds the
//! other. A merge stands under both of its customers, apart from one that names the same two the
//! other way round, so that neither undoes the other.

use std::collections::BTreeSet;

use aftercall_domain::limits::MERGES_MAX;
use aftercall_view::key::{Key, Parts};
use aftercall_view::{ApplyError, Direction, Store, StoreError, Txn};
use bytes::Bytes;

use crate::{Accepted, What};

/// The merges in a view's store.
///
/// ```text
///  tag · tenant · customer                                                      → how many follow, big-endian
///  tag · tenant · customer · other · whether the event names the customer first → nothing
/// ```
///
/// Hardly a customer is merged, and every query asks. That nothing stands under a key is known without a look
/// into the tables; that no key begins so is not.
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
        let (other, is_merged) = match &fact.what {
            What::Merged(merged) => (&merged.merged_customer_id, true),
            What::Unmerged(unmerged) => (&unmerged.merged_customer_id, false),
            _ => return Ok(()),
        };
        for (one, other, first) in [(customer_id, other, true), (other, customer_id, false)] {
            let key = self.key(tenant_id, one, other, first);
            let was_merged = txn.get(&key)?.is_some();
            if was_merged == is_merged {
                continue;
            }
            let of_one = self.all(tenant_id, one);
            let count = count(txn.get(&of_one)?);
            match is_merged {
                true => {
                    txn.put(key, Vec::new())?;
                    txn.put(of_one, count.saturating_add(1).to_be_bytes().to_vec())?;
                }
                false => {
                    txn.delete(key)?;
                    match count.saturating_sub(1) {
                        0 => txn.delete(of_one)?,
                        left => txn.put(of_one, left.to_be_bytes().to_vec())?,
                    }
                }
            }
        }
        Ok(())
    }

    /// The keys of the pairs that a merge or unmerge may change.
    pub fn changed_by(self, fact: &Accepted) -> Vec<Bytes> {
        let (tenant_id, customer_id) = (&fact.event.tenant_id, &fact.event.aggregate_id);
        let other = match &fact.what {
            What::Merged(merged) => &merged.merged_customer_id,
            What::Unmerged(unmerged) => &unmerged.merged_customer_id,
            _ => return Vec::new(),
        };
        let keys = [
            self.key(tenant_id, customer_id, other, true),
            self.key(tenant_id, other, customer_id, false),
        ];
        keys.map(Bytes::from).into()
    }

    /// As [`MergedPairs::customers`], by whatever gives the entries whose keys begin with a prefix: for a store as it was.
    ///
    /// # Errors
    /// Those of the entries.
    pub fn customers_among<E, I>(
        self,
        tenant_id: &str,
        customer_id: &str,
        entries: impl Fn(&[u8]) -> I,
    ) -> Result<Vec<String>, E>
    where
        I: Iterator<Item = Result<(Bytes, Bytes), E>>,
    {
        self.all_of(tenant_id, customer_id, |prefix| {
            others(prefix, entries(prefix))
        })
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
        self.all_of(tenant_id, customer_id, |prefix| {
            match store.get(prefix)? {
                None => Ok(Vec::new()),
                Some(_) => others(prefix, store.scan_prefix(prefix, Direction::Ascending)),
            }
        })
    }

    /// The same, as a batch will leave it.
    ///
    /// # Errors
    /// When the store can't be read.
    pub fn customers_then(
        self,
        txn: &mut Txn<'_>,
        tenant_id: &str,
        customer_id: &str,
    ) -> Result<Vec<String>, StoreError> {
        self.all_of(tenant_id, customer_id, |prefix| match txn.get(prefix)? {
            None => Ok(Vec::new()),
            Some(_) => others(prefix, txn.scan_prefix(prefix, Direction::Ascending)),
        })
    }

    fn all_of<E>(
        self,
        tenant_id: &str,
        customer_id: &str,
        mut others: impl FnMut(&[u8]) -> Result<Vec<String>, E>,
    ) -> Result<Vec<String>, E> {
        let mut known = BTreeSet::from([customer_id.to_owned()]);
        let mut found = vec![customer_id.to_owned()];
        let mut next = 0;
        while next < found.len() {
            let prefix = self.all(tenant_id, &found[next]);
            next += 1;
            for other in others(&prefix)? {
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

/// The customers that are named after `prefix`.
fn others<E>(
    prefix: &[u8],
    entries: impl Iterator<Item = Result<(Bytes, Bytes), E>>,
) -> Result<Vec<String>, E> {
    let mut found = Vec::new();
    for entry in entries {
        let (key, _) = entry?;
        // The first key is the customer's own.
        if let Ok(other) = Parts::new(&key[prefix.len()..]).text() {
            found.push(other);
        }
    }
    Ok(found)
}

fn count(stored: Option<Bytes>) -> u32 {
    let stored = stored.and_then(|count| count.as_ref().try_into().ok());
    stored.map_or(0, u32::from_be_bytes)
}
