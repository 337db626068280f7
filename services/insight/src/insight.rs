//! The service as a whole: its view, and what all its answers share.

use std::sync::Arc;

use aftercall_domain::Scope;
use aftercall_domain::setting::CodeTree;
use aftercall_ledger::{Ledger, Ready};
use aftercall_log::LogIdentity;
use aftercall_proto::convert::time;
use aftercall_proto::insight::v1::ContactFilter;
use aftercall_proto::insight::v1::insight_service_server::InsightServiceServer;
use aftercall_proto::insight::v1::problem_service_server::ProblemServiceServer;
use aftercall_service::{
    Clock, Deps, Finds, Including, Lent, Places, Reading, Searched, Sought, Unfound, Unread,
};
use aftercall_view::{Options, Positions, Store, ViewError, ViewHandle};
use futures::future::BoxFuture;
use jiff::Timestamp;
use tokio::time::Instant;

use crate::answer::Completed;
use crate::failure::Unanswered;
use crate::fold::InsightProjection;
use crate::lending;
use crate::problems::Problems;
use crate::saving::Saver;

/// The insight service. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Insight(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    reading: Reading,
    clock: Arc<dyn Clock>,
    lent: Lent,
    /// The tenants' taxonomies.
    trees: Ready<CodeTree>,
}

impl Finds<ContactFilter> for Shared {
    fn find(
        self: Arc<Self>,
        sought: Sought<ContactFilter>,
    ) -> BoxFuture<'static, Result<Places, Unfound>> {
        Box::pin(async move { lending::find(&Insight(self), sought).await })
    }
}

/// What is to be looked up for a question, whose contacts are asked for, and until when that may take.
#[derive(Debug)]
pub(crate) struct Asking<'a> {
    pub(crate) searched: Option<Searched>,
    pub(crate) whose: (&'a str, &'a Scope),
    pub(crate) until: Instant,
}

/// How far an answer is complete.
#[derive(Debug, Clone)]
pub(crate) struct Complete {
    /// The position.
    pub(crate) through: Positions,
    /// The time: what was recorded until then is in it.
    pub(crate) at: Timestamp,
}

impl Insight {
    /// Starts the service's view in the background, under the supervisor, and what says with whom too much went wrong. Questions
    /// wait for it to catch up, for a bounded time.
    ///
    /// # Errors
    /// When the operating system gives the view no thread.
    pub fn start(deps: &Deps) -> Result<Self, ViewError> {
        let projection = InsightProjection::default();
        let reading = Reading::start(deps, projection, Options::default())?;
        let saver = Saver::new(deps, reading.clone());
        let stopping = deps.supervisor.stopping();
        deps.supervisor.spawn("insight saver", async move {
            tokio::select! {
                biased;
                () = stopping.cancelled() => Ok(()),
                ended = saver.run() => ended,
            }
        });
        let shared = Arc::new(Shared {
            reading,
            clock: Arc::clone(&deps.clock),
            lent: deps.lent.clone(),
            trees: Ready::of(Ledger::of(&deps.feed)),
        });
        let lender = Arc::downgrade(&shared);
        deps.lent.lend_measures(lender);
        Ok(Self(shared))
    }

    /// The gRPC service, to be put into a server.
    pub fn server(&self) -> InsightServiceServer<Self> {
        InsightServiceServer::new(self.clone())
    }

    /// The gRPC service of problems, to be put into a server.
    pub fn problem_server(&self) -> ProblemServiceServer<Problems> {
        ProblemServiceServer::new(Problems::of(self))
    }

    /// The service's view: how far it is, and whether it is ready.
    pub fn view(&self) -> &ViewHandle {
        self.0.reading.view()
    }

    pub(crate) fn reading(&self) -> &Reading {
        &self.0.reading
    }

    pub(crate) fn clock(&self) -> &Arc<dyn Clock> {
        &self.0.clock
    }

    /// The tenants' taxonomies. Cheap to clone.
    pub(crate) fn trees(&self) -> &Ready<CodeTree> {
        &self.0.trees
    }

    pub(crate) fn log_identity(&self) -> LogIdentity {
        self.0.reading.log_identity()
    }

    /// Asks the view once it includes what is asked for, and says in the answer how far that is complete.
    pub(crate) async fn measure<A: Completed + Send + 'static>(
        &self,
        including: Including<'_>,
        until: Instant,
        ask: impl FnOnce(&Store, Timestamp) -> Result<A, Unanswered> + Send + 'static,
    ) -> Result<A, Unanswered> {
        let Complete { through, at } = self.complete(including, until).await?;
        let asked = self.reading().run(move |store| ask(store, at)).await?;
        Ok(asked.completed(through.encode(self.log_identity()), time::to_wire(at)))
    }

    /// The same of no other contacts than those that are looked up for it, if any are.
    pub(crate) async fn measure_among<A: Completed + Send + 'static>(
        &self,
        including: Including<'_>,
        asking: Asking<'_>,
        ask: impl FnOnce(&Store, Timestamp, Option<&Places>) -> Result<A, Unanswered> + Send + 'static,
    ) -> Result<A, Unanswered> {
        let Complete { through, at } = self.complete(including, asking.until).await?;
        let among = self.look_up(asking, &through).await?;
        let ask = move |store: &Store| ask(store, at, among.as_ref());
        let asked = self.reading().run(ask).await?;
        Ok(asked.completed(through.encode(self.log_identity()), time::to_wire(at)))
    }

    /// The contacts that the index of the history service finds for a question, once it includes what the view does.
    pub(crate) async fn look_up(
        &self,
        asking: Asking<'_>,
        through: &Positions,
    ) -> Result<Option<Places>, Unanswered> {
        let (tenant_id, scope) = asking.whose;
        let Some(filter) = asking.searched else {
            return Ok(None);
        };
        let sought = Sought {
            tenant_id: tenant_id.to_owned(),
            scope: scope.clone(),
            filter,
            including: through.clone(),
            until: asking.until,
        };
        let found = self.0.lent.search(sought).await;
        // There it is the request's own filter, and here a part of one.
        let named = |field: &str| match field.strip_prefix("filter.") {
            Some(field) => format!("filter.search.{field}"),
            None => format!("filter.{field}"),
        };
        let found = found.map_err(|unfound: Unfound| unfound.named(named))?;
        Ok(Some(found))
    }

    /// Waits until the view includes what is asked for.
    pub(crate) async fn complete(
        &self,
        including: Including<'_>,
        until: Instant,
    ) -> Result<Complete, Unanswered> {
        let through = self.reading().store_at(including, until).await?;
        let at = through.at.ok_or(Unread::Unavailable(None))?;
        Ok(Complete {
            through: through.positions,
            at,
        })
    }
}
