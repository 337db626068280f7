//! Sending again.

use std::sync::Arc;

use aftercall_domain::violation::Reason;
use aftercall_proto::envelope::Fact;
use aftercall_proto::event::v1::{EventType, WebhookReplayed};
use aftercall_proto::notify::v1::{ReplayWebhookRequest, ReplayWebhookResponse};
use aftercall_service::command::{self, Command, Decision};
use aftercall_service::{Call, Checker};
use aftercall_view::Store;
use jiff::Timestamp;

use super::Asked;
use crate::failure::Error;
use crate::notify::Shared;
use crate::rows;

struct Replay {
    asked: Asked,
    webhook_id: String,
    first_sequence: u64,
    last_sequence: u64,
    dead_only: bool,
}

impl Command for Replay {
    type Done = ReplayWebhookResponse;
    type Refusal = Error;

    fn decide(
        &self,
        store: &Store,
        now: Timestamp,
    ) -> Result<Decision<ReplayWebhookResponse>, Error> {
        let (asked, id) = (&self.asked, &self.webhook_id);
        let webhook = asked.existing(store, id)?.webhook.unwrap_or_default();
        let standing = rows::standing(asked.tenant_id(), id, |key| store.get(key))?;
        let done = asked.repetition(store, EventType::WebhookReplayed)?;
        if let Some((answer, position)) = done {
            return Ok(Decision::Done(ReplayWebhookResponse { position, ..answer }));
        }
        let last_sequence = match self.last_sequence {
            0 => standing.last_sequence,
            asked => asked.min(standing.last_sequence),
        };
        let fact = Fact::WebhookReplayed(WebhookReplayed {
            first_sequence: self.first_sequence,
            last_sequence,
            dead_only: self.dead_only,
        });
        let sequence = webhook.version + 1;
        let record = asked.record(id, sequence, &fact, now)?;
        Ok(Decision::Append(Box::new(record)))
    }
}

/// Has deliveries sent again.
pub(crate) async fn replay(
    shared: &Arc<Shared>,
    call: Call<ReplayWebhookRequest>,
) -> Result<ReplayWebhookResponse, Error> {
    let message = &call.message;
    let mut checker = Checker::new();
    checker.required_id("request_id", &message.request_id);
    checker.required_id("webhook_id", &message.webhook_id);
    if message.last_sequence != 0 && message.last_sequence < message.first_sequence {
        let text =
            "is less than first_sequence, so that nothing lies between; give a larger number, or 0";
        checker.add("last_sequence", Reason::Conflicting, text);
    }
    checker.done(())?;
    let command = Replay {
        asked: Asked::of(shared, &call, &message.request_id),
        webhook_id: message.webhook_id.clone(),
        first_sequence: message.first_sequence,
        last_sequence: message.last_sequence,
        dead_only: message.dead_only,
    };
    let until = call.write_until();
    command::run(&shared.reading, &shared.clock, command, until).await
}
