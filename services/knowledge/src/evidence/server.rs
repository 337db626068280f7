//! The service of evidence: decode, ask, encode.

use aftercall_domain::SolutionId;
use aftercall_proto::knowledge::v1::evidence_service_server::{
    EvidenceService, EvidenceServiceServer,
};
use aftercall_proto::knowledge::v1::{
    FlagSolutionRequest, FlagSolutionResponse, GetRecallRequest, GetRecallResponse,
    ListFlagsRequest, ListFlagsResponse, ListRecalledRequest, ListRecalledResponse,
    ListReviewQueueRequest, ListReviewQueueResponse, ListUsesRequest, ListUsesResponse,
    ListVersionStatsRequest, ListVersionStatsResponse, RecallVersionRequest, RecallVersionResponse,
    ResolveFlagRequest, ResolveFlagResponse, ValidateSolutionRequest, ValidateSolutionResponse,
    VerifySolutionRequest, VerifySolutionResponse,
};
use aftercall_proto::model::v1::SolutionFlag;
use aftercall_service::{Call, Checker, Including, to_status};
use aftercall_view::Store;
use jiff::Timestamp;
use tonic::{Request, Response, Status};

use super::{acts, flags, per_version, recalled, review, seen, told};
use crate::Knowledge;
use crate::failure::Error;
use crate::reader::Viewer;
use crate::versions::{Done, run};

/// The service of evidence, over the same view as [`Knowledge`]. Cheap to clone.
#[derive(Debug, Clone)]
pub struct EvidenceGrpc(Knowledge);

impl EvidenceGrpc {
    /// The gRPC service.
    pub(crate) fn server(knowledge: &Knowledge) -> EvidenceServiceServer<Self> {
        EvidenceServiceServer::new(Self(knowledge.clone()))
    }

    fn now(&self) -> Timestamp {
        self.0.parts().0.clock.now()
    }

    async fn flag(
        &self,
        request: Request<FlagSolutionRequest>,
    ) -> Result<FlagSolutionResponse, Error> {
        let call = Call::of(request)?;
        let (named, act) = acts::Flag::of(&call.message, &call.principal)?;
        let solution_id = named.solution_id.clone();
        let flag_id = acts::flag_id(&call.principal, &solution_id, &named.request_id);
        let done = run(self.0.parts(), &call, named, act).await?;
        let flag = self.flag_of(&call, solution_id, flag_id).await?;
        Ok(FlagSolutionResponse {
            flag: Some(flag),
            position: done.position,
        })
    }

    async fn resolve(
        &self,
        request: Request<ResolveFlagRequest>,
    ) -> Result<ResolveFlagResponse, Error> {
        let call = Call::of(request)?;
        let (named, act) = acts::Resolve::of(&call.message)?;
        let (solution_id, flag_id) = (named.solution_id.clone(), call.message.flag_id.clone());
        let done = run(self.0.parts(), &call, named, act).await?;
        let flag = self.flag_of(&call, solution_id, flag_id).await?;
        Ok(ResolveFlagResponse {
            flag: Some(flag),
            position: done.position,
        })
    }

    async fn flag_of<T>(
        &self,
        call: &Call<T>,
        solution_id: String,
        flag_id: String,
    ) -> Result<SolutionFlag, Error> {
        let tenant_id = call.tenant_id().to_owned();
        let find = move |store: &Store| flags::find(store, &tenant_id, (&solution_id, &flag_id));
        let flag = self.0.parts().1.run(find).await?;
        flag.ok_or(Error::FlagNotFound)
    }

    async fn recall(
        &self,
        request: Request<RecallVersionRequest>,
    ) -> Result<RecallVersionResponse, Error> {
        let call = Call::of(request)?;
        let (named, act) = acts::Recall::of(&call.message)?;
        let solution_id = named.solution_id.clone();
        let Done { position, .. } = run(self.0.parts(), &call, named, act).await?;
        let (tenant_id, version) = (call.tenant_id().to_owned(), call.message.version);
        let find = move |store: &Store| recalled::find(store, (&tenant_id, &solution_id), version);
        let recall = self.0.parts().1.run(find).await?;
        Ok(RecallVersionResponse {
            recall: Some(recall.ok_or(Error::NotRecalled)?),
            position,
        })
    }

    async fn verify(
        &self,
        request: Request<VerifySolutionRequest>,
    ) -> Result<VerifySolutionResponse, Error> {
        let call = Call::of(request)?;
        let (named, act) = acts::Verify::of(&call.message, self.now())?;
        let done = run(self.0.parts(), &call, named, act).await?;
        Ok(VerifySolutionResponse {
            solution: Some(done.solution),
            position: done.position,
        })
    }

    async fn validate(
        &self,
        request: Request<ValidateSolutionRequest>,
    ) -> Result<ValidateSolutionResponse, Error> {
        let call = Call::of(request)?;
        let (named, act) = acts::Validate::of(&call.message)?;
        let done = run(self.0.parts(), &call, named, act).await?;
        Ok(ValidateSolutionResponse {
            solution: Some(done.solution),
            position: done.position,
        })
    }

