//! What the customer was wrongly told is put right: a promise to do so is made, and kept.

use aftercall_domain::commitment::{
    Change as Step, Commitment, CommitmentKind, Event as Happened, Outcome,
};
use aftercall_ledger::Accepted;
use aftercall_view::{ApplyError, Txn};
use prost::Message;

use super::{Change, stored};
use crate::keys;
use crate::limits::CORRECTIONS_MAX;
use crate::records::{Case, Correction};

/// A promise was made after its contact. What is promised without one, or under another customer's key, is no case's.
pub(super) fn on_made(
    fact: &Accepted,
    promise: &Commitment,
    txn: &mut Txn<'_>,
) -> Result<(), ApplyError> {
    if promise.kind != CommitmentKind::CorrectMisinformation {
        return Ok(());
    }
    change(fact, &promise.interaction_id, txn, |case| {
        if case.corrections.len() < CORRECTIONS_MAX {
            case.corrections.push(Correction {
                commitment_id: promise.commitment_id.clone(),
                promise_text: promise.promise_text.clone(),
                kept: None,
            });
        }
    })
}

/// Something became of a promise.
pub(super) fn on_promise(
    fact: &Accepted,
    happened: &Happened,
    txn: &mut Txn<'_>,
) -> Result<(), ApplyError> {
    let said = match &happened.change {
        Step::Fulfilled { note, .. } => note.clone(),
        Step::Attempted {
            outcome: Some(Outcome::Kept | Outcome::KeptLate | Outcome::NotApplicable),
            ..
        } => String::new(),
        _ => return Ok(()),
    };
    let commitment_id = &fact.event.aggregate_id;
    change(fact, &fact.event.interaction_id, txn, |case| {
        let mut corrections = case.corrections.iter_mut();
        if let Some(one) = corrections.find(|one| one.commitment_id == *commitment_id) {
            one.kept = Some(said);
        }
    })
}

/// Changes what a case has of corrections.
fn change(
    fact: &Accepted,
    interaction_id: &str,
    txn: &mut Txn<'_>,
    edit: impl FnOnce(&mut Case),
) -> Result<(), ApplyError> {
    let (event, whose) = (&fact.event, fact.whose);
    let key = keys::case(&event.tenant_id, interaction_id, whose);
    let Some(before) = stored::<Case>(txn.get(&key)?)? else {
        return Ok(());
    };
    let mut after = before.clone();
    edit(&mut after);
    if after == before {
        return Ok(());
    }
    txn.put(key, after.encode_to_vec())?;
    let mut change = Change::of(event, (interaction_id, whose), txn);
    change.learn(&before, &after)
}
