//! Promises as they stand: what they count as in the row of the contact in which they were made, and what went wrong
//! with them.

use aftercall_domain::commitment::{
    Clock, Commitment, CommitmentKind, Event as Step, Lifecycle, Origin, Outcome,
};
use aftercall_domain::measure::{SlipKind, promised};
use aftercall_ledger::Accepted;
use aftercall_proto::convert::parties::PartiesRow;
use aftercall_proto::convert::{commitment as convert, time};
use aftercall_view::{ApplyError, Direction, Txn};
use prost::Message;

use super::noted::{self, Correction};
use super::{Kept, clocks, kept_of, links, saved};
use crate::{afters, keys};

/// What a promise counts as in its contact's row.
type Counted = [u8; promised::COUNTS];

/// Something that went wrong with a promise.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct PromiseSlip {
    /// Whether what the customer was told has to be put right; else the promise was not kept when it was due.
    #[prost(bool, tag = "1")]
    pub(crate) is_correction: bool,
    #[prost(string, tag = "2")]
    pub(crate) interaction_id: String,
    #[prost(string, tag = "3")]
    pub(crate) commitment_id: String,
    #[prost(message, optional, tag = "4")]
    pub(crate) parties: Option<PartiesRow>,
}

impl PromiseSlip {
    pub(crate) const fn kind(&self) -> SlipKind {
        match self.is_correction {
            true => SlipKind::Correction,
            false => SlipKind::Lapse,
        }
    }
}

/// A promise is made.
pub(super) fn make(
    fact: &Accepted,
    promise: &Commitment,
    txn: &mut Txn<'_>,
) -> Result<(), ApplyError> {
    settle(fact, None, promise.clone(), txn)
}

/// Something became of a promise.
pub(super) fn change(fact: &Accepted, step: &Step, txn: &mut Txn<'_>) -> Result<(), ApplyError> {
    let event = &fact.event;
    let list = keys::promises(&event.tenant_id, &event.interaction_id, fact.whose);
    let Some(bytes) = txn.get(list.id(&event.aggregate_id))? else {
        return Ok(());
    };
    let before = convert::from_row(bytes).map_err(ApplyError::record)?;
    let mut after = before.clone();
    after.accept(step);
    settle(fact, Some(&before), after, txn)
}

/// What went wrong with a contact's promises went wrong with the customer whose contact it is.
pub(super) fn move_slips(
    fact: &Accepted,
    (before, after): (&Kept, &Kept),
    txn: &mut Txn<'_>,
) -> Result<(), ApplyError> {
    let list = keys::promises(&fact.event.tenant_id, before.id(), fact.whose);
    let found = txn.scan_prefix(list, Direction::Ascending);
    let rows = found.collect::<Result<Vec<_>, _>>()?;
    for (_, bytes) in rows {
        let promise = convert::from_row(bytes).map_err(ApplyError::record)?;
        for slip in slips(&promise) {
            let tenant_id = &fact.event.tenant_id;
            txn.delete(key(tenant_id, before.customer_id(), &promise, slip))?;
            correct(
                (tenant_id, before.customer_id()),
                (&promise, slip),
                false,
                txn,
            )?;
            put_slip((tenant_id, after.customer_id()), &promise, slip, txn)?;
            saved::stir(fact, after.customer_id(), txn)?;
        }
    }
    Ok(())
}

fn settle(
    fact: &Accepted,
    before: Option<&Commitment>,
    after: Commitment,
    txn: &mut Txn<'_>,
) -> Result<(), ApplyError> {
    let tenant_id = &fact.event.tenant_id;
    let kept = match after.interaction_id.is_empty() {
        true => None,
        false => kept_of(fact, &after.interaction_id, txn)?,
    };
    let was = before.map_or([0; promised::COUNTS], counted);
    let is = counted(&after);
    if let Some(kept) = kept.as_ref().filter(|_| was != is) {
        afters::change(tenant_id, kept.address(), txn, |after| {
            let promises = after.promises.iter_mut();
            for ((count, was), is) in promises.zip(was).zip(is) {
                *count = count.saturating_sub(was).saturating_add(is);
            }
        })?;
    }
    let customer_id = match &kept {
        Some(kept) => kept.customer_id(),
        None => after.customer_id.as_deref().unwrap_or_default(),
    };
    let all = slips(&after);
    if all.len() > before.map_or(0, |before| slips(before).len()) {
        saved::stir(fact, customer_id, txn)?;
    }
    for slip in all {
        put_slip((tenant_id, customer_id), &after, slip, txn)?;
    }
    clocks::settle(fact, before, &after, txn)?;
    let list = keys::promises(tenant_id, &after.interaction_id, fact.whose);
    let key = list.id(&after.commitment_id);
    Ok(txn.put(key, convert::to_row(without_words(after)))?)
}

