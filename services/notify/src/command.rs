//! Commands: decided by the view, appended as one event, answered by what the fold made of it.

mod create;
mod replay;
mod rotate;
mod update;

use std::sync::Arc;

use aftercall_domain::delivery::EventPattern;
use aftercall_domain::limits::{LINE_BYTES_MAX, WEBHOOK_EVENT_TYPES_MAX};
use aftercall_domain::violation::Reason;
use aftercall_ledger::requests::{Known, RequestName};
use aftercall_log::Record;
use aftercall_proto::cloud_event;
use aftercall_proto::convert::time::to_wire;
use aftercall_proto::envelope::Fact;
use aftercall_proto::event::v1::{EventType, WebhookChanged};
use aftercall_proto::model::v1::{Webhook, WebhookAlgorithm, WebhookFormat, WebhookKey};
use aftercall_service::seal::{Author, Request, RequestHash, Sealing};
use aftercall_service::{Call, Checker, Principal};
use aftercall_view::{ApplyError, Positions, Store};
use jiff::Timestamp;
use prost::Message;

use crate::failure::Error;
use crate::keys::REQUESTS;
use crate::notify::Shared;
use crate::payload::sealed_for;
use crate::rows;
use crate::signing::Secret;

pub(crate) use create::create;
pub(crate) use replay::replay;
pub(crate) use rotate::rotate;
pub(crate) use update::update;

/// A command, and who gave it.
struct Asked {
    shared: Arc<Shared>,
    principal: Principal,
    request_id: String,
    hash: RequestHash,
}

/// A webhook as a command left it.
struct Done {
    changed: WebhookChanged,
    position: String,
}

impl Done {
    fn webhook(&self) -> Option<Webhook> {
        self.changed.webhook.clone()
    }
}

impl Asked {
    fn of<T: Message>(shared: &Arc<Shared>, call: &Call<T>, request_id: &str) -> Self {
        Self {
            shared: Arc::clone(shared),
            principal: call.principal.clone(),
            request_id: request_id.to_owned(),
            hash: RequestHash::of(&call.message),
        }
    }

    fn tenant_id(&self) -> &str {
        &self.principal.tenant_id
    }

    /// What the request did, if it was done: its answer, and its position.
    fn repetition<M: Message + Default>(
        &self,
        store: &Store,
        method: EventType,
    ) -> Result<Option<(M, String)>, Error> {
        let name = RequestName {
            tenant_id: &self.principal.tenant_id,
            actor_id: &self.principal.actor_id,
            method,
            request_id: &self.request_id,
        };
        match REQUESTS.find(store, name, self.hash.as_bytes())? {
            Known::Not => Ok(None),
            Known::Reused => Err(Error::RequestIdReused),
            Known::Done(done) => {
                let answer = M::decode(done.answer().clone()).map_err(ApplyError::record)?;
                let log = self.shared.reading.log_identity();
                let position = Positions::through(done.position()).encode(&log);
                Ok(Some((answer, position)))
            }
        }
    }

    /// What the request made of a webhook, if it was done.
    fn done(&self, store: &Store) -> Result<Option<Done>, Error> {
        let found = self.repetition(store, EventType::WebhookChanged)?;
        Ok(found.map(|(changed, position)| Done { changed, position }))
    }

    /// The webhook that is to be changed.
    fn existing(&self, store: &Store, webhook_id: &str) -> Result<WebhookChanged, Error> {
        let found = rows::webhook(self.tenant_id(), webhook_id, |key| store.get(key))?;
        found.ok_or(Error::NotFound)
    }

    /// The event that makes this the next version of a webhook.
    fn changed(&self, mut changed: WebhookChanged, now: Timestamp) -> Result<Record, Error> {
        let mut webhook = changed.webhook.take().unwrap_or_default();
        webhook.version += 1;
        webhook.changed_at = Some(to_wire(now));
        webhook.changed_by = self.principal.actor_id.to_string();
        let (id, sequence) = (webhook.webhook_id.clone(), webhook.version);
        changed.webhook = Some(webhook);
        let fact = Fact::WebhookChanged(Box::new(changed));
        self.record(&id, sequence, &fact, now)
    }

