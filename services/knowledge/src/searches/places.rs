//! Where contacts stand among those of their customer for their reason, and which ones are next to them.

use aftercall_view::key::Key;
use aftercall_view::{ApplyError, Direction, Txn};
use bytes::Bytes;

use super::records::{COMES_BACK_WITHIN_US, Trace};
use crate::keys::search as keys;

/// Where a contact stands among those of its customer for its reason.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Place {
    /// All of these, in order,
    list: Key,
    /// and what the key of the last of them ends in: one look at it mostly spares two scans, each of which would look into
    /// every table.
    last: Key,
    at_us: i64,
}

/// A contact, and whose it is.
type Neighbour = Option<(String, u64)>;

impl Trace {
    /// Where it stands among its customer's contacts; nowhere without a customer or a reason.
    pub(super) fn place(&self, tenant_id: &str) -> Option<Place> {
        let (customer_id, reason_code) = (&*self.customer_id, &*self.reason_code);
        let is_known = !customer_id.is_empty() && !reason_code.is_empty();
        is_known.then(|| Place {
            list: keys::reached_out(tenant_id, customer_id, reason_code),
            last: keys::reached_out_last(tenant_id, customer_id, reason_code),
            at_us: self.occurred_at_us,
        })
    }
}

impl Place {
    /// The contact's own key in the list.
    fn of(&self, (interaction_id, whose): (&str, u64)) -> Key {
        let at = self.list.clone().time(self.at_us);
        at.id(interaction_id).u64(whose)
    }

    /// Puts the contact there. Gives those next to it.
    pub(super) fn enter(
        &self,
        contact: (&str, u64),
        txn: &mut Txn<'_>,
    ) -> Result<[Neighbour; 2], ApplyError> {
        let own = self.of(contact);
        let neighbours = self.neighbours(&own, txn)?;
        let end = own[self.list.len()..].to_vec();
        if txn.get(&self.last)?.is_none_or(|last| *last < *end) {
            txn.put(self.last.clone(), end)?;
        }
        txn.put(own, "")?;
        Ok(neighbours)
    }

    /// Takes the contact away. Gives those next to which it was.
    pub(super) fn leave(
        &self,
        contact: (&str, u64),
        txn: &mut Txn<'_>,
    ) -> Result<[Neighbour; 2], ApplyError> {
        let own = self.of(contact);
        txn.delete(own.clone())?;
        if txn
            .get(&self.last)?
            .is_some_and(|last| *last == own[self.list.len()..])
        {
            let left = txn.scan_prefix(&self.list, Direction::Descending).next();
            match left.transpose()? {
                Some((key, _)) => {
                    let end = key.get(self.list.len()..).unwrap_or_default();
                    txn.put(self.last.clone(), end.to_vec())?;
                }
                None => txn.delete(self.last.clone())?,
            }
        }
        self.neighbours(&own, txn)
    }

    /// The contacts next to `own`, which is not there, that are close enough to be the same trouble: the one before, and
    /// the one after. Mostly a contact is the last of all, so that one look is enough.
    fn neighbours(&self, own: &Key, txn: &mut Txn<'_>) -> Result<[Neighbour; 2], ApplyError> {
        let earliest = self.at_us.saturating_sub(COMES_BACK_WITHIN_US);
        let from = self.list.clone().time(earliest);
        let Some(last) = txn.get(&self.last)? else {
            return Ok([None, None]);
        };
        let last = [&*self.list, &*last].concat();
        if *last < **own {
            let before = (*from <= *last).then(|| self.read(&last)).transpose()?;
            return Ok([before, None]);
        }
        let before = txn
            .scan_range(from, Some(own), Direction::Descending)
            .next();
        let latest = self.at_us.saturating_add(COMES_BACK_WITHIN_US);
        // All that begins at the last moment, too.
        let to = self.list.clone().time(latest.saturating_add(1));
        let before = before.transpose()?;
        let after = txn.scan_range(own, Some(&to), Direction::Ascending).next();
        let after = after.transpose()?;
        let read = |found: Option<(Bytes, Bytes)>| found.map(|(key, _)| self.read(&key));
        Ok([read(before).transpose()?, read(after).transpose()?])
    }

    /// The contact in a key of the list.
    fn read(&self, key: &[u8]) -> Result<(String, u64), ApplyError> {
        let (_, id, whose) = keys::read_reached_out(key, &self.list).map_err(ApplyError::record)?;
        Ok((id, whose))
    }

    /// What is next to a contact of the list.
    pub(super) fn beside(
        &self,
        contact: (&str, u64),
        txn: &mut Txn<'_>,
    ) -> Result<[bool; 2], ApplyError> {
        let own = self.of(contact);
        let earliest = self.at_us.saturating_sub(COMES_BACK_WITHIN_US);
        let from = self.list.clone().time(earliest);
        let latest = self.at_us.saturating_add(COMES_BACK_WITHIN_US);
        let to = self.list.clone().time(latest.saturating_add(1));
        let after_own = [&own[..], &[0][..]].concat();
        let before = txn
            .scan_range(from, Some(&own), Direction::Ascending)
            .next();
        let before = before.transpose()?.is_some();
        let after = txn
            .scan_range(after_own, Some(&to), Direction::Ascending)
            .next();
        Ok([before, after.transpose()?.is_some()])
    }
}
