//! Where contacts stand among those of their customer for their reason, and which ones are next to them.
//!
//! Customers reach out, and we call them. Both may be followed by a contact in which the customer reaches out again; only
//! such a one is a repeat, and only by such a one the customer has come back. So there are two lists, and only the first
//! is looked for what comes before and after a contact.

use aftercall_view::key::Key;
use aftercall_view::{ApplyError, Direction, Txn};
use bytes::Bytes;

use super::records::{COMES_BACK_WITHIN_US, Trace};
use crate::fold::stored_number;
use crate::keys::search as keys;

/// Where a contact stands among those of its customer for its reason.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Place {
    /// All in which the customer reached out, in order,
    list: Key,
    /// and what the key of the last of them ends in: one look at it mostly spares two scans, each of which would look into
    /// every table.
    last: Key,
    /// All others, in order,
    calls: Key,
    /// and how many these are: mostly none.
    calls_count: Key,
    at_us: i64,
    is_inbound: bool,
}

/// A contact, and whose it is.
type Contact = (String, u64);

/// The contacts next to one that comes or goes, which are counted anew by it.
#[derive(Debug, Default)]
pub(super) struct Around {
    /// The one before it, and the one after it, in which the customer reached out, and that are close enough to be the
    /// same trouble.
    pub(super) inbound: [Option<Contact>; 2],
    /// Those others that it follows first.
    pub(super) calls: Vec<Contact>,
}

impl Trace {
    /// Where it stands among its customer's contacts; nowhere without a customer or a reason.
    pub(super) fn place(&self, tenant_id: &str) -> Option<Place> {
        let (customer_id, reason_code) = (&*self.customer_id, &*self.reason_code);
        let is_known = !customer_id.is_empty() && !reason_code.is_empty();
        is_known.then(|| Place {
            list: keys::reached_out(tenant_id, customer_id, reason_code),
            last: keys::reached_out_last(tenant_id, customer_id, reason_code),
            calls: keys::called(tenant_id, customer_id, reason_code),
            calls_count: keys::called_count(tenant_id, customer_id, reason_code),
            at_us: self.occurred_at_us,
            is_inbound: self.is_inbound,
        })
    }
}

impl Place {
    /// What the contact's own key ends in, in whichever list.
    fn ending(&self, (interaction_id, whose): (&str, u64)) -> Vec<u8> {
        let own = self.list.clone().time(self.at_us);
        let own = own.id(interaction_id).u64(whose);
        own[self.list.len()..].to_vec()
    }

    /// Puts the contact there. Gives those next to it.
    pub(super) fn enter(
        &self,
        contact: (&str, u64),
        txn: &mut Txn<'_>,
    ) -> Result<Around, ApplyError> {
        let ending = self.ending(contact);
        if !self.is_inbound {
            self.count_calls(1, txn)?;
            txn.put(joined(&self.calls, &ending), "")?;
            return self.around(&ending, txn);
        }
        let around = self.around(&ending, txn)?;
        let last = txn.get(&self.last)?;
        if last.is_none_or(|last| *last < *ending) {
            txn.put(self.last.clone(), ending.clone())?;
        }
        txn.put(joined(&self.list, &ending), "")?;
        Ok(around)
    }

    /// Takes the contact away. Gives those next to which it was.
    pub(super) fn leave(
        &self,
        contact: (&str, u64),
        txn: &mut Txn<'_>,
    ) -> Result<Around, ApplyError> {
        let ending = self.ending(contact);
        if !self.is_inbound {
            self.count_calls(-1, txn)?;
            txn.delete(joined(&self.calls, &ending))?;
            return Ok(Around::default());
        }
        txn.delete(joined(&self.list, &ending))?;
        if txn.get(&self.last)?.is_some_and(|last| *last == *ending) {
            let left = txn.scan_prefix(&self.list, Direction::Descending).next();
            match left.transpose()? {
                Some((key, _)) => {
                    let end = key.get(self.list.len()..).unwrap_or_default();
                    txn.put(self.last.clone(), end.to_vec())?;
                }
                None => txn.delete(self.last.clone())?,
            }
        }
        self.around(&ending, txn)
    }

    fn count_calls(&self, by: i64, txn: &mut Txn<'_>) -> Result<(), ApplyError> {
        let before = stored_number(txn.get(&self.calls_count)?);
        match before.saturating_add_signed(by) {
            0 => txn.delete(self.calls_count.clone())?,
            after => txn.put(self.calls_count.clone(), after.to_be_bytes().to_vec())?,
        }
        Ok(())
    }

