//! Commands: decided by the view, appended as one event, answered by what the fold made of it.

mod evidence;
mod moving;
mod wish;

use aftercall_domain::alert::{Rule, Subject};
use aftercall_domain::commitment::{Actor, Commitment, Contact, Event, Reassign, Standing};
use aftercall_domain::concern::Concern;
use aftercall_domain::limits::WARNINGS_MAX;
use aftercall_domain::setting::FollowUpPolicy;
use aftercall_domain::violation::Reason;
use aftercall_domain::{CommitmentId, FieldPath, Scope, Violations, Warning};
use aftercall_ledger::requests::{Known, RequestName};
use aftercall_ledger::{Calendars, Ledger, Ready};
use aftercall_log::{LogIdentity, Record};
use aftercall_proto::convert::commitment::fact;
use aftercall_proto::model::v1 as wire;
use aftercall_service::command::Decision;
use aftercall_service::seal::{Author, Request, RequestHash, Sealing};
use aftercall_service::{Call, Principal, Role};
use aftercall_view::{ApplyError, Positions, Store};
use bytes::Bytes;
use jiff::{SignedDuration, Timestamp};
use prost::Message;
use uuid::Uuid;

use crate::contacts::Contacts;
use crate::failure::Refused;
use crate::followups::Followups;
use crate::keys::concerns::Named;
use crate::keys::{self, MERGED, REQUESTS};
use crate::odd;
use crate::projection::series::SeriesRow;
use crate::stored::{self, Alerted};
use crate::waiting::{self, Waiter};

use wish::Moving;
pub(crate) use wish::Wish;

/// How long somebody has to accept a promise that has no policy.
const ACCEPT_WITHIN: SignedDuration = SignedDuration::from_hours(4);

/// What a caller wants, checked as far as it can be without the promise.
#[derive(Debug)]
pub(crate) struct PromiseCommand {
    pub(crate) request_id: String,
    pub(crate) about: About,
    pub(crate) expected_version: u64,
    /// Tells a repetition from another request.
    pub(crate) hash: RequestHash,
    /// What of it was not taken as it was sent.
    pub(crate) warnings: Vec<Warning>,
    pub(crate) wish: Wish,
}

/// What a command is about.
#[derive(Debug)]
pub(crate) enum About {
    Commitment(CommitmentId),
    /// An alert, by its id; none for what can't be one's id.
    Alert(Option<Uuid>),
}

/// A command that was done.
#[derive(Debug)]
pub(crate) struct Done {
    /// What it left, encoded: the promise, or the alert that it was about.
    pub(crate) answer: Bytes,
    /// Where the change stands, as a token.
    pub(crate) position: String,
    /// What of it was not taken as it was sent, and what is odd about the due that it gave.
    pub(crate) warnings: Vec<Warning>,
}

/// Does what `call` asks for.
pub(crate) async fn run(
    followups: &Followups,
    call: Call<PromiseCommand>,
) -> Result<Done, Refused> {
    let (until, scope) = (call.write_until(), call.scope());
    let Call {
        principal,
        message: mut command,
        ..
    } = call;
    let mut warnings = std::mem::take(&mut command.warnings);
    let reading = followups.reading();
    let asked = Asked {
        principal,
        scope,
        command,
        log: reading.log_identity(),
        contacts: followups.contacts().clone(),
        ledger: followups.ledger().clone(),
        calendars: followups.calendars().clone(),
        policies: followups.policies().clone(),
    };
    let done = aftercall_service::command::run(reading, followups.clock(), asked, until).await?;
    warnings.extend(done.warnings);
    warnings.truncate(WARNINGS_MAX);
    Ok(Done { warnings, ..done })
}

/// A command and who gave it.
struct Asked {
    principal: Principal,
    /// Whose promises they see: to them there are no others.
    scope: Scope,
    command: PromiseCommand,
    log: LogIdentity,
    contacts: Contacts,
    ledger: Ledger,
    calendars: Calendars,
    policies: Ready<FollowUpPolicy>,
}

/// The promise that a command is about.
struct Found {
    commitment: Commitment,
    whose: u64,
    /// Which of its alerts, if it is about one.
    alert: Option<(Rule, u32)>,
}

/// What a command is about.
enum Meant {
    /// A promise, or an alert of one.
    Promise(Box<Found>),
    /// An alert about a contact or a customer: an episode of a concern.
    Concern(Named, Box<Concern>, u32),
}

impl aftercall_service::command::Command for Asked {
    type Done = Done;
    type Refusal = Refused;

