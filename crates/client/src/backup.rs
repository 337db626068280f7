//! Copies of the server's log.

use aftercall_proto::operations::v1::operations_service_client::OperationsServiceClient;
use aftercall_proto::operations::v1::{BackupLogRequest, BackupLogResponse};
use tonic::{Request, Status, Streaming};

use crate::client::{ANSWER_BYTES_MAX, Client, Error};

impl Client {
    /// Begins a consistent copy of the server's log as it is now, after what `resume_position`
    /// includes. The parts come in the order that [`BackupLogResponse`] tells. A copy that breaks can
    /// go on from what came.
    ///
    /// # Errors
    /// [`Error::Refused`], for instance when the position is of another log, or of a life of this one
    /// that it no longer has.
    pub async fn backup_log(
        &self,
        resume_position: String,
    ) -> Result<Streaming<BackupLogResponse>, Error> {
        let operations = OperationsServiceClient::new(self.transport());
        let mut operations = operations.max_decoding_message_size(ANSWER_BYTES_MAX);
        let request = Request::new(BackupLogRequest { resume_position });
        let begun = tokio::time::timeout(self.call_timeout(), operations.backup_log(request));
        match begun.await {
            Ok(begun) => Ok(begun?.into_inner()),
            Err(_) => Err(Status::deadline_exceeded("the copy was not begun in time").into()),
        }
    }
}
