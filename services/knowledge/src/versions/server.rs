//! The service of versions: decode, ask, encode.

use aftercall_proto::event::v1::SolutionReturnCause;
use aftercall_proto::knowledge::v1::solution_service_server::{
    SolutionService, SolutionServiceServer,
};
use aftercall_proto::knowledge::v1::{
    ApproveVersionRequest, ApproveVersionResponse, DiffVersionsRequest, DiffVersionsResponse,
    DiscardDraftRequest, DiscardDraftResponse, DraftSolutionRequest, DraftSolutionResponse,
    EditDraftRequest, EditDraftResponse, GetSolutionVersionRequest, GetSolutionVersionResponse,
    ListChangesRequest, ListChangesResponse, ListVersionsRequest, ListVersionsResponse,
    MergeSolutionsRequest, MergeSolutionsResponse, PublishVersionRequest, PublishVersionResponse,
    RequestChangesRequest, RequestChangesResponse, RestoreSolutionRequest, RestoreSolutionResponse,
    RetireSolutionRequest, RetireSolutionResponse, RollBackRequest, RollBackResponse,
    SubmitForReviewRequest, SubmitForReviewResponse, TakeBackRequest, TakeBackResponse,
    UnmergeSolutionRequest, UnmergeSolutionResponse,
};
use aftercall_service::{Call, to_status};
use tonic::{Request, Response, Status};

use super::named;
use super::review::GiveBack;
use super::{Done, begin, check, end, merge, read, review, run};
use crate::Knowledge;
use crate::failure::Error;

/// The service of versions, over the same view as [`Knowledge`]. Cheap to clone.
#[derive(Debug, Clone)]
pub struct SolutionsServer(Knowledge);

impl SolutionsServer {
    /// The gRPC service.
    pub(crate) fn server(knowledge: &Knowledge) -> SolutionServiceServer<Self> {
        SolutionServiceServer::new(Self(knowledge.clone()))
    }
}

/// The wire form of an answer.
fn answer<T>(outcome: Result<T, Error>) -> Result<Response<T>, Status> {
    outcome.map(Response::new).map_err(to_status)
}

/// The answer to a command of which no more is told than the solution and the position.
macro_rules! changed {
    ($done:expr => $answer:ident) => {
        $done.map(
            |Done {
                 solution, position, ..
             }| $answer {
                solution: Some(solution),
                position,
            },
        )
    };
}

/// A command that sends a version back, or gives it up.
macro_rules! give_back {
    ($self:ident, $request:ident, $cause:ident, $needed:literal) => {{
        let call = Call::of($request).map_err(Error::from).map_err(to_status)?;
        let message = &call.message;
        let reason = ("reason", &*message.reason, $needed);
        let (named, checker) = named(message, Some(message.version), reason);
        let act = GiveBack {
            version: message.version,
            cause: SolutionReturnCause::$cause,
            reason: message.reason.clone(),
        };
        match checker.done(()) {
            Ok(()) => run($self.0.parts(), &call, named, act).await,
            Err(found) => Err(found.into()),
        }
    }};
}

#[tonic::async_trait]
impl SolutionService for SolutionsServer {
    async fn draft_solution(
        &self,
        request: Request<DraftSolutionRequest>,
    ) -> Result<Response<DraftSolutionResponse>, Status> {
        let call = Call::of(request).map_err(Error::from).map_err(to_status)?;
        let asked = begin::NewDraft::of(&call.message, &call.principal).map_err(to_status)?;
        let done = run(self.0.parts(), &call, asked.0, asked.1).await;
        answer(done.map(|done| DraftSolutionResponse {
            solution: Some(done.solution),
            position: done.position,
            warnings: done.warnings.into_iter().map(Into::into).collect(),
        }))
    }

    async fn edit_draft(
        &self,
        request: Request<EditDraftRequest>,
    ) -> Result<Response<EditDraftResponse>, Status> {
        let call = Call::of(request).map_err(Error::from).map_err(to_status)?;
        let asked = begin::Edit::of(&call.message).map_err(to_status)?;
        let done = run(self.0.parts(), &call, asked.0, asked.1).await;
        answer(done.map(|done| EditDraftResponse {
            solution: Some(done.solution),
            position: done.position,
            warnings: done.warnings.into_iter().map(Into::into).collect(),
        }))
    }

    async fn submit_for_review(
        &self,
        request: Request<SubmitForReviewRequest>,
    ) -> Result<Response<SubmitForReviewResponse>, Status> {
        let call = Call::of(request).map_err(Error::from).map_err(to_status)?;
        let (named, act) = review::Submit::of(&call.message).map_err(to_status)?;
        let done = run(self.0.parts(), &call, named, act).await;
        answer(done.map(|done| SubmitForReviewResponse {
            warnings: check::readability(&done.solution),
            solution: Some(done.solution),
            position: done.position,
        }))
    }

