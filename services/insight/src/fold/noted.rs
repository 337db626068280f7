//! What is kept beside a customer's contacts: promises to put right what the customer was told, and that contacts say since
//! when the customer has had a trouble. Hardly a customer has either, and every contact asks: that nothing stands under a
//! key is known without a look into the tables.

use aftercall_view::key::Parts;
use aftercall_view::{ApplyError, Direction, Txn};
use prost::Message;

use crate::keys;

/// How much is noted of a customer.
#[derive(Clone, Copy, PartialEq, Eq, Message)]
pub(super) struct Noted {
    /// Promises to put right what the customer was told.
    #[prost(uint32, tag = "1")]
    pub(super) corrections: u32,
    /// Contacts that say since when the trouble is.
    #[prost(uint32, tag = "2")]
    pub(super) troubles: u32,
}

impl Noted {
    pub(super) fn read(
        tenant_id: &str,
        customer_id: &str,
        txn: &Txn<'_>,
    ) -> Result<Self, ApplyError> {
        let noted = txn.get(keys::noted(tenant_id, customer_id))?;
        let noted = noted.map(Self::decode).transpose();
        Ok(noted.map_err(ApplyError::record)?.unwrap_or_default())
    }

    fn write(
        self,
        tenant_id: &str,
        customer_id: &str,
        txn: &mut Txn<'_>,
    ) -> Result<(), ApplyError> {
        let key = keys::noted(tenant_id, customer_id);
        match self == Self::default() {
            true => txn.delete(key)?,
            false => txn.put(key, self.encode_to_vec())?,
        }
        Ok(())
    }

    /// Adds what is noted of a customer that is one with this one.
    pub(super) const fn add(&mut self, other: Self) {
        self.corrections = self.corrections.saturating_add(other.corrections);
        self.troubles = self.troubles.saturating_add(other.troubles);
    }
}

/// A contact says since when the trouble is, or does not any more.
pub(super) fn trouble(
    tenant_id: &str,
    customer_id: &str,
    is_there: bool,
    txn: &mut Txn<'_>,
) -> Result<(), ApplyError> {
    let mut noted = Noted::read(tenant_id, customer_id, txn)?;
    noted.troubles = match is_there {
        true => noted.troubles.saturating_add(1),
        false => noted.troubles.saturating_sub(1),
    };
    noted.write(tenant_id, customer_id, txn)
}

/// A promise to put something right.
#[derive(Debug, Clone, Copy)]
pub(super) struct Correction<'a> {
    pub(super) tenant_id: &'a str,
    pub(super) customer_id: &'a str,
    pub(super) at_us: i64,
    pub(super) commitment_id: &'a str,
    pub(super) interaction_id: &'a str,
}

/// Notes a promise to put something right, or that it is another customer's now. Says whether that is new.
pub(super) fn correction(
    of: Correction<'_>,
    is_there: bool,
    txn: &mut Txn<'_>,
) -> Result<bool, ApplyError> {
    let Correction {
        tenant_id,
        customer_id,
        at_us,
        commitment_id,
        interaction_id,
    } = of;
    let list = keys::corrections(tenant_id, customer_id);
    let key = list.time(at_us).id(commitment_id).id(interaction_id);
    if txn.get(&key)?.is_some() == is_there {
        return Ok(false);
    }
    let mut noted = Noted::read(tenant_id, customer_id, txn)?;
    match is_there {
        true => {
            txn.put(key, Vec::new())?;
            noted.corrections = noted.corrections.saturating_add(1);
        }
        false => {
            txn.delete(key)?;
            noted.corrections = noted.corrections.saturating_sub(1);
        }
    }
    noted.write(tenant_id, customer_id, txn)?;
    Ok(true)
}

/// When it was last promised to a customer that something is put right, up to an instant.
pub(super) fn last_correction(
    tenant_id: &str,
    customer_id: &str,
    at_us: i64,
    txn: &mut Txn<'_>,
) -> Result<Option<i64>, ApplyError> {
    let list = keys::corrections(tenant_id, customer_id);
    let to = list.clone().time(at_us.saturating_add(1));
    let mut found = txn.scan_range(&*list, Some(&to), Direction::Descending);
    let Some(entry) = found.next() else {
        return Ok(None);
    };
    let (key, _) = entry?;
    let at_us = Parts::new(&key[list.len()..]).time();
    Ok(Some(at_us.map_err(ApplyError::record)?))
}
