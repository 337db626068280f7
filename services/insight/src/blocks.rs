//! Rows in their blocks, as the fold writes them. A contact has its row for ever; a call that nobody recorded has one until
//! somebody does.

use aftercall_log::Partition;
use aftercall_view::{ApplyError, Txn};

use crate::afters::{self, After};
use crate::block::Block;
use crate::keys::{self, Address};
use crate::limits::{BLOCK_ROWS, CALL_ROWS, ZONE_BLOCKS};
use crate::row::Row;

/// How many rows and words a partition has.
#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub(crate) struct Totals {
    #[prost(uint64, tag = "1")]
    pub(crate) rows: u64,
    #[prost(uint32, tag = "2")]
    pub(crate) words: u32,
    /// How many calls were over, whether somebody recorded them or not.
    #[prost(uint64, tag = "3")]
    pub(crate) calls: u64,
}

impl Totals {
    pub(crate) fn read(
        tenant_id: &str,
        partition: Partition,
        txn: &Txn<'_>,
    ) -> Result<Self, ApplyError> {
        let bytes = txn.get(keys::counts(tenant_id, partition))?;
        let totals = bytes.map(prost::Message::decode).transpose();
        Ok(totals.map_err(ApplyError::record)?.unwrap_or_default())
    }

    pub(crate) fn write(
        self,
        tenant_id: &str,
        partition: Partition,
        txn: &mut Txn<'_>,
    ) -> Result<(), ApplyError> {
        let bytes = prost::Message::encode_to_vec(&self);
        Ok(txn.put(keys::counts(tenant_id, partition), bytes)?)
    }
}

/// Where a row stands: its block, and its slot there.
fn place(address: Address) -> (u32, usize) {
    let block = u32::try_from(address.row / BLOCK_ROWS).unwrap_or(u32::MAX);
    let slot = usize::try_from(address.row % BLOCK_ROWS).unwrap_or(0);
    (block, slot)
}

/// The address of the partition's next row.
pub(crate) fn next(
    tenant_id: &str,
    partition: Partition,
    txn: &mut Txn<'_>,
) -> Result<Address, ApplyError> {
    let mut totals = Totals::read(tenant_id, partition, txn)?;
    let address = Address {
        partition,
        row: totals.rows,
    };
    totals.rows += 1;
    totals.write(tenant_id, partition, txn)?;
    Ok(address)
}

/// The number of the row that the partition's next call has while nobody has recorded it.
pub(crate) fn next_call(
    tenant_id: &str,
    partition: Partition,
    txn: &mut Txn<'_>,
) -> Result<u64, ApplyError> {
    let mut totals = Totals::read(tenant_id, partition, txn)?;
    let row = CALL_ROWS + totals.calls;
    totals.calls += 1;
    totals.write(tenant_id, partition, txn)?;
    Ok(row)
}

/// The row at an address, if there is one.
pub(crate) fn read(
    tenant_id: &str,
    address: Address,
    txn: &Txn<'_>,
) -> Result<Option<Row>, ApplyError> {
    let (block, slot) = place(address);
    let Some(bytes) = txn.get(keys::block(tenant_id, address.partition, block))? else {
        return Ok(None);
    };
    match Block::of(&bytes).row(slot) {
        Some(row) => Ok(Some(row.row(afters::read(tenant_id, address, txn)?))),
        None => Ok(None),
    }
}

/// Writes a row in its place, and beside it what comes after its contact.
pub(crate) fn write(
    tenant_id: &str,
    address: Address,
    row: &Row,
    txn: &mut Txn<'_>,
) -> Result<(), ApplyError> {
    let (block, slot) = place(address);
    let key = keys::block(tenant_id, address.partition, block);
    let mut rows = Block::of(&txn.get(&key)?.unwrap_or_default());
    let is_new = !rows.has(slot);
    if !rows.put(slot, row) {
        return write_after(tenant_id, address, row, txn);
    }
    txn.put(key, rows.to_bytes())?;
    // Beside a row that was not there, there is nothing.
    if !is_new || After::of(&row.facts) != After::default() {
        write_after(tenant_id, address, row, txn)?;
    }
    widen(tenant_id, address, row.occurred_at_us, txn)
}

