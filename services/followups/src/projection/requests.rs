//! Which commands were done, so that a repetition gets the first answer.

use aftercall_domain::commitment::Commitment;
use aftercall_log::{Partition, Position};
use aftercall_proto::convert;
use aftercall_proto::event::v1::Event;
use aftercall_view::{ApplyError, Direction, Txn};
use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use prost::Message;

use crate::keys::{self, Home, RequestName};
use crate::stored::DoneRequest;

/// For how much of its partition's time a command is remembered.
const REMEMBERED_FOR: SignedDuration = SignedDuration::from_hours(7 * 24);

/// How many old commands each new one makes us forget, so that the store shrinks faster than it
/// grows.
const FORGOTTEN_AT_ONCE: usize = 4;

/// Remembers the command behind `event`, which counted, with the promise as it left it.
pub(super) fn remember(
    event: &Event,
    after: &Commitment,
    (at, whose): (Position, u64),
    txn: &mut Txn<'_>,
) -> Result<(), ApplyError> {
    let recorded_at = event.recorded_at.as_ref();
    let Some(recorded_at) = recorded_at.and_then(convert::time::from_wire) else {
        return Ok(());
    };
    let home = Home {
        partition: at.partition,
        whose,
    };
    forget_old(at.partition, recorded_at, txn)?;
    if event.request_id.is_empty() {
        return Ok(());
    }
    let name = RequestName {
        tenant_id: &event.tenant_id,
        actor_id: &event.actor_id,
        method: event.r#type,
        request_id: &event.request_id,
    };
    let key = name.done(&after.commitment_id, whose);
    if txn.get(&key)?.is_some() {
        return Ok(());
    }
    let answer = convert::commitment::to_wire(after.clone(), recorded_at);
    let done = DoneRequest::new(event.request_hash.clone(), at, answer);
    txn.put(key, done.encode_to_vec())?;
    let age = name.age(recorded_at, &after.commitment_id, home);
    txn.put(age, Bytes::new())?;
    Ok(())
}

/// Forgets by the time of the partition alone: how far others are differs from reader to reader.
fn forget_old(partition: Partition, now: Timestamp, txn: &mut Txn<'_>) -> Result<(), ApplyError> {
    let Ok(before) = now.checked_sub(REMEMBERED_FOR) else {
        return Ok(());
    };
    let (from, end) = (
        keys::request_ages(partition),
        keys::request_ages_before(partition, before),
    );
    let old = txn.scan_range(from, Some(&end), Direction::Ascending);
    let old: Vec<_> = old.take(FORGOTTEN_AT_ONCE).collect::<Result<_, _>>()?;
    for (age_key, _) in old {
        txn.delete(keys::aged_request(&age_key).map_err(ApplyError::record)?)?;
        txn.delete(age_key)?;
    }
    Ok(())
}
