//! Commands: decided by the view, appended as one event, answered by what the fold made of it.

mod wish;

use std::sync::Arc;

use aftercall_domain::CommitmentId;
use aftercall_domain::commitment::{Actor, Commitment, Event, Standing};
use aftercall_log::{LogId, Position, Record};
use aftercall_proto::convert::commitment::fact;
use aftercall_proto::convert::time::{microseconds, to_wire};
use aftercall_proto::envelope::contact_key;
use aftercall_proto::event::v1 as wire;
use aftercall_proto::model::v1::Commitment as WireCommitment;
use aftercall_service::{ActorKind, Call, Principal, Role, Unread, derived};
use aftercall_view::{ApplyError, Direction, Positions, Store};
use jiff::Timestamp;
use prost::Message;
use tokio::time::Instant;

use crate::failure::Refused;
use crate::followups::Followups;
use crate::keys::RequestName;
use crate::stored::{self, DoneRequest};

pub(crate) use wish::Wish;

/// What a caller wants, checked as far as it can be without the promise.
#[derive(Debug)]
pub(crate) struct Command {
    pub(crate) request_id: String,
    pub(crate) commitment_id: CommitmentId,
    pub(crate) expected_version: u64,
    /// Tells a repetition from another request.
    pub(crate) hash: [u8; 16],
    pub(crate) wish: Wish,
}

/// A command that was done.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) commitment: Box<WireCommitment>,
    /// Where the change stands, as a token.
    pub(crate) position: String,
}

/// What the view says about a command.
enum Decision {
    /// It was done before.
    Repetition(Done),
    /// It is to be done now.
    Append(Box<Commitment>, Event),
}

/// Does what `call` asks for.
pub(crate) async fn run(followups: &Followups, call: Call<Command>) -> Result<Done, Refused> {
    let deadline = call.write_until();
    let Call {
        principal,
        message: command,
        ..
    } = call;
    let running = Running {
        followups,
        deadline,
        asked: Arc::new(Asked { principal, command }),
    };
    followups.reading().ready(deadline).await?;
    while Instant::now() < deadline {
        if let Some(done) = running.attempt().await? {
            return Ok(done);
        }
        // Somebody else was first. What is there now decides: the next attempt refuses it if the
        // caller had asked for a certain version.
    }
    Err(Refused::Timeout)
}

struct Running<'a> {
    followups: &'a Followups,
    deadline: Instant,
    asked: Arc<Asked>,
}

/// A command and who gave it.
struct Asked {
    principal: Principal,
    command: Command,
}

impl Running<'_> {
    /// One attempt; none if another event took the place of ours.
    async fn attempt(&self) -> Result<Option<Done>, Refused> {
        let decision = match self.decide().await {
            Err(refused @ Refused::Unread(_)) => return Err(refused),
            // The view may lag behind what the caller has seen already.
            Err(_) => {
                let reading = self.followups.reading();
                match reading.catch_up(self.deadline).await {
                    Err(Unread::NotReached) => return Err(Unread::Unavailable(None).into()),
                    caught_up => caught_up?,
                }
                self.decide().await?
            }
            Ok(decision) => decision,
        };
        let (commitment, event) = match decision {
            Decision::Repetition(done) => return Ok(Some(done)),
            Decision::Append(commitment, event) => (commitment, event),
        };
        let record = self.asked.record(*commitment, event);
        let appended = self.followups.log().append(vec![record]);
        let appended = tokio::time::timeout_at(self.deadline, appended).await;
        let positions = appended.map_err(|_| Refused::InDoubt)??;
        self.await_view(&positions).await?;
        let (asked, log) = (Arc::clone(&self.asked), self.followups.log().id());
        let done = move |store: &Store| asked.repetition(store, log);
        self.followups.reading().run(done).await
    }

    async fn decide(&self) -> Result<Decision, Refused> {
        let asked = Arc::clone(&self.asked);
        let (now, log) = (self.followups.clock().now(), self.followups.log().id());
        let decide = move |store: &Store| asked.decide(store, log, now);
        self.followups.reading().run(decide).await
    }

    /// Waits until the view has folded our event.
    async fn await_view(&self, positions: &[Position]) -> Result<(), Refused> {
        let positions: Positions = positions
            .iter()
            .map(|at| (at.partition, at.offset.saturating_add(1)))
            .collect();
        let reading = self.followups.reading();
        match reading
            .store_through("position", &positions, self.deadline)
            .await
        {
            Err(Unread::NotReached) => Err(Refused::InDoubt),
            outcome => Ok(outcome?),
        }
    }
}

