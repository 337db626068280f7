//! The services that make up the app.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use aftercall_followups::{Followups, Whereabouts};
use aftercall_history::{ExportKey, History};
use aftercall_insight::Insight;
use aftercall_knowledge::{Knowledge, Meaning};
use aftercall_notify::{Notify, NotifyConfig};
use aftercall_proto::alerts::v1::alert_service_server;
use aftercall_proto::encoded::history_service_server;
use aftercall_proto::followups::v1::{
    calendar_feed_service_server, followup_service_server, live_call_service_server,
};
use aftercall_proto::history::v1::export_service_server;
use aftercall_proto::insight::v1::{insight_service_server, problem_service_server};
use aftercall_proto::knowledge::v1::{
    evidence_service_server, knowledge_service_server, search_service_server,
    solution_service_server,
};
use aftercall_proto::notify::v1::{
    event_service_server, mail_service_server, webhook_service_server,
};
use aftercall_proto::recorder::v1::{call_service_server, recorder_service_server};
use aftercall_proto::settings::v1::settings_service_server;
use aftercall_recorder::Recorder;
use aftercall_service::server::{Health, Server};
use aftercall_service::{Deps, chain};
use aftercall_settings::Settings;
use aftercall_view::{ViewHandle, WaitError};
use tokio::time::Instant;

use super::StartError;
use super::health::Followed;
use crate::config::{HealthConfig, StorageConfig};

/// A service of aftercall.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Service {
    /// Writes contacts.
    Recorder,
    /// Answers questions about the past.
    History,
    /// Keeps promises in view.
    Followups,
    /// Turns solved cases into answers.
    Knowledge,
    /// Keeps what tenants set up.
    Settings,
    /// Tells other systems of what happens.
    Notify,
    /// Measures what happened.
    Insight,
    /// Lets browsers in to all of them, wherever they run.
    Console,
}

/// A name that no service has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "there is no such service; there are recorder, history, followups, knowledge, settings, notify, \
     insight, console"
)]
pub struct UnknownService;

impl Service {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Recorder,
        Self::History,
        Self::Followups,
        Self::Knowledge,
        Self::Settings,
        Self::Notify,
        Self::Insight,
        Self::Console,
    ];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Recorder => "recorder",
            Self::History => "history",
            Self::Followups => "followups",
            Self::Knowledge => "knowledge",
            Self::Settings => "settings",
            Self::Notify => "notify",
            Self::Insight => "insight",
            Self::Console => "console",
        }
    }

    /// Whether it stands on the log; the console knows none.
    pub(super) const fn is_on_log(self) -> bool {
        !matches!(self, Self::Console)
    }

    /// The full names of what it serves.
    pub(super) const fn grpc_names(self) -> &'static [&'static str] {
        match self {
            Self::Recorder => &[
                recorder_service_server::SERVICE_NAME,
                call_service_server::SERVICE_NAME,
            ],
            Self::History => &[
                history_service_server::SERVICE_NAME,
                export_service_server::SERVICE_NAME,
            ],
            Self::Followups => &[
                followup_service_server::SERVICE_NAME,
                alert_service_server::SERVICE_NAME,
                calendar_feed_service_server::SERVICE_NAME,
                live_call_service_server::SERVICE_NAME,
            ],
            Self::Knowledge => &[
                knowledge_service_server::SERVICE_NAME,
                search_service_server::SERVICE_NAME,
                solution_service_server::SERVICE_NAME,
                evidence_service_server::SERVICE_NAME,
            ],
            Self::Settings => &[settings_service_server::SERVICE_NAME],
            Self::Notify => &[
                webhook_service_server::SERVICE_NAME,
                event_service_server::SERVICE_NAME,
                mail_service_server::SERVICE_NAME,
            ],
            Self::Insight => &[
                insight_service_server::SERVICE_NAME,
                problem_service_server::SERVICE_NAME,
            ],
            Self::Console => &[],
        }
    }
}

/// Whether all services that stand on the log are asked for: none is named, or each.
pub(super) fn is_whole(asked: &[Service]) -> bool {
    let mut on_log = Service::ALL.into_iter().filter(|one| one.is_on_log());
    asked.is_empty() || on_log.all(|one| asked.contains(&one))
}

