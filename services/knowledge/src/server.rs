//! The service: decode, ask, encode.

use std::sync::Arc;

use aftercall_domain::SolutionId;
use aftercall_proto::knowledge::v1::knowledge_service_server::{
    KnowledgeService, KnowledgeServiceServer,
};
use aftercall_proto::knowledge::v1::{
    GetSolutionRequest, GetSolutionResponse, ListCandidatesRequest, ListCandidatesResponse,
    ListSolutionsRequest, ListSolutionsResponse, PromoteCandidateRequest, PromoteCandidateResponse,
    SuggestSolutionsRequest, SuggestSolutionsResponse,
};
use aftercall_service::{Call, Checker, Deps, Including, Reading, Unread, to_status};
use aftercall_view::{Options, Store, ViewError, ViewHandle};
use tonic::{Request, Response, Status};

use crate::candidates;
use crate::failure::Error;
use crate::index::Fields;
use crate::promotion;
use crate::solutions;
use crate::suggestions;
use crate::view::KnowledgeView;

/// The knowledge service with its view. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Knowledge {
    deps: Deps,
    reading: Reading,
    fields: Arc<Fields>,
}

impl Knowledge {
    /// Starts the view, which runs until the supervisor stops, and ends the process if it fails.
    ///
    /// # Errors
    /// When the view's thread can't be started.
    pub fn start(deps: Deps) -> Result<Self, ViewError> {
        let fields = Fields::new();
        let view = KnowledgeView::new(fields.clone());
        Ok(Self {
            reading: Reading::start(&deps, view, Options::default())?,
            fields: Arc::new(fields),
            deps,
        })
    }

    /// The gRPC service.
    pub fn server(&self) -> KnowledgeServiceServer<Self> {
        KnowledgeServiceServer::new(self.clone())
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
        let list = move |store: &Store| candidates::list(store, &query, &through, &log);
        self.reading.run(list).await
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
        let scope = call.scope();
        let find = move |store: &Store| {
            let id = SolutionId::read(&call.message.solution_id);
            solutions::find(store, (call.tenant_id(), &scope), id.as_str())
        };
        let solution = self.reading.run(find).await?;
        Ok(GetSolutionResponse {
            solution: Some(solution.ok_or(Error::SolutionNotFound)?),
            complete_through: through.encode(self.reading.log_identity()),
        })
    }

    async fn list_solutions(
        &self,
        request: Request<ListSolutionsRequest>,
    ) -> Result<ListSolutionsResponse, Error> {
        let (call, log) = (Call::of(request)?, self.reading.log_identity());
        let query = solutions::Query::of(&call, &log)?;
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
        let call = Call::of(request)?;
        let until = call.read_until();
        let including = Including {
            min_position: &call.message.min_position,
            latest: call.message.latest,
        };
        let wanted = suggestions::Wanted::of(&call.message)?;
        self.reading.index_at(including, until).await?;
        let (scope, tenant_id) = (call.scope(), call.principal.tenant_id);
        let snapshot = self.reading.view().snapshot();
        let snapshot = snapshot.ok_or(Unread::Unavailable(None))?;
        let fields = Arc::clone(&self.fields);
        let suggest = move |store: &Store| {
            suggestions::suggest(store, &snapshot, &fields, (&tenant_id, &scope), &wanted)
        };
        let (suggestions, through) = self.reading.run(suggest).await?;
        Ok(SuggestSolutionsResponse {
            suggestions,
            complete_through: through.encode(self.reading.log_identity()),
        })
    }
}

/// The wire form of an answer.
fn answer<T>(outcome: Result<T, Error>) -> Result<Response<T>, Status> {
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
