//! The gRPC face: takes a request apart, has it done, and puts the answer together.

use std::pin::Pin;

use aftercall_domain::CommitmentId;
use aftercall_proto::alerts::v1::alert_service_server::AlertService;
use aftercall_proto::alerts::v1::{
    AcknowledgeAlertRequest, AcknowledgeAlertResponse, CloseAlertRequest, CloseAlertResponse,
    ExplainAlertRequest, ExplainAlertResponse, ListAlertsRequest, ListAlertsResponse,
    SnoozeAlertRequest, SnoozeAlertResponse, TestRouteRequest, TestRouteResponse,
    WatchAlertsRequest, WatchAlertsResponse,
};
use aftercall_proto::followups::v1::followup_service_server::FollowupService;
use aftercall_proto::followups::v1::{
    AcceptHandoverRequest, AcceptHandoverResponse, BatchCommitmentsRequest,
    BatchCommitmentsResponse, CancelCommitmentRequest, CancelCommitmentResponse,
    ConfirmCommitmentRequest, ConfirmCommitmentResponse, CountCommitmentsRequest,
    CountCommitmentsResponse, CountRepeatsRequest, CountRepeatsResponse, DeclineWaiverRequest,
    DeclineWaiverResponse, DismissCommitmentRequest, DismissCommitmentResponse, EndHandoverRequest,
    EndHandoverResponse, EndRecurrenceRequest, EndRecurrenceResponse, ExplainDueRequest,
    ExplainDueResponse, FulfilCommitmentRequest, FulfilCommitmentResponse, GetCommitmentRequest,
    GetCommitmentResponse, ListCommitmentsRequest, ListCommitmentsResponse, ListReschedulesRequest,
    ListReschedulesResponse, MakeCommitmentRequest, MakeCommitmentResponse, PauseCommitmentRequest,
    PauseCommitmentResponse, PreviewDueRequest, PreviewDueResponse, ReassignAllRequest,
    ReassignAllResponse, ReassignCommitmentRequest, ReassignCommitmentResponse,
    RecordAttemptRequest, RecordAttemptResponse, ReopenCommitmentRequest, ReopenCommitmentResponse,
    RequestWaiverRequest, RequestWaiverResponse, RescheduleCommitmentRequest,
    RescheduleCommitmentResponse, ResumeCommitmentRequest, ResumeCommitmentResponse,
    RetargetOpenRequest, RetargetOpenResponse, SetDependenciesRequest, SetDependenciesResponse,
    SupersedeCommitmentRequest, SupersedeCommitmentResponse, WaiveCommitmentRequest,
    WaiveCommitmentResponse, WatchCommitmentsRequest, WatchCommitmentsResponse,
};
use aftercall_proto::model::v1::{Alert, Commitment};
use aftercall_service::{Call, Checker, Including, to_status};
use aftercall_view::{ApplyError, Store};
use futures::Stream;
use prost::{DecodeError, Message};
use tonic::{Request, Response, Status};

use crate::command::{self, Done, PromiseCommand};
use crate::failure::Refused;
use crate::followups::Followups;
use crate::watch::{Beginning, Changed, Raised};
use crate::{
    alerts, batch, dues, list, making, reassign_all, repeats, retarget, routing, shown, watch,
};

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
        let through = reading.store_at(including, call.read_until()).await?;
        let scope = call.scope();
        let now = self.0.clock().now();
        let find = move |store: &Store| {
            let id = CommitmentId::read(&call.message.commitment_id);
            shown::in_full(store, (call.tenant_id(), &scope), &id, now).map_err(Refused::from)
        };
        let found = reading.run(find).await?.ok_or(Refused::NotFound)?;
        Ok(GetCommitmentResponse {
            commitment: Some(found),
            complete_through: through.position(reading.log_identity()),
            complete_through_at: through.time(),
        })
    }

    /// Does a command, and says what of it was not taken as it was sent.
    async fn command<T, A>(&self, request: Request<T>) -> Result<Response<A>, Status>
    where
        PromiseCommand: TryFrom<T, Error = Refused>,
        A: Answer,
    {
        let done = self.done(request).await;
        let done =
            done.and_then(|done| A::of(done).map_err(|error| ApplyError::record(error).into()));
        done.map(Response::new).map_err(to_status)
    }

    async fn done<T>(&self, request: Request<T>) -> Result<Done, Refused>
    where
        PromiseCommand: TryFrom<T, Error = Refused>,
    {
        let call = Call::of(request)?.try_map(PromiseCommand::try_from)?;
        command::run(&self.0, call).await
    }
}

/// The answer to a command.
trait Answer: Sized {
    fn of(done: Done) -> Result<Self, DecodeError>;
}

