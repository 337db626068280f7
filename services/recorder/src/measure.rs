//! The part of recording that runs on the caller's core, for `benches/prepare.rs`.

use std::collections::BTreeMap;
use std::sync::Arc;

use aftercall_domain::calendar::Calendar;
use aftercall_domain::setting::{CodeTree, FollowUpPolicy, PromiseFacts};
use aftercall_ledger::InUse;
use aftercall_proto::model::v1::CallTerms;
use aftercall_proto::recorder::v1::RecordInteractionsRequest;
use aftercall_service::{Ids, Principal};
use bytes::Bytes;
use jiff::Timestamp;
use prost::Message;

use crate::failure::Refusal;
use crate::prepare::House;

/// A tenant that has set up nothing.
struct Bare;

impl House for Bare {
    fn calendars(&self, _: &[&str]) -> Result<BTreeMap<String, Arc<Calendar>>, Refusal> {
        Ok(BTreeMap::new())
    }

    fn call_terms(&self) -> Option<CallTerms> {
        None
    }

    fn policy(&self, _: &PromiseFacts<'_>) -> Result<Option<InUse<FollowUpPolicy>>, Refusal> {
        Ok(None)
    }

    fn trees(&self) -> Result<Arc<[InUse<CodeTree>]>, Refusal> {
        Ok(Arc::default())
    }
}

/// Decodes one message of a stream, checks and resolves it, and encodes its event. Gives the size
/// of the log's record; none for a message that is refused.
pub fn prepare(
    message: Bytes,
    principal: &Principal,
    ids: &dyn Ids,
    now: Timestamp,
) -> Option<usize> {
    let message = RecordInteractionsRequest::decode(message).ok()?;
    let prepared = crate::prepare::prepare(principal, message.request?, ids, &Bare, now).ok()?;
    Some(prepared.record.body.len())
}
