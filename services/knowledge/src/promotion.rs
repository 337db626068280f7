//! Makes a solution of a candidate.
//!
//! The solution's id is derived from the candidate's, and the first publication in the log counts.
//! So the command is checked against the view, written, and then answered by what the view made of
//! it: whether it came first, came again, or came too late.

use aftercall_domain::solution::{self, Draft};
use aftercall_domain::{CandidateId, Cleaner, Scope, Violations, Warning, masking};
use aftercall_ledger::requests::{Done, Known, RequestName};
use aftercall_log::{LogIdentity, Record};
use aftercall_proto::convert::time::{microseconds, to_wire};
use aftercall_proto::envelope::Fact;
use aftercall_proto::event::v1::{EventType, SolutionPublicationCause, SolutionPublished};
use aftercall_proto::knowledge::v1::{PromoteCandidateRequest, PromoteCandidateResponse};
use aftercall_proto::model::v1::{
    Audience, Candidate, Confidence, Governance, Solution, VersionState,
};
use aftercall_service::command::{self, Decision};
use aftercall_service::seal::{Author, Request, RequestHash, Sealing};
use aftercall_service::{Call, Checker, Deps, Principal, Reading, Unread};
use aftercall_view::{Positions, Store};
use jiff::Timestamp;

use crate::candidates::{self, Group, Groups};
use crate::content;
use crate::failure::Error;
use crate::heads::Head;
use crate::keys::PROMOTIONS;
use crate::numbers;
use crate::personal;
use crate::review::check_free;
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
        (group, head, solution_number): (&Group, &Head, String),
        by: &Principal,
        now: Timestamp,
    ) -> Result<Record, Error> {
        let candidate_id = group.leader();
        let solution_id = solution::solution_id(&self.tenant_id, candidate_id).to_string();
        // A solution that was given up before it was live goes on.
        let (sequence, version) = (head.sequence, head.latest_version);
        let solution = Solution {
            version: version.saturating_add(1),
            solution_number,
            ..self.solution(candidate, (&solution_id, candidate_id), by, to_wire(now))
        };
        let left = personal::left(&solution, &known);
        if !left.is_empty() && !self.personal_reviewed {
            return Err(Error::PersonalWords { left });
        }
        let near = group.candidate_ids().filter(|near| *near != candidate_id);
        let fact = Fact::SolutionPublished(Box::new(SolutionPublished {
            solution: Some(solution),
            candidate_id: candidate_id.to_owned(),
            personal_reviewed: !left.is_empty(),
            cause: SolutionPublicationCause::Promoted.into(),
            near_candidate_ids: near.map(str::to_owned).collect(),
            ..SolutionPublished::default()
        }));
        let sealing = Sealing {
            by: Author::from(by),
            aggregate_id: &solution_id,
            interaction_id: "",
            customer_id: "",
            sequence: sequence.saturating_add(1),
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
        (solution_id, candidate_id): (&str, &str),
        by: &Principal,
        now: pbjson_types::Timestamp,
    ) -> Solution {
        let draft = self.draft.clone();
        let or = |own: String, other: String| if own.is_empty() { other } else { own };
        let mut questions = draft.question_in_customer_words;
        if questions.is_empty() && !candidate.customer_wording.is_empty() {
            questions.push(candidate.customer_wording);
        }
        let mut solution = Solution {
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
            audience: Audience::Internal.into(),
            governance: Governance::ExperienceBased.into(),
            state: VersionState::Published.into(),
            author: by.actor_id.to_string(),
            editors: vec![by.actor_id.to_string()],
            // Whoever publishes a candidate vouches for it.
            approved_by: by.actor_id.to_string(),
            approved_at: Some(now),
            drafted_at: Some(now),
            candidate_id: candidate_id.to_owned(),
            ..Solution::default()
        };
        solution.content_hash = content::hash(&solution);
        solution
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
        let now_us = microseconds(now);
        let groups = Groups::new(store, (&command.tenant_id, None), now_us);
        let group = groups.of(&command.candidate_id)?;
        let whose = (command.tenant_id.as_str(), &self.scope);
        let candidate = candidates::find(store, whose, &command.candidate_id, now_us)?;
        let name = RequestName {
            tenant_id: &command.tenant_id,
            actor_id: &self.by.actor_id,
            method: EventType::SolutionPublished,
            request_id: &command.request_id,
        };
        let known = PROMOTIONS.find(store, name, command.request_hash.as_bytes());
        let known = known.map_err(Unread::from)?;
        if let Known::Done(done) = &known {
            return self.answer(store, done, now).map(Decision::Done);
        }
        // Before anything else is told of it: it may be none of the caller's business.
        let candidate = candidate.ok_or(Error::CandidateNotFound)?;
        if known == Known::Reused {
            return Err(Error::RequestIdReused);
        }
        let group = group.ok_or(Error::CandidateNotFound)?;
        check_free(&group, &self.by)?;
        let solution_id = solution::solution_id(&command.tenant_id, group.leader()).to_string();
        let head = Head::read(store, &command.tenant_id, &solution_id).map_err(Error::internal)?;
        let head = head.unwrap_or_default();
        if !head.life().is_given_up() {
            return Err(Error::AlreadyPromoted { solution_id });
        }
        let number = match head.solution_number.as_str() {
            "" => numbers::free(store, &command.tenant_id, &solution_id)
                .map_err(Error::internal)?
                .into_string(),
            // It had one when it was given up.
            number => number.to_owned(),
        };
        let record = command.record(candidate, (&group, &head, number), &self.by, now)?;
        Ok(Decision::Append(Box::new(record)))
    }
}

impl Asked {
    fn answer(
        &self,
        store: &Store,
        done: &Done,
        now: Timestamp,
    ) -> Result<Box<PromoteCandidateResponse>, Error> {
        let solution_id = str::from_utf8(done.answer()).map_err(Error::internal)?;
        let whose = (self.command.tenant_id.as_str(), &self.scope);
        let solution = solutions::find(store, whose, solution_id, now)?;
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
