//! The service: decode, ask, encode.

use std::sync::Arc;

use aftercall_domain::{CandidateId, Violations};
use aftercall_ledger::{Ledger, Ready};
use aftercall_proto::convert::time::microseconds;
use aftercall_proto::knowledge::v1::evidence_service_server::EvidenceServiceServer;
use aftercall_proto::knowledge::v1::knowledge_service_server::{
    KnowledgeService, KnowledgeServiceServer,
};
use aftercall_proto::knowledge::v1::search_service_server::SearchServiceServer;
use aftercall_proto::knowledge::v1::solution_service_server::SolutionServiceServer;
use aftercall_proto::knowledge::v1::{
    CaptureFromCaseRequest, CaptureFromCaseResponse, ClaimCandidateRequest, ClaimCandidateResponse,
    GetCandidateRequest, GetCandidateResponse, GetSolutionRequest, GetSolutionResponse,
    ListCandidatesRequest, ListCandidatesResponse, ListSolutionsRequest, ListSolutionsResponse,
    MergeCandidateRequest, MergeCandidateResponse, PromoteCandidateRequest,
    PromoteCandidateResponse, PutOffCandidateRequest, PutOffCandidateResponse,
    RejectCandidateRequest, RejectCandidateResponse, ReleaseCandidateRequest,
    ReleaseCandidateResponse, SuggestSolutionsRequest, SuggestSolutionsResponse,
};
use aftercall_service::{Call, Checker, Deps, Including, Reading, to_status};
use aftercall_view::{Options, Store, ViewError, ViewHandle};
use jiff::Timestamp;
use tonic::{Request, Response, Status};

use crate::candidates;
use crate::capture;
use crate::evidence::EvidenceGrpc;
use crate::failure::Error;
use crate::following::Following;
use crate::index::Fields;
use crate::keeper::Keeper;
use crate::meaning::Meaning;
use crate::notes::Notes;
use crate::numbers;
use crate::promotion;
use crate::ranking::Comparing;
use crate::reader::Viewer;
use crate::review;
use crate::searches::{self, Searches, Unanswered};
use crate::solutions;
use crate::suggestions;
use crate::synonyms::Synonyms;
use crate::versions::SolutionsServer;
use crate::view::KnowledgeView;

/// The knowledge service with its view. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Knowledge {
    deps: Deps,
    reading: Reading,
    fields: Arc<Fields>,
    comparing: Comparing,
}

impl Knowledge {
    /// Starts the view, which runs until the supervisor stops, and ends the process if it fails. Where there is a model,
    /// solutions are compared by what they mean, too.
    ///
    /// # Errors
    /// When the view's thread can't be started.
    pub fn start(deps: Deps, meaning: Option<Meaning>) -> Result<Self, ViewError> {
        let fields = Fields::new();
        let notes = Notes::default();
        let view = KnowledgeView::new(fields.clone(), notes.clone());
        let reading = Reading::start(&deps, view, Options::default())?;
        let keeper = Keeper::new(&deps, reading.clone(), notes);
        let synonyms = Synonyms::of(Ready::of(Ledger::of(&deps.feed)));
        let stopping = deps.supervisor.stopping();
        deps.supervisor.spawn("knowledge keeper", async move {
            tokio::select! {
                biased;
                // A stop comes before what the stop brings with it, such as a closed log.
                () = stopping.cancelled() => Ok(()),
                ended = keeper.run() => ended.map(|never| match never {}),
            }
        });
        let knowledge = Self {
            reading,
            fields: Arc::new(fields),
            comparing: Comparing::with(meaning, synonyms),
            deps,
        };
        let following = Following::of(&knowledge);
        let stopping = knowledge.deps.supervisor.stopping();
        knowledge
            .deps
            .supervisor
            .spawn("knowledge directions", async move {
                tokio::select! {
                    biased;
                    () = stopping.cancelled() => Ok(()),
                    ended = following.run() => ended.map(|never| match never {}),
                }
            });
        Ok(knowledge)
    }

    /// The gRPC service.
    pub fn server(&self) -> KnowledgeServiceServer<Self> {
        KnowledgeServiceServer::new(self.clone())
    }