    /// The contacts next to one that is not in the list of those in which the customer reached out. For one in which we
    /// did there are no calls that it follows, and nothing before it.
    fn around(&self, ending: &[u8], txn: &mut Txn<'_>) -> Result<Around, ApplyError> {
        let [before, after] = self.neighbours(ending, txn)?;
        let read = |key: &Vec<u8>| self.read(key, &self.list);
        let after = after.as_ref().map(read).transpose()?;
        if !self.is_inbound {
            let inbound = [None, after];
            let calls = Vec::new();
            return Ok(Around { inbound, calls });
        }
        let calls = self.calls_between(before.as_deref(), ending, txn)?;
        let before = before.as_ref().map(read).transpose()?;
        let inbound = [before, after];
        Ok(Around { inbound, calls })
    }

    /// The keys of the contacts in which the customer reached out and that are next to `ending`, which is not there: of
    /// the one before, and of the one after. Mostly a contact is the last of all, so that one look is enough.
    fn neighbours(
        &self,
        ending: &[u8],
        txn: &mut Txn<'_>,
    ) -> Result<[Option<Vec<u8>>; 2], ApplyError> {
        let own = joined(&self.list, ending);
        let from = self.earliest(&self.list);
        let Some(last) = txn.get(&self.last)? else {
            return Ok([None, None]);
        };
        let last = joined(&self.list, &last);
        if last < own {
            return Ok([Some(last).filter(|last| **last >= *from), None]);
        }
        let key = |(key, _): (Bytes, Bytes)| key.to_vec();
        let before = txn
            .scan_range(from, Some(&*own), Direction::Descending)
            .next();
        let before = before.transpose()?.map(key);
        let to = self.latest();
        let after = txn.scan_range(own, Some(&*to), Direction::Ascending).next();
        Ok([before, after.transpose()?.map(key)])
    }

    /// The contacts in which we reached out before `ending`, and after the contact before it in which the customer did.
    fn calls_between(
        &self,
        before: Option<&[u8]>,
        ending: &[u8],
        txn: &mut Txn<'_>,
    ) -> Result<Vec<Contact>, ApplyError> {
        if txn.get(&self.calls_count)?.is_none() {
            return Ok(Vec::new());
        }
        let from = match before.and_then(|before| before.get(self.list.len()..)) {
            Some(before) => joined(&self.calls, before),
            None => self.earliest(&self.calls),
        };
        let to = joined(&self.calls, ending);
        let calls = txn.scan_range(from, Some(&*to), Direction::Ascending);
        calls
            .map(|entry| self.read(&entry?.0, &self.calls))
            .collect()
    }

    /// Where those of a list begin that are close enough to be the same trouble.
    fn earliest(&self, list: &Key) -> Vec<u8> {
        let at_us = self.at_us.saturating_sub(COMES_BACK_WITHIN_US);
        list.clone().time(at_us).to_vec()
    }

    /// Where those end in which the customer reached out: all that begins at the last moment is close enough, too.
    fn latest(&self) -> Vec<u8> {
        let at_us = self.at_us.saturating_add(COMES_BACK_WITHIN_US);
        self.list.clone().time(at_us.saturating_add(1)).to_vec()
    }

    /// The contact in a key of a list.
    fn read(&self, key: &[u8], list: &Key) -> Result<Contact, ApplyError> {
        let (_, id, whose) = keys::read_reached_out(key, list).map_err(ApplyError::record)?;
        Ok((id, whose))
    }

    /// What is next to a contact of either list: whether the customer had reached out before and does so again, and
    /// whether they reach out after it.
    pub(super) fn beside(
        &self,
        contact: (&str, u64),
        txn: &mut Txn<'_>,
    ) -> Result<[bool; 2], ApplyError> {
        let own = joined(&self.list, &self.ending(contact));
        let (from, to) = (self.earliest(&self.list), self.latest());
        let before = txn
            .scan_range(from, Some(&*own), Direction::Ascending)
            .next();
        let before = before.transpose()?.is_some();
        let after_own = [&own[..], &[0][..]].concat();
        let after = txn
            .scan_range(after_own, Some(&*to), Direction::Ascending)
            .next();
        Ok([self.is_inbound && before, after.transpose()?.is_some()])
    }
}

/// A key of a list that ends so.
fn joined(list: &Key, ending: &[u8]) -> Vec<u8> {
    [&**list, ending].concat()
}
