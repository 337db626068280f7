//! What is to be sent, what came of it, what is sent again.

use aftercall_domain::limits::{DELIVERIES_KEPT, REPLAYED_MAX};
use aftercall_ledger::Accepted;
use aftercall_proto::convert::time::{from_wire, microseconds};
use aftercall_proto::event::v1::{
    AttemptedDelivery, WebhookAttempted, WebhookQueued, WebhookReplayed,
};
use aftercall_proto::model::v1::{WebhookDelivery, WebhookDeliveryState as State};
use aftercall_proto::notify::v1::ReplayWebhookResponse;
use aftercall_view::{ApplyError, Direction, Txn};
use prost::Message;

use crate::keys::{self, REQUESTS};
use crate::rows::{self, Row, Standing, is_over, place};

/// The rows of one webhook, while an event changes them.
struct Rows<'t, 's> {
    tenant_id: &'t str,
    webhook_id: &'t str,
    standing: Standing,
    txn: &'t mut Txn<'s>,
}

impl<'t, 's> Rows<'t, 's> {
    fn of(fact: &'t Accepted, txn: &'t mut Txn<'s>) -> Result<Self, ApplyError> {
        let (tenant_id, webhook_id) = (&*fact.event.tenant_id, &*fact.event.aggregate_id);
        let standing = rows::standing(tenant_id, webhook_id, |key| txn.get(key))?;
        Ok(Self {
            tenant_id,
            webhook_id,
            standing,
            txn,
        })
    }

    fn get(&self, sequence: u64) -> Result<Option<Row>, ApplyError> {
        rows::delivery(self.tenant_id, self.webhook_id, sequence, |key| {
            self.txn.get(key)
        })
    }

    /// Whether the webhook is told of nothing, by what the log says so far.
    fn is_disabled(&self) -> Result<bool, ApplyError> {
        let found = rows::webhook(self.tenant_id, self.webhook_id, |key| self.txn.get(key))?;
        let webhook = found.and_then(|changed| changed.webhook);
        Ok(webhook.is_some_and(|webhook| webhook.disabled))
    }

    /// Puts a delivery in the place of what was there.
    fn put(&mut self, before: Option<&WebhookDelivery>, row: Row) -> Result<(), ApplyError> {
        let Some(after) = &row.delivery else {
            return Ok(());
        };
        if let Some(before) = before {
            self.leave(before)?;
        }
        let (sequence, state) = (after.sequence, after.state());
        *counted(&mut self.standing, state) += 1;
        let in_state = keys::in_state(self.tenant_id, self.webhook_id, state);
        self.txn.put(in_state.u64(sequence), Vec::new())?;
        if let Some(due) = due_of(after) {
            let due = keys::due(self.tenant_id, self.webhook_id, due, sequence);
            self.txn.put(due, Vec::new())?;
        }
        let key = keys::delivery(self.tenant_id, self.webhook_id, sequence);
        self.txn.put(key, row.encode_to_vec())?;
        Ok(())
    }

    /// Takes a delivery out of where it is looked for by its state. What was delivered stays counted.
    fn leave(&mut self, before: &WebhookDelivery) -> Result<(), ApplyError> {
        let (sequence, state) = (before.sequence, before.state());
        if !is_over(state) {
            let count = counted(&mut self.standing, state);
            *count = count.saturating_sub(1);
        }
        let in_state = keys::in_state(self.tenant_id, self.webhook_id, state);
        self.txn.delete(in_state.u64(sequence))?;
        if let Some(due) = due_of(before) {
            let due = keys::due(self.tenant_id, self.webhook_id, due, sequence);
            self.txn.delete(due)?;
        }
        Ok(())
    }

    /// Forgets a delivery that has long come to an end.
    fn forget(&mut self, sequence: u64) -> Result<(), ApplyError> {
        let is_old = sequence.saturating_add(DELIVERIES_KEPT) <= self.standing.last_sequence;
        if sequence == 0 || !is_old {
            return Ok(());
        }
        let found = self.get(sequence)?.and_then(|row| row.delivery);
        let Some(over) = found.filter(|found| is_over(found.state())) else {
            return Ok(());
        };
        self.leave(&over)?;
        let key = keys::delivery(self.tenant_id, self.webhook_id, sequence);
        Ok(self.txn.delete(key)?)
    }

    fn done(self) -> Result<(), ApplyError> {
        let key = keys::standing(self.tenant_id, self.webhook_id);
        Ok(self.txn.put(key, self.standing.encode_to_vec())?)
    }
}

fn counted(standing: &mut Standing, state: State) -> &mut u64 {
    match state {
        State::Unspecified | State::Pending => &mut standing.pending,
        State::Dead => &mut standing.dead,
        State::Delivered => &mut standing.delivered,
        State::Suppressed => &mut standing.suppressed,
    }
}

/// When it is to be sent, if it is.
fn due_of(delivery: &WebhookDelivery) -> Option<i64> {
    let at = delivery.next_attempt_at.as_ref().and_then(from_wire)?;
    (delivery.state() == State::Pending).then_some(microseconds(at))
}