    async fn get_recall(
        &self,
        request: Request<GetRecallRequest>,
    ) -> Result<GetRecallResponse, Error> {
        let call = Call::of(request)?;
        let mut checker = Checker::new();
        checker.required_id("solution_id", &call.message.solution_id);
        checker.done(())?;
        let reading = self.0.parts().1;
        let including = Including {
            min_position: &call.message.min_position,
            latest: call.message.latest,
        };
        let through = reading.store_at(including, call.read_until()).await?;
        let viewer = Viewer::of(&call);
        let solution_id = SolutionId::read(&call.message.solution_id).into_string();
        let version = call.message.version;
        let find = move |store: &Store| {
            seen(store, &viewer, &solution_id)?;
            recalled::find(store, (viewer.tenant_id(), &solution_id), version)
        };
        let recall = reading.run(find).await?;
        Ok(GetRecallResponse {
            recall: Some(recall.ok_or(Error::NotRecalled)?),
            complete_through: through.position(reading.log_identity()),
            complete_through_at: through.time(),
        })
    }
}

/// A page of a list: checked, waited for and read.
macro_rules! listed {
    ($self:ident, $request:ident, $module:ident::$list:ident, $query:expr) => {{
        let (call, log) = (Call::of($request)?, $self.0.parts().1.log_identity());
        let query = $query(&call, &log)?;
        let reading = $self.0.parts().1;
        let including = Including {
            min_position: &call.message.min_position,
            latest: call.message.latest,
        };
        let through = query.paging().reach(reading, including, call.read_until());
        let through = through.await?;
        let list = move |store: &Store| $module::$list(store, &query, &through, &log);
        reading.run(list).await
    }};
}

impl EvidenceGrpc {
    async fn uses(&self, request: Request<ListUsesRequest>) -> Result<ListUsesResponse, Error> {
        let now = self.now();
        listed!(self, request, told::list, |call, log| told::Query::of(
            call, log, now
        ))
    }

    async fn version_stats(
        &self,
        request: Request<ListVersionStatsRequest>,
    ) -> Result<ListVersionStatsResponse, Error> {
        let now = self.now();
        listed!(self, request, per_version::list, |call, log| {
            per_version::Query::of(call, log, now)
        })
    }

    async fn flags(&self, request: Request<ListFlagsRequest>) -> Result<ListFlagsResponse, Error> {
        listed!(self, request, flags::list, flags::Query::of)
    }

    async fn queue(
        &self,
        request: Request<ListReviewQueueRequest>,
    ) -> Result<ListReviewQueueResponse, Error> {
        let now = self.now();
        listed!(self, request, review::list, |call, log| review::Query::of(
            call, log, now
        ))
    }

    async fn recalled(
        &self,
        request: Request<ListRecalledRequest>,
    ) -> Result<ListRecalledResponse, Error> {
        listed!(self, request, recalled::list, recalled::Query::of)
    }
}

/// The wire form of an answer.
fn answer<T>(outcome: Result<T, Error>) -> Result<Response<T>, Status> {
    outcome.map(Response::new).map_err(to_status)
}

#[tonic::async_trait]
impl EvidenceService for EvidenceGrpc {
    async fn list_uses(
        &self,
        request: Request<ListUsesRequest>,
    ) -> Result<Response<ListUsesResponse>, Status> {
        answer(self.uses(request).await)
    }

    async fn list_version_stats(
        &self,
        request: Request<ListVersionStatsRequest>,
    ) -> Result<Response<ListVersionStatsResponse>, Status> {
        answer(self.version_stats(request).await)
    }

    async fn flag_solution(
        &self,
        request: Request<FlagSolutionRequest>,
    ) -> Result<Response<FlagSolutionResponse>, Status> {
        answer(self.flag(request).await)
    }

    async fn resolve_flag(
        &self,
        request: Request<ResolveFlagRequest>,
    ) -> Result<Response<ResolveFlagResponse>, Status> {
        answer(self.resolve(request).await)
    }

    async fn list_flags(
        &self,
        request: Request<ListFlagsRequest>,
    ) -> Result<Response<ListFlagsResponse>, Status> {
        answer(self.flags(request).await)
    }

    async fn verify_solution(
        &self,
        request: Request<VerifySolutionRequest>,
    ) -> Result<Response<VerifySolutionResponse>, Status> {
        answer(self.verify(request).await)
    }

    async fn validate_solution(
        &self,
        request: Request<ValidateSolutionRequest>,
    ) -> Result<Response<ValidateSolutionResponse>, Status> {
        answer(self.validate(request).await)
    }

    async fn list_review_queue(
        &self,
        request: Request<ListReviewQueueRequest>,
    ) -> Result<Response<ListReviewQueueResponse>, Status> {
        answer(self.queue(request).await)
    }

    async fn recall_version(
        &self,
        request: Request<RecallVersionRequest>,
    ) -> Result<Response<RecallVersionResponse>, Status> {
        answer(self.recall(request).await)
    }

    async fn get_recall(
        &self,
        request: Request<GetRecallRequest>,
    ) -> Result<Response<GetRecallResponse>, Status> {
        answer(Self::get_recall(self, request).await)
    }

    async fn list_recalled(
        &self,
        request: Request<ListRecalledRequest>,
    ) -> Result<Response<ListRecalledResponse>, Status> {
        answer(self.recalled(request).await)
    }
}
