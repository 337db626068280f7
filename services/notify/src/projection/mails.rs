//! Mails: which are to be sent, and when.

use aftercall_ledger::Accepted;
use aftercall_proto::convert::time::{from_wire, microseconds};
use aftercall_proto::event::v1::{AlertsRouted, AttemptedMail, MailAttempted};
use aftercall_proto::model::v1::WebhookDeliveryState as State;
use aftercall_view::{ApplyError, Txn};
use prost::Message;

use crate::keys;
use crate::rows::{self, MailRow, MailStanding, place};

/// Of the messages of a round, those that go by mail are to be sent. Answers whether there are any.
pub(super) fn queue(
    fact: &Accepted,
    routed: &AlertsRouted,
    txn: &mut Txn<'_>,
) -> Result<bool, ApplyError> {
    let tenant_id = &fact.event.tenant_id;
    let recorded_at = fact.event.recorded_at.as_ref().and_then(from_wire);
    let mut any = false;
    for message in routed.notifications.iter().filter(|it| it.by_mail) {
        let row = MailRow {
            notification: Some(message.clone()),
            environment: routed.environment.clone(),
            attempts: 0,
            due_us: recorded_at.map(microseconds).unwrap_or_default(),
        };
        put(tenant_id, &message.notification_id, &row, txn)?;
        any = true;
    }
    Ok(any)
}

/// It was tried to send mails. Of two that tried the same, the first counts. What has come to an end is kept no longer:
/// the log says how.
pub(super) fn attempted(
    fact: &Accepted,
    attempted: &MailAttempted,
    txn: &mut Txn<'_>,
) -> Result<(), ApplyError> {
    let tenant_id = &fact.event.tenant_id;
    for attempt in &attempted.attempts {
        try_one(tenant_id, attempt, txn)?;
    }
    let standing = MailStanding {
        outcomes_version: fact.event.sequence,
        tried_at: Some(place(fact.position)),
    };
    Ok(txn.put(keys::mail_standing(tenant_id), standing.encode_to_vec())?)
}

fn try_one(tenant_id: &str, attempt: &AttemptedMail, txn: &mut Txn<'_>) -> Result<(), ApplyError> {
    let id = &attempt.notification_id;
    let Some(before) = rows::mail(tenant_id, id, |key| txn.get(key))? else {
        return Ok(());
    };
    if before.attempts.checked_add(1) != Some(attempt.number) {
        return Ok(());
    }
    txn.delete(keys::mail_due(before.due_us, tenant_id, id))?;
    let next = attempt.next_attempt_at.as_ref().and_then(from_wire);
    match next.filter(|_| attempt.state() == State::Pending) {
        Some(next) => {
            let after = MailRow {
                attempts: attempt.number,
                due_us: microseconds(next),
                ..before
            };
            put(tenant_id, id, &after, txn)
        }
        None => Ok(txn.delete(keys::mail(tenant_id, id))?),
    }
}

fn put(tenant_id: &str, id: &str, row: &MailRow, txn: &mut Txn<'_>) -> Result<(), ApplyError> {
    txn.put(keys::mail_due(row.due_us, tenant_id, id), Vec::new())?;
    Ok(txn.put(keys::mail(tenant_id, id), row.encode_to_vec())?)
}