    /// The gRPC service of searches, and of what is learnt from them.
    pub fn search_server(&self) -> SearchServiceServer<Searches> {
        SearchServiceServer::new(Searches::of(self))
    }

    /// What the process gives.
    pub(crate) fn deps(&self) -> &Deps {
        &self.deps
    }

    /// The view, as requests read it.
    pub(crate) fn reading(&self) -> &Reading {
        &self.reading
    }

    /// The search index's fields.
    pub(crate) fn fields(&self) -> &Arc<Fields> {
        &self.fields
    }

    /// What solutions are compared with, beside the index.
    pub(crate) fn comparing(&self) -> &Comparing {
        &self.comparing
    }

    /// The gRPC service of solutions' versions.
    pub fn solutions_server(&self) -> SolutionServiceServer<SolutionsServer> {
        SolutionsServer::server(self)
    }

    /// The gRPC service of evidence: uses, flags, reviews, trust and recalls.
    pub fn evidence_server(&self) -> EvidenceServiceServer<EvidenceGrpc> {
        EvidenceGrpc::server(self)
    }

    /// What commands are done with.
    pub(crate) fn parts(&self) -> (&Deps, &Reading) {
        (&self.deps, &self.reading)
    }

    /// The view, for health and lag.
    pub fn view(&self) -> ViewHandle {
        self.reading.view().clone()
    }

    async fn list_candidates(
        &self,
        request: Request<ListCandidatesRequest>,
    ) -> Result<ListCandidatesResponse, Error> {
        let (call, log) = (Call::of(request)?, self.reading.log_identity());
        let query = candidates::Query::of(&call, &log)?;
        let including = Including {
            min_position: &call.message.min_position,
            latest: call.message.latest,
        };
        let until = call.read_until();
        let through = query.paging().reach(&self.reading, including, until);
        let through = through.await?;
        let now_us = self.now_us();
        let list = move |store: &Store| candidates::list(store, &query, (&through, &log), now_us);
        self.reading.run(list).await
    }

    async fn get_candidate(
        &self,
        request: Request<GetCandidateRequest>,
    ) -> Result<GetCandidateResponse, Error> {
        let call = Call::of(request)?;
        let mut checker = Checker::new();
        checker.required_id("candidate_id", &call.message.candidate_id);
        checker.done(())?;
        let including = Including {
            min_position: &call.message.min_position,
            latest: call.message.latest,
        };
        let through = self.reading.store_at(including, call.read_until()).await?;
        let (scope, now_us) = (call.scope(), self.now_us());
        let find = move |store: &Store| {
            let id = CandidateId::read(&call.message.candidate_id);
            candidates::find(store, (call.tenant_id(), &scope), id.as_str(), now_us)
        };
        let (candidate, _) = self
            .reading
            .run(find)
            .await?
            .ok_or(Error::CandidateNotFound)?;
        Ok(GetCandidateResponse {
            candidate: Some(candidate),
            complete_through: through.position(self.reading.log_identity()),
            complete_through_at: through.time(),
        })
    }

    /// Decides on a candidate, as `read` reads the request.
    async fn review<T>(
        &self,
        request: Request<T>,
        read: impl FnOnce(T, Timestamp) -> Result<review::Command, Violations>,
    ) -> Result<review::Answer, Error> {
        let now = self.deps.clock.now();
        let call = Call::of(request)?.try_map(|message| read(message, now))?;
        review::run(&self.deps, &self.reading, call).await
    }

    fn now_us(&self) -> i64 {
        microseconds(self.deps.clock.now())
    }

    async fn promote_candidate(
        &self,
        request: Request<PromoteCandidateRequest>,
    ) -> Result<PromoteCandidateResponse, Error> {
        let call = Call::of(request)?;
        let tenant_id = Arc::clone(&call.principal.tenant_id);
        let call = call.try_map(|message| promotion::PromoteCommand::of(&tenant_id, message))?;
        promotion::promote(&self.deps, &self.reading, call).await
    }

