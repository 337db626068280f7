//! The gRPC face: takes a request apart, asks, and puts the answer together.

use aftercall_proto::encoded::ListTimelineResponse;
use aftercall_proto::encoded::history_service_server::HistoryService;
use aftercall_proto::history::v1::{
    GetCustomerContextRequest, GetCustomerContextResponse, GetInteractionRequest,
    GetInteractionResponse, ListTimelineRequest, SearchInteractionsRequest,
    SearchInteractionsResponse,
};
use aftercall_service::to_status;
use tonic::{Request, Response, Status};

use crate::History;
use crate::answer::{context, interaction, search, timeline};
use crate::history::Call;

/// The service behind the generated server.
#[derive(Debug, Clone)]
pub struct Grpc(History);

impl Grpc {
    pub(crate) const fn new(history: History) -> Self {
        Self(history)
    }
}

#[tonic::async_trait]
impl HistoryService for Grpc {
    async fn get_interaction(
        &self,
        request: Request<GetInteractionRequest>,
    ) -> Result<Response<GetInteractionResponse>, Status> {
        let call = Call::of(request).map_err(to_status)?;
        interaction::get(&self.0, call)
            .await
            .map(Response::new)
            .map_err(to_status)
    }

    async fn get_customer_context(
        &self,
        request: Request<GetCustomerContextRequest>,
    ) -> Result<Response<GetCustomerContextResponse>, Status> {
        let call = Call::of(request).map_err(to_status)?;
        context::get(&self.0, call)
            .await
            .map(Response::new)
            .map_err(to_status)
    }

    async fn list_timeline(
        &self,
        request: Request<ListTimelineRequest>,
    ) -> Result<Response<ListTimelineResponse>, Status> {
        let call = Call::of(request).map_err(to_status)?;
        timeline::list(&self.0, call)
            .await
            .map(Response::new)
            .map_err(to_status)
    }

    async fn search_interactions(
        &self,
        request: Request<SearchInteractionsRequest>,
    ) -> Result<Response<SearchInteractionsResponse>, Status> {
        let call = Call::of(request).map_err(to_status)?;
        search::search(&self.0, call)
            .await
            .map(Response::new)
            .map_err(to_status)
    }
}
