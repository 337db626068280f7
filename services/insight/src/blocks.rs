//! Rows in their blocks, as the fold writes them.
//!
//! A contact has its row for ever, so a block of contacts is its rows one after another. A call that nobody recorded has a
//! row until somebody does: a block of such calls is those of its rows that are there, one after another, and then which
//! they are, a bit each.

use aftercall_log::Partition;
use aftercall_view::{ApplyError, Txn};

use crate::afters::{self, After};
use crate::keys::{self, Address};
use crate::limits::{BLOCK_ROWS, CALL_ROWS, ZONE_BLOCKS};
use crate::row::{ROW_BYTES, Row, RowBytes};

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

/// A bit for each row of a block.
type Held = u16;

/// How many bytes say which rows of a block of calls are there.
const HELD_BYTES: usize = size_of::<Held>();

/// The number of the first block of calls.
const CALL_BLOCKS: u64 = CALL_ROWS / BLOCK_ROWS;

const fn is_of_calls(block: u32) -> bool {
    block as u64 >= CALL_BLOCKS
}

/// Which rows of a block are there; of one of contacts all are, as far as it goes.
fn held(block: u32, bytes: &[u8]) -> Held {
    match is_of_calls(block) {
        true => {
            let held = bytes.last_chunk::<HELD_BYTES>();
            held.map_or(0, |held| Held::from_le_bytes(*held))
        }
        false => Held::MAX,
    }
}

/// Where the row of a slot begins: after those before it that are there.
const fn offset(held: Held, slot: u32) -> usize {
    let before = held & ((1 << slot) - 1);
    before.count_ones() as usize * ROW_BYTES
}

/// The rows of a block, each with its number in the partition.
pub(crate) fn rows(block: u32, bytes: &[u8]) -> impl Iterator<Item = (u64, RowBytes<'_>)> {
    let (first, held) = (u64::from(block) * BLOCK_ROWS, held(block, bytes));
    let slots = (0..BLOCK_ROWS).filter(move |slot| (held >> slot) & 1 == 1);
    slots
        .map(move |slot| first + slot)
        .zip(RowBytes::all(bytes))
}

/// Where a row stands: its block, and its slot there.
fn place(address: Address) -> (u32, u32) {
    let block = u32::try_from(address.row / BLOCK_ROWS).unwrap_or(u32::MAX);
    let slot = u32::try_from(address.row % BLOCK_ROWS).unwrap_or(0);
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
    let held = held(block, &bytes);
    if (held >> slot) & 1 == 0 {
        return Ok(None);
    }
    let rest = bytes.get(offset(held, slot)..);
    match rest.and_then(|rest| RowBytes::all(rest).next()) {
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
    let mut bytes = match txn.get(&key)? {
        Some(bytes) => Vec::from(bytes),
        None => Vec::with_capacity(ROW_BYTES),
    };
    let mut written = Vec::with_capacity(ROW_BYTES);
    row.write(&mut written);
    let held = held(block, &bytes);
    let at = offset(held, slot);
    if is_of_calls(block) {
        bytes.truncate(bytes.len().saturating_sub(HELD_BYTES));
    }
    let there = bytes.get_mut(at..at + ROW_BYTES);
    let there = there.filter(|_| (held >> slot) & 1 == 1);
    let is_new = there.is_none();
    match there {
        Some(there) if *there == *written => return write_after(tenant_id, address, row, txn),
        Some(there) => there.copy_from_slice(&written),
        None => {
            let at = at.min(bytes.len());
            drop(bytes.splice(at..at, written));
        }
    }
    if is_of_calls(block) {
        bytes.extend((held | (1 << slot)).to_le_bytes());
    }
    txn.put(key, bytes)?;
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
    let bytes = txn.get(&key)?.unwrap_or_default();
    let held = held(block, &bytes);
    if !is_of_calls(block) || (held >> slot) & 1 == 0 {
        return Ok(());
    }
    afters::change(tenant_id, address, txn, |after| *after = After::default())?;
    let left = held & !(1 << slot);
    if left == 0 {
        return Ok(txn.delete(key)?);
    }
    let mut bytes = Vec::from(bytes);
    bytes.truncate(bytes.len().saturating_sub(HELD_BYTES));
    let at = offset(held, slot);
    drop(bytes.drain(at..at + ROW_BYTES));
    bytes.extend(left.to_le_bytes());
    Ok(txn.put(key, bytes)?)
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
                found.extend(rows(block, &bytes).map(|(row, it)| (row, it.occurred_at_us())));
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