/// A webhook is to be told of events.
pub(super) fn queue(
    fact: &Accepted,
    queued: &WebhookQueued,
    txn: &mut Txn<'_>,
) -> Result<(), ApplyError> {
    let mut rows = Rows::of(fact, txn)?;
    rows.standing.queue_version = fact.event.sequence;
    rows.standing.queued_at = Some(place(fact.position));
    if rows.is_disabled()? {
        // Found by who did not know that yet: where it is put back into use decides what it is told of.
        return rows.done();
    }
    for queued in &queued.deliveries {
        let Some(delivery) = &queued.delivery else {
            continue;
        };
        let delivery = WebhookDelivery {
            state: State::Pending.into(),
            next_attempt_at: fact.event.recorded_at,
            ..delivery.clone()
        };
        rows.standing.last_sequence = delivery.sequence;
        let oldest = delivery.sequence.saturating_sub(DELIVERIES_KEPT);
        let row = Row {
            delivery: Some(delivery),
            place: queued.place,
        };
        rows.put(None, row)?;
        rows.forget(oldest)?;
    }
    rows.standing.advance(&queued.through);
    rows.done()
}

/// It was tried to tell it. Of two that tried the same, the first counts.
pub(super) fn attempted(
    fact: &Accepted,
    attempted: &WebhookAttempted,
    txn: &mut Txn<'_>,
) -> Result<(), ApplyError> {
    let mut rows = Rows::of(fact, txn)?;
    for attempt in &attempted.attempts {
        let Some(row) = rows.get(attempt.sequence)? else {
            continue;
        };
        let Some(before) = &row.delivery else {
            continue;
        };
        if before.state() != State::Pending
            || before.attempts.checked_add(1) != Some(attempt.number)
        {
            continue;
        }
        let after = Row {
            delivery: Some(tried(before, attempt)),
            place: row.place,
        };
        rows.put(Some(before), after)?;
        rows.forget(attempt.sequence)?;
    }
    rows.standing.outcomes_version = fact.event.sequence;
    rows.standing.tried_at = Some(place(fact.position));
    rows.done()
}

fn tried(before: &WebhookDelivery, attempt: &AttemptedDelivery) -> WebhookDelivery {
    let mut after = WebhookDelivery {
        attempts: attempt.number,
        last_attempt: attempt.attempt,
        ..before.clone()
    };
    after.set_state(attempt.state());
    after.next_attempt_at = match attempt.state() {
        State::Pending => attempt.next_attempt_at,
        _ => None,
    };
    after
}

/// Deliveries are to be sent again.
pub(super) fn replay(
    fact: &Accepted,
    replayed: &WebhookReplayed,
    txn: &mut Txn<'_>,
) -> Result<(), ApplyError> {
    let mut rows = Rows::of(fact, txn)?;
    let (sequences, next_sequence) = sequences(&mut rows, replayed)?;
    let mut count = 0;
    for sequence in sequences {
        let Some(row) = rows.get(sequence)? else {
            continue;
        };
        let Some(before) = &row.delivery else {
            continue;
        };
        if before.state() == State::Pending {
            continue;
        }
        let mut after = WebhookDelivery {
            attempts: 0,
            next_attempt_at: fact.event.recorded_at,
            replays: before.replays.saturating_add(1),
            ..before.clone()
        };
        after.set_state(State::Pending);
        let after = Row {
            delivery: Some(after),
            place: row.place,
        };
        rows.put(Some(before), after)?;
        count += 1;
    }
    rows.done()?;
    let answer = || {
        let answer = ReplayWebhookResponse {
            replayed: count,
            next_sequence,
            position: String::new(),
        };
        answer.encode_to_vec().into()
    };
    REQUESTS.remember(fact, &fact.event.aggregate_id, answer, txn)
}

/// Which deliveries are looked at, and where the next request goes on; 0 if there are no more.
fn sequences(
    rows: &mut Rows<'_, '_>,
    replayed: &WebhookReplayed,
) -> Result<(Vec<u64>, u64), ApplyError> {
    let all = match replayed.dead_only {
        true => keys::in_state(rows.tenant_id, rows.webhook_id, State::Dead),
        false => keys::deliveries(rows.tenant_id, rows.webhook_id),
    };
    let last = replayed.last_sequence.saturating_add(1);
    let (from, to) = (all.clone().u64(replayed.first_sequence), all.u64(last));
    let scan = rows.txn.scan_range(from, Some(&*to), Direction::Ascending);
    let mut sequences = Vec::new();
    for entry in scan.take(REPLAYED_MAX + 1) {
        let (key, _) = entry?;
        sequences.push(keys::sequence_of(&key).map_err(ApplyError::record)?);
    }
    let next = match sequences.len() > REPLAYED_MAX {
        true => sequences.pop().unwrap_or_default(),
        false => 0,
    };
    Ok((sequences, next))
}