    async fn get_solution(
        &self,
        request: Request<GetSolutionRequest>,
    ) -> Result<GetSolutionResponse, Error> {
        let call = Call::of(request)?;
        let mut checker = Checker::new();
        checker.required_id("solution_id", &call.message.solution_id);
        checker.done(())?;
        let including = Including {
            min_position: &call.message.min_position,
            latest: call.message.latest,
        };
        let through = self.reading.store_at(including, call.read_until()).await?;
        let (viewer, now) = (Viewer::of(&call), self.deps.clock.now());
        let find = move |store: &Store| {
            let id = numbers::id(store, &viewer, &call.message.solution_id, now)?;
            solutions::given(store, &viewer, (&id, call.message.unredirected), now)
        };
        let (solution, redirected_from) =
            (self.reading.run(find).await?).ok_or(Error::SolutionNotFound)?;
        Ok(GetSolutionResponse {
            solution: Some(solution),
            complete_through: through.position(self.reading.log_identity()),
            complete_through_at: through.time(),
            redirected_from,
        })
    }

    async fn list_solutions(
        &self,
        request: Request<ListSolutionsRequest>,
    ) -> Result<ListSolutionsResponse, Error> {
        let (call, log) = (Call::of(request)?, self.reading.log_identity());
        let query = solutions::Query::of(&call, &log, self.deps.clock.now())?;
        let including = Including {
            min_position: &call.message.min_position,
            latest: call.message.latest,
        };
        let until = call.read_until();
        let through = query.paging().reach(&self.reading, including, until);
        let through = through.await?;
        let list = move |store: &Store| solutions::list(store, &query, &through, &log);
        self.reading.run(list).await
    }

    async fn suggest_solutions(
        &self,
        request: Request<SuggestSolutionsRequest>,
    ) -> Result<SuggestSolutionsResponse, Error> {
        self.suggest(Call::of(request)?).await
    }

    async fn capture_from_case(
        &self,
        request: Request<CaptureFromCaseRequest>,
    ) -> Result<CaptureFromCaseResponse, Error> {
        let call = Call::of(request)?;
        let wanted = capture::Wanted::of(&call.message)?;
        let including = Including {
            min_position: &call.message.min_position,
            latest: call.message.latest,
        };
        let through = self.reading.store_at(including, call.read_until()).await?;
        let (tenant_id, scope) = (Arc::clone(&call.principal.tenant_id), call.scope());
        let now_us = self.now_us();
        let read = move |store: &Store| capture::read(store, (&tenant_id, &scope), &wanted, now_us);
        let captured = self.reading.run(read).await?;
        let similar = call.map(|message| SuggestSolutionsRequest {
            text: captured.words.clone(),
            client_account_id: captured.client_account_id.clone(),
            is_finished: true,
            // Nobody asks it: who drafts is shown what is there.
            is_trial: true,
            min_position: message.min_position,
            latest: message.latest,
            ..SuggestSolutionsRequest::default()
        });
        let similar = match captured.words.trim().is_empty() {
            true => SuggestSolutionsResponse {
                complete_through: through.position(self.reading.log_identity()),
                complete_through_at: through.time(),
                ..SuggestSolutionsResponse::default()
            },
            false => self.suggest(similar).await?,
        };
        Ok(captured.answer(similar))
    }

    async fn suggest(
        &self,
        call: Call<SuggestSolutionsRequest>,
    ) -> Result<SuggestSolutionsResponse, Error> {
        let until = call.read_until();
        let including = Including {
            min_position: &call.message.min_position,
            latest: call.message.latest,
        };
        let viewer = Viewer::of(&call);
        let at_us = microseconds(self.deps.clock.now());
        let wanted = suggestions::Wanted::of(&call.message, &viewer, at_us)?;
        let (question, given_id) = (wanted.question(&call.message), wanted.search_id());
        self.reading.index_at(including, until).await?;
        let (snapshot, through) = self.reading.indexed()?;
        let (fields, comparing) = (Arc::clone(&self.fields), self.comparing.clone());
        let asked_by = viewer.clone();
        let suggest = move |store: &Store| {
            suggestions::suggest(store, &snapshot, (&fields, &comparing), &asked_by, &wanted)
        };
        let found = self.reading.run(suggest).await?;
        let search_id = given_id.unwrap_or_else(|| self.deps.ids.uuid_v7().to_string());
        let is_kept = match question.filter(|_| !found.fits) {
            Some(question) => {
                let guesses = found.suggestions.iter();
                let guesses = guesses.filter_map(|one| one.solution.as_ref());
                let unanswered = Unanswered {
                    search_id: search_id.clone(),
                    question,
                    guesses: guesses.map(|one| one.solution_id.clone()).collect(),
                };
                searches::keep(self, &viewer.principal, unanswered, until).await
            }
            None => false,
        };
        Ok(SuggestSolutionsResponse {
            suggestions: found.suggestions,
            complete_through: through.position(self.reading.log_identity()),
            complete_through_at: through.time(),
            search_id,
            fits: found.fits,
            hand_off: found.hand_off,
            is_kept,
        })
    }
}

