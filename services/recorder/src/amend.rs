//! Amending: who may, on which version, and what the fold made of it.

use std::sync::Arc;

use aftercall_domain::ids::Namespace;
use aftercall_domain::violation::Reason;
use aftercall_domain::{Amendment, Violations, Warning, limits};
use aftercall_ledger::{Amended, Contact};
use aftercall_log::{Position, ReadError};
use aftercall_proto::convert::{interaction, time};
use aftercall_proto::event::v1::event::Payload;
use aftercall_proto::event::v1::{
    AggregateKind, Event, EventType, InteractionAmended, InteractionRecorded,
};
use aftercall_proto::recorder::v1::{AmendInteractionRequest, AmendInteractionResponse};
use aftercall_service::{Principal, Role};
use aftercall_view::Positions;
use bytes::Bytes;
use jiff::Timestamp;
use prost::Message;
use tokio::time::{Instant, timeout_at};
use uuid::Uuid;

use crate::core::Core;
use crate::failure::Refusal;
use crate::pending::{Hash, Key};
use crate::prepare::{actor_kind, encode, first_16, warnings};

/// How long an agent may amend an own record, in hours.
const AGENT_HOURS: i64 = 24;
/// How long a team lead may amend a record, in hours.
const TEAM_LEAD_HOURS: i64 = 30 * 24;
/// Lost races in one request, after which the caller is told to look again.
const ATTEMPTS_MAX: usize = 8;
/// Bytes that are read of the log for one record.
const READ_BYTES_MAX: usize = 1;

/// A command that is sound in itself.
struct Command<'a> {
    principal: &'a Principal,
    key: Key,
    request_id: String,
    expected_version: u64,
    amendment: Amendment,
    warnings: Vec<Warning>,
    data: Bytes,
    hash: Hash,
}

/// What an amendment needs of the first record.
struct Original {
    log_key: Bytes,
    customer_id: String,
    agent_id: String,
    occurred_at: Timestamp,
    /// Unless an amendment has replaced it since.
    ended_at: Option<Timestamp>,
}

impl Core {
    /// Replaces parts of a record.
    pub(crate) async fn amend(
        &self,
        principal: &Principal,
        request: AmendInteractionRequest,
        deadline: Instant,
    ) -> Result<AmendInteractionResponse, Refusal> {
        let command = read(principal, request, self.now())?;
        self.require_ready()?;
        let turn = timeout_at(deadline, self.amending(command.key.id)).await;
        let _one_at_a_time = turn.map_err(|_| Refusal::Unconfirmed)?;
        for _ in 0..ATTEMPTS_MAX {
            if let Some(amended) = self.attempt(&command, deadline).await? {
                return self.amended(&command, amended);
            }
        }
        let current = self.recorded(&command.key)?;
        let current = current.map_or(0, |contact| contact.version());
        Err(Refusal::VersionMismatch { current })
    }

    /// Amends the current version; nothing if somebody else was faster.
    async fn attempt(
        &self,
        command: &Command<'_>,
        deadline: Instant,
    ) -> Result<Option<Amended>, Refusal> {
        let current = self.find(&command.key, deadline).await?;
        let current = current.ok_or(Refusal::NotFound)?;
        if let Some(before) = self.amendment(command)? {
            return Ok(Some(before));
        }
        let now = self.now();
        let original = self.original(current.position(), deadline).await?;
        permit(command, &original, &current, now)?;
        let ended_at = original.ended_at.filter(|_| current.version() == 1);
        let amendment = &command.amendment;
        amendment.check_times(original.occurred_at, ended_at, now)?;
        if ![0, current.version()].contains(&command.expected_version) {
            return Err(Refusal::VersionMismatch {
                current: current.version(),
            });
        }
        let event = command.event(current.version() + 1, &original, now);
        let record = encode(original.log_key, now, &event)?;
        let appended = timeout_at(deadline, self.deps.log.append(vec![record])).await;
        let positions = appended.map_err(|_| Refusal::Unconfirmed)??;
        for position in positions {
            let through = Positions::through(position);
            self.view.wait_for(&through, deadline).await?;
        }
        self.amendment(command)
    }

    /// What the ledger has of the command's request.
    fn amendment(&self, command: &Command<'_>) -> Result<Option<Amended>, Refusal> {
        let Command {
            key,
            request_id,
            hash,
            ..
        } = command;
        Ok(self.ledger.amendment(&key.tenant_id, request_id, hash)?)
    }

    /// The answer of the command, or of the one that had its id before.
    fn amended(
        &self,
        command: &Command<'_>,
        amended: Amended,
    ) -> Result<AmendInteractionResponse, Refusal> {
        if amended.hash() != command.hash {
            return Err(Refusal::IdReused);
        }
        let recorded_at = Timestamp::from_microsecond(amended.recorded_at_us());
        Ok(AmendInteractionResponse {
            interaction_id: command.key.id.to_string(),
            version: amended.version(),
            position: self.token(amended.position()),
            recorded_at: recorded_at.ok().map(time::to_wire),
            warnings: warnings(command.warnings.clone()),
        })
    }

