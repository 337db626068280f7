//! A new secret, beside the one before for a while.

use std::sync::Arc;

use aftercall_domain::limits::SECRET_KEPT_S_MAX;
use aftercall_domain::violation::Reason;
use aftercall_proto::convert::time::to_wire;
use aftercall_proto::notify::v1::{RotateWebhookKeyRequest, RotateWebhookKeyResponse};
use aftercall_service::command::{self, Command, Decision};
use aftercall_service::{Call, Checker};
use aftercall_view::Store;
use jiff::{SignedDuration, Timestamp};

use super::{Asked, Done, algorithm};
use crate::failure::Error;
use crate::notify::Shared;
use crate::signing::Secret;

/// For how long the secret before signs, unless a request says it.
const KEPT_S: i64 = 86_400;

struct Rotate {
    asked: Asked,
    webhook_id: String,
    key_id: String,
    secret: Secret,
    keep_for: SignedDuration,
}

impl Command for Rotate {
    type Done = Done;
    type Refusal = Error;

    fn decide(&self, store: &Store, now: Timestamp) -> Result<Decision<Done>, Error> {
        let asked = &self.asked;
        let mut changed = asked.existing(store, &self.webhook_id)?;
        if let Some(done) = asked.done(store)? {
            return Ok(Decision::Done(done));
        }
        changed.begins_at.clear();
        let webhook = changed.webhook.get_or_insert_default();
        let kept = usize::from(!self.keep_for.is_zero());
        webhook.keys.truncate(kept);
        changed.secrets.truncate(kept);
        let until = now.saturating_add(self.keep_for).unwrap_or(Timestamp::MAX);
        if let Some(before) = webhook.keys.first_mut() {
            before.expires_at = Some(to_wire(until));
        }
        asked.add_secret(&mut changed, &self.secret, (&self.key_id, now))?;
        Ok(Decision::Append(Box::new(asked.changed(changed, now)?)))
    }
}

/// Makes a secret.
pub(crate) async fn rotate(
    shared: &Arc<Shared>,
    call: Call<RotateWebhookKeyRequest>,
) -> Result<RotateWebhookKeyResponse, Error> {
    let message = &call.message;
    let mut checker = Checker::new();
    checker.required_id("request_id", &message.request_id);
    checker.required_id("webhook_id", &message.webhook_id);
    let algorithm = algorithm(&mut checker, message.algorithm);
    let kept_s = message
        .keep_for
        .as_ref()
        .map_or(KEPT_S, |kept| kept.seconds);
    if !(0..=SECRET_KEPT_S_MAX).contains(&kept_s) {
        let text = "is less than nothing, or more than 30 days; give a time between";
        checker.add("keep_for", Reason::OutOfRange, text);
    }
    checker.done(())?;
    if shared.vault.is_none() {
        return Err(Error::NoKey);
    }
    let command = Rotate {
        asked: Asked::of(shared, &call, &message.request_id),
        webhook_id: message.webhook_id.clone(),
        key_id: shared.ids.uuid_v7().to_string(),
        secret: Secret::generate(algorithm, &*shared.ids),
        keep_for: SignedDuration::from_secs(kept_s),
    };
    let receiver = Asked::of(shared, &call, &message.request_id);
    let until = call.write_until();
    let done = command::run(&shared.reading, &shared.clock, command, until).await?;
    Ok(RotateWebhookKeyResponse {
        webhook: done.webhook(),
        secret: receiver.for_receiver(&done.changed)?,
        position: done.position,
    })
}