fn write_after(
    tenant_id: &str,
    address: Address,
    row: &Row,
    txn: &mut Txn<'_>,
) -> Result<(), ApplyError> {
    let after = After::of(&row.facts);
    afters::change(tenant_id, address, txn, |it| *it = after)
}

/// Takes away the row of a call.
pub(crate) fn remove(
    tenant_id: &str,
    address: Address,
    txn: &mut Txn<'_>,
) -> Result<(), ApplyError> {
    let (block, slot) = place(address);
    let key = keys::block(tenant_id, address.partition, block);
    let mut rows = Block::of(&txn.get(&key)?.unwrap_or_default());
    if !rows.has(slot) {
        return Ok(());
    }
    afters::change(tenant_id, address, txn, |after| *after = After::default())?;
    rows.remove(slot);
    match rows.is_empty() {
        true => Ok(txn.delete(key)?),
        false => Ok(txn.put(key, rows.to_bytes())?),
    }
}

/// The first and the last time of a zone, from its value.
pub(crate) fn read_zone(bytes: &[u8]) -> Option<(i64, i64)> {
    let (first, rest) = bytes.split_first_chunk::<8>()?;
    let last = rest.first_chunk::<8>()?;
    Some((i64::from_le_bytes(*first), i64::from_le_bytes(*last)))
}

/// Says that a row may have a time. Times of a zone only ever come to lie further apart: a row that moves leaves its old time
/// there, which costs a look.
pub(crate) fn widen(
    tenant_id: &str,
    address: Address,
    at_us: i64,
    txn: &mut Txn<'_>,
) -> Result<(), ApplyError> {
    let (block, _) = place(address);
    let key = keys::zone(tenant_id, address.partition, block / ZONE_BLOCKS);
    let zone = txn.get(&key)?;
    let (first, last) = zone
        .as_ref()
        .and_then(|bytes| read_zone(bytes))
        .unwrap_or((i64::MAX, i64::MIN));
    if first <= at_us && at_us <= last {
        return Ok(());
    }
    let mut bytes = Vec::with_capacity(16);
    bytes.extend(first.min(at_us).to_le_bytes());
    bytes.extend(last.max(at_us).to_le_bytes());
    Ok(txn.put(key, bytes)?)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use aftercall_view::Store;
    use aftercall_view::testing::MemoryEngine;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Rows of calls come, change and go: the block has those that are there, under their numbers.
        #[test]
        fn rows_of_calls_come_and_go(
            steps in prop::collection::vec((0..40_u64, prop::option::weighted(0.6, 0..9_i64)), 0..80),
        ) {
            let store = Store::on(Box::new(MemoryEngine::default()));
            let mut txn = Txn::new(&store);
            let mut expected = BTreeMap::new();
            for (number, time) in steps {
                let address = Address { partition: 0, row: CALL_ROWS + number };
                match time {
                    Some(occurred_at_us) => {
                        let row = Row { occurred_at_us, ..Row::default() };
                        write("acme", address, &row, &mut txn).unwrap();
                        expected.insert(address.row, occurred_at_us);
                    }
                    None => {
                        remove("acme", address, &mut txn).unwrap();
                        expected.remove(&address.row);
                    }
                }
            }
            let mut found = BTreeMap::new();
            for block in (CALL_ROWS / BLOCK_ROWS..).take(3) {
                let block = u32::try_from(block).unwrap();
                let bytes = txn.get(keys::block("acme", 0, block)).unwrap();
                let bytes = bytes.unwrap_or_default();
                let rows = Block::of(&bytes);
                found.extend(rows.rows(block).map(|(row, it)| (row, it.occurred_at_us())));
            }
            prop_assert_eq!(&found, &expected);
            for row in (CALL_ROWS..).take(40) {
                let address = Address { partition: 0, row };
                let read = read("acme", address, &txn).unwrap();
                prop_assert_eq!(read.map(|it| it.occurred_at_us), expected.get(&row).copied());
            }
        }
    }
}
