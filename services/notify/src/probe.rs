//! A test of a webhook: sends a real message, and tells what came back.

use aftercall_proto::convert::time::to_wire;
use aftercall_proto::event::v1::WebhookChanged;
use aftercall_proto::model::v1::{WebhookAttempt, WebhookDelivery, WebhookFailure as Failure};
use aftercall_proto::notify::v1::{TestWebhookRequest, TestWebhookResponse};
use aftercall_service::{Call, Checker, Including, Unread};
use aftercall_view::Store;

use crate::courier::attempt::{failure_of, wire_duration};
use crate::failure::Error;
use crate::notify::Shared;
use crate::payload::Said;
use crate::send::Pool;
use crate::{payload, rows};

/// The type of a test.
const TYPE: &str = "aftercall.test";

/// Sends a test.
pub(crate) async fn test(
    shared: &Shared,
    call: Call<TestWebhookRequest>,
) -> Result<TestWebhookResponse, Error> {
    let mut checker = Checker::new();
    checker.required_id("webhook_id", &call.message.webhook_id);
    checker.done(())?;
    let including = Including {
        min_position: &call.message.min_position,
        latest: call.message.latest,
    };
    shared
        .reading
        .store_at(including, call.read_until())
        .await?;
    let tenant_id = call.tenant_id().to_owned();
    let find = move |store: &Store| {
        let id = &call.message.webhook_id;
        let found = rows::webhook(call.tenant_id(), id, |key| store.get(key))?;
        found.ok_or(Error::NotFound)
    };
    let changed = shared.reading.run(find).await?;
    send(shared, &tenant_id, &changed).await
}

async fn send(
    shared: &Shared,
    tenant_id: &str,
    changed: &WebhookChanged,
) -> Result<TestWebhookResponse, Error> {
    let webhook = changed.webhook.clone().unwrap_or_default();
    let (began, now) = (shared.clock.monotonic(), shared.clock.now());
    let id = shared.ids.uuid_v7();
    let message_id = format!("msg_{}", id.simple());
    let answer = |http_status: u32, failure: Failure, description: String| TestWebhookResponse {
        delivered: failure == Failure::Unspecified,
        message_id: message_id.clone(),
        attempt: Some(WebhookAttempt {
            attempted_at: Some(to_wire(now)),
            took: Some(wire_duration(
                shared.clock.monotonic().saturating_sub(began),
            )),
            http_status,
            failure: failure.into(),
        }),
        description,
    };
    if !shared.environment.tells(&webhook.environment) {
        let text = match shared.environment.is_mute() {
            true => shared.environment.remedy(),
            false => "this is another environment than the webhook's: nothing was sent",
        };
        return Ok(answer(0, Failure::Environment, text.to_owned()));
    }
    let secrets = payload::secrets(shared.vault.as_ref(), tenant_id, changed, now);
    let secrets = secrets.map_err(|_| Error::NoKey)?;
    let test = WebhookDelivery {
        event_type: TYPE.to_owned(),
        event_id: id.to_string(),
        occurred_at: Some(to_wire(now)),
        recorded_at: Some(to_wire(now)),
        source: format!("/t/{tenant_id}/notify"),
        ..WebhookDelivery::default()
    };
    let body =
        payload::body(&webhook, tenant_id, &test, &Said::Nothing).map_err(Unread::internal)?;
    let message = payload::message(webhook.format(), &message_id, body, (&secrets, now));
    let message = message.ok_or(Error::NoKey)?;
    let pool = Pool::default();
    Ok(
        match shared.sender.send(&webhook.url, &message, &pool).await {
            Ok(taken) => {
                let failure = failure_of(taken.status);
                let said = match failure {
                    Failure::Unspecified => String::new(),
                    _ => format!("answered {}: {}", taken.status, taken.excerpt),
                };
                answer(taken.status.as_u16().into(), failure, said)
            }
            Err(error) => answer(
                0,
                error.failure(),
                aftercall_service::chain(&error).to_string(),
            ),
        },
    )
}
