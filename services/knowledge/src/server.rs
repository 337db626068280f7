//! The service: decode, ask, encode.

use std::sync::Arc;

use aftercall_domain::Violations;
use aftercall_proto::knowledge::v1::knowledge_service_server::{
    KnowledgeService, KnowledgeServiceServer,
};
use aftercall_proto::knowledge::v1::{
    GetSolutionRequest, GetSolutionResponse, ListCandidatesRequest, ListCandidatesResponse,
    ListSolutionsRequest, ListSolutionsResponse, PromoteCandidateRequest, PromoteCandidateResponse,
    SuggestSolutionsRequest, SuggestSolutionsResponse,
};
use aftercall_service::{Deps, Principal, principal_of, to_status};
use aftercall_view::{Options, ViewError, ViewHandle};
use tonic::{Request, Response, Status};

use crate::candidates;
use crate::failure::Error;
use crate::index::Fields;
use crate::promotion;
use crate::reading::{Reading, check_id, wait_until};
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
        let view = aftercall_view::spawn(
            Arc::clone(&deps.log),
            &deps.views,
            KnowledgeView::new(fields.clone()),
            Options::default(),
        )?;
        let running = view.clone();
        let stopping = deps.supervisor.stopping();
        deps.supervisor.spawn("view of solutions", async move {
            let stop = running.clone();
            tokio::select! {
                () = stopping.cancelled() => stop.stop(),
                _ = running.stopped() => {}
            }
            running.stopped().await
        });
        Ok(Self {
            reading: Reading::new(view, deps.log.id()),
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
        self.reading.view.clone()
    }

    async fn list_candidates(
        &self,
        request: Request<ListCandidatesRequest>,
    ) -> Result<ListCandidatesResponse, Error> {
        let by = principal_of(&request)?;
        let until = wait_until(&request);
        let request = request.into_inner();
        let min_position = request.min_position.clone();
        let query = candidates::Query::of(request)?;
        let through = self.reading.store_at(&min_position, until).await?;
        let list =
            move |reading: &Reading| candidates::list(reading, &by.tenant_id, &query, &through);
        self.reading.run(list).await
    }

    async fn promote_candidate(
        &self,
        request: Request<PromoteCandidateRequest>,
    ) -> Result<PromoteCandidateResponse, Error> {
        let by = principal_of(&request)?;
        let until = wait_until(&request);
        let command = promotion::Command::of(&by.tenant_id, request.into_inner())?;
        promotion::promote(&self.deps, &self.reading, &by, command, until).await
    }

    async fn get_solution(
        &self,
        request: Request<GetSolutionRequest>,
    ) -> Result<GetSolutionResponse, Error> {
        let Principal { tenant_id, .. } = principal_of(&request)?;
        let until = wait_until(&request);
        let GetSolutionRequest {
            solution_id,
            min_position,
        } = request.into_inner();
        let mut found = Violations::new();
        check_id("solution_id", &solution_id, &mut found);
        found.into_result(())?;
        let through = self.reading.store_at(&min_position, until).await?;
        let find = move |reading: &Reading| {
            solutions::find(&reading.view.store(), &tenant_id, &solution_id)
        };
        let solution = self.reading.run(find).await?;
        Ok(GetSolutionResponse {
            solution: Some(solution.ok_or(Error::SolutionNotFound)?),
            complete_through: through.encode(self.reading.log),
        })
    }

    async fn list_solutions(
        &self,
        request: Request<ListSolutionsRequest>,
    ) -> Result<ListSolutionsResponse, Error> {
        let by = principal_of(&request)?;
        let until = wait_until(&request);
        let request = request.into_inner();
        let min_position = request.min_position.clone();
        let query = solutions::Query::of(request)?;
        let through = self.reading.store_at(&min_position, until).await?;
        let list =
            move |reading: &Reading| solutions::list(reading, &by.tenant_id, &query, &through);
        self.reading.run(list).await
    }

    async fn suggest_solutions(
        &self,
        request: Request<SuggestSolutionsRequest>,
    ) -> Result<SuggestSolutionsResponse, Error> {
        let by = principal_of(&request)?;
        let until = wait_until(&request);
        let request = request.into_inner();
        let min_position = request.min_position.clone();
        let wanted = suggestions::Wanted::of(request)?;
        self.reading.index_at(&min_position, until).await?;
        let fields = Arc::clone(&self.fields);
        let suggest =
            move |reading: &Reading| suggestions::suggest(reading, &fields, &by.tenant_id, &wanted);
        self.reading.run(suggest).await
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
