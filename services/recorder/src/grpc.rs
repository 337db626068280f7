//! The handlers: take the caller and the message, hand them on, answer.

use std::pin::Pin;
use std::sync::Arc;

use aftercall_proto::recorder::v1::recorder_service_server::RecorderService;
use aftercall_proto::recorder::v1::{
    AmendInteractionRequest, AmendInteractionResponse, AnalyseInteractionRequest,
    AnalyseInteractionResponse, FindPromisesRequest, FindPromisesResponse,
    IdentifyInteractionRequest, IdentifyInteractionResponse, MergeCustomersRequest,
    MergeCustomersResponse, RecordInteractionRequest, RecordInteractionResponse,
    RecordInteractionsRequest, RecordInteractionsResponse, ScoreTextRequest, ScoreTextResponse,
    UnmergeCustomersRequest, UnmergeCustomersResponse,
};
use aftercall_service::{Call, principal_of, to_status};
use futures::Stream;
use tonic::{Request, Response, Status, Streaming};

use crate::amend::amend;
use crate::analyse::analyse;
use crate::core::{Core, deadline_of};
use crate::identify::identify;
use crate::merge::{merge, unmerge};
use crate::propose::find_promises;
use crate::score::score_text;
use crate::stream::record_all;

/// Answers as the wire has them.
type Answer<T> = Result<Response<T>, Status>;

#[derive(Debug)]
pub(crate) struct Grpc(Arc<Core>);

impl Grpc {
    pub(crate) fn new(core: Arc<Core>) -> Self {
        Self(core)
    }
}

#[tonic::async_trait]
impl RecorderService for Grpc {
    type RecordInteractionsStream =
        Pin<Box<dyn Stream<Item = Result<RecordInteractionsResponse, Status>> + Send>>;

    async fn record_interaction(
        &self,
        request: Request<RecordInteractionRequest>,
    ) -> Answer<RecordInteractionResponse> {
        let principal = principal_of(&request).map_err(to_status)?;
        let deadline = deadline_of(&request);
        let request = request.into_inner();
        let settings = self.0.settings_at(&request.settings_position, deadline);
        let answer = match settings.await {
            Ok(()) => {
                let now = self.0.now();
                match self.0.prepare(&principal, request, now) {
                    Ok(prepared) => self.0.record(prepared, deadline).await,
                    Err(refusal) => self.0.refuse(refusal),
                }
            }
            Err(refusal) => self.0.refuse(refusal),
        };
        answer.map(Response::new).map_err(to_status)
    }

    async fn record_interactions(
        &self,
        request: Request<Streaming<RecordInteractionsRequest>>,
    ) -> Answer<Self::RecordInteractionsStream> {
        let principal = principal_of(&request).map_err(to_status)?;
        let answers = record_all(Arc::clone(&self.0), principal, request.into_inner());
        Ok(Response::new(Box::pin(answers)))
    }

    async fn amend_interaction(
        &self,
        request: Request<AmendInteractionRequest>,
    ) -> Answer<AmendInteractionResponse> {
        let call = Call::of(request).map_err(to_status)?;
        let answer = amend(&self.0, call).await;
        answer.map(Response::new).map_err(to_status)
    }

    async fn analyse_interaction(
        &self,
        request: Request<AnalyseInteractionRequest>,
    ) -> Answer<AnalyseInteractionResponse> {
        let call = Call::of(request).map_err(to_status)?;
        let answer = analyse(&self.0, call).await;
        answer.map(Response::new).map_err(to_status)
    }

    async fn score_text(&self, request: Request<ScoreTextRequest>) -> Answer<ScoreTextResponse> {
        let call = Call::of(request).map_err(to_status)?;
        score_text(call).map(Response::new).map_err(to_status)
    }

    async fn find_promises(
        &self,
        request: Request<FindPromisesRequest>,
    ) -> Answer<FindPromisesResponse> {
        let call = Call::of(request).map_err(to_status)?;
        let answer = find_promises(&self.0, call).await;
        answer.map(Response::new).map_err(to_status)
    }

    async fn identify_interaction(
        &self,
        request: Request<IdentifyInteractionRequest>,
    ) -> Answer<IdentifyInteractionResponse> {
        let call = Call::of(request).map_err(to_status)?;
        let answer = identify(&self.0, call).await;
        answer.map(Response::new).map_err(to_status)
    }

    async fn merge_customers(
        &self,
        request: Request<MergeCustomersRequest>,
    ) -> Answer<MergeCustomersResponse> {
        let call = Call::of(request).map_err(to_status)?;
        let answer = merge(&self.0, call).await;
        answer.map(Response::new).map_err(to_status)
    }

    async fn unmerge_customers(
        &self,
        request: Request<UnmergeCustomersRequest>,
    ) -> Answer<UnmergeCustomersResponse> {
        let call = Call::of(request).map_err(to_status)?;
        let answer = unmerge(&self.0, call).await;
        answer.map(Response::new).map_err(to_status)
    }
}