macro_rules! answers {
    ($($response:ident { $field:ident: $left:ident }),+ $(,)?) => {$(
        impl Answer for $response {
            fn of(done: Done) -> Result<Self, DecodeError> {
                Ok(Self {
                    $field: Some($left::decode(done.answer)?),
                    position: done.position,
                    warnings: done.warnings.into_iter().map(Into::into).collect(),
                })
            }
        }
    )+};
}

answers! {
    ConfirmCommitmentResponse { commitment: Commitment },
    DismissCommitmentResponse { commitment: Commitment },
    FulfilCommitmentResponse { commitment: Commitment },
    CancelCommitmentResponse { commitment: Commitment },
    RescheduleCommitmentResponse { commitment: Commitment },
    PauseCommitmentResponse { commitment: Commitment },
    ResumeCommitmentResponse { commitment: Commitment },
    ReassignCommitmentResponse { commitment: Commitment },
    WaiveCommitmentResponse { commitment: Commitment },
    SupersedeCommitmentResponse { commitment: Commitment },
    SetDependenciesResponse { commitment: Commitment },
    EndRecurrenceResponse { commitment: Commitment },
    AcceptHandoverResponse { commitment: Commitment },
    EndHandoverResponse { commitment: Commitment },
    RequestWaiverResponse { commitment: Commitment },
    RecordAttemptResponse { commitment: Commitment },
    DeclineWaiverResponse { commitment: Commitment },
    AcknowledgeAlertResponse { alert: Alert },
    SnoozeAlertResponse { alert: Alert },
    CloseAlertResponse { alert: Alert },
}

#[tonic::async_trait]
impl FollowupService for Grpc {
    type WatchCommitmentsStream =
        Pin<Box<dyn Stream<Item = Result<WatchCommitmentsResponse, Status>> + Send>>;

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

    async fn count_commitments(
        &self,
        request: Request<CountCommitmentsRequest>,
    ) -> Result<Response<CountCommitmentsResponse>, Status> {
        let call = Call::of(request).map_err(to_status)?;
        let answer = list::count::count(&self.0, call).await;
        answer.map(Response::new).map_err(to_status)
    }

    async fn watch_commitments(
        &self,
        request: Request<WatchCommitmentsRequest>,
    ) -> Result<Response<Self::WatchCommitmentsStream>, Status> {
        let call = Call::of(request).map_err(to_status)?;
        let beginning = Beginning::of_promises(&self.0, call).map_err(to_status)?;
        let changes = watch::begin::<Changed>(&self.0, beginning).await;
        let changes = changes.map_err(to_status)?;
        Ok(Response::new(Box::pin(changes)))
    }

