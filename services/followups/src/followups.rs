//! The service: its view, its tracker, and what requests read.

use std::sync::Arc;

use aftercall_log::Log;
use aftercall_proto::followups::v1::alert_service_server::AlertServiceServer;
use aftercall_proto::followups::v1::followup_service_server::FollowupServiceServer;
use aftercall_service::{Clock, Deps, Internal, Supervisor};
use aftercall_view::{Options, Positions, Store, ViewError, ViewHandle, WaitError};
use tokio::time::{Instant, timeout_at};

use crate::failure::Refused;
use crate::projection::Promises;
use crate::server::Grpc;
use crate::timer::Tracker;

/// The running service. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Followups(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    log: Arc<dyn Log>,
    clock: Arc<dyn Clock>,
    supervisor: Supervisor,
    view: ViewHandle,
}

/// Why the service did not start.
#[derive(Debug, thiserror::Error)]
#[error("the view of the promises can't be started")]
pub struct StartError(#[from] ViewError);

impl Followups {
    /// Starts the view and the tracker. Returns at once; requests are answered as soon as the view
    /// has caught up.
    ///
    /// # Errors
    /// When the system gives no thread to the view.
    pub fn start(deps: Deps) -> Result<Self, StartError> {
        let Deps {
            log,
            clock,
            supervisor,
            views,
            ..
        } = deps;
        let view = aftercall_view::spawn(
            Arc::clone(&log),
            &views,
            Promises::default(),
            Options::default(),
        )?;
        supervisor.spawn("followups view", end_with(view.clone(), supervisor.clone()));
        let tracker = Tracker::new(Arc::clone(&log), Arc::clone(&clock), view.clone());
        let stopping = supervisor.stopping();
        supervisor.spawn("followups tracker", async move {
            tokio::select! {
                // A stop comes before what the stop brings with it, such as a closed log.
                biased;
                () = stopping.cancelled() => Ok(()),
                ended = tracker.run() => ended,
            }
        });
        Ok(Self(Arc::new(Inner {
            log,
            clock,
            supervisor,
            view,
        })))
    }

    /// The gRPC service of promises.
    pub fn followup_server(&self) -> FollowupServiceServer<Grpc> {
        FollowupServiceServer::new(Grpc::new(self.clone()))
    }

    /// The gRPC service of alerts.
    pub fn alert_server(&self) -> AlertServiceServer<Grpc> {
        AlertServiceServer::new(Grpc::new(self.clone()))
    }

    /// The view, for health and lag.
    pub fn view(&self) -> &ViewHandle {
        &self.0.view
    }

    pub(crate) fn log(&self) -> &dyn Log {
        &*self.0.log
    }

    pub(crate) fn clock(&self) -> &dyn Clock {
        &*self.0.clock
    }

    pub(crate) fn supervisor(&self) -> &Supervisor {
        &self.0.supervisor
    }

    pub(crate) fn store(&self) -> Store {
        self.0.view.store()
    }

    /// Waits until the view has caught up once, so that what isn't there does not exist.
    pub(crate) async fn ready(&self, deadline: Instant) -> Result<(), Refused> {
        let ready = self.0.view.ready(deadline).await;
        ready.map_err(|_| Refused::Unavailable)
    }

    /// Waits until the view includes what the caller asks for in `field`.
    pub(crate) async fn includes(
        &self,
        field: &'static str,
        token: &str,
        deadline: Instant,
    ) -> Result<(), Refused> {
        self.ready(deadline).await?;
        if token.is_empty() {
            return Ok(());
        }
        let positions = Positions::decode(token, self.0.log.id());
        let positions = positions.map_err(|error| Refused::Position { field, error })?;
        self.wait_for(field, &positions, deadline).await
    }

    pub(crate) async fn wait_for(
        &self,
        field: &'static str,
        positions: &Positions,
        deadline: Instant,
    ) -> Result<(), Refused> {
        let reached = self.0.view.wait_for(positions, deadline).await;
        reached.map_err(|error| Refused::waiting_for(field, error))
    }

    /// Waits until the view includes all that is durable now.
    pub(crate) async fn catch_up(&self, deadline: Instant) -> Result<(), Refused> {
        let tails = timeout_at(deadline, Positions::tails_of(&self.0.log)).await;
        let tails = tails.map_err(|_| Refused::Unavailable)?;
        let tail = tails.map_err(Refused::Log)?;
        match self.0.view.wait_for(&tail, deadline).await {
            Err(WaitError::DeadlineExceeded { .. }) => Err(Refused::Unavailable),
            outcome => outcome.map_err(|error| Refused::waiting_for("position", error)),
        }
    }

    /// Runs a query of the store, which blocks, beside the requests.
    pub(crate) async fn query<T: Send + 'static>(
        &self,
        query: impl FnOnce(&Store) -> Result<T, Refused> + Send + 'static,
    ) -> Result<T, Refused> {
        let store = self.store();
        let done = tokio::task::spawn_blocking(move || query(&store)).await;
        done.map_err(Internal::new)?
    }
}

/// Stops the view when the process stops, and the process when the view fails.
async fn end_with(view: ViewHandle, supervisor: Supervisor) -> Result<(), Arc<ViewError>> {
    let stopping = supervisor.stopping();
    tokio::select! {
        ended = view.stopped() => ended,
        () = stopping.cancelled() => {
            view.stop();
            view.stopped().await
        }
    }
}