    /// Reads the first record from the log: the ledger holds only what every request needs.
    async fn original(&self, at: Position, deadline: Instant) -> Result<Original, Refusal> {
        let log = Arc::clone(&self.deps.log);
        let wait = deadline.saturating_duration_since(Instant::now());
        let read = move || {
            let mut reader = log.reader(&[at])?;
            reader.next(1, READ_BYTES_MAX, wait)
        };
        let entries = tokio::task::spawn_blocking(read).await;
        let entries = entries.map_err(Refusal::internal)??;
        let missing = || Refusal::internal("the log lacks a record that the ledger has");
        // Nothing, although it is there: the log's cluster did not answer in time.
        let entry = entries
            .into_iter()
            .next()
            .ok_or_else(|| ReadError::Unavailable {
                detail: "a record that is there could not be read in time".to_owned(),
            })?;
        let event = Event::decode(entry.record.body).map_err(Refusal::internal)?;
        let data = event.data().cloned().ok_or_else(missing)?;
        let recorded = InteractionRecorded::decode(data).map_err(Refusal::internal)?;
        let interaction = recorded.interaction.ok_or_else(missing)?;
        let occurred_at = interaction.occurred_at.as_ref().and_then(time::from_wire);
        let ended_at = interaction.ended_at.as_ref().and_then(time::from_wire);
        Ok(Original {
            log_key: entry.record.key,
            customer_id: event.customer_id,
            agent_id: interaction.agent_id,
            occurred_at: occurred_at.ok_or_else(missing)?,
            ended_at,
        })
    }
}

/// Reads a command, and names all that is wrong with it.
fn read(
    principal: &Principal,
    request: AmendInteractionRequest,
    now: Timestamp,
) -> Result<Command<'_>, Refusal> {
    let AmendInteractionRequest {
        request_id,
        interaction_id,
        expected_version,
        interaction: values,
        update_mask,
        mut reason,
    } = request;
    let mut found = Violations::new();
    check_request_id(&request_id, &mut found);
    let id = match Uuid::try_parse(&interaction_id) {
        Ok(id) => id,
        Err(_) if interaction_id.is_empty() => {
            found.add(
                "interaction_id",
                Reason::Required,
                "say which contact to amend",
            );
            Uuid::nil()
        }
        Err(_) => {
            let text = "must be a UUID in its text form, as RecordInteraction gave it";
            found.add("interaction_id", Reason::Malformed, text);
            Uuid::nil()
        }
    };
    let paths = update_mask.unwrap_or_default().paths;
    let values = values.unwrap_or_default();
    let amendment = interaction::read_amendment(&paths, values, &mut found);
    let (amendment, warnings) = amendment.check(&mut reason, now, found)?;
    let data = data(amendment.clone(), reason);
    let tenant_id = Arc::clone(&principal.tenant_id);
    Ok(Command {
        principal,
        key: Key::contact(tenant_id, id),
        request_id,
        expected_version,
        amendment,
        warnings,
        hash: content_hash(id, expected_version, &data),
        data,
    })
}

fn check_request_id(request_id: &str, found: &mut Violations) {
    if request_id.is_empty() {
        let text = "is required; give the command an id of its own, and the same one in a retry";
        found.add("request_id", Reason::Required, text);
    } else if request_id.len() > limits::ID_BYTES_MAX {
        let text = "is too long; at most 128 bytes are taken";
        found.add("request_id", Reason::TooLong, text);
    } else if request_id.chars().any(char::is_control) {
        let text = "holds control characters; take them out";
        found.add("request_id", Reason::Malformed, text);
    }
}

fn data(amendment: Amendment, reason: String) -> Bytes {
    let (update_mask, interaction) = interaction::amended(amendment);
    let amended = InteractionAmended {
        update_mask: Some(update_mask),
        interaction: Some(interaction),
        reason,
    };
    amended.encode_to_vec().into()
}

fn content_hash(id: Uuid, expected_version: u64, data: &[u8]) -> Hash {
    let mut hasher = blake3::Hasher::new();
    hasher.update(id.as_bytes());
    hasher.update(&expected_version.to_le_bytes());
    hasher.update(data);
    first_16(&hasher)
}

/// Who may amend: an agent the own record for a day, a team lead for a month, a compliance officer
/// at any time; an integration at any time what telephony knows.
fn permit(
    command: &Command<'_>,
    original: &Original,
    current: &Contact,
    now: Timestamp,
) -> Result<(), Refusal> {
    let principal = command.principal;
    let roles = principal.roles;
    if roles.contains(Role::ComplianceOfficer) {
        return Ok(());
    }
    if roles.contains(Role::Integration) && command.amendment.is_telephony() {
        return Ok(());
    }
    let own = !original.agent_id.is_empty() && *original.agent_id == *principal.actor_id;
    let hours = if roles.contains(Role::TeamLead) {
        TEAM_LEAD_HOURS
    } else if roles.contains(Role::Agent) && own {
        AGENT_HOURS
    } else {
        return Ok(principal.require_any(&[Role::TeamLead, Role::ComplianceOfficer])?);
    };
    let age_us = time::microseconds(now).saturating_sub(current.recorded_at_us());
    match age_us <= hours * 3_600 * 1_000_000 {
        true => Ok(()),
        false => Err(Refusal::TooLate { hours }),
    }
}

impl Command<'_> {
    fn event(&self, sequence: u64, original: &Original, now: Timestamp) -> Event {
        let tenant_id = &*self.key.tenant_id;
        let parts = [
            &*original.log_key,
            self.key.id.as_bytes(),
            self.request_id.as_bytes(),
            &sequence.to_le_bytes(),
        ];
        Event {
            event_id: Namespace::Event.id(&parts).to_string(),
            tenant_id: tenant_id.to_owned(),
            r#type: EventType::InteractionAmended.into(),
            aggregate_id: self.key.id.to_string(),
            sequence,
            occurred_at: Some(time::to_wire(now)),
            recorded_at: Some(time::to_wire(now)),
            actor_id: self.principal.actor_id.to_string(),
            actor_kind: actor_kind(self.principal).into(),
            request_id: self.request_id.clone(),
            request_hash: Bytes::copy_from_slice(&self.hash),
            customer_id: original.customer_id.clone(),
            import_batch: String::new(),
            aggregate_kind: AggregateKind::Interaction.into(),
            interaction_id: self.key.id.to_string(),
            payload: Some(Payload::Data(self.data.clone())),
        }
    }
}
