//! Changing a contact's record: on which version, and what the fold made of it.

use std::sync::Arc;

use aftercall_domain::limits::AMENDMENTS_MAX;
use aftercall_domain::violation::Reason;
use aftercall_domain::{Amendment, Parties, Scope, Violations, Warning};
use aftercall_ledger::requests::{Done, Known, RequestName};
use aftercall_ledger::{Contact, InUse};
use aftercall_log::{Position, Record};
use aftercall_proto::convert::{interaction, parties, time};
use aftercall_proto::envelope::Fact;
use aftercall_service::Principal;
use aftercall_service::command::{self, Decision};
use aftercall_service::seal::{Author, Request, RequestHash, Sealing};
use aftercall_view::Store;
use bytes::Bytes;
use jiff::Timestamp;
use parking_lot::Mutex;
use tokio::time::{Instant, timeout_at};
use uuid::Uuid;

use crate::amend::permit;
use crate::analyse;
use crate::core::Core;
use crate::failure::Refusal;
use crate::first::First;
use crate::pending::Key;

/// A command on a contact that is sound in itself, and who gave it.
pub(crate) struct ContactCommand {
    pub(crate) core: Arc<Core>,
    pub(crate) principal: Principal,
    /// Whose contacts they see: to them there are no others.
    pub(crate) scope: Scope,
    pub(crate) key: Key,
    pub(crate) request_id: String,
    pub(crate) expected_version: u64,
    pub(crate) change: Change,
    /// What the event says, as far as the request says it.
    pub(crate) fact: Fact,
    pub(crate) hash: RequestHash,
    pub(crate) until: Instant,
}

/// What a command changes.
pub(crate) enum Change {
    /// Parts of the record, and what is odd about their codes, which is known once it is decided.
    Amended(Box<Amendment>, Warned),
    /// Nothing: something is added to it.
    Analysed,
    /// Whose contact it is: from then on this customer's, or nobody's.
    Identified { customer_id: String },
}

/// What is told of a command beside what it made.
pub(crate) type Warned = Arc<Mutex<Vec<Warning>>>;

/// A change that counts.
pub(crate) struct Changed {
    pub(crate) version: u64,
    pub(crate) position: String,
    pub(crate) recorded_at: Option<pbjson_types::Timestamp>,
}

impl Changed {
    /// What is remembered of a request.
    pub(crate) fn of(core: &Core, done: &Done) -> Self {
        let version = done.answer().as_ref().try_into();
        Self {
            version: version.map_or(0, u64::from_be_bytes),
            position: core.token(done.position()),
            recorded_at: done.recorded_at().map(time::to_wire),
        }
    }
}

/// What a change needs of the first record.
pub(crate) struct Original {
    log_key: Bytes,
    customer_id: String,
    pub(crate) agent_id: String,
    /// Who wrapped it up, with team and site,
    wrapped_up_by: Parties,
    /// and who else had a part in it.
    of_segments: Parties,
    occurred_at: Timestamp,
    ended_at: Option<Timestamp>,
    commitment_ids: Vec<String>,
}

impl Original {
    /// Whether the contact lies within somebody's scope, as it is `now`.
    fn is_within(&self, scope: &Scope, now: &Contact) -> bool {
        let own = self.wrapped_up_by.iter();
        match now.amended_segments() {
            Some(amended) => scope.admits(own.chain(amended.iter())),
            None => scope.admits(own.chain(self.of_segments.iter())),
        }
    }
}

/// Changes a contact's record.
pub(crate) async fn change(command: ContactCommand) -> Result<Changed, Refusal> {
    let (core, until) = (Arc::clone(&command.core), command.until);
    core.require_ready()?;
    let turn = timeout_at(until, core.amending(command.key.id)).await;
    let _one_at_a_time = turn.map_err(|_| Refusal::Unconfirmed)?;
    command::run(&core.reading, &core.deps.clock, command, until).await
}

impl command::Command for ContactCommand {
    type Done = Changed;
    type Refusal = Refusal;

    fn decide(&self, _: &Store, _: Timestamp) -> Result<Decision<Self::Done>, Refusal> {
        // Before anything else is told: the contact may be none of the caller's business.
        let (current, original) = self.meant()?.ok_or(Refusal::NotFound)?;
        let name = RequestName {
            tenant_id: &self.principal.tenant_id,
            actor_id: &self.principal.actor_id,
            method: self.fact.event_type(),
            request_id: &self.request_id,
        };
        match self.core.ledger.request(name, self.hash.as_bytes())? {
            Known::Not => {}
            Known::Reused => return Err(Refusal::IdReused),
            Known::Done(done) => {
                self.warn_again(&current, original);
                return Ok(Decision::Done(Changed::of(&self.core, &done)));
            }
        }
        let now = self.core.now();
        let original = self.original_of(&current, original)?;
        let fact = match &self.change {
            Change::Amended(amendment, warned) => {
                permit(&self.principal, amendment, &original, (&current, now))?;
                let (began_at, ended_at) = current.times(original.occurred_at, original.ended_at);
                amendment.check_times(began_at, ended_at, now)?;
                self.coded((amendment.as_ref(), warned), began_at)?
            }
            Change::Analysed => {
                analyse::permit(&self.principal, &original, (&current, now))?;
                self.fact.clone()
            }
            Change::Identified { .. } => self.fact.clone(),
        };
        if ![0, current.version()].contains(&self.expected_version) {
            return Err(Refusal::VersionMismatch {
                current: current.version(),
            });
        }
        if current.version() > AMENDMENTS_MAX {
            return Err(Refusal::AmendedTooOften);
        }
        let record = self.record(fact, current.version() + 1, &original, now)?;
        Ok(Decision::Append(Box::new(record)))
    }
}