    async fn count_repeats(
        &self,
        request: Request<CountRepeatsRequest>,
    ) -> Result<Response<CountRepeatsResponse>, Status> {
        let call = Call::of(request).map_err(to_status)?;
        let answer = repeats::count(&self.0, call).await;
        answer.map(Response::new).map_err(to_status)
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

    async fn make_commitment(
        &self,
        request: Request<MakeCommitmentRequest>,
    ) -> Result<Response<MakeCommitmentResponse>, Status> {
        let call = Call::of(request).map_err(to_status)?;
        let answer = making::make(&self.0, call).await;
        answer.map(Response::new).map_err(to_status)
    }

    async fn reopen_commitment(
        &self,
        request: Request<ReopenCommitmentRequest>,
    ) -> Result<Response<ReopenCommitmentResponse>, Status> {
        let call = Call::of(request).map_err(to_status)?;
        let answer = making::reopen(&self.0, call).await;
        answer.map(Response::new).map_err(to_status)
    }

    async fn set_dependencies(
        &self,
        request: Request<SetDependenciesRequest>,
    ) -> Result<Response<SetDependenciesResponse>, Status> {
        self.command(request).await
    }

    async fn end_recurrence(
        &self,
        request: Request<EndRecurrenceRequest>,
    ) -> Result<Response<EndRecurrenceResponse>, Status> {
        self.command(request).await
    }

    async fn confirm_commitment(
        &self,
        request: Request<ConfirmCommitmentRequest>,
    ) -> Result<Response<ConfirmCommitmentResponse>, Status> {
        self.command(request).await
    }

    async fn dismiss_commitment(
        &self,
        request: Request<DismissCommitmentRequest>,
    ) -> Result<Response<DismissCommitmentResponse>, Status> {
        self.command(request).await
    }

    async fn fulfil_commitment(
        &self,
        request: Request<FulfilCommitmentRequest>,
    ) -> Result<Response<FulfilCommitmentResponse>, Status> {
        self.command(request).await
    }

    async fn cancel_commitment(
        &self,
        request: Request<CancelCommitmentRequest>,
    ) -> Result<Response<CancelCommitmentResponse>, Status> {
        self.command(request).await
    }

    async fn reschedule_commitment(
        &self,
        request: Request<RescheduleCommitmentRequest>,
    ) -> Result<Response<RescheduleCommitmentResponse>, Status> {
        self.command(request).await
    }

    async fn pause_commitment(
        &self,
        request: Request<PauseCommitmentRequest>,
    ) -> Result<Response<PauseCommitmentResponse>, Status> {
        self.command(request).await
    }

    async fn resume_commitment(
        &self,
        request: Request<ResumeCommitmentRequest>,
    ) -> Result<Response<ResumeCommitmentResponse>, Status> {
        self.command(request).await
    }

    async fn reassign_commitment(
        &self,
        request: Request<ReassignCommitmentRequest>,
    ) -> Result<Response<ReassignCommitmentResponse>, Status> {
        self.command(request).await
    }

    async fn waive_commitment(
        &self,
        request: Request<WaiveCommitmentRequest>,
    ) -> Result<Response<WaiveCommitmentResponse>, Status> {
        self.command(request).await
    }

    async fn supersede_commitment(
        &self,
        request: Request<SupersedeCommitmentRequest>,
    ) -> Result<Response<SupersedeCommitmentResponse>, Status> {
        self.command(request).await
    }

    async fn accept_handover(
        &self,
        request: Request<AcceptHandoverRequest>,
    ) -> Result<Response<AcceptHandoverResponse>, Status> {
        self.command(request).await
    }

    async fn end_handover(
        &self,
        request: Request<EndHandoverRequest>,
    ) -> Result<Response<EndHandoverResponse>, Status> {
        self.command(request).await
    }

    async fn record_attempt(
        &self,
        request: Request<RecordAttemptRequest>,
    ) -> Result<Response<RecordAttemptResponse>, Status> {
        self.command(request).await
    }

    async fn reassign_all(
        &self,
        request: Request<ReassignAllRequest>,
    ) -> Result<Response<ReassignAllResponse>, Status> {
        let call = Call::of(request).map_err(to_status)?;
        let answer = reassign_all::reassign_all(&self.0, call).await;
        answer.map(Response::new).map_err(to_status)
    }

    async fn batch_commitments(
        &self,
        request: Request<BatchCommitmentsRequest>,
    ) -> Result<Response<BatchCommitmentsResponse>, Status> {
        let call = Call::of(request).map_err(to_status)?;
        let answer = batch::run(&self.0, call).await;
        answer.map(Response::new).map_err(to_status)
    }

    async fn retarget_open(
        &self,
        request: Request<RetargetOpenRequest>,
    ) -> Result<Response<RetargetOpenResponse>, Status> {
        let call = Call::of(request).map_err(to_status)?;
        let answer = retarget::run(&self.0, call).await;
        answer.map(Response::new).map_err(to_status)
    }

    async fn request_waiver(
        &self,
        request: Request<RequestWaiverRequest>,
    ) -> Result<Response<RequestWaiverResponse>, Status> {
        self.command(request).await
    }

    async fn decline_waiver(
        &self,
        request: Request<DeclineWaiverRequest>,
    ) -> Result<Response<DeclineWaiverResponse>, Status> {
        self.command(request).await
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
        let beginning = Beginning::of_alerts(call).map_err(to_status)?;
        let changes = watch::begin::<Raised>(&self.0, beginning).await;
        let changes = changes.map_err(to_status)?;
        Ok(Response::new(Box::pin(changes)))
    }

    async fn acknowledge_alert(
        &self,
        request: Request<AcknowledgeAlertRequest>,
    ) -> Result<Response<AcknowledgeAlertResponse>, Status> {
        self.command(request).await
    }

    async fn snooze_alert(
        &self,
        request: Request<SnoozeAlertRequest>,
    ) -> Result<Response<SnoozeAlertResponse>, Status> {
        self.command(request).await
    }

    async fn close_alert(
        &self,
        request: Request<CloseAlertRequest>,
    ) -> Result<Response<CloseAlertResponse>, Status> {
        self.command(request).await
    }

    async fn explain_alert(
        &self,
        request: Request<ExplainAlertRequest>,
    ) -> Result<Response<ExplainAlertResponse>, Status> {
        let call = Call::of(request).map_err(to_status)?;
        let answer = routing::explain(&self.0, call).await;
        answer.map(Response::new).map_err(to_status)
    }

    async fn test_route(
        &self,
        request: Request<TestRouteRequest>,
    ) -> Result<Response<TestRouteResponse>, Status> {
        let call = Call::of(request).map_err(to_status)?;
        let answer = routing::test(&self.0, call).await;
        answer.map(Response::new).map_err(to_status)
    }
}
