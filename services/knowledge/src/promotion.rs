//! Makes a solution of a candidate.
//!
//! The solution's id is derived from the candidate's, and the first publication in the log counts.
//! So the command is checked against the view, written, and then answered by what the view made of
//! it: whether it came first, came again, or came too late.

use aftercall_domain::solution::{self, Draft};
use aftercall_domain::{CandidateId, Cleaner, Scope, Violations, Warning, masking};
use aftercall_ledger::requests::{Done, Known, RequestName};
use aftercall_log::{LogIdentity, Record};
use aftercall_proto::convert::time::to_wire;
use aftercall_proto::envelope::Fact;
use aftercall_proto::event::v1::{EventType, SolutionPublished};
use aftercall_proto::knowledge::v1::{PromoteCandidateRequest, PromoteCandidateResponse};
use aftercall_proto::model::v1::{Candidate, Confidence, Solution};
use aftercall_service::command::{self, Decision};
use aftercall_service::seal::{Author, Request, RequestHash, Sealing};
use aftercall_service::{Call, Checker, Deps, Principal, Reading, Unread};
use aftercall_view::{Positions, Store};
use jiff::Timestamp;

use crate::candidates::{self, promoted_to};
use crate::failure::Error;
use crate::keys::PROMOTIONS;
use crate::personal;
use crate::solutions;

/// A command to promote, checked as far as it can be without the view.
#[derive(Debug, Clone)]
pub(crate) struct PromoteCommand {
    tenant_id: String,
    request_id: String,
    /// Tells a repetition from an id that is used for something else.
    request_hash: RequestHash,
    candidate_id: String,
    draft: Draft,
    /// Somebody has looked at words that seem to be personal.
    personal_reviewed: bool,
    /// What of it was not taken as it was sent.
    warnings: Vec<Warning>,
}

impl PromoteCommand {
    /// Checks the request.
    pub(crate) fn of(
        tenant_id: &str,
        request: PromoteCandidateRequest,
    ) -> Result<Self, Violations> {
        let request_hash = RequestHash::of(&request);
        let PromoteCandidateRequest {
            request_id,
            candidate_id,
            title,
            question_in_customer_words,
            resolution,
            workaround,
            personal_reviewed,
        } = request;
        let mut checker = Checker::new();
        checker.required_id("request_id", &request_id);
        checker.required_id("candidate_id", &candidate_id);
        let mut draft = Draft {
            title,
            question_in_customer_words,
            resolution,
            workaround,
        };
        let mut cleaner = Cleaner::default();
        draft.clean(&mut cleaner);
        draft.check(checker.found());
        checker.done(Self {
            tenant_id: tenant_id.to_owned(),
            request_id,
            request_hash,
            candidate_id: CandidateId::read(&candidate_id).into_string(),
            draft,
            personal_reviewed,
            warnings: cleaner.into_warnings(),
        })
    }

    /// The event that makes the solution, with every value that it is made of.
    fn record(
        &self,
        (candidate, known): (Candidate, masking::Known),
        by: &Principal,
        now: Timestamp,
    ) -> Result<Record, Error> {
        let solution_id = solution::solution_id(&self.tenant_id, &self.candidate_id).to_string();
        let solution = self.solution(candidate, &solution_id, by, to_wire(now));
        let left = personal::left(&solution, &known);
        if !left.is_empty() && !self.personal_reviewed {
            return Err(Error::PersonalWords { left });
        }
        let fact = Fact::SolutionPublished(Box::new(SolutionPublished {
            solution: Some(solution),
            candidate_id: self.candidate_id.clone(),
            personal_reviewed: !left.is_empty(),
        }));
        let sealing = Sealing {
            by: Author::from(by),
            aggregate_id: &solution_id,
            interaction_id: "",
            customer_id: "",
            sequence: 1,
            occurred_at: now,
            recorded_at: now,
            import_batch: "",
            request: Some(Request {
                id: &self.request_id,
                hash: self.request_hash,
            }),
        };
        Ok(sealing.seal(&fact)?)
    }