impl ContactCommand {
    /// The contact that is meant by the id: of several, the first one that the caller sees. Its record stands
    /// beside it where that had to be read.
    fn meant(&self) -> Result<Option<(Contact, Option<Original>)>, Refusal> {
        let mut contacts = self.core.recorded(&self.key)?.into_iter();
        if self.scope.is_all() {
            return Ok(contacts.next().map(|first| (first, None)));
        }
        for contact in contacts {
            let original = self.original(contact.position())?;
            if original.is_within(&self.scope, &contact) {
                return Ok(Some((contact, Some(original))));
            }
        }
        Ok(None)
    }

    /// What a change needs of the first record of a contact, unless it was read already.
    fn original_of(&self, contact: &Contact, read: Option<Original>) -> Result<Original, Refusal> {
        match read {
            Some(original) => Ok(original),
            None => self.original(contact.position()),
        }
    }

    /// What a change needs of the first record.
    fn original(&self, at: Position) -> Result<Original, Refusal> {
        let First {
            log_key,
            customer_id,
            interaction,
        } = First::read(&self.core.deps.log, at, self.until)?;
        let missing = || Refusal::internal("a record of the log lacks its time");
        let occurred_at = interaction.occurred_at.as_ref().and_then(time::from_wire);
        let ended_at = interaction.ended_at.as_ref().and_then(time::from_wire);
        let wrapped_up_by = parties::of_wrap_up(&interaction).collect();
        let commitments = interaction.commitments.into_iter();
        Ok(Original {
            wrapped_up_by,
            of_segments: parties::of_segments(&interaction.segments).collect(),
            log_key,
            customer_id,
            agent_id: interaction.agent_id,
            occurred_at: occurred_at.ok_or_else(missing)?,
            ended_at,
            commitment_ids: commitments.map(|draft| draft.commitment_id).collect(),
        })
    }

    /// What an amendment says, with its codes held against the tenant's taxonomies, of a contact that began at `began_at`.
    fn coded(
        &self,
        (amendment, warned): (&Amendment, &Warned),
        began_at: Timestamp,
    ) -> Result<Fact, Refusal> {
        let mut fact = self.fact.clone();
        let trees = self.core.trees.all(&self.principal.tenant_id)?;
        if trees.is_empty() {
            return Ok(fact);
        }
        let editions: Vec<_> = trees.iter().map(InUse::edition).collect();
        let (mut coded, mut found) = (amendment.clone(), Violations::new());
        let odd = coded.check_codes(&editions, began_at, &mut found);
        found.into_result(())?;
        *warned.lock() = odd;
        if let Fact::InteractionAmended(amended) = &mut fact {
            amended.interaction = Some(interaction::amended(coded).1);
        }
        Ok(fact)
    }

    /// Tells once more what is odd about an amendment that is done: whoever sends it again may not have had the answer.
    /// It stays done, and is answered, whatever is in the way of that: the tenant may refuse such a code by now, and the
    /// first record may be beyond reach.
    fn warn_again(&self, current: &Contact, read: Option<Original>) {
        let Change::Amended(amendment, warned) = &self.change else {
            return;
        };
        if let Ok(original) = self.original_of(current, read) {
            let (began_at, _) = current.times(original.occurred_at, original.ended_at);
            let _ = self.coded((amendment, warned), began_at);
        }
    }

    /// The event, under the key that the contact was recorded under.
    fn record(
        &self,
        mut fact: Fact,
        sequence: u64,
        original: &Original,
        now: Timestamp,
    ) -> Result<Record, Refusal> {
        let interaction_id = self.key.id.to_string();
        let customer_id = match &self.change {
            Change::Amended(..) | Change::Analysed => &original.customer_id,
            Change::Identified { customer_id } => customer_id,
        };
        let sealing = Sealing {
            by: Author::from(&self.principal),
            aggregate_id: &interaction_id,
            interaction_id: &interaction_id,
            customer_id,
            sequence,
            occurred_at: now,
            recorded_at: now,
            import_batch: "",
            request: Some(Request {
                id: &self.request_id,
                hash: self.hash,
            }),
        };
        if let Fact::InteractionIdentified(identified) = &mut fact {
            identified
                .commitment_ids
                .clone_from(&original.commitment_ids);
        }
        Ok(sealing.seal_under(original.log_key.clone(), &fact)?)
    }
}

/// Reads a contact's id of a request.
pub(crate) fn read_interaction_id(interaction_id: &str, found: &mut Violations) -> Uuid {
    const FIELD: &str = "interaction_id";
    if interaction_id.is_empty() {
        found.required(FIELD);
        return Uuid::nil();
    }
    Uuid::try_parse(interaction_id).unwrap_or_else(|_| {
        let text = "must be a UUID, as RecordInteraction gave it";
        found.add(FIELD, Reason::Malformed, text);
        Uuid::nil()
    })
}
