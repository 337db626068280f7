//! Whether a promise can wait for others.

use aftercall_domain::commitment::is_cyclic;
use aftercall_domain::violation::Reason;
use aftercall_domain::{FieldPath, Scope, Violations};
use aftercall_ledger::Ledger;
use aftercall_view::{Direction, Store};

use crate::failure::Refused;
use crate::{keys, stored};

/// How many promises may wait for one: whatever becomes of it is noted beside each.
const WAITING_MAX: usize = 100;

/// A promise that is to wait for others.
pub(crate) struct Waiter<'a> {
    pub(crate) tenant_id: &'a str,
    /// Whose promises the caller sees: to them there are no others.
    pub(crate) scope: &'a Scope,
    pub(crate) commitment_id: &'a str,
    pub(crate) whose: u64,
}

/// Refuses promises that are not there, or not of the same customer's record; for which too many wait already; or that
/// wait for this one.
pub(crate) fn check(
    (store, ledger): (&Store, &Ledger),
    waiter: &Waiter<'_>,
    at: FieldPath<'_>,
    for_ids: &[String],
) -> Result<(), Refused> {
    let mut found = Violations::new();
    let Waiter {
        tenant_id,
        scope,
        commitment_id,
        whose,
    } = waiter;
    for (place, id) in for_ids.iter().enumerate() {
        let get = |key: &[u8]| store.get(key);
        let other = stored::commitment(tenant_id, id, *whose, get)?;
        if other.is_none_or(|other| !scope.admits(other.parties())) {
            let text =
                "there is no such promise that was recorded as the same customer's; check the id";
            found.add(at.index(place), Reason::NotFound, text);
            continue;
        }
        let waiting = keys::awaited_by(tenant_id, id, *whose);
        let own = Vec::from(waiting.clone().id(commitment_id));
        let mut others = 0;
        for entry in store
            .scan_prefix(waiting, Direction::Ascending)
            .take(WAITING_MAX + 1)
        {
            others += usize::from(entry?.0 != own);
        }
        if others >= WAITING_MAX {
            let text = "100 promises wait for it already, which is the most; wait for one of those";
            found.add(at.index(place), Reason::TooMany, text);
        }
    }
    if found.is_empty() {
        let next = |id: &str| ledger.waits_for(tenant_id, id, *whose);
        if is_cyclic(commitment_id, for_ids, next)? {
            let text = "the promise would wait for itself, by way of these; take out the one that waits for it";
            found.add(at, Reason::CyclicDependency, text);
        }
    }
    Ok(found.into_result(())?)
}
