//! Promises that are made after their contact, or without one.
//!
//! What such a promise leaves to the house is decided as the recorder decides it for those of a record: the due is
//! reckoned once, from when it was made, and the policy of then follows it up. All of that stands in its event.

mod make;
mod reopen;

use std::collections::BTreeMap;
use std::sync::Arc;

use aftercall_domain::calendar::Calendar;
use aftercall_domain::commitment::{PolicyRef, Reopens};
use aftercall_domain::interaction::{CommitmentDraft, Surroundings, made_commitment_id};
use aftercall_domain::limits::WARNINGS_MAX;
use aftercall_domain::setting::FollowUpPolicy;
use aftercall_domain::violation::Reason;
use aftercall_domain::{CommitmentId, FieldPath, Scope, Violations, Warning, WarningReason};
use aftercall_ledger::requests::{Known, RequestName};
use aftercall_ledger::{Calendars, Id, Ledger, Name, Ready};
use aftercall_log::{LogIdentity, Record};
use aftercall_proto::convert::commitment::to_wire;
use aftercall_proto::convert::setting::channel;
use aftercall_proto::convert::time;
use aftercall_proto::envelope::Fact;
use aftercall_proto::event::v1::{CommitmentMade, EventType};
use aftercall_proto::model::v1 as wire;
use aftercall_service::seal::{Author, Request, RequestHash, Sealing};
use aftercall_service::{Principal, Unread};
use aftercall_view::key::whose;
use aftercall_view::{Positions, Store};
use bytes::Bytes;
use jiff::Timestamp;
use prost::Message;

use crate::failure::Refused;
use crate::followups::Followups;
use crate::keys::REQUESTS;
use crate::stored;
use crate::waiting::{self, Waiter};

pub(crate) use make::make;
pub(crate) use reopen::reopen;

/// A promise that was made.
#[derive(Debug)]
struct Done {
    /// The promise, encoded.
    promise: Bytes,
    /// Where it stands, as a token.
    position: String,
    warnings: Vec<Warning>,
}

/// Where and to whom a promise is made.
#[derive(Debug, Clone)]
struct Basis {
    /// The log key under which it stands.
    key: Bytes,
    /// Its contact; empty for none.
    interaction_id: String,
    customer_id: Option<String>,
    customer_name: String,
    handles: Vec<wire::Handle>,
    made_by: String,
    team_id: String,
    site_id: String,
    channel: wire::Channel,
    language: String,
    /// When it is made.
    made_at: Timestamp,
    /// What it takes up again.
    reopens: Option<Reopens>,
}

impl Basis {
    fn around(&self) -> Surroundings<'_> {
        Surroundings {
            agent_id: &self.made_by,
            team_id: &self.team_id,
            site_id: &self.site_id,
            channel: channel(self.channel),
            language: &self.language,
        }
    }
}

/// What a promise is made with: who asks for it, and what the tenant has set up.
struct Maker {
    principal: Principal,
    request_id: String,
    /// Tells a repetition from another request.
    hash: RequestHash,
    log: LogIdentity,
    ledger: Ledger,
    calendars: Calendars,
    policies: Ready<FollowUpPolicy>,
}

impl Maker {
    fn new(
        followups: &Followups,
        principal: Principal,
        (request_id, hash): (String, RequestHash),
    ) -> Self {
        Self {
            principal,
            request_id,
            hash,
            log: followups.log().identity(),
            ledger: followups.ledger().clone(),
            calendars: followups.calendars().clone(),
            policies: followups.policies().clone(),
        }
    }

    fn tenant_id(&self) -> &str {
        &self.principal.tenant_id
    }

    /// What the request did, if it was done.
    fn repetition(&self, store: &Store, warnings: Vec<Warning>) -> Result<Option<Done>, Refused> {
        let name = RequestName {
            tenant_id: self.tenant_id(),
            actor_id: &self.principal.actor_id,
            method: EventType::CommitmentMade,
            request_id: &self.request_id,
        };
        match REQUESTS.find(store, name, self.hash.as_bytes())? {
            Known::Not => Ok(None),
            Known::Reused => Err(Refused::RequestIdReused),
            Known::Done(done) => Ok(Some(Done {
                promise: done.answer().clone(),
                position: Positions::through(done.position()).encode(&self.log),
                warnings,
            })),
        }
    }