impl Asked {
    /// What is to be done, as the view stands.
    fn decide(&self, store: &Store, log: LogId, now: Timestamp) -> Result<Decision, Refused> {
        let Command {
            commitment_id,
            expected_version,
            wish,
            ..
        } = &self.command;
        let tenant_id = &self.principal.tenant_id;
        // First the promise, then the request: if the request isn't known yet, the promise is as
        // it was before it, and a second event for it can't be the next.
        let found = stored::meant(store, tenant_id, commitment_id)?;
        if let Some(done) = self.repetition(store, log)? {
            return Ok(Decision::Repetition(done));
        }
        let commitment = found.ok_or(Refused::NotFound)?;
        if *expected_version != 0 && *expected_version != commitment.version {
            return Err(Refused::VersionMismatch {
                current: commitment.version,
            });
        }
        let event = wish.decide(&commitment, actor(&self.principal), now);
        let event = event.map_err(|refusal| Refused::by_rule(refusal, commitment_id.as_str()))?;
        Ok(Decision::Append(Box::new(commitment), event))
    }

    /// What the request did, if it was done.
    fn repetition(&self, store: &Store, log: LogId) -> Result<Option<Done>, Refused> {
        let name = RequestName {
            tenant_id: &self.principal.tenant_id,
            actor_id: &self.principal.actor_id,
            method: self.command.wish.event_type().into(),
            request_id: &self.command.request_id,
        };
        let mut reused = false;
        for entry in store.scan_prefix(name.all_done(), Direction::Ascending) {
            let done = DoneRequest::decode(entry?.1).map_err(ApplyError::record)?;
            if done.hash != self.command.hash[..] {
                reused = true;
                continue;
            }
            let position = Positions::through(done.position());
            return Ok(Some(Done {
                commitment: Box::new(done.commitment.unwrap_or_default()),
                position: position.encode(log),
            }));
        }
        match reused {
            true => Err(Refused::RequestIdReused),
            false => Ok(None),
        }
    }

    fn record(&self, commitment: Commitment, event: Event) -> Record {
        let Principal {
            tenant_id,
            actor_id,
            actor_kind,
            ..
        } = &self.principal;
        let customer_id = commitment.customer_id.unwrap_or_default();
        let key = contact_key(tenant_id, &customer_id, &commitment.interaction_id);
        let request_id = &self.command.request_id;
        let occurred_at = Wish::occurred_at(&event);
        let recorded_at = event.recorded_at;
        let fact = fact(event.change);
        let event_type = fact.event_type();
        let parts = [
            key.as_ref(),
            commitment.commitment_id.as_bytes(),
            actor_id.as_bytes(),
            event_type.as_str_name().as_bytes(),
            request_id.as_bytes(),
            &event.sequence.to_be_bytes(),
        ];
        let event = wire::Event {
            event_id: derived("commitment command", &parts).to_string(),
            tenant_id: tenant_id.to_string(),
            aggregate_id: commitment.commitment_id,
            sequence: event.sequence,
            occurred_at: Some(to_wire(occurred_at)),
            recorded_at: Some(to_wire(recorded_at)),
            actor_id: actor_id.to_string(),
            actor_kind: wire_kind(*actor_kind).into(),
            request_id: request_id.clone(),
            request_hash: self.command.hash.to_vec().into(),
            customer_id,
            interaction_id: commitment.interaction_id,
            ..fact.event()
        };
        Record {
            key,
            recorded_at_us: microseconds(recorded_at),
            body: event.encode_to_vec().into(),
        }
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

const fn wire_kind(kind: ActorKind) -> wire::ActorKind {
    match kind {
        ActorKind::Agent => wire::ActorKind::Agent,
        ActorKind::Supervisor => wire::ActorKind::Supervisor,
        ActorKind::System => wire::ActorKind::System,
        ActorKind::Integration => wire::ActorKind::Integration,
        ActorKind::Customer => wire::ActorKind::Customer,
        ActorKind::Ai => wire::ActorKind::Ai,
    }
}
