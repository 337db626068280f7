//! The service as a whole: its view, and what all its answers share.

use std::sync::Arc;

use aftercall_log::LogIdentity;
use aftercall_proto::encoded::history_service_server::HistoryServiceServer;
use aftercall_proto::history::v1::export_service_server::ExportServiceServer;
use aftercall_service::{
    Clock, Deps, Finds, Ids, Lent, Places, Reading, Searched, Sought, Unfound,
};
use aftercall_view::{Options, ViewError, ViewHandle};
use futures::future::BoxFuture;
use tokio_util::sync::CancellationToken;

use crate::export::{ExportKey, Exports, Quota};
use crate::index::Fields;
use crate::lending;
use crate::projection::HistoryProjection;
use crate::server::Grpc;

/// The history service. Cheap to clone.
#[derive(Debug, Clone)]
pub struct History(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    reading: Reading,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn Ids>,
    fields: Fields,
    exports: Exports,
    draining: CancellationToken,
    lent: Lent,
}

impl Finds<Searched> for Shared {
    fn find(
        self: Arc<Self>,
        sought: Sought<Searched>,
    ) -> BoxFuture<'static, Result<Places, Unfound>> {
        Box::pin(async move { lending::find(&History(self), sought).await })
    }
}

impl History {
    /// Starts the service's view in the background, under the supervisor. Questions wait for it to
    /// catch up, for a bounded time. Contacts can't be taken home: see [`History::start_signing`].
    ///
    /// # Errors
    /// When the operating system gives the view no thread.
    pub fn start(deps: &Deps) -> Result<Self, ViewError> {
        Self::begin(deps, None)
    }

    /// The same, where contacts are taken home by lists that `key` signs.
    ///
    /// # Errors
    /// As [`History::start`].
    pub fn start_signing(deps: &Deps, key: ExportKey) -> Result<Self, ViewError> {
        Self::begin(deps, Some(Arc::new(key)))
    }

    fn begin(deps: &Deps, key: Option<Arc<ExportKey>>) -> Result<Self, ViewError> {
        let fields = Fields::new();
        let projection = HistoryProjection::new(fields.clone());
        let shared = Arc::new(Shared {
            reading: Reading::start(deps, projection, Options::default())?,
            clock: Arc::clone(&deps.clock),
            ids: Arc::clone(&deps.ids),
            fields,
            exports: Exports {
                key,
                quota: Quota::default(),
            },
            draining: deps.supervisor.draining(),
            lent: deps.lent.clone(),
        });
        let lender = Arc::downgrade(&shared);
        deps.lent.lend_search(lender);
        Ok(Self(shared))
    }

    /// The gRPC service, to be put into a server.
    pub fn server(&self) -> HistoryServiceServer<Grpc> {
        HistoryServiceServer::new(Grpc::new(self.clone()))
    }

    /// The gRPC service by which contacts are taken home, to be put into a server.
    pub fn export_server(&self) -> ExportServiceServer<Grpc> {
        ExportServiceServer::new(Grpc::new(self.clone()))
    }

    /// The service's view: how far it is, and whether it is ready.
    pub fn view(&self) -> &ViewHandle {
        self.0.reading.view()
    }

    /// The view, as questions read it.
    pub(crate) fn reading(&self) -> &Reading {
        &self.0.reading
    }

    pub(crate) fn clock(&self) -> &dyn Clock {
        &*self.0.clock
    }

    pub(crate) fn ids(&self) -> &dyn Ids {
        &*self.0.ids
    }

    pub(crate) fn exports(&self) -> &Exports {
        &self.0.exports
    }

    /// Cancelled when the server takes no more requests.
    pub(crate) fn draining(&self) -> &CancellationToken {
        &self.0.draining
    }

    /// What the other services of the process lend.
    pub(crate) fn lent(&self) -> &Lent {
        &self.0.lent
    }

    pub(crate) fn log_identity(&self) -> LogIdentity {
        self.0.reading.log_identity()
    }

    pub(crate) fn fields(&self) -> &Fields {
        &self.0.fields
    }
}
