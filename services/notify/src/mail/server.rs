//! The gRPC face of mail.

use aftercall_proto::notify::v1::mail_service_server::MailService;
use aftercall_proto::notify::v1::{TestMailRequest, TestMailResponse};
use aftercall_service::{Call, to_status};
use tonic::{Request, Response, Status};

use super::probe;
use crate::notify::Notify;

/// The service behind the generated server.
#[derive(Debug, Clone)]
pub struct MailGrpc(Notify);

impl MailGrpc {
    pub(crate) const fn new(notify: Notify) -> Self {
        Self(notify)
    }
}

#[tonic::async_trait]
impl MailService for MailGrpc {
    async fn test_mail(
        &self,
        request: Request<TestMailRequest>,
    ) -> Result<Response<TestMailResponse>, Status> {
        let call = Call::of(request).map_err(to_status)?;
        let tested = probe::test(&self.0.0, call).await;
        tested.map(Response::new).map_err(to_status)
    }
}
