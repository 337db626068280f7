//! The service: its view, its tracker, and what requests read.

use std::convert::Infallible;
use std::sync::Arc;

use aftercall_domain::setting::FollowUpPolicy;
use aftercall_ledger::{Calendars, Ledger, Ready};
use aftercall_log::Log;
use aftercall_proto::alerts::v1::alert_service_server::AlertServiceServer;
use aftercall_proto::followups::v1::followup_service_server::FollowupServiceServer;
use aftercall_service::{Clock, Deps, Reading, Supervisor};
use aftercall_view::{Options, ViewError, ViewHandle};

use crate::contacts::Contacts;
use crate::projection::Promises;
use crate::server::Grpc;
use crate::timer::Tracker;
use crate::watch::Bulletin;

/// The running service. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Followups(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    log: Arc<dyn Log>,
    clock: Arc<dyn Clock>,
    supervisor: Supervisor,
    reading: Reading,
    bulletin: Bulletin,
    contacts: Contacts,
    calendars: Calendars,
    policies: Ready<FollowUpPolicy>,
    /// The ledger, which has the settings.
    settings: Reading,
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
        let contacts = Contacts::new(Ledger::of(&deps.feed), Arc::clone(&deps.log));
        let calendars = Calendars::of(Ledger::of(&deps.feed));
        let policies = Ready::of(Ledger::of(&deps.feed));
        let settings = Reading::on(deps.feed.ledger().clone(), &deps);
        let bulletin = Bulletin::default();
        let promises = Promises::new(bulletin.clone());
        let reading = Reading::start(&deps, promises, Options::default())?;
        let Deps {
            log,
            clock,
            supervisor,
            ..
        } = deps;
        let view = reading.view().clone();
        let serving = serve_bulletin(bulletin.clone(), Arc::clone(&clock), view.clone());
        let stopping = supervisor.stopping();
        supervisor.spawn("followups bulletin", async move {
            tokio::select! {
                biased;
                () = stopping.cancelled() => {}
                () = serving => {}
            }
            Ok::<_, Infallible>(())
        });
        let tracker = Tracker::new(
            Arc::clone(&log),
            Arc::clone(&clock),
            supervisor.clone(),
            view,
            calendars.clone(),
        );
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
            reading,
            bulletin,
            contacts,
            calendars,
            policies,
            settings,
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
        self.0.reading.view()
    }

    pub(crate) fn log(&self) -> &dyn Log {
        &*self.0.log
    }

    pub(crate) fn clock(&self) -> &Arc<dyn Clock> {
        &self.0.clock
    }

    pub(crate) fn supervisor(&self) -> &Supervisor {
        &self.0.supervisor
    }

    /// The contacts that are recorded.
    pub(crate) fn contacts(&self) -> &Contacts {
        &self.0.contacts
    }

    /// The tenants' calendars.
    pub(crate) fn calendars(&self) -> &Calendars {
        &self.0.calendars
    }

    /// The tenants' follow-up policies.
    pub(crate) fn policies(&self) -> &Ready<FollowUpPolicy> {
        &self.0.policies
    }

    /// The settings, as requests read them.
    pub(crate) fn settings(&self) -> &Reading {
        &self.0.settings
    }

    pub(crate) fn bulletin(&self) -> &Bulletin {
        &self.0.bulletin
    }

    /// The view, as requests read it.
    pub(crate) fn reading(&self) -> &Reading {
        &self.0.reading
    }
}

/// Lets those who watch alerts look up now and then, until the view ends.
async fn serve_bulletin(bulletin: Bulletin, clock: Arc<dyn Clock>, view: ViewHandle) {
    tokio::select! {
        biased;
        _ = view.stopped() => bulletin.close(),
        never = bulletin.clone().tick(clock) => match never {},
    }
}