/// Whether what is asked for needs the log.
pub(super) fn need_log(asked: &[Service]) -> bool {
    asked.is_empty() || asked.iter().any(|one| one.is_on_log())
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Service {
    type Err = UnknownService;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|known| known.name() == name);
        found.ok_or(UnknownService)
    }
}

/// How often a recorder that is catching up says so.
const CATCHING_UP_SAID_EVERY: Duration = Duration::from_secs(5);

/// How long a start waits for the views that nobody needs in order to record.
const OTHERS_WAITED_FOR: Duration = Duration::from_secs(2);

/// The services that run in this process.
#[derive(Debug, Default)]
pub(super) struct Services(Vec<Running>);

/// One service, running.
#[derive(Debug)]
enum Running {
    Recorder(Recorder),
    History(History),
    Followups(Followups),
    Knowledge(Knowledge),
    Settings(Settings),
    Notify(Notify),
    Insight(Insight),
}

/// What single services are given.
pub(super) struct Given<'c> {
    pub(super) notify: &'c NotifyConfig,
    /// How addresses of calendars begin; none where none are served.
    pub(super) feeds_at: Option<&'c str>,
    pub(super) storage: &'c StorageConfig,
}

impl Given<'_> {
    /// The model by which solutions are compared in meaning, where an operator has got one. One that can't be used is no
    /// reason not to serve: solutions are found by their words then.
    fn meaning(&self) -> Option<Meaning> {
        let (model, directions) = (self.storage.model(), self.storage.directions());
        match Meaning::open(&model, &directions) {
            Ok(meaning) => meaning,
            Err(error) => {
                let error: &dyn std::error::Error = &error;
                tracing::error!(
                    error,
                    "solutions are found by their words alone; get the model anew with `aftercall \
                     model fetch --again`, and start the server again"
                );
                None
            }
        }
    }
}

/// Starts the services that are asked for; all, if none is named. Their views begin to catch up.
pub(super) fn start(
    asked: &[Service],
    deps: &Deps,
    given: &Given<'_>,
) -> Result<Services, StartError> {
    let wanted = |service: &Service| asked.is_empty() || asked.contains(service);
    let services = Service::ALL.into_iter().filter(wanted);
    let running = services.map(|service| Running::start(service, deps, given));
    let running = running.filter_map(Result::transpose);
    running.collect::<Result<_, _>>().map(Services)
}

fn failed<E>(service: Service) -> impl FnOnce(E) -> StartError
where
    E: Into<Box<dyn std::error::Error + Send + Sync>>,
{
    move |source| StartError::Service {
        service,
        source: source.into(),
    }
}

impl Running {
    /// Starts a service, where it is one that stands on the log.
    fn start(service: Service, deps: &Deps, given: &Given<'_>) -> Result<Option<Self>, StartError> {
        Ok(Some(match service {
            Service::Recorder => Self::Recorder(Recorder::start(deps.clone())),
            Service::History => {
                let key = ExportKey::open(&given.storage.export_key(), &*deps.ids);
                let key = key.map_err(failed(service))?;
                let started = History::start_signing(deps, key);
                Self::History(started.map_err(failed(service))?)
            }
            Service::Followups => {
                let whereabouts = Whereabouts {
                    environment: given.notify.environment.clone(),
                    feeds_at: given.feeds_at.map(str::to_owned),
                };
                let started = Followups::start_in(deps.clone(), whereabouts);
                Self::Followups(started.map_err(failed(service))?)
            }
            Service::Knowledge => {
                let started = Knowledge::start(deps.clone(), given.meaning());
                Self::Knowledge(started.map_err(failed(service))?)
            }
            Service::Settings => Self::Settings(Settings::start(deps.clone())),
            Service::Notify => {
                Self::Notify(Notify::start(deps.clone(), given.notify).map_err(failed(service))?)
            }
            Service::Insight => Self::Insight(Insight::start(deps).map_err(failed(service))?),
            Service::Console => return Ok(None),
        }))
    }

