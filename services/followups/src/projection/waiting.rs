//! How promises stand that others wait for, noted beside those.

use aftercall_domain::commitment::{Commitment, Foregoing};
use aftercall_ledger::Accepted;
use aftercall_view::key::Parts;
use aftercall_view::{ApplyError, Direction, Txn};
use bytes::Bytes;
use jiff::Timestamp;

use super::Promises;
use crate::{keys, stored};

impl Promises {
    /// The promise waits for others, some of which it did not wait for before: it is noted how those stand, and that it
    /// waits for them.
    pub(super) fn begin_to_wait(
        &mut self,
        fact: &Accepted,
        (before, promise): (Option<&Commitment>, &mut Commitment),
        since: Timestamp,
        txn: &mut Txn<'_>,
    ) -> Result<(), ApplyError> {
        let tenant_id = &fact.event.tenant_id;
        let awaited =
            |id: &str| keys::awaited_by(tenant_id, id, fact.whose).id(&promise.commitment_id);
        let no_more = before.into_iter().flat_map(Commitment::awaited_ids);
        let now = promise.awaited_ids();
        for id in no_more.filter(|id| !now.contains(id)) {
            txn.delete(awaited(&id))?;
        }
        for id in &now {
            txn.put(awaited(id), Bytes::new())?;
        }
        for id in now {
            let other = stored::commitment(tenant_id, &id, fact.whose, |key| txn.get(key))?;
            let Some(other) = other else { continue };
            promise.note_foregoing(&id, other.foregoing(since));
            if !other.is_awaited {
                let noted = Commitment {
                    is_awaited: true,
                    ..other.clone()
                };
                self.put(fact, Some(&other), noted, txn)?;
            }
        }
        Ok(())
    }

    /// Something became of a promise that others wait for.
    pub(super) fn tell_waiting(
        &mut self,
        fact: &Accepted,
        other: &Commitment,
        since: Timestamp,
        txn: &mut Txn<'_>,
    ) -> Result<(), ApplyError> {
        let tenant_id = &fact.event.tenant_id;
        let foregoing = other.foregoing(since);
        let waiting = keys::awaited_by(tenant_id, &other.commitment_id, fact.whose);
        let mut ids = Vec::new();
        for entry in txn.scan_prefix(waiting.clone(), Direction::Ascending) {
            let (key, _) = entry?;
            let id = Parts::new(&key[waiting.len()..]).id();
            ids.push(id.map_err(ApplyError::record)?);
        }
        for id in ids {
            let before = stored::commitment(tenant_id, &id, fact.whose, |key| txn.get(key))?;
            let Some(before) = before else { continue };
            let mut waits = before.depends_on.iter();
            let known = waits.find(|one| one.commitment_id == other.commitment_id);
            let known = known.and_then(|one| one.foregoing);
            // What does not change how it stands is no news.
            if known.is_some_and(|it| Foregoing { since, ..it } == foregoing) {
                continue;
            }
            let mut after = before.clone();
            after.note_foregoing(&other.commitment_id, foregoing);
            self.put(fact, Some(&before), after, txn)?;
        }
        Ok(())
    }
}
