//! The gRPC face of problems: takes a request apart, asks, and puts the answer together.

use aftercall_proto::insight::v1::problem_service_server::ProblemService;
use aftercall_proto::insight::v1::{
    CreateProblemRequest, CreateProblemResponse, GetProblemRequest, GetProblemResponse,
    ListProblemVersionsRequest, ListProblemVersionsResponse, ListProblemsRequest,
    ListProblemsResponse, MeasureImprovementRequest, MeasureImprovementResponse,
    RecordImprovementRequest, RecordImprovementResponse, UpdateProblemRequest,
    UpdateProblemResponse,
};
use tonic::{Request, Response, Status};

use super::{Problems, commands, listing, measuring};
use crate::server::answer;

#[tonic::async_trait]
impl ProblemService for Problems {
    async fn create_problem(
        &self,
        request: Request<CreateProblemRequest>,
    ) -> Result<Response<CreateProblemResponse>, Status> {
        answer(request, async |call| {
            let done = commands::create(&self.0, call).await?;
            Ok(CreateProblemResponse {
                problem: Some(done.problem),
                position: done.position,
            })
        })
        .await
    }

    async fn update_problem(
        &self,
        request: Request<UpdateProblemRequest>,
    ) -> Result<Response<UpdateProblemResponse>, Status> {
        answer(request, async |call| {
            let done = commands::update(&self.0, call).await?;
            Ok(UpdateProblemResponse {
                problem: Some(done.problem),
                position: done.position,
            })
        })
        .await
    }

    async fn record_improvement(
        &self,
        request: Request<RecordImprovementRequest>,
    ) -> Result<Response<RecordImprovementResponse>, Status> {
        answer(request, async |call| {
            let done = commands::improve(&self.0, call).await?;
            Ok(RecordImprovementResponse {
                problem: Some(done.problem),
                position: done.position,
            })
        })
        .await
    }

    async fn get_problem(
        &self,
        request: Request<GetProblemRequest>,
    ) -> Result<Response<GetProblemResponse>, Status> {
        answer(request, async |call| listing::get(&self.0, call).await).await
    }

    async fn list_problems(
        &self,
        request: Request<ListProblemsRequest>,
    ) -> Result<Response<ListProblemsResponse>, Status> {
        answer(request, async |call| listing::list(&self.0, call).await).await
    }

    async fn list_problem_versions(
        &self,
        request: Request<ListProblemVersionsRequest>,
    ) -> Result<Response<ListProblemVersionsResponse>, Status> {
        answer(request, async |call| listing::versions(&self.0, call).await).await
    }

    async fn measure_improvement(
        &self,
        request: Request<MeasureImprovementRequest>,
    ) -> Result<Response<MeasureImprovementResponse>, Status> {
        answer(request, async |call| {
            measuring::measure(&self.0, call).await
        })
        .await
    }
}
