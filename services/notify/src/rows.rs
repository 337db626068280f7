//! What stands in the view's store, and how it is read back.

use aftercall_log::Position;
use aftercall_proto::event::v1::{LogPlace, WebhookChanged};
use aftercall_proto::model::v1::{Notification, Webhook, WebhookDelivery, WebhookDeliveryState};
use aftercall_proto::notify::v1::WebhookProgress;
use aftercall_view::{ApplyError, Positions, Store, StoreError};
use bytes::Bytes;
use prost::Message;

use crate::keys;

/// How far the deliveries of a webhook are.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Standing {
    /// How much was queued: the sequence of the latest such event, and where it stands.
    #[prost(uint64, tag = "1")]
    pub(crate) queue_version: u64,
    #[prost(message, optional, tag = "2")]
    pub(crate) queued_at: Option<LogPlace>,
    /// The same of what was tried.
    #[prost(uint64, tag = "3")]
    pub(crate) outcomes_version: u64,
    #[prost(message, optional, tag = "4")]
    pub(crate) tried_at: Option<LogPlace>,
    /// The number of the latest delivery.
    #[prost(uint64, tag = "5")]
    pub(crate) last_sequence: u64,
    /// How far the log was looked through.
    #[prost(message, repeated, tag = "6")]
    pub(crate) through: Vec<LogPlace>,
    #[prost(uint64, tag = "7")]
    pub(crate) pending: u64,
    #[prost(uint64, tag = "8")]
    pub(crate) dead: u64,
    #[prost(uint64, tag = "9")]
    pub(crate) delivered: u64,
    #[prost(uint64, tag = "10")]
    pub(crate) suppressed: u64,
}

impl Standing {
    pub(crate) fn through(&self) -> Positions {
        positions(&self.through)
    }

    /// Looks no more at what `places` are beyond.
    pub(crate) fn advance(&mut self, places: &[LogPlace]) {
        let through = self.through().union(&positions(places));
        self.through = self::places(&through);
    }

    pub(crate) fn progress(&self) -> WebhookProgress {
        WebhookProgress {
            last_sequence: self.last_sequence,
            pending: self.pending,
            dead: self.dead,
            delivered: self.delivered,
            suppressed: self.suppressed,
        }
    }
}

/// A delivery.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Row {
    #[prost(message, optional, tag = "1")]
    pub(crate) delivery: Option<WebhookDelivery>,
    /// Where the event stands.
    #[prost(message, optional, tag = "2")]
    pub(crate) place: Option<LogPlace>,
}

/// A mail that is to be sent.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct MailRow {
    /// What it tells, and whom.
    #[prost(message, optional, tag = "1")]
    pub(crate) notification: Option<Notification>,
    /// Where the tenant's alerts are told.
    #[prost(string, tag = "2")]
    pub(crate) environment: String,
    /// How often it was tried.
    #[prost(uint32, tag = "3")]
    pub(crate) attempts: u32,
    /// When it is tried next.
    #[prost(int64, tag = "4")]
    pub(crate) due_us: i64,
}

/// What was recorded of a tenant's mails: the sequence of the latest such event, and where it stands.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct MailStanding {
    #[prost(uint64, tag = "1")]
    pub(crate) outcomes_version: u64,
    #[prost(message, optional, tag = "2")]
    pub(crate) tried_at: Option<LogPlace>,
}

/// Positions as events hold them.
pub(crate) fn places(positions: &Positions) -> Vec<LogPlace> {
    let places = positions.iter();
    let places = places.map(|(partition, offset)| LogPlace { partition, offset });
    places.collect()
}

pub(crate) fn positions(places: &[LogPlace]) -> Positions {
    let places = places.iter();
    places.map(|at| (at.partition, at.offset)).collect()
}

pub(crate) fn place(at: Position) -> LogPlace {
    LogPlace {
        partition: at.partition,
        offset: at.offset,
    }
}

/// Whether what has come to an end is kept no longer: whatever was not taken is.
pub(crate) fn is_over(state: WebhookDeliveryState) -> bool {
    matches!(
        state,
        WebhookDeliveryState::Delivered | WebhookDeliveryState::Suppressed
    )
}

/// A webhook, with its sealed secrets; `get` reads the store, or the store as a batch will leave it.
pub(crate) fn webhook(
    tenant_id: &str,
    webhook_id: &str,
    get: impl Fn(&[u8]) -> Result<Option<Bytes>, StoreError>,
) -> Result<Option<WebhookChanged>, ApplyError> {
    read(get(&keys::webhook(tenant_id, webhook_id))?)
}

/// How far the deliveries of a webhook are.
pub(crate) fn standing(
    tenant_id: &str,
    webhook_id: &str,
    get: impl Fn(&[u8]) -> Result<Option<Bytes>, StoreError>,
) -> Result<Standing, ApplyError> {
    let found = read(get(&keys::standing(tenant_id, webhook_id))?)?;
    Ok(found.unwrap_or_default())
}

/// A delivery.
pub(crate) fn delivery(
    tenant_id: &str,
    webhook_id: &str,
    sequence: u64,
    get: impl Fn(&[u8]) -> Result<Option<Bytes>, StoreError>,
) -> Result<Option<Row>, ApplyError> {
    read(get(&keys::delivery(tenant_id, webhook_id, sequence))?)
}

/// A mail that is to be sent.
pub(crate) fn mail(
    tenant_id: &str,
    notification_id: &str,
    get: impl Fn(&[u8]) -> Result<Option<Bytes>, StoreError>,
) -> Result<Option<MailRow>, ApplyError> {
    read(get(&keys::mail(tenant_id, notification_id))?)
}

/// What was recorded of a tenant's mails.
pub(crate) fn mail_standing(
    tenant_id: &str,
    get: impl Fn(&[u8]) -> Result<Option<Bytes>, StoreError>,
) -> Result<MailStanding, ApplyError> {
    let found = read(get(&keys::mail_standing(tenant_id))?)?;
    Ok(found.unwrap_or_default())
}

/// All webhooks in use, with whose they are.
pub(crate) fn in_use(store: &Store) -> Result<Vec<(String, Webhook)>, ApplyError> {
    let scan = store.scan_prefix(keys::webhooks(), aftercall_view::Direction::Ascending);
    let mut found = Vec::new();
    for entry in scan {
        let (key, value) = entry?;
        let (tenant_id, _) = keys::read_webhook(&key).map_err(ApplyError::record)?;
        let changed = WebhookChanged::decode(value).map_err(ApplyError::record)?;
        let webhook = changed.webhook.filter(|webhook| !webhook.disabled);
        found.extend(webhook.map(|webhook| (tenant_id, webhook)));
    }
    Ok(found)
}

fn read<M: Message + Default>(stored: Option<Bytes>) -> Result<Option<M>, ApplyError> {
    let read = stored.map(M::decode).transpose();
    read.map_err(ApplyError::record)
}
