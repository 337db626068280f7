//! What every service is given when it starts.

use std::sync::Arc;
use std::time::Duration;

use aftercall_ledger::{Feed, FeedRunner, Happening};
use aftercall_log::Log;
use aftercall_view::{Options, Projection, ViewError, ViewHandle, Views};
use tokio::time::timeout;

use crate::{Clock, Ids, Lent, Supervisor};

/// How long a view may take to end. What it has not committed by then is lost, and read again at the
/// next start: a view is a cache, and must not hold up a stop.
const VIEW_STOPS_WITHIN: Duration = Duration::from_secs(4);

/// What a service needs of the process around it. Cheap to clone; one for all services of a process.
#[derive(Debug, Clone)]
pub struct Deps {
    /// The event log.
    pub log: Arc<dyn Log>,
    /// What all views of the process are made of: the log's accepted events.
    pub feed: Feed,
    /// Wall time and sleep.
    pub clock: Arc<dyn Clock>,
    /// Ids and randomness.
    pub ids: Arc<dyn Ids>,
    /// Runs the service's background tasks, and stops the process when one of them fails.
    pub supervisor: Supervisor,
    /// What the services of the process lend each other.
    pub lent: Lent,
}

impl Deps {
    /// What services on `log` need, and what runs their feed once they have begun their views, which are
    /// kept where `views` says.
    pub fn new(
        log: Arc<dyn Log>,
        views: Views,
        (clock, ids): (Arc<dyn Clock>, Arc<dyn Ids>),
        supervisor: Supervisor,
    ) -> (Self, FeedRunner) {
        let (feed, runner) = aftercall_ledger::feed(Arc::clone(&log), views);
        let deps = Self {
            log,
            feed,
            clock,
            ids,
            supervisor,
            lent: Lent::default(),
        };
        (deps, runner)
    }

    /// Runs the feed until the process stops. The process stops when another one uses its ledger.
    ///
    /// # Errors
    /// When the operating system gives it no thread.
    pub fn run_feed(&self, runner: FeedRunner) -> Result<(), ViewError> {
        self.supervisor.drive(Box::new(runner))?;
        self.supervise(self.feed.ledger().clone());
        Ok(())
    }

    /// Starts a view, which runs until the process stops. One that can't go on tries again by itself, and
    /// takes nothing else with it: its service is not healthy meanwhile.
    ///
    /// # Errors
    /// When the operating system gives it no thread.
    pub fn start_view<P>(&self, projection: P, options: Options) -> Result<ViewHandle, ViewError>
    where
        P: Projection<Fact = Happening>,
    {
        let runner = self.feed.view(projection, options);
        let view = runner.handle();
        self.supervisor.drive(Box::new(runner))?;
        self.supervise(view.clone());
        Ok(view)
    }

    fn supervise(&self, view: ViewHandle) {
        let stopping = self.supervisor.stopping();
        let name = format!("view {}", view.name());
        self.supervisor.spawn(name, async move {
            tokio::select! {
                biased;
                () = stopping.cancelled() => view.stop(),
                ended = view.stopped() => return ended,
            }
            let ended = timeout(VIEW_STOPS_WITHIN, view.stopped()).await;
            ended.unwrap_or_else(|_| {
                tracing::warn!(
                    view = view.name(),
                    "view abandoned: it does not end in time"
                );
                Ok(())
            })
        });
    }
}
