//! The service's life: start, readiness, and what the server is given.

use std::sync::Arc;

use aftercall_proto::recorder::v1::recorder_service_server::{
    RecorderService, RecorderServiceServer,
};
use aftercall_service::{Deps, Supervisor};
use aftercall_view::{Options, ViewError, ViewHandle, WaitError};
use tokio::time::Instant;

use crate::core::Core;
use crate::grpc::Grpc;
use crate::ledger::LedgerFold;
use crate::pending::Pending;

/// Records that are appended and not yet in the view. Beyond that writers are told to wait, because
/// each of them takes memory.
const PENDING_MAX: usize = 1_000_000;

/// The recorder service. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Recorder(Arc<Core>);

/// Why the recorder did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Its view can't run.
    #[error("the recorder's view can't be started")]
    View(#[from] ViewError),
}

impl Recorder {
    /// Starts the recorder and its view. Requests are answered `VIEW_UNAVAILABLE` until the view has
    /// caught up; see [`Recorder::ready`].
    ///
    /// # Errors
    /// [`StartError::View`] when the view's thread can't be started.
    pub fn start(deps: Deps) -> Result<Self, StartError> {
        let options = match deps.log.is_shared() {
            // Where others write too, an answer waits until this view has the record: it is a part of
            // recording then, which goes before other views.
            true => Options {
                nice: 0,
                ..Options::default()
            },
            false => Options::default(),
        };
        Self::with_options(deps, options)
    }

    /// Starts the recorder with a view that runs as `options` say.
    ///
    /// # Errors
    /// As [`Recorder::start`].
    pub fn with_options(deps: Deps, options: Options) -> Result<Self, StartError> {
        let pending = Arc::new(Pending::new(PENDING_MAX));
        let fold = LedgerFold::new(Arc::clone(&pending));
        let view = aftercall_view::spawn(Arc::clone(&deps.log), &deps.views, fold, options)?;
        watch(&deps.supervisor, view.clone());
        Ok(Self(Arc::new(Core::new(deps, view, pending))))
    }

    /// Waits until the recorder takes requests.
    ///
    /// # Errors
    /// When the view has not caught up by `deadline`, or has stopped.
    pub async fn ready(&self, deadline: Instant) -> Result<(), WaitError> {
        self.0.view.ready(deadline).await
    }

    /// The service for the server.
    pub fn server(&self) -> RecorderServiceServer<impl RecorderService + use<>> {
        RecorderServiceServer::new(Grpc::new(Arc::clone(&self.0)))
    }

    /// The view of all that was recorded.
    pub fn view(&self) -> ViewHandle {
        self.0.view.clone()
    }
}

/// Stops the view with the process, and the process with the view.
fn watch(supervisor: &Supervisor, view: ViewHandle) {
    let stopping = supervisor.stopping();
    supervisor.spawn("view-recorder", async move {
        tokio::select! {
            () = stopping.cancelled() => view.stop(),
            ended = view.stopped() => return ended,
        }
        view.stopped().await
    });
}