    fn decide(&self, store: &Store, now: Timestamp) -> Result<Decision<Done>, Refused> {
        let PromiseCommand {
            expected_version,
            wish,
            ..
        } = &self.command;
        let meant = self.find(store)?;
        // Before anything else is told: what the request was about may be none of the caller's business.
        if let Some(done) = self.repetition(store)? {
            return Ok(Decision::Done(done));
        }
        let Found {
            mut commitment,
            whose,
            alert,
        } = match meant {
            Meant::Promise(found) => *found,
            Meant::Concern(named, concern, episode_no) => {
                let record = self.of_concern(store, (&named, &concern, episode_no), now)?;
                return Ok(Decision::Append(Box::new(record)));
            }
        };
        if *expected_version != 0 && *expected_version != commitment.version {
            return Err(Refused::VersionMismatch {
                current: commitment.version,
            });
        }
        let tenant_id = &self.principal.tenant_id;
        if let Wish::EndRecurrence(_) = wish {
            commitment = latest(store, tenant_id, (commitment, whose))?;
            if !self.scope.admits(commitment.parties()) {
                return Err(Refused::NotFound);
            }
        }
        let calendars = self.calendars.all(tenant_id, commitment.calendar_ids())?;
        let who = actor(&self.principal);
        let policy = self.policy(&commitment)?;
        let wish = match wish {
            Wish::Reschedule(moving) => {
                let of = (&commitment, policy.as_ref());
                Wish::Reschedule(Box::new(Moving {
                    said: None,
                    wish: self.moved(store, of, moving, (who, now))?,
                }))
            }
            Wish::Reassign(wish) => Wish::Reassign(Reassign {
                accept_within: wish
                    .accept_within
                    .or_else(|| accept_within(policy.as_ref())),
                ..wish.clone()
            }),
            wish => wish.clone(),
        };
        let fulfilment = policy.as_ref().map(|policy| &policy.fulfilment);
        let decide = |wish: Wish| {
            let event = wish.decide((&commitment, alert), who, now, (&calendars, fulfilment));
            event.map_err(|refusal| Refused::by_rule(refusal, &commitment.commitment_id))
        };
        // Who may not do it at all is told that, whatever they name as evidence.
        let mut event = decide(wish.clone())?;
        if let Some(wish) = self.by_evidence(store, &commitment, (wish, now))? {
            event = decide(wish)?;
        }
        self.check_other(store, &commitment)?;
        self.check_dependencies(store, (&commitment, whose))?;
        let key = stored::log_key(store, tenant_id, &commitment, whose)?;
        let record = self.record(key, &commitment, event)?;
        Ok(Decision::Append(Box::new(record)))
    }
}

impl Asked {
    /// The promise that is meant.
    fn find(&self, store: &Store) -> Result<Meant, Refused> {
        let tenant_id = &self.principal.tenant_id;
        match &self.command.about {
            About::Commitment(id) => {
                let meant = stored::meant(store, (tenant_id, &self.scope), id)?;
                let (commitment, whose) = meant.ok_or(Refused::NotFound)?;
                Ok(Meant::Promise(Box::new(Found {
                    commitment,
                    whose,
                    alert: None,
                })))
            }
            About::Alert(alert_id) => {
                let alert_id = alert_id.ok_or(Refused::AlertNotFound)?;
                let found = stored::alerted(store, (tenant_id, &self.scope), alert_id)?;
                let (alerted, place) = found.ok_or(Refused::AlertNotFound)?;
                Ok(match alerted {
                    Alerted::Promise(commitment) => Meant::Promise(Box::new(Found {
                        commitment: *commitment,
                        whose: place.whose,
                        alert: Some((place.rule, place.episode_no)),
                    })),
                    Alerted::Concern(named, concern) => {
                        Meant::Concern(named, concern, place.episode_no)
                    }
                })
            }
        }
    }

    /// What somebody does about an alert about a contact or a customer.
    fn of_concern(
        &self,
        store: &Store,
        (named, concern, episode_no): (&Named, &Concern, u32),
        now: Timestamp,
    ) -> Result<Record, Refused> {
        let Wish::Alert(wish) = &self.command.wish else {
            return Err(Refused::AlertNotFound);
        };
        let event = concern.handle(episode_no, wish.clone(), actor(&self.principal), now);
        let event = event.map_err(|refusal| Refused::by_rule(refusal, &named.subject_id))?;
        let interaction_id = match &concern.raised.subject {
            Subject::Signal(signal) => &*signal.interaction_id,
            Subject::Promise(_) | Subject::SlipUps(_) => "",
        };
        let sealing = Sealing {
            by: Author::from(&self.principal),
            aggregate_id: &named.id(),
            interaction_id,
            customer_id: concern.customer_id.as_deref().unwrap_or_default(),
            sequence: event.sequence,
            occurred_at: now,
            recorded_at: event.recorded_at,
            import_batch: "",
            request: Some(Request {
                id: &self.command.request_id,
                hash: self.command.hash,
            }),
        };
        let key = stored::concern_key(store, named, concern)?;
        Ok(sealing.seal_under(key, &aftercall_proto::convert::concern::fact(event.change))?)
    }

