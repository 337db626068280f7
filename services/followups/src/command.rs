//! Commands: decided by the view, appended as one event, answered by what the fold made of it.

mod wish;

use aftercall_domain::commitment::{Actor, Commitment, Event, Standing};
use aftercall_domain::violation::Reason;
use aftercall_domain::{CommitmentId, Scope, Violations, Warning};
use aftercall_ledger::requests::{Known, RequestName};
use aftercall_log::{LogIdentity, Record};
use aftercall_proto::convert::commitment::fact;
use aftercall_proto::model::v1::Commitment as WireCommitment;
use aftercall_service::command::Decision;
use aftercall_service::seal::{Author, Request, RequestHash, Sealing};
use aftercall_service::{Call, Principal, Role};
use aftercall_view::{ApplyError, Positions, Store};
use bytes::Bytes;
use jiff::Timestamp;
use prost::Message;

use crate::contacts::{Contacts, Promised};
use crate::failure::Refused;
use crate::followups::Followups;
use crate::keys::{MERGED, REQUESTS};
use crate::stored;

pub(crate) use wish::Wish;

/// What a caller wants, checked as far as it can be without the promise.
#[derive(Debug)]
pub(crate) struct PromiseCommand {
    pub(crate) request_id: String,
    pub(crate) commitment_id: CommitmentId,
    pub(crate) expected_version: u64,
    /// Tells a repetition from another request.
    pub(crate) hash: RequestHash,
    /// What of it was not taken as it was sent.
    pub(crate) warnings: Vec<Warning>,
    pub(crate) wish: Wish,
}

/// A command that was done.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) commitment: Box<WireCommitment>,
    /// Where the change stands, as a token.
    pub(crate) position: String,
}

/// Does what `call` asks for.
pub(crate) async fn run(
    followups: &Followups,
    call: Call<PromiseCommand>,
) -> Result<Done, Refused> {
    let (until, scope) = (call.write_until(), call.scope());
    let Call {
        principal,
        message: command,
        ..
    } = call;
    let reading = followups.reading();
    let asked = Asked {
        principal,
        scope,
        command,
        log: reading.log_identity(),
        contacts: followups.contacts().clone(),
    };
    aftercall_service::command::run(reading, followups.clock(), asked, until).await
}

/// A command and who gave it.
struct Asked {
    principal: Principal,
    /// Whose promises they see: to them there are no others.
    scope: Scope,
    command: PromiseCommand,
    log: LogIdentity,
    contacts: Contacts,
}

impl aftercall_service::command::Command for Asked {
    type Done = Done;
    type Refusal = Refused;

    fn decide(&self, store: &Store, now: Timestamp) -> Result<Decision<Done>, Refused> {
        let PromiseCommand {
            commitment_id,
            expected_version,
            wish,
            ..
        } = &self.command;
        let meant = stored::meant(
            store,
            (&self.principal.tenant_id, &self.scope),
            commitment_id,
        );
        // Before anything else is told: what the request was about may be none of the caller's business.
        let (commitment, whose) = meant?.ok_or(Refused::NotFound)?;
        if let Some(done) = self.repetition(store)? {
            return Ok(Decision::Done(done));
        }
        if *expected_version != 0 && *expected_version != commitment.version {
            return Err(Refused::VersionMismatch {
                current: commitment.version,
            });
        }
        let event = wish.decide(&commitment, actor(&self.principal), now);
        let event = event.map_err(|refusal| Refused::by_rule(refusal, commitment_id.as_str()))?;
        self.check_evidence(store, &commitment)?;
        let key = stored::log_key(store, &self.principal.tenant_id, &commitment, whose)?;
        let record = self.record(key, &commitment, event)?;
        Ok(Decision::Append(Box::new(record)))
    }
}

impl Asked {
    /// A contact that is named as evidence must be there, and be one with the customer: else any word
    /// would make a promise kept, or let us off.
    fn check_evidence(&self, store: &Store, commitment: &Commitment) -> Result<(), Refused> {
        let Some((field, interaction_id)) = self.command.wish.evidence() else {
            return Ok(());
        };
        let tenant_id = &self.principal.tenant_id;
        let merged = match &commitment.customer_id {
            Some(customer_id) => MERGED.customers(store, tenant_id, customer_id)?,
            None => Vec::new(),
        };
        let promised = Promised {
            commitment,
            merged: &merged,
        };
        let is_customers = self
            .contacts
            .is_customers(tenant_id, promised, interaction_id);
        let (reason, text) = match is_customers? {
            Some(true) => return Ok(()),
            Some(false) if self.scope.is_all() => {
                let text = "is a contact with somebody else; name one with the customer to whom it \
                            was promised";
                (Reason::Conflicting, text)
            }
            // Whether it is somebody else's, or not there at all, is for those to know who read everything.
            Some(false) | None => {
                let text = "there is no such contact with the customer; check the id, record the contact \
                            first, or give a message's id in its own field";
                (Reason::NotFound, text)
            }
        };
        let mut found = Violations::new();
        found.add(field, reason, text);
        Err(found.into())
    }

    /// What the request did, if it was done.
    fn repetition(&self, store: &Store) -> Result<Option<Done>, Refused> {
        let name = RequestName {
            tenant_id: &self.principal.tenant_id,
            actor_id: &self.principal.actor_id,
            method: self.command.wish.event_type(),
            request_id: &self.command.request_id,
        };
        match REQUESTS.find(store, name, self.command.hash.as_bytes())? {
            Known::Not => Ok(None),
            Known::Reused => Err(Refused::RequestIdReused),
            Known::Done(done) => {
                let answer = WireCommitment::decode(done.answer().clone());
                Ok(Some(Done {
                    commitment: Box::new(answer.map_err(ApplyError::record)?),
                    position: Positions::through(done.position()).encode(&self.log),
                }))
            }
        }
    }

    fn record(&self, key: Bytes, commitment: &Commitment, event: Event) -> Result<Record, Refused> {
        let sealing = Sealing {
            by: Author::from(&self.principal),
            aggregate_id: &commitment.commitment_id,
            interaction_id: &commitment.interaction_id,
            customer_id: commitment.customer_id.as_deref().unwrap_or_default(),
            sequence: event.sequence,
            occurred_at: Wish::occurred_at(&event),
            recorded_at: event.recorded_at,
            import_batch: "",
            request: Some(Request {
                id: &self.command.request_id,
                hash: self.command.hash,
            }),
        };
        Ok(sealing.seal_under(key, &fact(event.change))?)
    }
}

fn actor(principal: &Principal) -> Actor<'_> {
    let has = |role| principal.roles.contains(role);
    Actor {
        id: &principal.actor_id,
        standing: Standing {
            agent: has(Role::Agent),
            team_lead: has(Role::TeamLead),
            supervisor: has(Role::Supervisor),
            integration: has(Role::Integration),
        },
    }
}
