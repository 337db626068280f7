//! Changing a webhook.

use std::sync::Arc;

use aftercall_proto::model::v1::Webhook;
use aftercall_proto::notify::v1::{UpdateWebhookRequest, UpdateWebhookResponse};
use aftercall_service::command::{self, Command, Decision};
use aftercall_service::{Call, Checker};
use aftercall_view::{Positions, Store};
use jiff::Timestamp;

use super::create::tails;
use super::{Asked, Done, check, put};
use crate::failure::Error;
use crate::notify::Shared;
use crate::rows::places;

struct Update {
    asked: Asked,
    webhook_id: String,
    webhook: Webhook,
    expected_version: u64,
    catch_up: bool,
    take_over: bool,
    /// Where the log ended when it was asked for.
    tails: Positions,
}

impl Command for Update {
    type Done = Done;
    type Refusal = Error;

    fn decide(&self, store: &Store, now: Timestamp) -> Result<Decision<Done>, Error> {
        let asked = &self.asked;
        let mut changed = asked.existing(store, &self.webhook_id)?;
        if let Some(done) = asked.done(store)? {
            return Ok(Decision::Done(done));
        }
        let webhook = changed.webhook.get_or_insert_default();
        if self.expected_version != 0 && self.expected_version != webhook.version {
            return Err(Error::VersionMismatch {
                current: webhook.version,
            });
        }
        let comes_back = webhook.disabled && !self.webhook.disabled;
        put(&self.webhook, webhook);
        webhook.gone = webhook.gone && webhook.disabled;
        if self.take_over {
            asked
                .shared
                .environment
                .name()
                .clone_into(&mut webhook.environment);
        }
        changed.begins_at = match comes_back && !self.catch_up {
            true => places(&self.tails),
            false => Vec::new(),
        };
        Ok(Decision::Append(Box::new(asked.changed(changed, now)?)))
    }
}

/// Changes what a request names.
pub(crate) async fn update(
    shared: &Arc<Shared>,
    call: Call<UpdateWebhookRequest>,
) -> Result<UpdateWebhookResponse, Error> {
    let message = &call.message;
    let mut checker = Checker::new();
    checker.required_id("request_id", &message.request_id);
    checker.required_id("webhook_id", &message.webhook_id);
    check(shared, message.webhook.as_ref(), &mut checker);
    checker.done(())?;
    let until = call.write_until();
    let command = Update {
        tails: tails(shared, until).await?,
        asked: Asked::of(shared, &call, &message.request_id),
        webhook_id: message.webhook_id.clone(),
        webhook: message.webhook.clone().unwrap_or_default(),
        expected_version: message.expected_version,
        catch_up: message.catch_up,
        take_over: message.take_over,
    };
    let done = command::run(&shared.reading, &shared.clock, command, until).await?;
    Ok(UpdateWebhookResponse {
        webhook: done.webhook(),
        position: done.position,
    })
}
