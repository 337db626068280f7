//! The gRPC face: takes a request apart, has it done, and puts the answer together.

use std::pin::Pin;

use aftercall_proto::notify::v1::event_service_server::EventService;
use aftercall_proto::notify::v1::webhook_service_server::WebhookService;
use aftercall_proto::notify::v1::{
    CreateWebhookRequest, CreateWebhookResponse, GetWebhookRequest, GetWebhookResponse,
    ListWebhookDeliveriesRequest, ListWebhookDeliveriesResponse, ListWebhooksRequest,
    ListWebhooksResponse, ReplayWebhookRequest, ReplayWebhookResponse, RotateWebhookKeyRequest,
    RotateWebhookKeyResponse, SubscribeEventsRequest, SubscribeEventsResponse, TestWebhookRequest,
    TestWebhookResponse, UpdateWebhookRequest, UpdateWebhookResponse,
};
use aftercall_service::{Call, to_status};
use futures::Stream;
use tonic::{Request, Response, Status};

use crate::failure::Error;
use crate::notify::Notify;
use crate::{command, list, probe, subscribing};

/// The service behind the generated server.
#[derive(Debug, Clone)]
pub struct Grpc(Notify);

impl Grpc {
    pub(crate) const fn new(notify: Notify) -> Self {
        Self(notify)
    }
}

/// The wire form of an answer.
fn answer<T>(outcome: Result<T, Error>) -> Result<Response<T>, Status> {
    outcome.map(Response::new).map_err(to_status)
}

#[tonic::async_trait]
impl WebhookService for Grpc {
    async fn create_webhook(
        &self,
        request: Request<CreateWebhookRequest>,
    ) -> Result<Response<CreateWebhookResponse>, Status> {
        let call = Call::of(request).map_err(to_status)?;
        answer(command::create(&self.0.0, call).await)
    }

    async fn get_webhook(
        &self,
        request: Request<GetWebhookRequest>,
    ) -> Result<Response<GetWebhookResponse>, Status> {
        let call = Call::of(request).map_err(to_status)?;
        answer(list::get(&self.0.0, call).await)
    }

    async fn list_webhooks(
        &self,
        request: Request<ListWebhooksRequest>,
    ) -> Result<Response<ListWebhooksResponse>, Status> {
        let call = Call::of(request).map_err(to_status)?;
        answer(list::list(&self.0.0, call).await)
    }

    async fn update_webhook(
        &self,
        request: Request<UpdateWebhookRequest>,
    ) -> Result<Response<UpdateWebhookResponse>, Status> {
        let call = Call::of(request).map_err(to_status)?;
        answer(command::update(&self.0.0, call).await)
    }

    async fn rotate_webhook_key(
        &self,
        request: Request<RotateWebhookKeyRequest>,
    ) -> Result<Response<RotateWebhookKeyResponse>, Status> {
        let call = Call::of(request).map_err(to_status)?;
        answer(command::rotate(&self.0.0, call).await)
    }

    async fn test_webhook(
        &self,
        request: Request<TestWebhookRequest>,
    ) -> Result<Response<TestWebhookResponse>, Status> {
        let call = Call::of(request).map_err(to_status)?;
        answer(probe::test(&self.0.0, call).await)
    }

    async fn list_webhook_deliveries(
        &self,
        request: Request<ListWebhookDeliveriesRequest>,
    ) -> Result<Response<ListWebhookDeliveriesResponse>, Status> {
        let call = Call::of(request).map_err(to_status)?;
        answer(list::deliveries(&self.0.0, call).await)
    }

    async fn replay_webhook(
        &self,
        request: Request<ReplayWebhookRequest>,
    ) -> Result<Response<ReplayWebhookResponse>, Status> {
        let call = Call::of(request).map_err(to_status)?;
        answer(command::replay(&self.0.0, call).await)
    }
}

/// The service of subscriptions behind the generated server.
#[derive(Debug, Clone)]
pub struct EventGrpc(Notify);

impl EventGrpc {
    pub(crate) const fn new(notify: Notify) -> Self {
        Self(notify)
    }
}

#[tonic::async_trait]
impl EventService for EventGrpc {
    type SubscribeEventsStream =
        Pin<Box<dyn Stream<Item = Result<SubscribeEventsResponse, Status>> + Send>>;

    async fn subscribe_events(
        &self,
        request: Request<SubscribeEventsRequest>,
    ) -> Result<Response<Self::SubscribeEventsStream>, Status> {
        let call = Call::of(request).map_err(to_status)?;
        let events = subscribing::begin(&self.0.0, call).await;
        let events = events.map_err(to_status)?;
        Ok(Response::new(Box::pin(events)))
    }
}