    /// The policy that a promise has: in the version that it had when the promise was made, so that an edit moves
    /// nothing.
    fn policy(&self, commitment: &Commitment) -> Result<Option<FollowUpPolicy>, Refused> {
        let Some(by) = &commitment.policy else {
            return Ok(None);
        };
        let (tenant_id, version) = (&self.principal.tenant_id, by.version.into());
        Ok(self.policies.as_of(tenant_id, &by.policy_id, version)?)
    }

    /// A promise that takes another one's place is open, and one to the same customer.
    fn check_other(&self, store: &Store, commitment: &Commitment) -> Result<(), Refused> {
        let Wish::Supersede(wish) = &self.command.wish else {
            return Ok(());
        };
        let tenant_id = &self.principal.tenant_id;
        let other = CommitmentId::read(&wish.by_commitment_id);
        let other = stored::meant(store, (tenant_id, &self.scope), &other)?;
        let merged = self.merged(store, commitment)?;
        let is_theirs = other.is_some_and(|(other, _)| {
            let contact = Contact {
                interaction_id: &other.interaction_id,
                customer_id: other.customer_id.as_deref(),
                handles: &other.handles,
            };
            other.is_open() && commitment.is_with_customer(contact, &merged)
        });
        if is_theirs {
            return Ok(());
        }
        let mut found = Violations::new();
        let text = "there is no such open promise to the same customer; check the id";
        found.add("superseded_by", Reason::NotFound, text);
        Err(found.into())
    }

    /// A promise waits for others of the same customer, and not for itself.
    fn check_dependencies(
        &self,
        store: &Store,
        (commitment, whose): (&Commitment, u64),
    ) -> Result<(), Refused> {
        let Wish::Depend(for_ids) = &self.command.wish else {
            return Ok(());
        };
        let waiter = Waiter {
            tenant_id: &self.principal.tenant_id,
            scope: &self.scope,
            commitment_id: &commitment.commitment_id,
            whose,
        };
        let at = FieldPath::of("depends_on");
        waiting::check((store, &self.ledger), &waiter, at, for_ids)
    }

    /// The customers who are one with a promise's.
    fn merged(&self, store: &Store, commitment: &Commitment) -> Result<Vec<String>, Refused> {
        Ok(match &commitment.customer_id {
            Some(customer_id) => MERGED.customers(store, &self.principal.tenant_id, customer_id)?,
            None => Vec::new(),
        })
    }

    /// What the request did, if it was done.
    fn repetition(&self, store: &Store) -> Result<Option<Done>, Refused> {
        for method in self.command.wish.methods() {
            let name = RequestName {
                tenant_id: &self.principal.tenant_id,
                actor_id: &self.principal.actor_id,
                method: *method,
                request_id: &self.command.request_id,
            };
            match REQUESTS.find(store, name, self.command.hash.as_bytes())? {
                Known::Not => {}
                Known::Reused => return Err(Refused::RequestIdReused),
                Known::Done(done) => {
                    return Ok(Some(Done {
                        warnings: self.odd(done.answer())?,
                        answer: done.answer().clone(),
                        position: Positions::through(done.position()).encode(&self.log),
                    }));
                }
            }
        }
        Ok(None)
    }

    /// What is odd about the due that it gave, if it gave one.
    fn odd(&self, answer: &Bytes) -> Result<Vec<Warning>, Refused> {
        let Wish::Reschedule(_) = &self.command.wish else {
            return Ok(Vec::new());
        };
        let promise = wire::Commitment::decode(answer.clone()).map_err(ApplyError::record)?;
        let by = (&*self.principal.tenant_id, &self.calendars);
        Ok(odd::of_moved(&promise, by)?)
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

/// The latest promise of the series of one; that itself if there is no later one.
fn latest(
    store: &Store,
    tenant_id: &str,
    (commitment, whose): (Commitment, u64),
) -> Result<Commitment, Refused> {
    let Some(series) = &commitment.series else {
        return Ok(commitment);
    };
    let key = keys::series(tenant_id, &series.occurrence.series_id, whose);
    let get = |key: &[u8]| store.get(key);
    let row = get(&key)?.map(keys::decoded::<SeriesRow>).transpose()?;
    let latest = match row {
        Some(row) => stored::commitment(tenant_id, &row.latest_id, whose, get)?,
        None => None,
    };
    Ok(latest.unwrap_or(commitment))
}

/// How long somebody has to accept a promise, if who asks them doesn't say it: as its policy says, or without one for
/// some hours.
fn accept_within(policy: Option<&FollowUpPolicy>) -> Option<SignedDuration> {
    match policy {
        Some(policy) => policy.accept_within,
        None => Some(ACCEPT_WITHIN),
    }
}

pub(crate) fn actor(principal: &Principal) -> Actor<'_> {
    let has = |role| principal.roles.contains(role);
    Actor {
        id: &principal.actor_id,
        standing: Standing {
            agent: has(Role::Agent),
            team_lead: has(Role::TeamLead),
            supervisor: has(Role::Supervisor),
            integration: has(Role::Integration),
            compliance_officer: has(Role::ComplianceOfficer),
        },
    }
}
