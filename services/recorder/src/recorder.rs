//! The service's life: start, readiness, and what the server is given.

use std::sync::Arc;

use aftercall_proto::recorder::v1::call_service_server::{CallService, CallServiceServer};
use aftercall_proto::recorder::v1::recorder_service_server::{
    RecorderService, RecorderServiceServer,
};
use aftercall_service::Deps;
use aftercall_view::{ViewHandle, WaitError};
use tokio::time::Instant;

use crate::calls::CallGrpc;
use crate::core::Core;
use crate::grpc::Grpc;
use crate::pending::Pending;

/// Records that are appended and not yet in the ledger. Beyond that writers are told to wait, because
/// each of them takes memory.
const PENDING_MAX: usize = 1_000_000;

/// The recorder service. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Recorder(Arc<Core>);

impl Recorder {
    /// Starts the recorder. Requests are answered `VIEW_UNAVAILABLE` until the ledger has caught up;
    /// see [`Recorder::ready`].
    pub fn start(deps: Deps) -> Self {
        let pending = Arc::new(Pending::new(PENDING_MAX));
        deps.feed.observe(Arc::clone(&pending) as Arc<_>);
        Self(Arc::new(Core::new(deps, pending)))
    }

    /// Waits until the recorder takes requests.
    ///
    /// # Errors
    /// When the ledger has not caught up by `deadline`, or has stopped.
    pub async fn ready(&self, deadline: Instant) -> Result<(), WaitError> {
        self.0.view.ready(deadline).await
    }

    /// The service for the server.
    pub fn server(&self) -> RecorderServiceServer<impl RecorderService + use<>> {
        RecorderServiceServer::new(Grpc::new(Arc::clone(&self.0)))
    }

    /// The service of calls for the server.
    pub fn call_server(&self) -> CallServiceServer<impl CallService + use<>> {
        CallServiceServer::new(CallGrpc::new(Arc::clone(&self.0)))
    }

    /// The ledger, which knows all that was recorded.
    pub fn view(&self) -> ViewHandle {
        self.0.view.clone()
    }
}
