//! The gRPC face: takes a request apart, asks, and puts the answer together.

use std::pin::Pin;

use aftercall_proto::encoded::ListTimelineResponse;
use aftercall_proto::encoded::history_service_server::HistoryService;
use aftercall_proto::history::v1::export_service_server::ExportService;
use aftercall_proto::history::v1::{
    BatchGetInteractionsRequest, BatchGetInteractionsResponse, ExportInteractionsRequest,
    ExportInteractionsResponse, FindCustomersRequest, FindCustomersResponse,
    GetCustomerContextRequest, GetCustomerContextResponse, GetExportKeyRequest,
    GetExportKeyResponse, GetInteractionRequest, GetInteractionResponse, ListAmendmentsRequest,
    ListAmendmentsResponse, ListTimelineRequest, SearchInteractionsRequest,
    SearchInteractionsResponse,
};
use aftercall_service::{Call, to_status};
use futures::Stream;
use tonic::{Request, Response, Status};

use crate::History;
use crate::answer::{amendments, context, customers, interaction, search, timeline};
use crate::export;
use crate::failure::Unanswered;

/// The service behind the generated server.
#[derive(Debug, Clone)]
pub struct Grpc(History);

impl Grpc {
    pub(crate) const fn new(history: History) -> Self {
        Self(history)
    }
}

/// Takes `request` apart, and puts the outcome of `ask` into an answer.
async fn answer<Q, A>(
    request: Request<Q>,
    ask: impl AsyncFnOnce(Call<Q>) -> Result<A, Unanswered>,
) -> Result<Response<A>, Status> {
    let call = Call::of(request).map_err(to_status)?;
    ask(call).await.map(Response::new).map_err(to_status)
}

#[tonic::async_trait]
impl HistoryService for Grpc {
    async fn get_interaction(
        &self,
        request: Request<GetInteractionRequest>,
    ) -> Result<Response<GetInteractionResponse>, Status> {
        answer(request, async |call| interaction::get(&self.0, call).await).await
    }

    async fn batch_get_interactions(
        &self,
        request: Request<BatchGetInteractionsRequest>,
    ) -> Result<Response<BatchGetInteractionsResponse>, Status> {
        answer(request, async |call| {
            interaction::get_batch(&self.0, call).await
        })
        .await
    }

    async fn list_amendments(
        &self,
        request: Request<ListAmendmentsRequest>,
    ) -> Result<Response<ListAmendmentsResponse>, Status> {
        answer(request, async |call| amendments::list(&self.0, call).await).await
    }

    async fn get_customer_context(
        &self,
        request: Request<GetCustomerContextRequest>,
    ) -> Result<Response<GetCustomerContextResponse>, Status> {
        answer(request, async |call| context::get(&self.0, call).await).await
    }

    async fn list_timeline(
        &self,
        request: Request<ListTimelineRequest>,
    ) -> Result<Response<ListTimelineResponse>, Status> {
        answer(request, async |call| timeline::list(&self.0, call).await).await
    }

    async fn search_interactions(
        &self,
        request: Request<SearchInteractionsRequest>,
    ) -> Result<Response<SearchInteractionsResponse>, Status> {
        answer(request, async |call| search::search(&self.0, call).await).await
    }

    async fn find_customers(
        &self,
        request: Request<FindCustomersRequest>,
    ) -> Result<Response<FindCustomersResponse>, Status> {
        answer(request, async |call| customers::find(&self.0, call).await).await
    }
}

type Pieces = Pin<Box<dyn Stream<Item = Result<ExportInteractionsResponse, Status>> + Send>>;

#[tonic::async_trait]
impl ExportService for Grpc {
    type ExportInteractionsStream = Pieces;

    async fn export_interactions(
        &self,
        request: Request<ExportInteractionsRequest>,
    ) -> Result<Response<Pieces>, Status> {
        let pieces = answer(request, async |call| export::begin(&self.0, call).await).await?;
        Ok(pieces.map(|pieces| Box::pin(pieces) as Pieces))
    }

    async fn get_export_key(
        &self,
        request: Request<GetExportKeyRequest>,
    ) -> Result<Response<GetExportKeyResponse>, Status> {
        answer(request, async |_| export::public_key(&self.0)).await
    }
}
