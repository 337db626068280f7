//! What somebody says of a call, as a command: it is there, and seen by whoever says it.

use aftercall_domain::Scope;
use aftercall_domain::violation::Reason;
use aftercall_ledger::requests::{Done, Known, RequestName};
use aftercall_log::{LogIdentity, Record};
use aftercall_proto::convert::time;
use aftercall_proto::envelope::Fact;
use aftercall_proto::followups::v1::CallFilter;
use aftercall_service::command::{Command, Decision};
use aftercall_service::seal::{Author, Request, RequestHash, Sealing};
use aftercall_service::{Call, Checker, Principal};
use aftercall_view::{Positions, Store};
use jiff::Timestamp;
use uuid::Uuid;

use crate::failure::Refused;
use crate::followups::Followups;
use crate::keys::REQUESTS;
use crate::keys::calls::CALLS;
use crate::watch::Which;

/// What is said, and of which call.
pub(super) struct Saying {
    principal: Principal,
    scope: Scope,
    interaction_id: String,
    request_id: String,
    hash: RequestHash,
    fact: Fact,
    log: LogIdentity,
}

/// It is said.
pub(super) struct Said {
    /// Where it stands in the log.
    pub(super) position: String,
    /// When it was appended.
    pub(super) recorded_at: Option<pbjson_types::Timestamp>,
}

/// Of which call something is said, and by which request.
pub(super) struct Of<'a> {
    pub(super) request_id: &'a str,
    pub(super) interaction_id: &'a str,
}

impl Of<'_> {
    /// Checks the names; gives the call's id in its own form.
    pub(super) fn check(&self, checker: &mut Checker) -> String {
        checker.required_id("request_id", self.request_id);
        checker.required_id("interaction_id", self.interaction_id);
        let id = Uuid::try_parse(self.interaction_id).unwrap_or_else(|_| {
            let text = "must be a UUID, as the call's events gave it";
            let found = checker.found();
            found.add("interaction_id", Reason::Malformed, text);
            Uuid::nil()
        });
        id.to_string()
    }
}

/// Says it.
pub(super) async fn say<M>(
    followups: &Followups,
    (call, hash): (Call<M>, RequestHash),
    (request_id, interaction_id): (String, String),
    fact: Fact,
) -> Result<Said, Refused> {
    let (until, scope) = (call.write_until(), call.scope());
    let reading = followups.reading();
    let saying = Saying {
        principal: call.principal,
        scope,
        interaction_id,
        request_id,
        hash,
        fact,
        log: reading.log_identity(),
    };
    aftercall_service::command::run(reading, followups.clock(), saying, until).await
}

impl Saying {
    fn answer(&self, done: &Done) -> Said {
        Said {
            position: Positions::through(done.position()).encode(&self.log),
            recorded_at: done.recorded_at().map(time::to_wire),
        }
    }

    fn record(&self, customer_id: &str, now: Timestamp) -> Result<Record, Refused> {
        let sealing = Sealing {
            by: Author::from(&self.principal),
            aggregate_id: &self.interaction_id,
            interaction_id: &self.interaction_id,
            customer_id,
            sequence: 1,
            occurred_at: now,
            recorded_at: now,
            import_batch: "",
            request: Some(Request {
                id: &self.request_id,
                hash: self.hash,
            }),
        };
        Ok(sealing.seal(&self.fact)?)
    }
}

impl Command for Saying {
    type Done = Said;
    type Refusal = Refused;

    fn decide(&self, store: &Store, now: Timestamp) -> Result<Decision<Self::Done>, Refused> {
        let tenant_id = &self.principal.tenant_id;
        let row = CALLS.read(tenant_id, &self.interaction_id, |key| store.get(key))?;
        let call = row.map(|row| row.shown());
        let mut checker = Checker::new();
        let seen = Which::new(CallFilter::default(), self.scope.clone(), &mut checker);
        let call = call.filter(|call| seen.admits(call));
        let call = call.ok_or(Refused::CallNotFound)?;
        let name = RequestName {
            tenant_id,
            actor_id: &self.principal.actor_id,
            method: self.fact.event_type(),
            request_id: &self.request_id,
        };
        match REQUESTS.find(store, name, self.hash.as_bytes())? {
            Known::Not => {}
            Known::Reused => return Err(Refused::RequestIdReused),
            Known::Done(done) => return Ok(Decision::Done(self.answer(&done))),
        }
        let record = self.record(&call.customer_id, now)?;
        Ok(Decision::Append(Box::new(record)))
    }
}
