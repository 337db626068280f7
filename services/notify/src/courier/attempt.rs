//! One attempt to deliver.

use std::sync::Arc;
use std::time::Duration;

use aftercall_domain::delivery::next_attempt;
use aftercall_log::Position;
use aftercall_proto::convert::time::{from_wire, to_wire};
use aftercall_proto::envelope::Fact;
use aftercall_proto::event::v1::{AttemptedDelivery, Event, LogPlace, WebhookChanged};
use aftercall_proto::model::v1::{
    Notification, Webhook, WebhookAttempt, WebhookDelivery, WebhookDeliveryState as State,
    WebhookFailure as Failure,
};
use aftercall_proto::{cloud_event, personal};
use aftercall_service::chain;
use http::{HeaderValue, StatusCode};
use jiff::fmt::rfc2822;
use jiff::{SignedDuration, Timestamp};

use super::Courier;
use crate::payload::Said;
use crate::rows::Row;
use crate::send::{Answer, SendError};
use crate::{meters, payload, promised};

/// How an attempt went.
struct Went {
    http_status: u32,
    failure: Failure,
    /// How long the receiver asked to be left alone.
    asked: Option<SignedDuration>,
}

impl Went {
    const fn failed(failure: Failure) -> Self {
        Self {
            http_status: 0,
            failure,
            asked: None,
        }
    }
}

impl Courier {
    /// Tries to deliver, and says what is to be recorded of it.
    pub(super) async fn attempt(
        &self,
        webhook: Arc<WebhookChanged>,
        row: Row,
    ) -> AttemptedDelivery {
        let delivery = row.delivery.unwrap_or_default();
        let number = delivery.attempts.saturating_add(1);
        let (began, begun_at) = (self.shared.clock.monotonic(), self.shared.clock.now());
        let went = self.deliver(&webhook, &delivery, row.place, begun_at).await;
        let took = self.shared.clock.monotonic().saturating_sub(began);
        let ended_at = self.shared.clock.now();
        let (state, next_attempt_at) = match went.failure {
            Failure::Unspecified => (State::Delivered, None),
            Failure::Environment => (State::Suppressed, None),
            Failure::Gone => (State::Dead, None),
            _ => match next_attempt(number, ended_at, went.asked, self.shared.random()) {
                Some(at) => (State::Pending, Some(at)),
                None => (State::Dead, None),
            },
        };
        let recorded_at = delivery.recorded_at.as_ref().and_then(from_wire);
        let late = recorded_at.map(|at| begun_at.duration_since(at));
        let late = late.and_then(|late| Duration::try_from(late).ok());
        meters::attempted(state, took, late.unwrap_or_default());
        AttemptedDelivery {
            sequence: delivery.sequence,
            number,
            attempt: Some(WebhookAttempt {
                attempted_at: Some(to_wire(begun_at)),
                took: Some(wire_duration(took)),
                http_status: went.http_status,
                failure: went.failure.into(),
            }),
            state: state.into(),
            next_attempt_at: next_attempt_at.map(to_wire),
        }
    }

    async fn deliver(
        &self,
        changed: &WebhookChanged,
        delivery: &WebhookDelivery,
        place: Option<LogPlace>,
        now: Timestamp,
    ) -> Went {
        let shared = &*self.shared;
        let webhook = changed.webhook.as_ref();
        let Some(webhook) = webhook.filter(|it| shared.environment.tells(&it.environment)) else {
            return Went::failed(Failure::Environment);
        };
        let tenant_id = &self.of.tenant_id;
        let secrets = payload::secrets(shared.vault.as_ref(), tenant_id, changed, now);
        let Ok(secrets) = secrets else {
            tracing::warn!(
                tenant_id,
                webhook_id = webhook.webhook_id,
                "a webhook's secret was sealed by a key that notify.secrets_key_file does not hold"
            );
            return Went::failed(Failure::SecretSealed);
        };
        let Ok(said) = self.said(webhook, delivery, place).await else {
            return Went::failed(Failure::Unreadable);
        };
        let body = payload::body(webhook, tenant_id, delivery, &said);
        let Ok(body) = body else {
            return Went::failed(Failure::Unreadable);
        };
        let id = &delivery.message_id;
        let message = payload::message(webhook.format(), id, body, (&secrets, now));
        let Some(message) = message else {
            return Went::failed(Failure::SecretSealed);
        };
        match shared.sender.send(&webhook.url, &message, &self.pool).await {
            Ok(answer) => judged(&answer, now),
            Err(error) => self.failed(&error),
        }
    }

    fn failed(&self, error: &SendError) -> Went {
        tracing::debug!(
            tenant_id = self.of.tenant_id,
            webhook_id = self.of.webhook_id,
            error = %chain(error),
            "a webhook was not delivered"
        );
        Went::failed(error.failure())
    }

