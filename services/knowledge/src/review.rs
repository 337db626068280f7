//! What reviewers decide on candidates: they claim them, set them free, put them off, reject them, and merge them
//! into solutions that say the same.
//!
//! A decision is on all wordings that say nearly the same when it is made, and the event names them. Decisions on the
//! candidates of one reason follow each other in the log: one that was made on an older state than the latest
//! is decided anew.

mod merging;
mod requests;

use aftercall_domain::violation::Reason::OutOfRange;
use aftercall_domain::{Scope, Violations};
use aftercall_ledger::requests::{Done, Known, RequestName};
use aftercall_log::{LogIdentity, Record};
use aftercall_proto::convert::time::{microseconds, to_wire};
use aftercall_proto::envelope::Fact;
use aftercall_proto::event::v1::{
    CandidatesClaimed, CandidatesPutOff, CandidatesRejected, CandidatesReleased, EventType,
};
use aftercall_proto::model::v1::{Candidate, CandidateState};
use aftercall_service::command::{self, Decision};
use aftercall_service::seal::{Author, Request, RequestHash, Sealing};
use aftercall_service::{Call, Deps, Principal, Reading, Role, Unread};
use aftercall_view::{Positions, Store};
use jiff::{SignedDuration, Timestamp};

use crate::candidates::{self, Group, Groups};
use crate::failure::Error;
use crate::fold::stored_number;
use crate::keys::{self, DECISIONS};
use crate::limits::CLAIM_DAYS;
use crate::reader::Viewer;

pub(crate) use requests::{claim, merge, put_off, reject, release};

/// What to do with a candidate.
#[derive(Debug, Clone)]
pub(crate) enum Act {
    /// Take it in hand until then; for a day where nobody says it.
    Claim { until: Option<Timestamp> },
    /// Offer it again. A merge is undone by it: the solution loses what it was lent.
    Release { reason: String },
    /// Leave it until then.
    PutOff { until: Timestamp, reason: String },
    /// It teaches nothing.
    Reject { reason: String },
    /// It says the same as a solution.
    Merge { solution_id: String },
}

impl Act {
    /// Whether it may be done with a candidate in this state.
    const fn is_for(&self, state: CandidateState) -> bool {
        match state {
            CandidateState::Unspecified => false,
            CandidateState::Open => !matches!(self, Self::Release { .. }),
            CandidateState::Claimed | CandidateState::PutOff => true,
            CandidateState::Rejected | CandidateState::Merged => {
                matches!(self, Self::Release { .. })
            }
            CandidateState::Promoted => false,
        }
    }
}

/// A command on a candidate, checked as far as it can be without the view.
#[derive(Debug, Clone)]
pub(crate) struct Command {
    pub(crate) request_id: String,
    /// Tells a repetition from an id that is used for something else.
    pub(crate) request_hash: RequestHash,
    pub(crate) candidate_id: String,
    pub(crate) act: Act,
}

/// A candidate as it is after a command, and where that stands in the log.
pub(crate) type Answer = (Candidate, String);

/// Does it, once however often the command comes.
pub(crate) async fn run(
    deps: &Deps,
    reading: &Reading,
    call: Call<Command>,
) -> Result<Answer, Error> {
    let until = call.write_until();
    let asked = Asked {
        viewer: Viewer::of(&call),
        scope: call.scope(),
        by: call.principal,
        command: call.message,
        log: reading.log_identity(),
    };
    Ok(*command::run(reading, &deps.clock, asked, until).await?)
}

/// Refuses who may not decide on a candidate that somebody else has in hand.
fn check_claim(group: &Group, by: &Principal) -> Result<(), Error> {
    let claim = group
        .decision()
        .filter(|_| group.state() == CandidateState::Claimed);
    let Some(claim) = claim.filter(|claim| *claim.decided_by != *by.actor_id) else {
        return Ok(());
    };
    if [Role::KbCoach, Role::KbPublisher]
        .iter()
        .any(|role| by.roles.contains(*role))
    {
        return Ok(());
    }
    let until = Timestamp::from_microsecond(claim.until_us.unwrap_or_default());
    Err(Error::CandidateClaimed {
        claimed_by: claim.decided_by.clone(),
        until: until.unwrap_or_default(),
    })
}

/// A candidate that somebody may make a solution of, as they see it, and all that says nearly the same.
pub(crate) fn free(
    (store, now): (&Store, Timestamp),
    viewer: &Viewer,
    candidate_id: &str,
) -> Result<(Candidate, Group), Error> {
    let now_us = microseconds(now);
    let seen = candidates::find(store, viewer.whose(), candidate_id, now_us)?;
    let (candidate, _) = seen.ok_or(Error::CandidateNotFound)?;
    let groups = Groups::new(store, (viewer.tenant_id(), None), now_us);
    let group = groups.of(candidate_id)?.ok_or(Error::CandidateNotFound)?;
    check_free(&group, &viewer.principal)?;
    Ok((candidate, group))
}

/// Refuses who may not make a solution of a candidate: it is one, was merged into one, was rejected, or is in
/// somebody else's hand.
pub(crate) fn check_free(group: &Group, by: &Principal) -> Result<(), Error> {
    match group.state() {
        CandidateState::Promoted => Err(Error::AlreadyPromoted {
            solution_id: group.solution_id().to_owned(),
        }),
        state @ (CandidateState::Rejected | CandidateState::Merged) => {
            Err(Error::CandidateState { state })
        }
        _ => check_claim(group, by),
    }
}

/// A command and who gave it.
struct Asked {
    viewer: Viewer,
    by: Principal,
    /// Whose cases they see.
    scope: Scope,
    command: Command,
    log: LogIdentity,
}

