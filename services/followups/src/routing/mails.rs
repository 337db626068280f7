//! What became of the messages that go by mail: whoever sends them says so in the log.

use aftercall_ledger::Accepted;
use aftercall_proto::event::v1::{AttemptedMail, MailAttempted};
use aftercall_proto::model::v1::{MailDelivery, Notification, WebhookDeliveryState as State};
use aftercall_view::{ApplyError, Store, StoreError, Txn};
use bytes::Bytes;
use prost::Message;

use super::keys;

/// Takes in how attempts went. Of two that tried the same, the first counts.
pub(crate) fn apply(
    fact: &Accepted,
    attempted: &MailAttempted,
    txn: &mut Txn<'_>,
) -> Result<(), ApplyError> {
    let tenant_id = &*fact.event.tenant_id;
    for attempt in &attempted.attempts {
        let id = &attempt.notification_id;
        let before = read(tenant_id, id, |key| txn.get(key))?;
        let tried = before.map_or(0, |before| before.attempts);
        if tried.checked_add(1) == Some(attempt.number) {
            let after = after(attempt);
            txn.put(keys::mail(tenant_id, id), after.encode_to_vec())?;
        }
    }
    Ok(())
}

/// What became of those of some messages that go by mail.
pub(super) fn of(
    store: &Store,
    tenant_id: &str,
    messages: &[Notification],
) -> Result<Vec<MailDelivery>, ApplyError> {
    let mailed = messages.iter().filter(|message| message.by_mail);
    let became = mailed.map(|message| {
        let id = &message.notification_id;
        let found = read(tenant_id, id, |key| store.get(key))?;
        Ok(found.unwrap_or_else(|| MailDelivery {
            notification_id: id.clone(),
            state: State::Pending.into(),
            ..MailDelivery::default()
        }))
    });
    became.collect()
}

fn after(attempt: &AttemptedMail) -> MailDelivery {
    MailDelivery {
        notification_id: attempt.notification_id.clone(),
        state: attempt.state,
        attempts: attempt.number,
        attempted_at: attempt.attempted_at,
        trouble: attempt.trouble,
        smtp_code: attempt.smtp_code,
        next_attempt_at: attempt.next_attempt_at,
    }
}

fn read(
    tenant_id: &str,
    notification_id: &str,
    get: impl Fn(&[u8]) -> Result<Option<Bytes>, StoreError>,
) -> Result<Option<MailDelivery>, ApplyError> {
    let found = get(&keys::mail(tenant_id, notification_id))?;
    let found = found.map(MailDelivery::decode).transpose();
    found.map_err(ApplyError::record)
}
