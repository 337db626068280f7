//! From a request to the log's record: checked, resolved, encoded.

use std::sync::Arc;

use aftercall_domain::ids::Namespace;
use aftercall_domain::violation::Reason;
use aftercall_domain::{Recording, Violations, Warning, WarningReason};
use aftercall_ledger::{Name, Named as OtherName, Place, names};
use aftercall_log::{BODY_BYTES_MAX, Record};
use aftercall_proto::convert::{interaction, time};
use aftercall_proto::envelope::contact_key;
use aftercall_proto::event::v1::event::Payload;
use aftercall_proto::event::v1::{ActorKind, AggregateKind, Event, EventType, InteractionRecorded};
use aftercall_proto::model::v1::Interaction;
use aftercall_proto::recorder::v1::{RecordInteractionRequest, Warning as WireWarning};
use aftercall_service::{Ids, Principal};
use bytes::Bytes;
use jiff::Timestamp;
use prost::Message;

use crate::failure::Refusal;
use crate::pending::{Hash, Key};
use crate::resolve::{Named, resolve};

/// A record that may be appended.
#[derive(Debug)]
pub(crate) struct Prepared {
    pub(crate) key: Key,
    /// The server drew the id: nobody can have sent it before.
    pub(crate) fresh: bool,
    /// Where the id comes from, if it is another contact's.
    pub(crate) id_place: Place,
    /// What else names the contact.
    pub(crate) names: Vec<OtherName>,
    pub(crate) hash: Hash,
    pub(crate) record: Record,
    pub(crate) commitment_ids: Vec<String>,
    pub(crate) warnings: Vec<Warning>,
}

/// Checks a request, fills in what it leaves to us, and encodes its event.
pub(crate) fn prepare(
    principal: &Principal,
    request: RecordInteractionRequest,
    ids: &dyn Ids,
    now: Timestamp,
) -> Result<Prepared, Refusal> {
    let RecordInteractionRequest {
        interaction: wire,
        import_batch,
    } = request;
    let Some(wire) = wire else {
        let text = "is required; say what happened";
        return Err(Refusal::field("interaction", Reason::Required, text));
    };
    let mut found = Violations::new();
    let read = interaction::read(wire, &mut found);
    let recording = Recording::check(read, import_batch, now, found)?;
    let (mut checked, import_batch, warnings) = recording.into_parts();
    let tenant_id = &principal.tenant_id;
    let id_place = match checked.interaction_id.is_empty() {
        true => Place::Reference,
        false => Place::Id,
    };
    let named = resolve(&mut checked, tenant_id, ids).map_err(Refusal::internal)?;
    let commitment_ids = checked.commitments.iter();
    let commitment_ids = commitment_ids
        .map(|draft| draft.commitment_id.clone())
        .collect();
    let interaction = checked.into();
    let names = names(tenant_id, &interaction);
    check_names(&names)?;
    let event = Draft {
        principal,
        named,
        import_batch,
        now,
    };
    let (hash, record) = event.encode(interaction)?;
    Ok(Prepared {
        key: Key::contact(Arc::clone(tenant_id), named.id()),
        id_place,
        names,
        fresh: matches!(named, Named::ByServer(_)),
        hash,
        record,
        commitment_ids,
        warnings,
    })
}

/// Refuses promises with ids that follow from another contact.
fn check_names(names: &[OtherName]) -> Result<(), Refusal> {
    let mut found = Violations::new();
    for OtherName { place, name } in names {
        if let (Place::Promise(index), Name::NotTheirs(_)) = (place, name) {
            let text = "is an id of version 8, which are derived from the contact, and not from this \
                        one; leave it out, or give an id of another version";
            let field = format!("interaction.commitments[{index}].commitment_id");
            found.add(&field, Reason::Conflicting, text);
        }
    }
    Ok(found.into_result(())?)
}

/// An event that needs only its data.
struct Draft<'a> {
    principal: &'a Principal,
    named: Named,
    import_batch: String,
    now: Timestamp,
}

impl Draft<'_> {
    fn encode(self, interaction: Interaction) -> Result<(Hash, Record), Refusal> {
        let tenant_id = &*self.principal.tenant_id;
        let customer = interaction.customer.as_ref();
        let customer_id = customer
            .map_or("", |customer| &customer.customer_id)
            .to_owned();
        let key = contact_key(tenant_id, &customer_id, &interaction.interaction_id);
        let aggregate_id = interaction.interaction_id.clone();
        let occurred_at = interaction.occurred_at;
        let data: Bytes = InteractionRecorded {
            interaction: Some(interaction),
        }
        .encode_to_vec()
        .into();
        let hash = content_hash(&data);
        let id = self.named.id();
        let parts = [key.as_ref(), id.as_bytes()];
        let event = Event {
            event_id: Namespace::Event.id(&parts).to_string(),
            tenant_id: tenant_id.to_owned(),
            r#type: EventType::InteractionRecorded.into(),
            sequence: 1,
            occurred_at,
            recorded_at: Some(time::to_wire(self.now)),
            actor_id: self.principal.actor_id.to_string(),
            actor_kind: actor_kind(self.principal).into(),
            request_id: String::new(),
            request_hash: Bytes::copy_from_slice(&hash),
            customer_id,
            import_batch: self.import_batch,
            aggregate_kind: AggregateKind::Interaction.into(),
            interaction_id: aggregate_id.clone(),
            aggregate_id,
            payload: Some(Payload::Data(data)),
        };
        Ok((hash, encode(key, self.now, &event)?))
    }
}

/// The log's record of an event.
pub(crate) fn encode(key: Bytes, now: Timestamp, event: &Event) -> Result<Record, Refusal> {
    let body = event.encode_to_vec();
    if body.len() > BODY_BYTES_MAX {
        return Err(Refusal::TooLarge { bytes: body.len() });
    }
    Ok(Record {
        key,
        recorded_at_us: time::microseconds(now),
        body: body.into(),
    })
}

/// What the record says, in 16 bytes. Taken of the resolved record, so that a default that is
/// spelled out is the same as one that is left out. The import's name is no part of it: a contact that
/// was recorded live and is then imported is the same contact.
fn content_hash(data: &[u8]) -> Hash {
    first_16(blake3::Hasher::new().update(data))
}

/// The first 16 bytes of a hash: enough to tell a repetition from another content.
pub(crate) fn first_16(hasher: &blake3::Hasher) -> Hash {
    let mut hash = [0; 16];
    hash.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
    hash
}

/// What was not taken as it was sent, as answers have it.
pub(crate) fn warnings(warnings: Vec<Warning>) -> Vec<WireWarning> {
    let told = warnings.into_iter().map(|warning| {
        let Warning {
            field,
            reason,
            count,
        } = warning;
        let description = match reason {
            WarningReason::ControlCharactersDropped => {
                format!("{count} control characters were dropped; send line feeds and tabs only")
            }
        };
        WireWarning {
            field,
            reason: reason.as_str().to_owned(),
            description,
            count,
        }
    });
    told.collect()
}

/// The actor's kind as events have it.
pub(crate) fn actor_kind(principal: &Principal) -> ActorKind {
    use aftercall_service::ActorKind as Kind;
    match principal.actor_kind {
        Kind::Agent => ActorKind::Agent,
        Kind::Supervisor => ActorKind::Supervisor,
        Kind::System => ActorKind::System,
        Kind::Integration => ActorKind::Integration,
        Kind::Customer => ActorKind::Customer,
        Kind::Ai => ActorKind::Ai,
    }
}
