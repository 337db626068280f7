//! The part of recording that runs on the caller's core, for `benches/prepare.rs`.

use std::collections::BTreeMap;

use aftercall_proto::recorder::v1::RecordInteractionsRequest;
use aftercall_service::{Ids, Principal};
use bytes::Bytes;
use jiff::Timestamp;
use prost::Message;

/// Decodes one message of a stream, checks and resolves it, and encodes its event. Gives the size
/// of the log's record; none for a message that is refused.
pub fn prepare(
    message: Bytes,
    principal: &Principal,
    ids: &dyn Ids,
    now: Timestamp,
) -> Option<usize> {
    let message = RecordInteractionsRequest::decode(message).ok()?;
    let prepared = crate::prepare::prepare(
        principal,
        message.request?,
        ids,
        &|_| Ok(BTreeMap::new()),
        now,
    )
    .ok()?;
    Some(prepared.record.body.len())
}