    /// Gives the promise its id, reckons its due, checks it, and has it followed up by its policy.
    fn complete(
        &self,
        mut draft: CommitmentDraft,
        basis: &Basis,
        (at, mut found, now): (FieldPath<'_>, Violations, Timestamp),
    ) -> Result<(CommitmentDraft, Vec<Warning>), Refused> {
        let named = draft.due.as_ref().and_then(|due| due.calendar_id());
        let calendars = self.calendars(named)?;
        if !draft.commitment_id.is_empty() {
            let text = "follows from request_id; leave it empty";
            found.add(at.field("commitment_id"), Reason::Conflicting, text);
        }
        draft.commitment_id = self.id();
        let times = (basis.made_at, now);
        let (mut draft, mut warnings) = draft.check_made(at, times, &calendars, found)?;
        draft.settle(basis.around());
        let policy = self
            .policies
            .first(self.tenant_id(), &draft.facts(basis.around()))?;
        if let Some(policy) = policy {
            let by = PolicyRef {
                policy_id: policy.id,
                version: u32::try_from(policy.version).unwrap_or(u32::MAX),
            };
            let calendars = self.calendars(policy.set.calendar_ids())?;
            let odd = draft.follow_up((by, &policy.set), basis.made_at, &calendars);
            if let Some(odd) = odd.filter(|_| warnings.len() < WARNINGS_MAX) {
                warnings.push(Warning {
                    field: at.into(),
                    reason: WarningReason::Due(odd),
                    count: 1,
                });
            }
        }
        Ok((draft, warnings))
    }

    fn calendars<'a>(
        &self,
        ids: impl IntoIterator<Item = &'a str>,
    ) -> Result<BTreeMap<String, Arc<Calendar>>, Refused> {
        Ok(self.calendars.all(self.tenant_id(), ids)?)
    }

    /// The promise's id: the same, whenever the request is sent.
    fn id(&self) -> String {
        let id = made_commitment_id(self.tenant_id(), &self.principal.actor_id, &self.request_id);
        CommitmentId::from(id).into_string()
    }

    /// The promise of this id: what the request made, also when that was longer ago than requests are remembered.
    ///
    /// # Errors
    /// When the same request asked for something else.
    fn same(&self, store: &Store, id: &str, basis: &Basis) -> Result<Option<Bytes>, Refused> {
        let id = Id::of(id);
        let name = Name::Promise(id.clone());
        if self.ledger.holder(self.tenant_id(), &name)?.is_none() {
            return Ok(None);
        }
        let whose = whose(&basis.key);
        let made = self.ledger.made(self.tenant_id(), &id, whose)?;
        let same = made.filter(|made| made.hash() == self.hash.as_bytes());
        if same.is_none() {
            return Err(Refused::RequestIdReused);
        }
        let get = |key: &[u8]| store.get(key);
        let promise = stored::commitment(self.tenant_id(), &id.to_string(), whose, get)?;
        // The view is behind the ledger.
        let promise = promise.ok_or(Unread::Unavailable(None))?;
        let now = promise.recorded_at;
        let promise = to_wire(promise, now);
        Ok(Some(promise.encode_to_vec().into()))
    }

    /// Where the promise of this id was made.
    fn place(&self, id: &str, basis: &Basis) -> Result<String, Refused> {
        let made = self
            .ledger
            .made(self.tenant_id(), &Id::of(id), whose(&basis.key))?;
        Ok(made.map_or_else(String::new, |made| {
            Positions::through(made.position()).encode(&self.log)
        }))
    }

    /// Whether the promise can wait for those that it names.
    fn check_dependencies(
        &self,
        store: &Store,
        scope: &Scope,
        (draft, basis): (&CommitmentDraft, &Basis),
    ) -> Result<(), Refused> {
        let waiter = Waiter {
            tenant_id: self.tenant_id(),
            scope,
            commitment_id: &draft.commitment_id,
            whose: whose(&basis.key),
        };
        let at = FieldPath::of("commitment");
        let at = at.field("depends_on");
        waiting::check((store, &self.ledger), &waiter, at, &draft.depends_on)
    }

    /// The event.
    fn record(
        &self,
        draft: CommitmentDraft,
        basis: &Basis,
        now: Timestamp,
    ) -> Result<Record, Refused> {
        let commitment_id = draft.commitment_id.clone();
        let reopens = basis.reopens.clone();
        let (reopens, reopen_reason) =
            reopens.map_or_else(Default::default, |it| (it.commitment_id, it.reason));
        let made = CommitmentMade {
            commitment: Some(draft.into()),
            made_at: Some(time::to_wire(basis.made_at)),
            made_by_agent_id: basis.made_by.clone(),
            team_id: basis.team_id.clone(),
            site_id: basis.site_id.clone(),
            customer_name: basis.customer_name.clone(),
            handles: basis.handles.clone(),
            channel: basis.channel.into(),
            language: basis.language.clone(),
            reopens,
            reopen_reason,
        };
        let sealing = Sealing {
            by: Author::from(&self.principal),
            aggregate_id: &commitment_id,
            interaction_id: &basis.interaction_id,
            customer_id: basis.customer_id.as_deref().unwrap_or_default(),
            sequence: 1,
            occurred_at: basis.made_at,
            recorded_at: now,
            import_batch: "",
            request: Some(Request {
                id: &self.request_id,
                hash: self.hash,
            }),
        };
        Ok(sealing.seal_under(basis.key.clone(), &Fact::CommitmentMade(Box::new(made)))?)
    }
}
