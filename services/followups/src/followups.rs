//! The service: its view, its tracker, and what requests read.

use std::convert::Infallible;
use std::sync::Arc;

use aftercall_domain::setting::FollowUpPolicy;
use aftercall_ledger::{Calendars, Ledger, Ready};
use aftercall_log::Log;
use aftercall_proto::alerts::v1::alert_service_server::AlertServiceServer;
use aftercall_proto::followups::v1::calendar_feed_service_server::CalendarFeedServiceServer;
use aftercall_proto::followups::v1::followup_service_server::FollowupServiceServer;
use aftercall_proto::followups::v1::live_call_service_server::LiveCallServiceServer;
use aftercall_service::server::Page;
use aftercall_service::{Clock, Deps, Environment, Ids, Reading, Supervisor};
use aftercall_view::{Options, ViewError, ViewHandle};
use tokio::sync::Semaphore;

use crate::calls::CallGrpc;
use crate::contacts::Contacts;
use crate::feeds::{self, Address, FeedGrpc};
use crate::limits::LARGE_COUNTS_MAX;
use crate::projection::Promises;
use crate::routing::{Router, Setup};
use crate::server::Grpc;
use crate::timer::{Deciding, House, Tracker};
use crate::watch::Bulletins;

/// The running service. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Followups(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    log: Arc<dyn Log>,
    clock: Arc<dyn Clock>,
    supervisor: Supervisor,
    reading: Reading,
    bulletins: Bulletins,
    /// The turns of large counts.
    large_counts: Semaphore,
    contacts: Contacts,
    ledger: Ledger,
    calendars: Calendars,
    policies: Ready<FollowUpPolicy>,
    /// What tenants have set up of who is told.
    setup: Setup,
    /// Where this is.
    environment: Environment,
    /// The ledger, which has the settings.
    settings: Reading,
    ids: Arc<dyn Ids>,
    /// Where calendars of promises are served; none where they are not.
    feeds_at: Option<Address>,
}

/// Where the service runs.
#[derive(Debug, Clone, Default)]
pub struct Whereabouts {
    /// The environment, such as `production`, in which people are told of alerts; none for the id of the log.
    pub environment: Option<String>,
    /// With what the addresses of calendars of promises begin, such as `https://feeds.example`: whatever is asked for
    /// there is answered by [`Followups::page`]. None where they are not served.
    pub feeds_at: Option<String>,
}