    fn view(&self) -> ViewHandle {
        match self {
            Self::Recorder(service) => service.view(),
            Self::History(service) => service.view().clone(),
            Self::Followups(service) => service.view().clone(),
            Self::Knowledge(service) => service.view(),
            Self::Settings(service) => service.view(),
            Self::Notify(service) => service.view().clone(),
            Self::Insight(service) => service.view().clone(),
        }
    }

    const fn service(&self) -> Service {
        match self {
            Self::Recorder(_) => Service::Recorder,
            Self::History(_) => Service::History,
            Self::Followups(_) => Service::Followups,
            Self::Knowledge(_) => Service::Knowledge,
            Self::Settings(_) => Service::Settings,
            Self::Notify(_) => Service::Notify,
            Self::Insight(_) => Service::Insight,
        }
    }

    fn add_to(&self, server: Server) -> Server {
        match self {
            Self::Recorder(service) => server
                .service(service.server())
                .service(service.call_server()),
            Self::History(service) => server
                .service(service.server())
                .service(service.export_server()),
            Self::Followups(service) => server
                .service(service.followup_server())
                .service(service.alert_server())
                .service(service.calendar_feed_server())
                .service(service.live_call_server()),
            Self::Knowledge(service) => server
                .service(service.server())
                .service(service.search_server())
                .service(service.solutions_server())
                .service(service.evidence_server()),
            Self::Settings(service) => server.service(service.server()),
            Self::Notify(service) => server
                .service(service.webhook_server())
                .service(service.event_server())
                .service(service.mail_server()),
            Self::Insight(service) => server
                .service(service.server())
                .service(service.problem_server()),
        }
    }
}

impl Services {
    pub(super) fn add_to(&self, server: Server) -> Server {
        let services = self.0.iter();
        services.fold(server, |server, service| service.add_to(server))
    }

    /// The service that answers calendars, if it is one of them.
    pub(super) fn followups(&self) -> Option<&Followups> {
        self.0.iter().find_map(|service| match service {
            Running::Followups(followups) => Some(followups),
            _ => None,
        })
    }

    /// Keeps the services' health true to their views, and to the log where they write.
    pub(super) async fn report(&self, health: &Health, bounds: &HealthConfig, deps: &Deps) {
        for service in &self.0 {
            let writes_to = match service {
                Running::Recorder(_) => Some(Arc::clone(&deps.log)),
                _ => None,
            };
            let followed = Followed {
                services: service.service().grpc_names(),
                view: service.view(),
                writes_to,
                bounds: bounds.clone(),
            };
            followed.follow(health.clone(), &deps.supervisor).await;
        }
    }

    /// Gives the other views a moment to catch up: on a log that is not long they are there at once,
    /// and whoever calls next finds all services. A long rebuild goes on beside the server.
    pub(super) async fn others_ready(&self) {
        let deadline = Instant::now() + OTHERS_WAITED_FOR;
        for view in self.0.iter().map(Running::view) {
            if view.ready(deadline).await.is_err() {
                tracing::info!(view = view.name(), "view catching up beside the server");
            }
        }
    }

    /// Waits until the recorder, if it is one of them, knows all that was recorded: before that it
    /// takes nothing.
    pub(super) async fn recorder_ready(&self) -> Result<(), StartError> {
        let recorder = self.0.iter().find_map(|service| match service {
            Running::Recorder(recorder) => Some(recorder),
            _ => None,
        });
        let Some(recorder) = recorder else {
            return Ok(());
        };
        loop {
            let deadline = Instant::now() + CATCHING_UP_SAID_EVERY;
            match recorder.ready(deadline).await {
                Ok(()) => return Ok(()),
                Err(WaitError::DeadlineExceeded { .. }) => {
                    let progress = recorder.view().progress().borrow().clone();
                    let records = progress.lag.records;
                    match &progress.trouble {
                        None => tracing::info!(records, "recorder catching up"),
                        Some(error) => {
                            let error = chain(error).to_string();
                            tracing::warn!(error, "recorder waits for its ledger");
                        }
                    }
                }
                Err(error) => return Err(failed(Service::Recorder)(error)),
            }
        }
    }
}