    fn record(
        &self,
        webhook_id: &str,
        sequence: u64,
        fact: &Fact,
        now: Timestamp,
    ) -> Result<Record, Error> {
        let sealing = Sealing {
            by: Author::from(&self.principal),
            aggregate_id: webhook_id,
            interaction_id: "",
            customer_id: "",
            sequence,
            occurred_at: now,
            recorded_at: now,
            import_batch: "",
            request: Some(Request {
                id: &self.request_id,
                hash: self.hash,
            }),
        };
        Ok(sealing.seal(fact)?)
    }

    /// Gives a webhook a secret to sign by, before those that it has.
    fn add_secret(
        &self,
        changed: &mut WebhookChanged,
        secret: &Secret,
        (key_id, now): (&str, Timestamp),
    ) -> Result<(), Error> {
        let vault = self.shared.vault.as_ref().ok_or(Error::NoKey)?;
        let webhook = changed.webhook.get_or_insert_default();
        let of = sealed_for(self.tenant_id(), &webhook.webhook_id, key_id);
        let sealed = vault.seal(secret.to_text().as_bytes(), &of, &*self.shared.ids);
        let key = WebhookKey {
            key_id: key_id.to_owned(),
            algorithm: secret.algorithm().into(),
            public_key: secret.public_key(),
            created_at: Some(to_wire(now)),
            expires_at: None,
        };
        webhook.keys.insert(0, key);
        changed.secrets.insert(0, sealed.ok_or(Error::NoKey)?);
        Ok(())
    }

    /// What the receiver checks the latest signatures of a webhook by.
    fn for_receiver(&self, changed: &WebhookChanged) -> Result<String, Error> {
        let vault = self.shared.vault.as_ref().ok_or(Error::NoKey)?;
        let webhook = changed.webhook.as_ref();
        let key = webhook.and_then(|webhook| Some((webhook, webhook.keys.first()?)));
        let (Some((webhook, key)), Some(sealed)) = (key, changed.secrets.first()) else {
            return Err(Error::NoKey);
        };
        let of = sealed_for(self.tenant_id(), &webhook.webhook_id, &key.key_id);
        let opened = vault.unseal(sealed, &of).map_err(|_| Error::NoKey)?;
        let secret = Secret::from_text(&opened).ok_or(Error::NoKey)?;
        Ok(secret.for_receiver())
    }
}

/// Checks what a caller says of a webhook.
fn check(shared: &Shared, webhook: Option<&Webhook>, checker: &mut Checker) {
    let Some(webhook) = webhook else {
        return checker.found().required("webhook");
    };
    checker.text(
        "webhook.display_name",
        &webhook.display_name,
        LINE_BYTES_MAX,
    );
    checker.known::<WebhookFormat>("webhook.format", webhook.format);
    let allowed = &shared.sender.allowed;
    allowed.check("webhook.url", &webhook.url, checker.found());
    let types = &webhook.event_types;
    if types.is_empty() {
        checker.found().required("webhook.event_types");
    }
    if !checker.few("webhook.event_types", types.len(), WEBHOOK_EVENT_TYPES_MAX) {
        return;
    }
    for (place, text) in types.iter().enumerate() {
        let field = format!("webhook.event_types[{place}]");
        match text.parse::<EventPattern>() {
            Err(error) => checker.add(field, Reason::Malformed, error.to_string()),
            Ok(pattern) if !cloud_event::types_told().any(|known| pattern.matches(known)) => {
                let text = "matches no type of event that is sent; docs/events.md lists them";
                checker.add(field, Reason::UnknownValue, text);
            }
            Ok(_) => {}
        }
    }
}

/// What a caller may say of a webhook, put into what it is.
fn put(asked: &Webhook, webhook: &mut Webhook) {
    webhook.display_name.clone_from(&asked.display_name);
    webhook.url.clone_from(&asked.url);
    webhook.event_types.clone_from(&asked.event_types);
    webhook.personal_allowed = asked.personal_allowed;
    webhook.format = match asked.format() {
        WebhookFormat::Unspecified => WebhookFormat::Standard.into(),
        format => format.into(),
    };
    webhook.disabled = asked.disabled;
}

fn algorithm(checker: &mut Checker, value: i32) -> WebhookAlgorithm {
    checker.known("algorithm", value).unwrap_or_default()
}
