//! The view's store: which keys there are, and what they hold.
//!
//! ```text
//!  tag  key                                  value
//!  1    tenant · webhook                     WebhookChanged: the webhook as it is
//!  2    tenant · webhook                     Standing: how far its deliveries are
//!  3    tenant · webhook · sequence          Row: a delivery
//!  4    tenant · webhook · state · sequence  -
//!  5    tenant · webhook · due · sequence    -: what is to be sent, and when
//!  6, 7 what requests did: see [`REQUESTS`]
//!  8    tenant · message                     MailRow: a mail that is to be sent
//!  9    due · tenant · message               -: when
//!  10   tenant                               MailStanding: what was recorded of its mails
//! ```

use aftercall_ledger::requests::Requests;
use aftercall_proto::model::v1::WebhookDeliveryState;
use aftercall_view::key::{Key, MalformedKey, Parts};

const WEBHOOK: u8 = 1;
const STANDING: u8 = 2;
const DELIVERY: u8 = 3;
const STATE: u8 = 4;
const DUE: u8 = 5;
const MAIL: u8 = 8;
const MAIL_DUE: u8 = 9;
const MAIL_STANDING: u8 = 10;

/// Requests that changed a webhook. Their answer is the event, or how much is replayed.
pub(crate) const REQUESTS: Requests = Requests::new(6, 7);

/// All webhooks of all tenants.
pub(crate) fn webhooks() -> Key {
    Key::new(WEBHOOK)
}

/// The webhooks of a tenant.
pub(crate) fn webhooks_of(tenant_id: &str) -> Key {
    webhooks().text(tenant_id)
}

pub(crate) fn webhook(tenant_id: &str, webhook_id: &str) -> Key {
    webhooks_of(tenant_id).text(webhook_id)
}

/// Whose webhook stands under a key of [`webhooks`], and its id.
pub(crate) fn read_webhook(key: &[u8]) -> Result<(String, String), MalformedKey> {
    let mut parts = Parts::new(key);
    parts.tag()?;
    let read = (parts.text()?, parts.text()?);
    parts.end()?;
    Ok(read)
}

pub(crate) fn standing(tenant_id: &str, webhook_id: &str) -> Key {
    Key::new(STANDING).text(tenant_id).text(webhook_id)
}

pub(crate) fn deliveries(tenant_id: &str, webhook_id: &str) -> Key {
    Key::new(DELIVERY).text(tenant_id).text(webhook_id)
}

pub(crate) fn delivery(tenant_id: &str, webhook_id: &str, sequence: u64) -> Key {
    deliveries(tenant_id, webhook_id).u64(sequence)
}

pub(crate) fn in_state(tenant_id: &str, webhook_id: &str, state: WebhookDeliveryState) -> Key {
    let key = Key::new(STATE).text(tenant_id).text(webhook_id);
    key.u32(i32::from(state).unsigned_abs())
}

/// The number of a delivery under a key of [`deliveries`] or [`in_state`].
pub(crate) fn sequence_of(key: &[u8]) -> Result<u64, MalformedKey> {
    let last = key.last_chunk().ok_or(MalformedKey)?;
    Ok(u64::from_be_bytes(*last))
}

pub(crate) fn all_due(tenant_id: &str, webhook_id: &str) -> Key {
    Key::new(DUE).text(tenant_id).text(webhook_id)
}

pub(crate) fn due(tenant_id: &str, webhook_id: &str, due_us: i64, sequence: u64) -> Key {
    all_due(tenant_id, webhook_id).time(due_us).u64(sequence)
}

/// When a delivery is due, and its number.
pub(crate) fn read_due(key: &[u8]) -> Result<(i64, u64), MalformedKey> {
    let mut parts = Parts::new(key);
    parts.tag()?;
    parts.text()?;
    parts.text()?;
    let read = (parts.time()?, parts.u64()?);
    parts.end()?;
    Ok(read)
}

pub(crate) fn mail(tenant_id: &str, notification_id: &str) -> Key {
    Key::new(MAIL).text(tenant_id).text(notification_id)
}

pub(crate) fn mails_due() -> Key {
    Key::new(MAIL_DUE)
}

pub(crate) fn mail_due(due_us: i64, tenant_id: &str, notification_id: &str) -> Key {
    let key = mails_due().time(due_us);
    key.text(tenant_id).text(notification_id)
}

/// When a mail is due, whose it is, and of which message.
pub(crate) fn read_mail_due(key: &[u8]) -> Result<(i64, String, String), MalformedKey> {
    let mut parts = Parts::new(key);
    parts.tag()?;
    let read = (parts.time()?, parts.text()?, parts.text()?);
    parts.end()?;
    Ok(read)
}

pub(crate) fn mail_standing(tenant_id: &str) -> Key {
    Key::new(MAIL_STANDING).text(tenant_id)
}