/// The wire form of an answer.
pub(crate) fn answer<T>(outcome: Result<T, Error>) -> Result<Response<T>, Status> {
    outcome.map(Response::new).map_err(to_status)
}

#[tonic::async_trait]
impl KnowledgeService for Knowledge {
    async fn list_candidates(
        &self,
        request: Request<ListCandidatesRequest>,
    ) -> Result<Response<ListCandidatesResponse>, Status> {
        answer(Self::list_candidates(self, request).await)
    }

    async fn get_candidate(
        &self,
        request: Request<GetCandidateRequest>,
    ) -> Result<Response<GetCandidateResponse>, Status> {
        answer(Self::get_candidate(self, request).await)
    }

    async fn capture_from_case(
        &self,
        request: Request<CaptureFromCaseRequest>,
    ) -> Result<Response<CaptureFromCaseResponse>, Status> {
        answer(Self::capture_from_case(self, request).await)
    }

    async fn claim_candidate(
        &self,
        request: Request<ClaimCandidateRequest>,
    ) -> Result<Response<ClaimCandidateResponse>, Status> {
        let answered = self.review(request, review::claim).await;
        answer(
            answered.map(|(candidate, position)| ClaimCandidateResponse {
                candidate: Some(candidate),
                position,
            }),
        )
    }

    async fn release_candidate(
        &self,
        request: Request<ReleaseCandidateRequest>,
    ) -> Result<Response<ReleaseCandidateResponse>, Status> {
        let answered = self.review(request, review::release).await;
        answer(
            answered.map(|(candidate, position)| ReleaseCandidateResponse {
                candidate: Some(candidate),
                position,
            }),
        )
    }

    async fn put_off_candidate(
        &self,
        request: Request<PutOffCandidateRequest>,
    ) -> Result<Response<PutOffCandidateResponse>, Status> {
        let answered = self.review(request, review::put_off).await;
        answer(
            answered.map(|(candidate, position)| PutOffCandidateResponse {
                candidate: Some(candidate),
                position,
            }),
        )
    }

    async fn reject_candidate(
        &self,
        request: Request<RejectCandidateRequest>,
    ) -> Result<Response<RejectCandidateResponse>, Status> {
        let answered = self.review(request, review::reject).await;
        answer(
            answered.map(|(candidate, position)| RejectCandidateResponse {
                candidate: Some(candidate),
                position,
            }),
        )
    }

    async fn merge_candidate(
        &self,
        request: Request<MergeCandidateRequest>,
    ) -> Result<Response<MergeCandidateResponse>, Status> {
        let answered = self.review(request, review::merge).await;
        answer(
            answered.map(|(candidate, position)| MergeCandidateResponse {
                candidate: Some(candidate),
                position,
            }),
        )
    }

    async fn promote_candidate(
        &self,
        request: Request<PromoteCandidateRequest>,
    ) -> Result<Response<PromoteCandidateResponse>, Status> {
        answer(Self::promote_candidate(self, request).await)
    }

    async fn get_solution(
        &self,
        request: Request<GetSolutionRequest>,
    ) -> Result<Response<GetSolutionResponse>, Status> {
        answer(Self::get_solution(self, request).await)
    }

    async fn list_solutions(
        &self,
        request: Request<ListSolutionsRequest>,
    ) -> Result<Response<ListSolutionsResponse>, Status> {
        answer(Self::list_solutions(self, request).await)
    }

    async fn suggest_solutions(
        &self,
        request: Request<SuggestSolutionsRequest>,
    ) -> Result<Response<SuggestSolutionsResponse>, Status> {
        answer(Self::suggest_solutions(self, request).await)
    }
}