    /// The solution: the draft's words, and the candidate's where the draft has none.
    fn solution(
        &self,
        candidate: Candidate,
        solution_id: &str,
        by: &Principal,
        now: pbjson_types::Timestamp,
    ) -> Solution {
        let draft = self.draft.clone();
        let or = |own: String, other: String| if own.is_empty() { other } else { own };
        let mut questions = draft.question_in_customer_words;
        if questions.is_empty() && !candidate.customer_wording.is_empty() {
            questions.push(candidate.customer_wording);
        }
        Solution {
            solution_id: solution_id.to_owned(),
            version: 1,
            title: draft.title,
            question_in_customer_words: questions,
            resolution: or(draft.resolution, candidate.resolution),
            workaround: or(draft.workaround, candidate.workaround),
            reason_code: candidate.reason_code,
            confidence: Confidence::NotValidated.into(),
            origin_interaction_ids: candidate.interaction_ids,
            published_by: by.actor_id.to_string(),
            published_at: Some(now),
            stats: None,
        }
    }
}

/// Promotes, once however often the command comes.
pub(crate) async fn promote(
    deps: &Deps,
    reading: &Reading,
    call: Call<PromoteCommand>,
) -> Result<PromoteCandidateResponse, Error> {
    let until = call.write_until();
    let asked = Asked {
        scope: call.scope(),
        by: call.principal,
        command: call.message,
        log: reading.log_identity(),
    };
    Ok(*command::run(reading, &deps.clock, asked, until).await?)
}

/// A command and who gave it.
struct Asked {
    by: Principal,
    /// Whose cases they see.
    scope: Scope,
    command: PromoteCommand,
    log: LogIdentity,
}

impl command::Command for Asked {
    type Done = Box<PromoteCandidateResponse>;
    type Refusal = Error;

    const IS_SEARCHED: bool = true;

    fn decide(&self, store: &Store, now: Timestamp) -> Result<Decision<Self::Done>, Error> {
        let command = &self.command;
        let promoted = promoted_to(store, &command.tenant_id, &command.candidate_id)?;
        let whose = (command.tenant_id.as_str(), &self.scope);
        let candidate = candidates::find(store, whose, &command.candidate_id)?;
        let name = RequestName {
            tenant_id: &command.tenant_id,
            actor_id: &self.by.actor_id,
            method: EventType::SolutionPublished,
            request_id: &command.request_id,
        };
        let known = PROMOTIONS.find(store, name, command.request_hash.as_bytes());
        let known = known.map_err(Unread::from)?;
        if let Known::Done(done) = &known {
            return self.answer(store, done).map(Decision::Done);
        }
        // Before anything else is told of it: it may be none of the caller's business.
        let candidate = candidate.ok_or(Error::CandidateNotFound)?;
        if known == Known::Reused {
            return Err(Error::RequestIdReused);
        }
        if let Some(solution_id) = promoted {
            return Err(Error::AlreadyPromoted { solution_id });
        }
        let record = command.record(candidate, &self.by, now)?;
        Ok(Decision::Append(Box::new(record)))
    }
}

impl Asked {
    fn answer(&self, store: &Store, done: &Done) -> Result<Box<PromoteCandidateResponse>, Error> {
        let solution_id = str::from_utf8(done.answer()).map_err(Error::internal)?;
        let solution = solutions::find(store, (&self.command.tenant_id, &self.scope), solution_id)?;
        Ok(Box::new(PromoteCandidateResponse {
            solution: Some(solution.ok_or(Error::SolutionNotFound)?),
            position: Positions::through(done.position()).encode(&self.log),
            warnings: self
                .command
                .warnings
                .iter()
                .cloned()
                .map(Into::into)
                .collect(),
        }))
    }
}
