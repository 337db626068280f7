//! What telephony tells of contacts: how long they took, and what was looked up in them.
//!
//! It counts once a call is over, and for a contact that was recorded: nobody says of a call what it was about. What is told
//! and what is recorded stand in different partitions, so either may be read first.

use aftercall_ledger::{Accepted, CallRow, What};
use aftercall_proto::event::v1::Event;
use aftercall_proto::model::v1::Call;
use aftercall_view::key::Parts;
use aftercall_view::{ApplyError, Direction, Txn};
use prost::Message;

use super::Change;
use crate::keys::{self, CALLS};
use crate::records::Case;
use crate::searches;

/// The call that the contact of a record or of an amendment is, if it is over.
pub(super) fn of_contact(fact: &Accepted, txn: &Txn<'_>) -> Result<Option<Call>, ApplyError> {
    if !matches!(fact.what, What::Recorded { .. } | What::Amended(_)) {
        return Ok(None);
    }
    let event = &fact.event;
    let call = CALLS.read(&event.tenant_id, &event.aggregate_id, |key| txn.get(key))?;
    Ok(call.as_ref().and_then(CallRow::over).cloned())
}

/// Something was told of a call: completes the contacts that were recorded of it.
pub(super) fn apply(fact: &Accepted, txn: &mut Txn<'_>) -> Result<(), ApplyError> {
    let Some(change) = CALLS.apply(fact, txn)? else {
        return Ok(());
    };
    if !change.completes_anew() {
        return Ok(());
    }
    let (event, (_, call)) = (&fact.event, change.over());
    searches::complete((&event.tenant_id, &event.aggregate_id), call, txn)?;
    complete(event, call, txn)
}

/// Says in the cases of a call's contacts how long they took, and learns from them anew.
fn complete(event: &Event, call: Option<&Call>, txn: &mut Txn<'_>) -> Result<(), ApplyError> {
    let list = keys::cases(&event.tenant_id, &event.aggregate_id);
    let found = txn.scan_prefix(&list, Direction::Ascending);
    let cases = found.collect::<Result<Vec<_>, _>>()?;
    for (key, case) in cases {
        let whose = Parts::new(&key[list.len()..]).u64();
        let whose = whose.map_err(ApplyError::record)?;
        let before = Case::decode(case).map_err(ApplyError::record)?;
        let mut after = before.clone();
        after.complete(call);
        if after == before {
            continue;
        }
        txn.put(key, after.encode_to_vec())?;
        let mut change = Change::of(event, (&event.aggregate_id, whose), txn);
        change.learn(&before, &after)?;
    }
    Ok(())
}