    /// What the message says beside times and ids: of an event all of it, if the webhook may have that.
    ///
    /// # Errors
    /// When the log does not hand it out now.
    async fn said(
        &self,
        webhook: &Webhook,
        delivery: &WebhookDelivery,
        place: Option<LogPlace>,
    ) -> Result<Said, ()> {
        let Some(place) = place else {
            return Ok(Said::Nothing);
        };
        if delivery.event_type == cloud_event::NOTIFICATION {
            let event = self.event_at(place).await?;
            let Ok(Some(Fact::AlertsRouted(routed))) = event.fact() else {
                return Err(());
            };
            let mut messages = routed.notifications.into_iter();
            let message = messages.find(|it| it.notification_id == delivery.event_id);
            let mut message = message.ok_or(())?;
            if webhook.personal_allowed && self.may_read_words(&message).await? {
                let tenant_id = &self.of.tenant_id;
                let with_words = promised::with_words(&self.shared, tenant_id, message);
                message = with_words.await.map_err(|_| ())?;
            }
            let message = serde_json::to_value(message).map_err(|_| ())?;
            return Ok(Said::Notification(message));
        }
        if !webhook.personal_allowed {
            return Ok(Said::Nothing);
        }
        let event = self.event_at(place).await?;
        let event = personal::in_full(&event).map_err(|_| ())?;
        let event = event.and_then(|event| serde_json::to_value(event).ok());
        Ok(event.map_or(Said::Nothing, Said::Event))
    }

    /// The event at `place`.
    async fn event_at(&self, place: LogPlace) -> Result<Event, ()> {
        let at = Position {
            partition: place.partition,
            offset: place.offset,
        };
        let log = Arc::clone(&self.shared.log);
        let read = move || promised::event_at(&*log, at);
        let event = self.shared.supervisor.block(read).await.ok().flatten();
        event.ok_or(())
    }

    /// Whether the receiver of a message may be told what is personal, as the version of it says that the message names.
    async fn may_read_words(&self, message: &Notification) -> Result<bool, ()> {
        let (receivers, tenant_id) = (self.shared.receivers.clone(), self.of.tenant_id.clone());
        let (id, version) = (message.receiver_id.clone(), message.receiver_version);
        let read = move || receivers.as_of(&tenant_id, &id, version);
        let receiver = self.shared.supervisor.block(read).await.map_err(|_| ())?;
        let receiver = receiver.map_err(|_| ())?;
        Ok(receiver.is_some_and(|receiver| receiver.personal_allowed))
    }
}

/// How an answer is taken: by 2xx alone it is delivered.
fn judged(answer: &Answer, now: Timestamp) -> Went {
    let failure = failure_of(answer.status);
    let asked = answer.retry_after.as_ref();
    let asked = asked.and_then(|header| asked_for(header, now));
    Went {
        http_status: answer.status.as_u16().into(),
        failure,
        asked: asked.filter(|_| failure != Failure::Unspecified),
    }
}

/// Why a status is none that delivers; unspecified for one that is.
pub(crate) fn failure_of(status: StatusCode) -> Failure {
    match status {
        status if status.is_success() => Failure::Unspecified,
        StatusCode::GONE => Failure::Gone,
        status if status.is_redirection() => Failure::Redirect,
        _ => Failure::Status,
    }
}

/// How long the header `retry-after` asks to wait: seconds, or until a date.
fn asked_for(header: &HeaderValue, now: Timestamp) -> Option<SignedDuration> {
    let text = header.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse() {
        return Some(SignedDuration::from_secs(seconds));
    }
    let at = rfc2822::DateTimeParser::new().parse_timestamp(text).ok()?;
    Some(at.duration_since(now))
}

/// A duration on the wire.
pub(crate) fn wire_duration(took: Duration) -> pbjson_types::Duration {
    pbjson_types::Duration {
        seconds: took.as_secs().try_into().unwrap_or(i64::MAX),
        nanos: took.subsec_nanos().cast_signed(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_receiver_asks_in_seconds_or_by_a_date() {
        let now: Timestamp = "2026-11-28T10:00:00Z".parse().unwrap();
        for (header, asked) in [
            ("120", Some(120)),
            (" 7 ", Some(7)),
            ("Sat, 28 Nov 2026 10:01:00 GMT", Some(60)),
            ("Sat, 28 Nov 2026 09:59:00 GMT", Some(-60)),
            ("soon", None),
            ("", None),
            ("99999999999999999999", None),
        ] {
            let header = HeaderValue::from_str(header).unwrap();
            let asked = asked.map(SignedDuration::from_secs);
            assert_eq!(asked_for(&header, now), asked, "{header:?}");
        }
    }

    #[test]
    fn only_success_delivers() {
        for (status, failure) in [
            (200, Failure::Unspecified),
            (204, Failure::Unspecified),
            (299, Failure::Unspecified),
            (301, Failure::Redirect),
            (304, Failure::Redirect),
            (400, Failure::Status),
            (410, Failure::Gone),
            (429, Failure::Status),
            (503, Failure::Status),
        ] {
            let status = StatusCode::from_u16(status).unwrap();
            assert_eq!(failure_of(status), failure, "{status}");
        }
    }
}