    async fn request_changes(
        &self,
        request: Request<RequestChangesRequest>,
    ) -> Result<Response<RequestChangesResponse>, Status> {
        let done = give_back!(self, request, ChangesRequested, true);
        answer(changed!(done => RequestChangesResponse))
    }

    async fn take_back(
        &self,
        request: Request<TakeBackRequest>,
    ) -> Result<Response<TakeBackResponse>, Status> {
        let done = give_back!(self, request, TakenBack, false);
        answer(changed!(done => TakeBackResponse))
    }

    async fn discard_draft(
        &self,
        request: Request<DiscardDraftRequest>,
    ) -> Result<Response<DiscardDraftResponse>, Status> {
        let done = give_back!(self, request, Discarded, false);
        answer(changed!(done => DiscardDraftResponse))
    }

    async fn approve_version(
        &self,
        request: Request<ApproveVersionRequest>,
    ) -> Result<Response<ApproveVersionResponse>, Status> {
        let call = Call::of(request).map_err(Error::from).map_err(to_status)?;
        let (named, act) = review::Approve::of(&call.message).map_err(to_status)?;
        let done = run(self.0.parts(), &call, named, act).await;
        answer(changed!(done => ApproveVersionResponse))
    }

    async fn publish_version(
        &self,
        request: Request<PublishVersionRequest>,
    ) -> Result<Response<PublishVersionResponse>, Status> {
        let call = Call::of(request).map_err(Error::from).map_err(to_status)?;
        let (named, act) = review::Publish::of(&call.message).map_err(to_status)?;
        let done = run(self.0.parts(), &call, named, act).await;
        answer(changed!(done => PublishVersionResponse))
    }

    async fn roll_back(
        &self,
        request: Request<RollBackRequest>,
    ) -> Result<Response<RollBackResponse>, Status> {
        let call = Call::of(request).map_err(Error::from).map_err(to_status)?;
        let (named, act) = review::RollBack::of(&call.message).map_err(to_status)?;
        let done = run(self.0.parts(), &call, named, act).await;
        answer(changed!(done => RollBackResponse))
    }

    async fn retire_solution(
        &self,
        request: Request<RetireSolutionRequest>,
    ) -> Result<Response<RetireSolutionResponse>, Status> {
        let call = Call::of(request).map_err(Error::from).map_err(to_status)?;
        let (named, act) = end::Retire::of(&call.message).map_err(to_status)?;
        let done = run(self.0.parts(), &call, named, act).await;
        answer(changed!(done => RetireSolutionResponse))
    }

    async fn restore_solution(
        &self,
        request: Request<RestoreSolutionRequest>,
    ) -> Result<Response<RestoreSolutionResponse>, Status> {
        let call = Call::of(request).map_err(Error::from).map_err(to_status)?;
        let (named, act) = end::Restore::of(&call.message).map_err(to_status)?;
        let done = run(self.0.parts(), &call, named, act).await;
        answer(changed!(done => RestoreSolutionResponse))
    }

    async fn merge_solutions(
        &self,
        request: Request<MergeSolutionsRequest>,
    ) -> Result<Response<MergeSolutionsResponse>, Status> {
        let call = Call::of(request).map_err(Error::from).map_err(to_status)?;
        answer(merge::merge(self.0.parts(), call).await)
    }

    async fn unmerge_solution(
        &self,
        request: Request<UnmergeSolutionRequest>,
    ) -> Result<Response<UnmergeSolutionResponse>, Status> {
        let call = Call::of(request).map_err(Error::from).map_err(to_status)?;
        let (named, act) = end::Unmerge::of(&call.message).map_err(to_status)?;
        let done = run(self.0.parts(), &call, named, act).await;
        answer(changed!(done => UnmergeSolutionResponse))
    }

    async fn get_solution_version(
        &self,
        request: Request<GetSolutionVersionRequest>,
    ) -> Result<Response<GetSolutionVersionResponse>, Status> {
        let call = Call::of(request).map_err(Error::from).map_err(to_status)?;
        answer(read::version(self.0.parts(), call).await)
    }

    async fn list_versions(
        &self,
        request: Request<ListVersionsRequest>,
    ) -> Result<Response<ListVersionsResponse>, Status> {
        let call = Call::of(request).map_err(Error::from).map_err(to_status)?;
        answer(read::versions(self.0.parts(), call).await)
    }

    async fn diff_versions(
        &self,
        request: Request<DiffVersionsRequest>,
    ) -> Result<Response<DiffVersionsResponse>, Status> {
        let call = Call::of(request).map_err(Error::from).map_err(to_status)?;
        answer(read::diff(self.0.parts(), call).await)
    }

    async fn list_changes(
        &self,
        request: Request<ListChangesRequest>,
    ) -> Result<Response<ListChangesResponse>, Status> {
        let call = Call::of(request).map_err(Error::from).map_err(to_status)?;
        answer(read::changes(self.0.parts().1, call).await)
    }
}