/// What it counts as.
fn counted(promise: &Commitment) -> Counted {
    let mut counted = [0; promised::COUNTS];
    if !promise.told_to_customer || promise.lifecycle == Lifecycle::Proposed {
        return counted;
    }
    let is_called_off = promise.lifecycle == Lifecycle::Cancelled;
    counted[promised::ALL] = 1;
    match promise.outcome {
        Some(Outcome::Kept) => counted[promised::KEPT] = 1,
        Some(Outcome::KeptLate) => counted[promised::LATE] = 1,
        Some(Outcome::Broken) => {
            counted[promised::BROKEN] = 1;
            counted[promised::CALLED_OFF] = u8::from(is_called_off);
        }
        Some(_) => {}
        None => counted[promised::OPEN] = u8::from(promise.is_open()),
    }
    // A move of which the customer was not told moves our own due alone.
    let mut moves = promise.reschedules.iter();
    let is_alone = moves.any(|moved| moved.clock == Clock::Internal);
    counted[promised::MOVED_ALONE] = u8::from(is_alone);
    counted
}

/// What went wrong with a promise, and when.
fn slips(promise: &Commitment) -> Vec<(bool, i64)> {
    let lapses = promise.lapses.iter();
    let told = lapses.filter(|it| promise.told_to_customer && it.clock == Clock::Promise);
    let mut slips: Vec<_> = told
        .map(|it| (false, time::microseconds(it.lapsed_at)))
        .collect();
    if puts_right(promise) {
        slips.push((true, time::microseconds(promise.made_at)));
    }
    slips
}

/// Whether it is to put right what the customer was told. What nobody confirmed, or was no promise, is not.
fn puts_right(promise: &Commitment) -> bool {
    let is_none = match promise.lifecycle {
        Lifecycle::Proposed => true,
        Lifecycle::Cancelled => promise.outcome == Some(Outcome::NotApplicable),
        _ => false,
    };
    let is_said = promise.kind == CommitmentKind::CorrectMisinformation && !is_none;
    promise.origin == Origin::Recall || is_said
}

/// A promise to put something right is a customer's, or is not any more.
fn correct(
    (tenant_id, customer_id): (&str, &str),
    (promise, (is_correction, at_us)): (&Commitment, (bool, i64)),
    is_there: bool,
    txn: &mut Txn<'_>,
) -> Result<(), ApplyError> {
    if !is_correction || customer_id.is_empty() {
        return Ok(());
    }
    let correction = Correction {
        tenant_id,
        customer_id,
        at_us,
        commitment_id: &promise.commitment_id,
        interaction_id: &promise.interaction_id,
    };
    match noted::correction(correction, is_there, txn)? {
        true => links::corrected(tenant_id, customer_id, at_us, txn),
        false => Ok(()),
    }
}

fn key(
    tenant_id: &str,
    customer_id: &str,
    promise: &Commitment,
    (is_correction, at_us): (bool, i64),
) -> aftercall_view::key::Key {
    let list = keys::slips(tenant_id, customer_id).time(at_us);
    let list = list.u32(u32::from(is_correction));
    list.id(&promise.commitment_id).id(&promise.interaction_id)
}

fn put_slip(
    (tenant_id, customer_id): (&str, &str),
    promise: &Commitment,
    slip: (bool, i64),
    txn: &mut Txn<'_>,
) -> Result<(), ApplyError> {
    if customer_id.is_empty() {
        return Ok(());
    }
    let parties: aftercall_domain::Parties = promise.parties().collect();
    let value = PromiseSlip {
        is_correction: slip.0,
        interaction_id: promise.interaction_id.clone(),
        commitment_id: promise.commitment_id.clone(),
        parties: Some(parties.into()),
    };
    let key = key(tenant_id, customer_id, promise, slip);
    txn.put(key, value.encode_to_vec())?;
    correct((tenant_id, customer_id), (promise, slip), true, txn)
}

/// A promise without what people said of it.
fn without_words(mut promise: Commitment) -> Commitment {
    promise.promise_text.clear();
    promise.customer_name.clear();
    promise.handles.clear();
    promise.close_note.clear();
    if let Some(reopens) = &mut promise.reopens {
        reopens.reason.clear();
    }
    if let Some(pause) = &mut promise.pause {
        pause.note.clear();
    }
    for moved in &mut promise.reschedules {
        moved.reason.clear();
    }
    promise
}