/// Why the service did not start.
#[derive(Debug, thiserror::Error)]
#[error("the view of the promises can't be started")]
pub struct StartError(#[from] ViewError);

impl Followups {
    /// Starts the view, the tracker and the router. Returns at once; requests are answered as soon as the view
    /// has caught up.
    ///
    /// # Errors
    /// When the system gives no thread to the view.
    pub fn start(deps: Deps) -> Result<Self, StartError> {
        Self::start_in(deps, Whereabouts::default())
    }

    /// The same in a place of its own.
    ///
    /// # Errors
    /// As [`Followups::start`].
    pub fn start_in(deps: Deps, whereabouts: Whereabouts) -> Result<Self, StartError> {
        let Whereabouts {
            environment,
            feeds_at,
        } = whereabouts;
        let ledger = Ledger::of(&deps.feed);
        let contacts = Contacts::new(ledger.clone(), Arc::clone(&deps.log));
        let calendars = Calendars::of(ledger.clone());
        let policies = Ready::of(ledger.clone());
        let setup = Setup::of(&ledger);
        let house = House::of(&ledger, Deciding::new(contacts.clone(), policies.clone()));
        let settings = Reading::on(deps.feed.ledger().clone(), &deps);
        let bulletins = Bulletins::default();
        let promises = Promises::new(bulletins.clone());
        let reading = Reading::start(&deps, promises, Options::default())?;
        let Deps {
            log,
            clock,
            ids,
            supervisor,
            ..
        } = deps;
        let view = reading.view().clone();
        let serving = serve_bulletins(bulletins.clone(), Arc::clone(&clock), view.clone());
        until_stop(&supervisor, "followups bulletins", async {
            serving.await;
            Ok::<_, Infallible>(())
        });
        let tracker = Tracker::new(
            Arc::clone(&log),
            Arc::clone(&clock),
            supervisor.clone(),
            view,
            house,
        );
        until_stop(&supervisor, "followups tracker", tracker.run());
        let environment = Environment::of(environment.as_deref(), &*log);
        let router = Router::new(
            (Arc::clone(&log), Arc::clone(&clock), supervisor.clone()),
            reading.clone(),
            setup.clone(),
            environment.clone(),
        );
        until_stop(&supervisor, "followups router", async move {
            router.run().await.map(|never| match never {})
        });
        Ok(Self(Arc::new(Inner {
            log,
            clock,
            supervisor,
            reading,
            bulletins,
            large_counts: Semaphore::new(LARGE_COUNTS_MAX),
            contacts,
            ledger,
            calendars,
            policies,
            setup,
            environment,
            settings,
            ids,
            feeds_at: feeds_at.as_deref().map(Address::new),
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

    /// The gRPC service of calendars.
    pub fn calendar_feed_server(&self) -> CalendarFeedServiceServer<FeedGrpc> {
        CalendarFeedServiceServer::new(FeedGrpc::new(self.clone()))
    }

    /// The gRPC service of calls.
    pub fn live_call_server(&self) -> LiveCallServiceServer<CallGrpc> {
        LiveCallServiceServer::new(CallGrpc::new(self.clone()))
    }

    /// What stands at a path where calendars are served.
    pub async fn page(&self, path: &str) -> Page {
        feeds::page(self, path).await
    }

    /// The view, for health and lag.
    pub fn view(&self) -> &ViewHandle {
        self.0.reading.view()
    }

    pub(crate) fn log(&self) -> &dyn Log {
        &*self.0.log
    }

    pub(crate) fn clock(&self) -> &Arc<dyn Clock> {
        &self.0.clock
    }

    pub(crate) fn ids(&self) -> &dyn Ids {
        &*self.0.ids
    }

    /// Where calendars of promises are served; none where they are not.
    pub(crate) fn feeds_at(&self) -> Option<&Address> {
        self.0.feeds_at.as_ref()
    }

    pub(crate) fn supervisor(&self) -> &Supervisor {
        &self.0.supervisor
    }

    /// The contacts that are recorded.
    pub(crate) fn contacts(&self) -> &Contacts {
        &self.0.contacts
    }

    /// What decides which events count.
    pub(crate) fn ledger(&self) -> &Ledger {
        &self.0.ledger
    }

    /// The tenants' calendars.
    pub(crate) fn calendars(&self) -> &Calendars {
        &self.0.calendars
    }

    /// The tenants' follow-up policies.
    pub(crate) fn policies(&self) -> &Ready<FollowUpPolicy> {
        &self.0.policies
    }

    /// What tenants have set up of who is told.
    pub(crate) fn setup(&self) -> &Setup {
        &self.0.setup
    }

    /// Where this is.
    pub(crate) fn environment(&self) -> &Environment {
        &self.0.environment
    }

    /// The settings, as requests read them.
    pub(crate) fn settings(&self) -> &Reading {
        &self.0.settings
    }

    /// The turns of large counts: each waits for one.
    pub(crate) fn large_counts(&self) -> &Semaphore {
        &self.0.large_counts
    }

    pub(crate) fn bulletins(&self) -> &Bulletins {
        &self.0.bulletins
    }

    /// The view, as requests read it.
    pub(crate) fn reading(&self) -> &Reading {
        &self.0.reading
    }
}

/// Lets those who watch look up now and then, until the view ends.
async fn serve_bulletins(bulletins: Bulletins, clock: Arc<dyn Clock>, view: ViewHandle) {
    tokio::select! {
        biased;
        _ = view.stopped() => bulletins.close(),
        never = bulletins.clone().tick(clock) => match never {},
    }
}

/// Runs a task until the process stops. A stop comes before what the stop brings with it, such as a closed log.
fn until_stop<E>(
    supervisor: &Supervisor,
    name: &'static str,
    task: impl Future<Output = Result<(), E>> + Send + 'static,
) where
    E: std::error::Error + Send + Sync + 'static,
{
    let stopping = supervisor.stopping();
    supervisor.spawn(name, async move {
        tokio::select! {
            biased;
            () = stopping.cancelled() => Ok(()),
            ended = task => ended,
        }
    });
}
