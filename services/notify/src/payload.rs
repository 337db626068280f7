//! What a message says: of an event its type, times and ids; in full where the webhook may have that.

use aftercall_proto::convert::time::from_wire;
use aftercall_proto::event::v1::WebhookChanged;
use aftercall_proto::model::v1::{Webhook, WebhookDelivery, WebhookFormat};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};
use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use crate::send::Message;
use crate::signing::Secret;
use crate::vault::{Sealed, Vault};

/// The headers of Standard Webhooks.
const ID: HeaderName = HeaderName::from_static("webhook-id");
const TIMESTAMP: HeaderName = HeaderName::from_static("webhook-timestamp");
const SIGNATURE: HeaderName = HeaderName::from_static("webhook-signature");

/// What is said of an event. A field without a value is left out.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Data<'a> {
    tenant_id: &'a str,
    event_id: &'a str,
    sequence: u64,
    #[serde(skip_serializing_if = "str::is_empty")]
    aggregate: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    aggregate_id: &'a str,
    #[serde(skip_serializing_if = "is_zero")]
    aggregate_sequence: u64,
    #[serde(skip_serializing_if = "str::is_empty")]
    interaction_id: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    customer_id: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    recorded_at: Option<Timestamp>,
    /// All that it says, in proto3 JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    event: Option<&'a Value>,
    /// Of a message to a receiver, what it says, in proto3 JSON.
    #[serde(skip_serializing_if = "Option::is_none")]
    notification: Option<&'a Value>,
}

/// What a message says beside times and ids, in proto3 JSON.
#[derive(Debug, Clone)]
pub(crate) enum Said {
    /// Nothing.
    Nothing,
    /// The whole event.
    Event(Value),
    /// A message to a receiver.
    Notification(Value),
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands it so")]
const fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// A message as Standard Webhooks recommends it.
#[derive(Serialize)]
struct Standard<'a> {
    r#type: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    timestamp: Option<Timestamp>,
    data: Data<'a>,
}

/// A CloudEvent in its JSON format.
#[derive(Serialize)]
struct CloudEvent<'a> {
    specversion: &'static str,
    id: &'a str,
    source: &'a str,
    r#type: &'a str,
    #[serde(skip_serializing_if = "String::is_empty")]
    subject: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    time: Option<Timestamp>,
    datacontenttype: &'static str,
    data: Data<'a>,
}

/// What of an event goes to a webhook, and in which form.
pub(crate) fn body(
    webhook: &Webhook,
    tenant_id: &str,
    delivery: &WebhookDelivery,
    said: &Said,
) -> Result<Bytes, serde_json::Error> {
    let time = |at: Option<&pbjson_types::Timestamp>| at.and_then(from_wire);
    let occurred_at = time(delivery.occurred_at.as_ref());
    let data = Data {
        tenant_id,
        event_id: &delivery.event_id,
        sequence: delivery.sequence,
        aggregate: &delivery.aggregate,
        aggregate_id: &delivery.aggregate_id,
        aggregate_sequence: delivery.aggregate_sequence,
        interaction_id: &delivery.interaction_id,
        customer_id: &delivery.customer_id,
        recorded_at: time(delivery.recorded_at.as_ref()),
        event: match said {
            Said::Event(event) if webhook.personal_allowed => Some(event),
            _ => None,
        },
        notification: match said {
            Said::Notification(notification) => Some(notification),
            _ => None,
        },
    };
    let body = match webhook.format() {
        WebhookFormat::Unspecified | WebhookFormat::Standard => serde_json::to_vec(&Standard {
            r#type: &delivery.event_type,
            timestamp: occurred_at,
            data,
        }),
        WebhookFormat::CloudEvent => serde_json::to_vec(&CloudEvent {
            specversion: "1.0",
            id: &delivery.event_id,
            source: &delivery.source,
            r#type: &delivery.event_type,
            subject: subject(delivery),
            time: occurred_at,
            datacontenttype: "application/json",
            data,
        }),
    };
    body.map(Bytes::from)
}

fn subject(delivery: &WebhookDelivery) -> String {
    match delivery.aggregate_id.as_str() {
        "" => String::new(),
        id => format!("{}/{id}", delivery.aggregate),
    }
}

/// What a webhook's secrets are sealed for.
pub(crate) fn sealed_for<'a>(
    tenant_id: &'a str,
    webhook_id: &'a str,
    key: &'a str,
) -> [&'a str; 3] {
    [tenant_id, webhook_id, key]
}

/// The secrets by which a webhook's messages are signed at `now`, the latest first.
pub(crate) fn secrets(
    vault: Option<&Vault>,
    tenant_id: &str,
    changed: &WebhookChanged,
    now: Timestamp,
) -> Result<Vec<Secret>, Sealed> {
    let (vault, webhook) = (
        vault.ok_or(Sealed)?,
        changed.webhook.as_ref().ok_or(Sealed)?,
    );
    let mut secrets = Vec::new();
    for (key, sealed) in webhook.keys.iter().zip(&changed.secrets) {
        let expires_at = key.expires_at.as_ref().and_then(from_wire);
        if expires_at.is_some_and(|at| at <= now) {
            continue;
        }
        let of = sealed_for(tenant_id, &webhook.webhook_id, &key.key_id);
        let opened = vault.unseal(sealed, &of)?;
        secrets.push(Secret::from_text(&opened).ok_or(Sealed)?);
    }
    match secrets.is_empty() {
        true => Err(Sealed),
        false => Ok(secrets),
    }
}

/// A message, signed at `now` by each of the secrets.
pub(crate) fn message(
    format: WebhookFormat,
    message_id: &str,
    body: Bytes,
    (secrets, now): (&[Secret], Timestamp),
) -> Option<Message> {
    let timestamp = now.as_second();
    let signatures = secrets.iter();
    let signatures = signatures.filter_map(|secret| secret.sign(message_id, timestamp, &body));
    let signatures = signatures.collect::<Vec<_>>().join(" ");
    let headers = [
        (ID, HeaderValue::from_str(message_id).ok()?),
        (TIMESTAMP, HeaderValue::from(timestamp)),
        (SIGNATURE, HeaderValue::from_str(&signatures).ok()?),
    ];
    Some(Message {
        content_type: match format {
            WebhookFormat::CloudEvent => "application/cloudevents+json",
            WebhookFormat::Unspecified | WebhookFormat::Standard => "application/json",
        },
        headers: HeaderMap::from_iter(headers),
        body,
    })
}
