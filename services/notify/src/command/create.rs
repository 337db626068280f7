//! Making a webhook.

use std::sync::Arc;

use aftercall_domain::Violations;
use aftercall_domain::ids::Namespace;
use aftercall_domain::limits::WEBHOOKS_MAX;
use aftercall_domain::violation::Reason;
use aftercall_proto::convert::time::to_wire;
use aftercall_proto::event::v1::WebhookChanged;
use aftercall_proto::model::v1::Webhook;
use aftercall_proto::notify::v1::{CreateWebhookRequest, CreateWebhookResponse};
use aftercall_service::command::{self, Command, Decision};
use aftercall_service::{Call, Checker, Unread};
use aftercall_view::{Direction, Positions, Store};
use jiff::Timestamp;
use tokio::time::timeout_at;

use super::{Asked, Done, algorithm, check, put};
use crate::failure::Error;
use crate::keys;
use crate::notify::Shared;
use crate::rows::places;
use crate::signing::Secret;

struct Create {
    asked: Asked,
    webhook: Webhook,
    webhook_id: String,
    key_id: String,
    secret: Secret,
    /// Where the log ended when it was asked for.
    begins_at: Positions,
}

impl Command for Create {
    type Done = Done;
    type Refusal = Error;

    fn decide(&self, store: &Store, now: Timestamp) -> Result<Decision<Done>, Error> {
        let (asked, id) = (&self.asked, &self.webhook_id);
        let exists = store.get(keys::webhook(asked.tenant_id(), id))?.is_some();
        if let Some(done) = asked.done(store)? {
            return Ok(Decision::Done(done));
        }
        if exists {
            // The request is forgotten, what it made is not.
            return Err(Error::RequestIdReused);
        }
        check_count(store, asked.tenant_id())?;
        let mut webhook = Webhook {
            webhook_id: id.clone(),
            environment: asked.shared.environment.name().to_owned(),
            created_at: Some(to_wire(now)),
            ..Webhook::default()
        };
        put(&self.webhook, &mut webhook);
        let mut changed = WebhookChanged {
            webhook: Some(webhook),
            begins_at: places(&self.begins_at),
            ..WebhookChanged::default()
        };
        asked.add_secret(&mut changed, &self.secret, (&self.key_id, now))?;
        Ok(Decision::Append(Box::new(asked.changed(changed, now)?)))
    }
}

fn check_count(store: &Store, tenant_id: &str) -> Result<(), Error> {
    let scan = store.scan_prefix(keys::webhooks_of(tenant_id), Direction::Ascending);
    if scan.take(WEBHOOKS_MAX).count() < WEBHOOKS_MAX {
        return Ok(());
    }
    let text = format!("there are {WEBHOOKS_MAX} webhooks, which is the most; change one of them");
    let mut found = Violations::new();
    found.add("webhook", Reason::TooMany, text);
    Err(found.into())
}

/// Makes what a request asks for.
pub(crate) async fn create(
    shared: &Arc<Shared>,
    call: Call<CreateWebhookRequest>,
) -> Result<CreateWebhookResponse, Error> {
    let message = &call.message;
    let mut checker = Checker::new();
    checker.required_id("request_id", &message.request_id);
    let algorithm = algorithm(&mut checker, message.algorithm);
    check(shared, message.webhook.as_ref(), &mut checker);
    checker.done(())?;
    if shared.vault.is_none() {
        return Err(Error::NoKey);
    }
    let until = call.write_until();
    let begins_at = tails(shared, until).await?;
    let asked = Asked::of(shared, &call, &message.request_id);
    let parts: [&[u8]; 3] = [
        asked.principal.tenant_id.as_bytes(),
        asked.principal.actor_id.as_bytes(),
        message.request_id.as_bytes(),
    ];
    let command = Create {
        webhook_id: Namespace::Webhook.id(&parts).to_string(),
        key_id: shared.ids.uuid_v7().to_string(),
        secret: Secret::generate(algorithm, &*shared.ids),
        webhook: message.webhook.clone().unwrap_or_default(),
        asked,
        begins_at,
    };
    let receiver = Asked::of(shared, &call, &message.request_id);
    let done = command::run(&shared.reading, &shared.clock, command, until).await?;
    Ok(CreateWebhookResponse {
        webhook: done.webhook(),
        secret: receiver.for_receiver(&done.changed)?,
        position: done.position,
    })
}

/// All that is durable now: nothing of it is told to a webhook that begins.
pub(super) async fn tails(
    shared: &Shared,
    until: tokio::time::Instant,
) -> Result<Positions, Error> {
    let tails = timeout_at(until, Positions::tails_of(&shared.log)).await;
    let tails = tails.map_err(|_| Unread::NotReached)?;
    Ok(tails.map_err(Unread::from)?)
}
