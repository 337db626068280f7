//! The service as a whole: its view, and what all its answers share.

use std::sync::Arc;

use aftercall_log::{Log, LogId};
use aftercall_proto::encoded::history_service_server::HistoryServiceServer;
use aftercall_service::{Clock, Deadline, Deps, Principal, principal_of};
use aftercall_view::{Options, Positions, ViewError, ViewHandle};
use tokio::sync::Semaphore;

use crate::failure::Unanswered;
use crate::index::Fields;
use crate::limits::{POSITION_WAIT, SEARCHES_AT_ONCE};
use crate::projection::HistoryProjection;
use crate::server::Grpc;

/// The history service. Cheap to clone.
#[derive(Debug, Clone)]
pub struct History(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    view: ViewHandle,
    log: Arc<dyn Log>,
    clock: Arc<dyn Clock>,
    fields: Fields,
    searches: Arc<Semaphore>,
}

impl History {
    /// Starts the service's view in the background, under the supervisor. Answers wait for nothing:
    /// until the view has caught up they are `VIEW_UNAVAILABLE`.
    ///
    /// # Errors
    /// When the operating system gives the view no thread.
    pub fn start(deps: &Deps) -> Result<Self, ViewError> {
        Self::start_with(deps, Options::default())
    }

    /// The same with the view's options: for measurements and tests.
    ///
    /// # Errors
    /// As [`History::start`].
    pub fn start_with(deps: &Deps, options: Options) -> Result<Self, ViewError> {
        let fields = Fields::new();
        let projection = HistoryProjection::new(fields.clone());
        let log = Arc::clone(&deps.log);
        let view = aftercall_view::spawn(Arc::clone(&log), &deps.views, projection, options)?;
        let (running, stopping) = (view.clone(), deps.supervisor.stopping());
        deps.supervisor.spawn("view history", async move {
            tokio::select! {
                () = stopping.cancelled() => running.stop(),
                ended = running.stopped() => return ended,
            }
            running.stopped().await
        });
        Ok(Self(Arc::new(Shared {
            view,
            log,
            clock: Arc::clone(&deps.clock),
            fields,
            searches: Arc::new(Semaphore::new(SEARCHES_AT_ONCE)),
        })))
    }

    /// The gRPC service, to be put into a server.
    pub fn server(&self) -> HistoryServiceServer<Grpc> {
        HistoryServiceServer::new(Grpc::new(self.clone()))
    }

    /// The service's view: how far it is, and whether it is ready.
    pub fn view(&self) -> &ViewHandle {
        &self.0.view
    }

    pub(crate) fn clock(&self) -> &dyn Clock {
        &*self.0.clock
    }

    pub(crate) fn log_id(&self) -> LogId {
        self.0.log.id()
    }

    pub(crate) fn fields(&self) -> &Fields {
        &self.0.fields
    }

    pub(crate) fn searches(&self) -> Arc<Semaphore> {
        Arc::clone(&self.0.searches)
    }

    /// Makes sure that the store includes `min_position`, and says what it is complete through.
    pub(crate) async fn read_through(
        &self,
        min_position: &str,
        deadline: Option<Deadline>,
    ) -> Result<Positions, Unanswered> {
        if let Some(position) = self.position(min_position)? {
            self.0
                .view
                .wait_for(&position, wait_until(deadline))
                .await?;
        }
        self.check_ready()?;
        Ok(self.0.view.applied())
    }

    /// Makes sure that the search index includes `min_position`.
    pub(crate) async fn search_through(
        &self,
        min_position: &str,
        deadline: Option<Deadline>,
    ) -> Result<(), Unanswered> {
        if let Some(position) = self.position(min_position)? {
            self.0
                .view
                .wait_for_index(&position, wait_until(deadline))
                .await?;
        }
        self.check_ready()
    }

    /// Makes sure that the store includes what the first page did, which another process may have
    /// answered.
    pub(crate) async fn read_again_through(
        &self,
        positions: &Positions,
        deadline: Option<Deadline>,
    ) -> Result<(), Unanswered> {
        let waited = self.0.view.wait_for(positions, wait_until(deadline)).await;
        waited.map_err(Unanswered::on_later_page)
    }

    /// Makes sure that the search index includes what the first page did.
    pub(crate) async fn search_again_through(
        &self,
        positions: &Positions,
        deadline: Option<Deadline>,
    ) -> Result<(), Unanswered> {
        let waited = self
            .0
            .view
            .wait_for_index(positions, wait_until(deadline))
            .await;
        waited.map_err(Unanswered::on_later_page)
    }

    /// While the view catches up its answers would be of the distant past, and an agent who reads
    /// that nothing is open would believe it.
    fn check_ready(&self) -> Result<(), Unanswered> {
        if self.0.view.is_ready() {
            Ok(())
        } else {
            Err(Unanswered::Unavailable)
        }
    }

    fn position(&self, token: &str) -> Result<Option<Positions>, Unanswered> {
        if token.is_empty() {
            return Ok(None);
        }
        Positions::decode(token, self.log_id())
            .map(Some)
            .map_err(Unanswered::Position)
    }
}

/// A request with its caller and its deadline.
#[derive(Debug)]
pub(crate) struct Call<T> {
    pub(crate) principal: Principal,
    pub(crate) deadline: Option<Deadline>,
    pub(crate) request: T,
}

impl<T> Call<T> {
    pub(crate) fn of(request: tonic::Request<T>) -> Result<Self, Unanswered> {
        let principal = principal_of(&request)?;
        let deadline = Deadline::of(&request);
        Ok(Self {
            principal,
            deadline,
            request: request.into_inner(),
        })
    }

    pub(crate) fn tenant_id(&self) -> &str {
        &self.principal.tenant_id
    }
}

/// Until when to wait for a position: some time before the caller gives up, so that it gets the
/// better answer.
fn wait_until(deadline: Option<Deadline>) -> tokio::time::Instant {
    deadline.map_or_else(
        || Deadline::after(POSITION_WAIT).instant(),
        |own| own.wait_until(POSITION_WAIT),
    )
}
