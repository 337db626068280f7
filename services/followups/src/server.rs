//! The gRPC face: takes a request apart, has it done, and puts the answer together.

use std::pin::Pin;

use aftercall_domain::CommitmentId;
use aftercall_proto::alerts::v1::alert_service_server::AlertService;
use aftercall_proto::alerts::v1::{
    ListAlertsRequest, ListAlertsResponse, WatchAlertsRequest, WatchAlertsResponse,
};
use aftercall_proto::convert::commitment::to_wire;
use aftercall_proto::followups::v1::followup_service_server::FollowupService;
use aftercall_proto::followups::v1::{
    CancelCommitmentRequest, CancelCommitmentResponse, ExplainDueRequest, ExplainDueResponse,
    FulfilCommitmentRequest, FulfilCommitmentResponse, GetCommitmentRequest, GetCommitmentResponse,
    ListCommitmentsRequest, ListCommitmentsResponse, ListReschedulesRequest,
    ListReschedulesResponse, PreviewDueRequest, PreviewDueResponse, RescheduleCommitmentRequest,
    RescheduleCommitmentResponse,
};
use aftercall_proto::model::v1::Warning;
use aftercall_service::{Call, Checker, Including, to_status};
use aftercall_view::Store;
use futures::Stream;
use tonic::{Request, Response, Status};

use crate::command::{self, Done, PromiseCommand};
use crate::failure::Refused;
use crate::followups::Followups;
use crate::{alerts, dues, list, stored, watch};

/// The service behind the generated servers.
#[derive(Debug, Clone)]
pub struct Grpc(Followups);

impl Grpc {
    pub(crate) const fn new(followups: Followups) -> Self {
        Self(followups)
    }

    async fn get(
        &self,
        call: Call<GetCommitmentRequest>,
    ) -> Result<GetCommitmentResponse, Refused> {
        let GetCommitmentRequest {
            commitment_id,
            min_position,
            latest,
        } = &call.message;
        let mut checker = Checker::new();
        checker.required_id("commitment_id", commitment_id);
        checker.done(())?;
        let including = Including {
            min_position,
            latest: *latest,
        };
        let reading = self.0.reading();
        let complete_through = reading.store_at(including, call.read_until()).await?;
        let scope = call.scope();
        let find = move |store: &Store| {
            let id = CommitmentId::read(&call.message.commitment_id);
            stored::meant(store, (call.tenant_id(), &scope), &id)
                .map(|found| found.map(|(promise, _)| promise))
                .map_err(Refused::from)
        };
        let found = reading.run(find).await?.ok_or(Refused::NotFound)?;
        Ok(GetCommitmentResponse {
            commitment: Some(to_wire(found, self.0.clock().now())),
            complete_through: complete_through.encode(reading.log_identity()),
        })
    }

    /// Does a command, and says what of it was not taken as it was sent.
    async fn command<T>(&self, request: Request<T>) -> Result<(Done, Vec<Warning>), Refused>
    where
        PromiseCommand: TryFrom<T, Error = Refused>,
    {
        let mut call = Call::of(request)?.try_map(PromiseCommand::try_from)?;
        let warnings = std::mem::take(&mut call.message.warnings).into_iter();
        let done = command::run(&self.0, call).await?;
        Ok((done, warnings.map(Into::into).collect()))
    }
}

#[tonic::async_trait]
impl FollowupService for Grpc {
    async fn get_commitment(
        &self,
        request: Request<GetCommitmentRequest>,
    ) -> Result<Response<GetCommitmentResponse>, Status> {
        let call = Call::of(request).map_err(to_status)?;
        self.get(call).await.map(Response::new).map_err(to_status)
    }

    async fn list_commitments(
        &self,
        request: Request<ListCommitmentsRequest>,
    ) -> Result<Response<ListCommitmentsResponse>, Status> {
        let call = Call::of(request).map_err(to_status)?;
        list::list(&self.0, call)
            .await
            .map(Response::new)
            .map_err(to_status)
    }

    async fn list_reschedules(
        &self,
        request: Request<ListReschedulesRequest>,
    ) -> Result<Response<ListReschedulesResponse>, Status> {
        let call = Call::of(request).map_err(to_status)?;
        list::moves::list(&self.0, call)
            .await
            .map(Response::new)
            .map_err(to_status)
    }

    async fn preview_due(
        &self,
        request: Request<PreviewDueRequest>,
    ) -> Result<Response<PreviewDueResponse>, Status> {
        let call = Call::of(request).map_err(to_status)?;
        let answer = dues::preview(&self.0, call).await;
        answer.map(Response::new).map_err(to_status)
    }

    async fn explain_due(
        &self,
        request: Request<ExplainDueRequest>,
    ) -> Result<Response<ExplainDueResponse>, Status> {
        let call = Call::of(request).map_err(to_status)?;
        let answer = dues::explain(&self.0, call).await;
        answer.map(Response::new).map_err(to_status)
    }

    async fn fulfil_commitment(
        &self,
        request: Request<FulfilCommitmentRequest>,
    ) -> Result<Response<FulfilCommitmentResponse>, Status> {
        let (done, warnings) = self.command(request).await.map_err(to_status)?;
        Ok(Response::new(FulfilCommitmentResponse {
            commitment: Some(*done.commitment),
            position: done.position,
            warnings,
        }))
    }

    async fn cancel_commitment(
        &self,
        request: Request<CancelCommitmentRequest>,
    ) -> Result<Response<CancelCommitmentResponse>, Status> {
        let (done, warnings) = self.command(request).await.map_err(to_status)?;
        Ok(Response::new(CancelCommitmentResponse {
            commitment: Some(*done.commitment),
            position: done.position,
            warnings,
        }))
    }

    async fn reschedule_commitment(
        &self,
        request: Request<RescheduleCommitmentRequest>,
    ) -> Result<Response<RescheduleCommitmentResponse>, Status> {
        let (done, warnings) = self.command(request).await.map_err(to_status)?;
        Ok(Response::new(RescheduleCommitmentResponse {
            commitment: Some(*done.commitment),
            position: done.position,
            warnings,
        }))
    }
}

#[tonic::async_trait]
impl AlertService for Grpc {
    type WatchAlertsStream =
        Pin<Box<dyn Stream<Item = Result<WatchAlertsResponse, Status>> + Send>>;

    async fn list_alerts(
        &self,
        request: Request<ListAlertsRequest>,
    ) -> Result<Response<ListAlertsResponse>, Status> {
        let call = Call::of(request).map_err(to_status)?;
        alerts::list(&self.0, call)
            .await
            .map(Response::new)
            .map_err(to_status)
    }

    async fn watch_alerts(
        &self,
        request: Request<WatchAlertsRequest>,
    ) -> Result<Response<Self::WatchAlertsStream>, Status> {
        let call = Call::of(request).map_err(to_status)?;
        let changes = watch::begin(&self.0, call).await.map_err(to_status)?;
        Ok(Response::new(Box::pin(changes)))
    }
}
