//! The gRPC face of feeds.

use aftercall_proto::followups::v1::calendar_feed_service_server::CalendarFeedService;
use aftercall_proto::followups::v1::{
    CreateCalendarFeedRequest, CreateCalendarFeedResponse, ListCalendarFeedsRequest,
    ListCalendarFeedsResponse, RevokeCalendarFeedRequest, RevokeCalendarFeedResponse,
};
use aftercall_service::{Call, to_status};
use tonic::{Request, Response, Status};

use super::{command, list};
use crate::failure::Refused;
use crate::followups::Followups;

/// The service behind the generated server.
#[derive(Debug, Clone)]
pub struct FeedGrpc(Followups);

impl FeedGrpc {
    pub(crate) const fn new(followups: Followups) -> Self {
        Self(followups)
    }
}

/// The wire form of an answer.
fn answer<T>(outcome: Result<T, Refused>) -> Result<Response<T>, Status> {
    outcome.map(Response::new).map_err(to_status)
}

#[tonic::async_trait]
impl CalendarFeedService for FeedGrpc {
    async fn create_calendar_feed(
        &self,
        request: Request<CreateCalendarFeedRequest>,
    ) -> Result<Response<CreateCalendarFeedResponse>, Status> {
        let call = Call::of(request).map_err(to_status)?;
        answer(command::create(&self.0, call).await)
    }

    async fn list_calendar_feeds(
        &self,
        request: Request<ListCalendarFeedsRequest>,
    ) -> Result<Response<ListCalendarFeedsResponse>, Status> {
        let call = Call::of(request).map_err(to_status)?;
        answer(list::list(&self.0, call).await)
    }

    async fn revoke_calendar_feed(
        &self,
        request: Request<RevokeCalendarFeedRequest>,
    ) -> Result<Response<RevokeCalendarFeedResponse>, Status> {
        let call = Call::of(request).map_err(to_status)?;
        answer(command::revoke(&self.0, call).await)
    }
}
