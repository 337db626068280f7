//! Amending: who may, on which version, and what the fold made of it.

use std::sync::Arc;

use aftercall_domain::violation::Reason;
use aftercall_domain::{Amendment, Warning};
use aftercall_ledger::Contact;
use aftercall_ledger::requests::{Done, Known, RequestName};
use aftercall_log::{Position, ReadError, Record};
use aftercall_proto::convert::{interaction, time};
use aftercall_proto::envelope::Fact;
use aftercall_proto::event::v1::{Event, EventType, InteractionAmended, InteractionRecorded};
use aftercall_proto::recorder::v1::{AmendInteractionRequest, AmendInteractionResponse};
use aftercall_service::command::{self, Decision};
use aftercall_service::seal::{Author, Request, RequestHash, Sealing};
use aftercall_service::{Call, Checker, Principal, Role};
use aftercall_view::Store;
use jiff::Timestamp;
use prost::Message;
use tokio::time::{Instant, timeout_at};
use uuid::Uuid;

use crate::core::Core;
use crate::failure::Refusal;
use crate::pending::Key;
use crate::prepare::warnings;

/// How long an agent may amend an own record, in hours.
const AGENT_HOURS: i64 = 24;
/// How long a team lead may amend a record, in hours.
const TEAM_LEAD_HOURS: i64 = 30 * 24;
/// Bytes that are read of the log for one record.
const READ_BYTES_MAX: usize = 1;

/// A command that is sound in itself, and who gave it.
struct AmendCommand {
    core: Arc<Core>,
    principal: Principal,
    key: Key,
    request_id: String,
    expected_version: u64,
    amendment: Amendment,
    warnings: Vec<Warning>,
    data: InteractionAmended,
    hash: RequestHash,
    until: Instant,
}

/// What an amendment needs of the first record.
struct Original {
    customer_id: String,
    agent_id: String,
    occurred_at: Timestamp,
    /// Unless an amendment has replaced it since.
    ended_at: Option<Timestamp>,
}

/// Replaces parts of a record.
pub(crate) async fn amend(
    core: &Arc<Core>,
    call: Call<AmendInteractionRequest>,
) -> Result<AmendInteractionResponse, Refusal> {
    let until = call.write_until();
    let command = read(core, call)?;
    core.require_ready()?;
    let turn = timeout_at(until, core.amending(command.key.id)).await;
    let _one_at_a_time = turn.map_err(|_| Refusal::Unconfirmed)?;
    command::run(&core.reading, &core.deps.clock, command, until).await
}

impl command::Command for AmendCommand {
    type Done = AmendInteractionResponse;
    type Refusal = Refusal;

    fn decide(&self, _: &Store, _: Timestamp) -> Result<Decision<Self::Done>, Refusal> {
        let current = self.core.recorded(&self.key)?;
        let name = RequestName {
            tenant_id: &self.principal.tenant_id,
            actor_id: &self.principal.actor_id,
            method: EventType::InteractionAmended,
            request_id: &self.request_id,
        };
        match self.core.ledger.request(name, self.hash.as_bytes())? {
            Known::Not => {}
            Known::Reused => return Err(Refusal::IdReused),
            Known::Done(done) => return Ok(Decision::Done(self.answer(&done))),
        }
        let current = current.ok_or(Refusal::NotFound)?;
        let now = self.core.now();
        let original = self.original(current.position())?;
        permit(self, &original, &current, now)?;
        let ended_at = original.ended_at.filter(|_| current.version() == 1);
        let amendment = &self.amendment;
        amendment.check_times(original.occurred_at, ended_at, now)?;
        if ![0, current.version()].contains(&self.expected_version) {
            return Err(Refusal::VersionMismatch {
                current: current.version(),
            });
        }
        let record = self.record(current.version() + 1, &original, now)?;
        Ok(Decision::Append(Box::new(record)))
    }
}

impl AmendCommand {
    fn answer(&self, done: &Done) -> AmendInteractionResponse {
        let version = done.answer().as_ref().try_into();
        AmendInteractionResponse {
            interaction_id: self.key.id.to_string(),
            version: version.map_or(0, u64::from_be_bytes),
            position: self.core.token(done.position()),
            recorded_at: done.recorded_at().map(time::to_wire),
            warnings: warnings(self.warnings.clone()),
        }
    }

    /// Reads the first record from the log: the ledger holds only what every request needs.
    fn original(&self, at: Position) -> Result<Original, Refusal> {
        let wait = self.until.saturating_duration_since(Instant::now());
        let mut reader = self.core.deps.log.reader(&[at])?;
        let entries = reader.next(1, READ_BYTES_MAX, wait)?;
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
            customer_id: event.customer_id,
            agent_id: interaction.agent_id,
            occurred_at: occurred_at.ok_or_else(missing)?,
            ended_at,
        })
    }

    fn record(
        &self,
        sequence: u64,
        original: &Original,
        now: Timestamp,
    ) -> Result<Record, Refusal> {
        let interaction_id = self.key.id.to_string();
        let sealing = Sealing {
            by: Author::from(&self.principal),
            aggregate_id: &interaction_id,
            interaction_id: &interaction_id,
            customer_id: &original.customer_id,
            sequence,
            occurred_at: now,
            recorded_at: now,
            import_batch: "",
            request: Some(Request {
                id: &self.request_id,
                hash: self.hash,
            }),
        };
        let fact = Fact::InteractionAmended(Box::new(self.data.clone()));
        Ok(sealing.seal(&fact)?)
    }
}

/// Reads a command, and names all that is wrong with it.
fn read(core: &Arc<Core>, call: Call<AmendInteractionRequest>) -> Result<AmendCommand, Refusal> {
    let until = call.write_until();
    let hash = RequestHash::of(&call.message);
    let AmendInteractionRequest {
        request_id,
        interaction_id,
        expected_version,
        interaction: values,
        update_mask,
        mut reason,
    } = call.message;
    let mut checker = Checker::new();
    checker.required_id("request_id", &request_id);
    let mut found = checker.into_found();
    let id = match Uuid::try_parse(&interaction_id) {
        Ok(id) => id,
        Err(_) if interaction_id.is_empty() => {
            found.required("interaction_id");
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
    let (amendment, warnings) = amendment.check(&mut reason, core.now(), found)?;
    let data = data(amendment.clone(), reason);
    let tenant_id = Arc::clone(&call.principal.tenant_id);
    Ok(AmendCommand {
        core: Arc::clone(core),
        principal: call.principal,
        key: Key::contact(tenant_id, id),
        request_id,
        expected_version,
        amendment,
        warnings,
        data,
        hash,
        until,
    })
}

fn data(amendment: Amendment, reason: String) -> InteractionAmended {
    let (update_mask, interaction) = interaction::amended(amendment);
    InteractionAmended {
        update_mask: Some(update_mask),
        interaction: Some(interaction),
        reason,
    }
}

/// Who may amend: an agent the own record for a day, a team lead for a month, a compliance officer
/// at any time; an integration at any time what telephony knows.
fn permit(
    command: &AmendCommand,
    original: &Original,
    current: &Contact,
    now: Timestamp,
) -> Result<(), Refusal> {
    let principal = &command.principal;
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
