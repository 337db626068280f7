//! How many exports run at once: each reads all the time, and holds where its contacts stand.

use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::Mutex;

use crate::failure::Unanswered;
use crate::limits::{EXPORTS_MAX, EXPORTS_OF_TENANT_MAX};

/// The exports that run, by tenant.
#[derive(Debug, Clone, Default)]
pub(crate) struct Quota(Arc<Mutex<BTreeMap<String, usize>>>);

/// One export's place, until it is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    quota: Quota,
    tenant_id: String,
}

impl Quota {
    /// Takes a place.
    ///
    /// # Errors
    /// [`Unanswered::TooManyExports`] when there is none.
    pub(crate) fn enter(&self, tenant_id: &str) -> Result<Place, Unanswered> {
        let mut running = self.0.lock();
        let own = running.get(tenant_id).copied().unwrap_or(0);
        if own >= EXPORTS_OF_TENANT_MAX || running.values().sum::<usize>() >= EXPORTS_MAX {
            return Err(Unanswered::TooManyExports);
        }
        running.insert(tenant_id.to_owned(), own + 1);
        Ok(Place {
            quota: self.clone(),
            tenant_id: tenant_id.to_owned(),
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut running = self.quota.0.lock();
        match running.get_mut(&self.tenant_id) {
            Some(own) if *own > 1 => *own -= 1,
            _ => {
                running.remove(&self.tenant_id);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenant_has_so_many_and_all_together_so_many() {
        let quota = Quota::default();
        let mut places: Vec<Place> = Vec::new();
        for _ in 0..EXPORTS_OF_TENANT_MAX {
            places.push(quota.enter("one").unwrap());
        }
        assert!(matches!(
            quota.enter("one"),
            Err(Unanswered::TooManyExports)
        ));
        for tenant in 0.. {
            match quota.enter(&tenant.to_string()) {
                Ok(place) => places.push(place),
                Err(_) => break,
            }
        }
        assert_eq!(places.len(), EXPORTS_MAX);
        drop(places.remove(0));
        let place = quota.enter("one").unwrap();
        drop((place, places));
        assert!(quota.0.lock().is_empty());
    }
}
