//! Makes a solution of a candidate.
//!
//! The solution's id is derived from the candidate's, and the first publication in the log counts.
//! So the command is checked against the view, written, and then answered by what the view made of
//! it: whether it came first, came again, or came too late.

use aftercall_domain::solution::{self, Draft};
use aftercall_domain::{CandidateId, Violations};
use aftercall_log::{LogId, Position, Record};
use aftercall_proto::envelope::{Fact, solution_key};
use aftercall_proto::event::v1::{ActorKind, Event, SolutionPublished};
use aftercall_proto::knowledge::v1::{PromoteCandidateRequest, PromoteCandidateResponse};
use aftercall_proto::model::v1::{Candidate, Confidence, Solution};
use aftercall_service::{Call, Checker, Deps, Principal, Reading, Unread, derived};
use aftercall_view::{Direction, Positions, Store};
use prost::Message;
use tokio::time::timeout_at;

use crate::candidates::{self, promoted_to};
use crate::failure::Error;
use crate::fold::stored;
use crate::keys;
use crate::records::{Promotion, timestamp};
use crate::solutions;

/// A command to promote, checked as far as it can be without the view.
#[derive(Debug, Clone)]
pub(crate) struct Command {
    tenant_id: String,
    request_id: String,
    /// Tells a repetition from an id that is used for something else.
    request_hash: [u8; 16],
    candidate_id: String,
    draft: Draft,
}

impl Command {
    /// Checks the request.
    pub(crate) fn of(
        tenant_id: &str,
        request: PromoteCandidateRequest,
    ) -> Result<Self, Violations> {
        let mut request_hash = [0; 16];
        request_hash.copy_from_slice(&blake3::hash(&request.encode_to_vec()).as_bytes()[..16]);
        let PromoteCandidateRequest {
            request_id,
            candidate_id,
            title,
            question_in_customer_words,
            resolution,
            workaround,
        } = request;
        let mut checker = Checker::new();
        checker.required_id("request_id", &request_id);
        checker.required_id("candidate_id", &candidate_id);
        let draft = Draft {
            title,
            question_in_customer_words,
            resolution,
            workaround,
        };
        draft.check(checker.found());
        checker.done(Self {
            tenant_id: tenant_id.to_owned(),
            request_id,
            request_hash,
            candidate_id: CandidateId::read(&candidate_id).into_string(),
            draft,
        })
    }

    /// The event that makes the solution, with every value that it is made of.
    fn event(&self, candidate: Candidate, by: &Principal, now_us: i64) -> Event {
        let solution_id = solution::solution_id(&self.tenant_id, &self.candidate_id).to_string();
        let now = timestamp(now_us);
        let fact = Fact::SolutionPublished(Box::new(SolutionPublished {
            solution: Some(self.solution(candidate, &solution_id, by, now)),
            candidate_id: self.candidate_id.clone(),
        }));
        let event_id = derived(
            "knowledge.promote_candidate",
            &[
                self.tenant_id.as_bytes(),
                self.request_id.as_bytes(),
                &self.request_hash,
            ],
        );
        Event {
            event_id: event_id.to_string(),
            tenant_id: self.tenant_id.clone(),
            aggregate_id: solution_id,
            sequence: 1,
            occurred_at: Some(now),
            recorded_at: Some(now),
            actor_id: by.actor_id.to_string(),
            actor_kind: actor_kind(by).into(),
            request_id: self.request_id.clone(),
            request_hash: self.request_hash.to_vec().into(),
            ..fact.event()
        }
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

fn actor_kind(by: &Principal) -> ActorKind {
    let name = format!("ACTOR_KIND_{}", by.actor_kind.name());
    ActorKind::from_str_name(&name).unwrap_or(ActorKind::Unspecified)
}

/// Promotes, once however often the command comes.
pub(crate) async fn promote(
    deps: &Deps,
    reading: &Reading,
    call: Call<Command>,
) -> Result<PromoteCandidateResponse, Error> {
    let until = call.write_until();
    let Call {
        principal: by,
        message: command,
        ..
    } = call;
    let log = reading.log_id();
    reading.ready(until).await?;
    let asked = command.clone();
    let checked = reading.run(move |store| decide(store, &asked, log)).await?;
    let candidate = match checked {
        Decision::Done(answer) => return Ok(*answer),
        Decision::Promote(candidate) => candidate,
    };
    let now_us = deps.clock.now().as_microsecond();
    let event = command.event(*candidate, &by, now_us);
    let record = Record {
        key: solution_key(&event.tenant_id, &event.aggregate_id),
        recorded_at_us: now_us,
        body: event.encode_to_vec().into(),
    };
    let appended = timeout_at(until, deps.log.append(vec![record])).await;
    for position in appended.map_err(|_| Error::InDoubt)?? {
        let positions = Positions::through(position);
        // The index trails the store: whoever asks after the answer finds the solution.
        match reading.index_through("position", &positions, until).await {
            Err(Unread::NotReached) => return Err(Error::InDoubt),
            reached => reached?,
        }
    }
    tracing::info!(solution_id = event.aggregate_id, "solution published");
    match reading
        .run(move |store| decide(store, &command, log))
        .await?
    {
        Decision::Done(answer) => Ok(*answer),
        // Unless the view was begun anew meanwhile, it holds what was just written.
        Decision::Promote(_) => Err(Unread::Unavailable(None).into()),
    }
}

/// What is to be done about a command.
enum Decision {
    /// It was done before: the answer of then.
    Done(Box<PromoteCandidateResponse>),
    /// Make a solution of the candidate.
    Promote(Box<Candidate>),
}

fn decide(store: &Store, command: &Command, log: LogId) -> Result<Decision, Error> {
    // First the candidate, then the request: if the same command, sent beside this one, has made the
    // solution, the view has both, and this is a repetition.
    let promoted = promoted_to(store, &command.tenant_id, &command.candidate_id)?;
    let candidate = candidates::find(store, &command.tenant_id, &command.candidate_id)?;
    let done = keys::requests(&command.tenant_id, &command.request_id);
    let mut reused = false;
    for entry in store.scan_prefix(&done, Direction::Ascending) {
        let (key, promotion) = entry?;
        let promotion = stored::<Promotion>(Some(promotion)).map_err(Error::internal)?;
        let Some(same) = promotion.filter(|one| one.request_hash == command.request_hash) else {
            reused = true;
            continue;
        };
        let solution_id = keys::read_request(&key).map_err(Error::internal)?;
        return answer(store, command, &solution_id, (&same, log)).map(Decision::Done);
    }
    if reused {
        return Err(Error::RequestIdReused);
    }
    if let Some(solution_id) = promoted {
        return Err(Error::AlreadyPromoted { solution_id });
    }
    let candidate = candidate.ok_or(Error::CandidateNotFound)?;
    Ok(Decision::Promote(Box::new(candidate)))
}

fn answer(
    store: &Store,
    command: &Command,
    solution_id: &str,
    (promotion, log): (&Promotion, LogId),
) -> Result<Box<PromoteCandidateResponse>, Error> {
    let position = Position {
        partition: promotion.partition,
        offset: promotion.offset,
    };
    let solution = solutions::find(store, &command.tenant_id, solution_id)?;
    Ok(Box::new(PromoteCandidateResponse {
        solution: Some(solution.ok_or(Error::SolutionNotFound)?),
        position: Positions::through(position).encode(log),
    }))
}
