//! The gRPC face: takes a request apart, asks, and puts the answer together.

use aftercall_proto::insight::v1::insight_service_server::InsightService;
use aftercall_proto::insight::v1::{
    AggregateRequest, AggregateResponse, AttributeCauseRequest, AttributeCauseResponse,
    CompareDriversRequest, CompareDriversResponse, CountRepeatContactsRequest,
    CountRepeatContactsResponse, ListContactsRequest, ListContactsResponse,
    ListCustomerSlipUpsRequest, ListCustomerSlipUpsResponse, ListFairClocksRequest,
    ListFairClocksResponse, ListSlipUpsRequest, ListSlipUpsResponse, MeasureFairClocksRequest,
    MeasureFairClocksResponse,
};
use aftercall_service::{Call, to_status};
use tonic::{Request, Response, Status};

use crate::failure::Unanswered;
use crate::{Insight, aggregate, cause, clocks, contacts, drivers, repeats, slips};

/// Takes `request` apart, and puts the outcome of `ask` into an answer.
pub(crate) async fn answer<Q, A>(
    request: Request<Q>,
    ask: impl AsyncFnOnce(Call<Q>) -> Result<A, Unanswered>,
) -> Result<Response<A>, Status> {
    let call = Call::of(request).map_err(to_status)?;
    ask(call).await.map(Response::new).map_err(to_status)
}

#[tonic::async_trait]
impl InsightService for Insight {
    async fn aggregate(
        &self,
        request: Request<AggregateRequest>,
    ) -> Result<Response<AggregateResponse>, Status> {
        answer(request, async |call| aggregate::answer(self, call).await).await
    }

    async fn list_contacts(
        &self,
        request: Request<ListContactsRequest>,
    ) -> Result<Response<ListContactsResponse>, Status> {
        answer(request, async |call| contacts::list(self, call).await).await
    }

    async fn compare_drivers(
        &self,
        request: Request<CompareDriversRequest>,
    ) -> Result<Response<CompareDriversResponse>, Status> {
        answer(request, async |call| drivers::compare(self, call).await).await
    }

    async fn count_repeat_contacts(
        &self,
        request: Request<CountRepeatContactsRequest>,
    ) -> Result<Response<CountRepeatContactsResponse>, Status> {
        answer(request, async |call| repeats::count(self, call).await).await
    }

    async fn attribute_cause(
        &self,
        request: Request<AttributeCauseRequest>,
    ) -> Result<Response<AttributeCauseResponse>, Status> {
        answer(request, async |call| cause::attribute(self, call).await).await
    }

    async fn list_slip_ups(
        &self,
        request: Request<ListSlipUpsRequest>,
    ) -> Result<Response<ListSlipUpsResponse>, Status> {
        answer(request, async |call| slips::list(self, call).await).await
    }

    async fn list_customer_slip_ups(
        &self,
        request: Request<ListCustomerSlipUpsRequest>,
    ) -> Result<Response<ListCustomerSlipUpsResponse>, Status> {
        answer(request, async |call| slips::ledger::list(self, call).await).await
    }

    async fn measure_fair_clocks(
        &self,
        request: Request<MeasureFairClocksRequest>,
    ) -> Result<Response<MeasureFairClocksResponse>, Status> {
        answer(request, async |call| clocks::measure(self, call).await).await
    }

    async fn list_fair_clocks(
        &self,
        request: Request<ListFairClocksRequest>,
    ) -> Result<Response<ListFairClocksResponse>, Status> {
        answer(request, async |call| clocks::list(self, call).await).await
    }
}
