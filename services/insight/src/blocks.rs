//! Rows in their blocks, as the fold writes them.

use aftercall_log::Partition;
use aftercall_view::{ApplyError, Txn};

use crate::keys::{self, Address};
use crate::limits::{BLOCK_ROWS, ZONE_BLOCKS};
use crate::row::{ROW_BYTES, Row, RowBytes};

/// How many rows and words a partition has.
#[derive(Clone, Copy, PartialEq, Eq, prost::Message)]
pub(crate) struct Totals {
    #[prost(uint64, tag = "1")]
    pub(crate) rows: u64,
    #[prost(uint32, tag = "2")]
    pub(crate) words: u32,
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

/// Where a row stands: its block, and its place there.
fn place(address: Address) -> (u32, usize) {
    let block = u32::try_from(address.row / BLOCK_ROWS).unwrap_or(u32::MAX);
    let at = usize::try_from(address.row % BLOCK_ROWS).unwrap_or(0);
    (block, at * ROW_BYTES)
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

/// The row at an address, if there is one.
pub(crate) fn read(
    tenant_id: &str,
    address: Address,
    txn: &Txn<'_>,
) -> Result<Option<Row>, ApplyError> {
    let (block, at) = place(address);
    let bytes = txn.get(keys::block(tenant_id, address.partition, block))?;
    let row = bytes.as_ref().and_then(|bytes| bytes.get(at..));
    Ok(row
        .and_then(|rest| RowBytes::all(rest).next())
        .map(RowBytes::row))
}

/// Writes a row in its place.
pub(crate) fn write(
    tenant_id: &str,
    address: Address,
    row: &Row,
    txn: &mut Txn<'_>,
) -> Result<(), ApplyError> {
    let (block, at) = place(address);
    let key = keys::block(tenant_id, address.partition, block);
    let mut bytes = match txn.get(&key)? {
        Some(bytes) => Vec::from(bytes),
        None => Vec::with_capacity(ROW_BYTES),
    };
    let mut written = Vec::with_capacity(ROW_BYTES);
    row.write(&mut written);
    match bytes.get_mut(at..at + ROW_BYTES) {
        Some(there) => there.copy_from_slice(&written),
        None => bytes.extend(written),
    }
    txn.put(key, bytes)?;
    widen(
        tenant_id,
        (address.partition, block),
        row.occurred_at_us,
        txn,
    )
}

/// The first and the last time of a zone, from its value.
pub(crate) fn read_zone(bytes: &[u8]) -> Option<(i64, i64)> {
    let (first, rest) = bytes.split_first_chunk::<8>()?;
    let last = rest.first_chunk::<8>()?;
    Some((i64::from_le_bytes(*first), i64::from_le_bytes(*last)))
}

/// Times of a zone only ever come to lie further apart: a row that moves leaves its old time there, which costs a look.
fn widen(
    tenant_id: &str,
    (partition, block): (Partition, u32),
    at_us: i64,
    txn: &mut Txn<'_>,
) -> Result<(), ApplyError> {
    let key = keys::zone(tenant_id, partition, block / ZONE_BLOCKS);
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