impl command::Command for Asked {
    type Done = Box<Answer>;
    type Refusal = Error;

    fn decide(&self, store: &Store, now: Timestamp) -> Result<Decision<Self::Done>, Error> {
        let (tenant_id, candidate_id) = (&*self.by.tenant_id, &*self.command.candidate_id);
        let now_us = microseconds(now);
        let seen = candidates::find(store, (tenant_id, &self.scope), candidate_id, now_us)?;
        // Before anything else is told of it: it may be none of the caller's business.
        let Some((candidate, _)) = seen else {
            return Err(Error::CandidateNotFound);
        };
        // How often was decided comes before what was: a decision in between makes the event one too few, so that it
        // does not count.
        let reason_code = candidate.reason_code.clone();
        let head = stored_number(store.get(keys::head(tenant_id, &reason_code))?);
        let group = Groups::new(store, (tenant_id, None), now_us).of(candidate_id)?;
        let group = group.ok_or(Error::CandidateNotFound)?;
        let fact = self.fact(store, (&group, &candidate), now);
        let event_type = self.event_type();
        let name = RequestName {
            tenant_id,
            actor_id: &self.by.actor_id,
            method: event_type,
            request_id: &self.command.request_id,
        };
        let known = DECISIONS.find(store, name, self.command.request_hash.as_bytes());
        match known.map_err(Unread::from)? {
            Known::Done(done) => return Ok(Decision::Done(self.answer(candidate, &done))),
            Known::Reused => return Err(Error::RequestIdReused),
            Known::Not => {}
        }
        self.check(&group, now)?;
        let record = self.record((&fact?, &reason_code), head + 1, now)?;
        Ok(Decision::Append(Box::new(record)))
    }
}

impl Asked {
    fn answer(&self, candidate: Candidate, done: &Done) -> Box<Answer> {
        let position = Positions::through(done.position()).encode(&self.log);
        Box::new((candidate, position))
    }

    /// Refuses what can't be done with the candidate, or not by this caller.
    fn check(&self, group: &Group, now: Timestamp) -> Result<(), Error> {
        let until = match &self.command.act {
            Act::Claim { until } => *until,
            Act::PutOff { until, .. } => Some(*until),
            Act::Release { .. } | Act::Reject { .. } | Act::Merge { .. } => None,
        };
        if until.is_some_and(|until| until <= now) {
            let mut found = Violations::new();
            found.add(
                "until",
                OutOfRange,
                "is not later than now; give a later time",
            );
            return Err(found.into());
        }
        let state = group.state();
        if state == CandidateState::Promoted {
            let solution_id = group.solution_id().to_owned();
            return Err(Error::AlreadyPromoted { solution_id });
        }
        if !self.command.act.is_for(state) {
            return Err(Error::CandidateState { state });
        }
        check_claim(group, &self.by)
    }

    const fn event_type(&self) -> EventType {
        match &self.command.act {
            Act::Claim { .. } => EventType::CandidatesClaimed,
            Act::Release { .. } => EventType::CandidatesReleased,
            Act::PutOff { .. } => EventType::CandidatesPutOff,
            Act::Reject { .. } => EventType::CandidatesRejected,
            Act::Merge { .. } => EventType::CandidatesMerged,
        }
    }

    /// What is decided, with every value that it is decided by.
    fn fact(
        &self,
        store: &Store,
        (group, candidate): (&Group, &Candidate),
        now: Timestamp,
    ) -> Result<Fact, Error> {
        let candidate_ids = group.candidate_ids().map(str::to_owned).collect();
        Ok(match &self.command.act {
            Act::Claim { until } => {
                let usual = SignedDuration::from_hours(24 * CLAIM_DAYS.1);
                let until = until.unwrap_or_else(|| now.saturating_add(usual).unwrap_or(now));
                Fact::CandidatesClaimed(CandidatesClaimed {
                    candidate_ids,
                    until: Some(to_wire(until)),
                })
            }
            Act::Release { reason } => {
                let decision = group.decision();
                let merge = decision.filter(|decision| decision.state() == CandidateState::Merged);
                Fact::CandidatesReleased(CandidatesReleased {
                    candidate_ids,
                    reason: reason.clone(),
                    solution_id: merge.map_or_else(String::new, |one| one.solution_id.clone()),
                    merge_sequence: merge.map_or(0, |one| one.sequence),
                })
            }
            Act::PutOff { until, reason } => Fact::CandidatesPutOff(CandidatesPutOff {
                candidate_ids,
                until: Some(to_wire(*until)),
                reason: reason.clone(),
            }),
            Act::Reject { reason } => Fact::CandidatesRejected(CandidatesRejected {
                candidate_ids,
                reason: reason.clone(),
            }),
            Act::Merge { solution_id } => {
                let at = (store, now);
                let merged =
                    merging::merged(at, &self.viewer, (solution_id, candidate), candidate_ids)?;
                Fact::CandidatesMerged(Box::new(merged))
            }
        })
    }

    fn record(
        &self,
        (fact, reason_code): (&Fact, &str),
        sequence: u64,
        now: Timestamp,
    ) -> Result<Record, Error> {
        let sealing = Sealing {
            by: Author::from(&self.by),
            aggregate_id: reason_code,
            interaction_id: "",
            customer_id: "",
            sequence,
            occurred_at: now,
            recorded_at: now,
            import_batch: "",
            request: Some(Request {
                id: &self.command.request_id,
                hash: self.command.request_hash,
            }),
        };
        Ok(sealing.seal(fact)?)
    }
}
