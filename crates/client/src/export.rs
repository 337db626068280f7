//! Contacts taken home.

use aftercall_proto::history::v1::export_service_client::ExportServiceClient;
use aftercall_proto::history::v1::{ExportInteractionsRequest, ExportInteractionsResponse};
use tonic::{Request, Status, Streaming};

use crate::client::{ANSWER_BYTES_MAX, Client, Error};

impl Client {
    /// Begins to take contacts home, or goes on after what came with `resume_token`. The pieces come in the order that
    /// [`ExportInteractionsResponse`] tells.
    ///
    /// # Errors
    /// [`Error::Refused`], for instance when as many exports run as may.
    pub async fn export_interactions(
        &self,
        request: ExportInteractionsRequest,
    ) -> Result<Streaming<ExportInteractionsResponse>, Error> {
        let exports = ExportServiceClient::new(self.transport());
        let mut exports = exports.max_decoding_message_size(ANSWER_BYTES_MAX);
        let asked = exports.export_interactions(Request::new(request));
        match tokio::time::timeout(self.call_timeout(), asked).await {
            Ok(begun) => Ok(begun?.into_inner()),
            Err(_) => Err(Status::deadline_exceeded("the export was not begun in time").into()),
        }
    }
}
