//! Promises that are made after their contact, and what becomes of any.

use aftercall_domain::commitment::{Change, Commitment, Event as Step};
use aftercall_ledger::Accepted;
use aftercall_proto::history::v1::{CommitmentChange, CommitmentChangeKind};
use aftercall_view::{ApplyError, Txn};
use bytes::Bytes;
use prost::Message;

use super::{HistoryProjection, entry_at, places, series};
use crate::before::{Changed, Keeping};
use crate::promises::Standing;
use crate::stored::StoredEntry;
use crate::{keys, promises};

impl HistoryProjection {
    /// A promise is made after its contact, or without one.
    pub(super) fn make_promise(
        &mut self,
        fact: &Accepted,
        promise: &Commitment,
        txn: &mut Txn<'_>,
    ) -> Result<(), ApplyError> {
        let (tenant_id, whose) = (&fact.event.tenant_id, fact.whose);
        let row = promises::row_key(tenant_id, promise, whose);
        let change = change(fact, promise.clone(), CommitmentChangeKind::Made);
        let mut keeping = Keeping::new(txn, keys::seq_of(fact.position));
        note_reopened(fact, promise, &mut keeping)?;
        if promise.interaction_id.is_empty() {
            let Some(customer_id) = promise.customer_id.as_deref() else {
                return Ok(());
            };
            keeping.put(row, promises::to_row(promise))?;
            series::note_next(fact, promise, None, &mut keeping)?;
            let txn = keeping.txn();
            let home = places::put_alone(tenant_id, customer_id, &change, txn)?;
            let pointer = keys::made(tenant_id, &promise.commitment_id, whose);
            txn.put(pointer, home.clone())?;
            let (home, seq) = (&home, change.seq);
            let standing = Standing { promise, home, seq };
            return promises::keep_track(tenant_id, None, standing, &mut keeping);
        }
        let pointer = keys::entry_of(tenant_id, &promise.interaction_id, whose);
        let pointer: Bytes = pointer.into();
        let Some((home, mut contact)) = entry_at(&pointer, keeping.txn())? else {
            return Ok(());
        };
        contact.made_later.push(promise.commitment_id.clone());
        // Before that, it names a promise of which there is no row.
        keeping.txn().put(home.clone(), contact.encode_to_vec())?;
        keeping.put(row, promises::to_row(promise))?;
        series::note_next(fact, promise, Some(&contact), &mut keeping)?;
        let standing = Standing {
            promise,
            home: &home,
            seq: contact.seq,
        };
        promises::keep_track(tenant_id, None, standing, &mut keeping)?;
        if promise.is_open() {
            keeping.changed(tenant_id, Changed::Open, (contact.seq, &pointer))?;
        }
        places::put_new_change(tenant_id, &contact, &change, txn)?;
        self.fresh.remove(&pointer);
        txn.touch(pointer);
        Ok(())
    }

    /// Something became of a promise.
    pub(super) fn change_promise(
        &mut self,
        fact: &Accepted,
        step: &Step,
        txn: &mut Txn<'_>,
    ) -> Result<(), ApplyError> {
        let event = &fact.event;
        let tenant_id = &event.tenant_id;
        let alone = event.interaction_id.is_empty();
        let pointer: Bytes = match alone {
            true => keys::made(tenant_id, &event.aggregate_id, fact.whose).into(),
            false => keys::entry_of(tenant_id, &event.interaction_id, fact.whose).into(),
        };
        let Some((key, entry)) = entry_at(&pointer, txn)? else {
            return Ok(());
        };
        let before = promises::one(tenant_id, &entry, &event.aggregate_id, |key| txn.get(key))?;
        let Some(before) = before else { return Ok(()) };
        let mut after = before.clone();
        after.accept(step);
        let standing = |promise| Standing {
            promise,
            home: &key,
            seq: entry.seq,
        };
        let (was, is) = (standing(&before), standing(&after));
        let mut keeping = Keeping::new(txn, keys::seq_of(fact.position));
        promises::keep_track(tenant_id, Some(was), is, &mut keeping)?;
        let row = promises::row_key(tenant_id, &after, fact.whose);
        keeping.put(row, promises::to_row(&after))?;
        if let Change::RecurrenceEnded { .. } = &step.change {
            series::end(fact, &after, &entry, &mut keeping)?;
        }
        if !alone && before.is_open() != after.is_open() {
            keeping.changed(tenant_id, Changed::Open, (entry.seq, &pointer))?;
        }
        if let Some(kind) = kind_of(step) {
            let customer_id = after.customer_id.clone().unwrap_or_default();
            let change = change(fact, after, kind);
            match alone {
                true => drop(places::put_alone(tenant_id, &customer_id, &change, txn)?),
                false => places::put_new_change(tenant_id, &entry, &change, txn)?,
            }
        }
        if !alone {
            self.fresh.remove(&pointer);
            txn.touch(pointer);
        }
        Ok(())
    }
}

/// A promise that has ended shows which one took it up again.
fn note_reopened(
    fact: &Accepted,
    promise: &Commitment,
    keeping: &mut Keeping<'_, '_>,
) -> Result<(), ApplyError> {
    let Some(reopens) = &promise.reopens else {
        return Ok(());
    };
    let (tenant_id, contact) = (&fact.event.tenant_id, &promise.interaction_id);
    // It has ended, so something has happened to it, and it has a row.
    let row = keys::commitment(tenant_id, contact, fact.whose, &reopens.commitment_id);
    let row: Bytes = row.into();
    if let Some(old) = promises::read(keeping.get(&row)?)? {
        let old = Commitment {
            reopened_by: Some(promise.commitment_id.clone()),
            ..old
        };
        keeping.put(row, promises::to_row(&old))?;
    }
    Ok(())
}

/// The entry of a timeline that says what became of a promise.
fn change(fact: &Accepted, promise: Commitment, kind: CommitmentChangeKind) -> StoredEntry {
    let event = &fact.event;
    StoredEntry {
        occurred_at: event.occurred_at,
        commitment_change: Some(CommitmentChange {
            kind: kind.into(),
            commitment: Some(promises::to_wire(promise, event.recorded_at.as_ref())),
            actor_id: event.actor_id.clone(),
        }),
        seq: keys::seq_of(fact.position),
        recorded_as: Some(fact.whose),
        ..StoredEntry::default()
    }
}

/// What sort of change to a promise it is; none for what is no business of whoever reads the customer's story.
const fn kind_of(step: &Step) -> Option<CommitmentChangeKind> {
    Some(match step.change {
        Change::Confirmed => CommitmentChangeKind::Confirmed,
        Change::Dismissed { .. } => CommitmentChangeKind::Dismissed,
        Change::Fulfilled { .. } => CommitmentChangeKind::Fulfilled,
        Change::Cancelled { .. } => CommitmentChangeKind::Cancelled,
        Change::Rescheduled(_) => CommitmentChangeKind::Rescheduled,
        Change::Lapsed(_) => CommitmentChangeKind::Lapsed,
        Change::Paused(_) => CommitmentChangeKind::Paused,
        Change::Resumed { .. } => CommitmentChangeKind::Resumed,
        Change::Reassigned { .. } | Change::HandoverAccepted => CommitmentChangeKind::Reassigned,
        Change::Waived { .. } => CommitmentChangeKind::Waived,
        Change::Superseded { .. } => CommitmentChangeKind::Superseded,
        Change::Withdrawn { .. } => CommitmentChangeKind::Withdrawn,
        Change::Expired { .. } => CommitmentChangeKind::Expired,
        Change::Attempted {
            outcome: Some(_), ..
        } => CommitmentChangeKind::Fulfilled,
        Change::Attempted { outcome: None, .. } => CommitmentChangeKind::Attempted,
        Change::StageReached(_)
        | Change::Retargeted(_)
        | Change::HandoverAsked(_)
        | Change::HandoverEnded(_)
        | Change::WaiverAsked { .. }
        | Change::WaiverDeclined { .. }
        | Change::DependenciesSet { .. }
        | Change::DependencyTurned(_)
        | Change::RecurrenceEnded { .. }
        | Change::Alert(_) => return None,
    })
}
