//! The services that make up the app.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use aftercall_followups::Followups;
use aftercall_history::History;
use aftercall_knowledge::Knowledge;
use aftercall_proto::followups::v1::{alert_service_server, followup_service_server};
use aftercall_proto::history::v1::history_service_server;
use aftercall_proto::knowledge::v1::knowledge_service_server;
use aftercall_proto::recorder::v1::recorder_service_server;
use aftercall_recorder::Recorder;
use aftercall_service::server::{Health, Server};
use aftercall_service::{Deps, Supervisor};
use aftercall_view::{ViewHandle, WaitError};
use tokio::time::Instant;

use super::{StartError, health};

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
}

/// A name that no service has.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("there is no such service; there are recorder, history, followups, knowledge")]
pub struct UnknownService;

impl Service {
    /// All of them.
    pub const ALL: [Self; 4] = [
        Self::Recorder,
        Self::History,
        Self::Followups,
        Self::Knowledge,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::Recorder => "recorder",
            Self::History => "history",
            Self::Followups => "followups",
            Self::Knowledge => "knowledge",
        }
    }
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

/// The services, running.
#[derive(Debug)]
pub(super) struct Services {
    recorder: Recorder,
    history: History,
    followups: Followups,
    knowledge: Knowledge,
}

/// Starts all services. Their views begin to catch up.
pub(super) fn start(deps: &Deps) -> Result<Services, StartError> {
    Ok(Services {
        recorder: Recorder::start(deps.clone()).map_err(failed(Service::Recorder))?,
        history: History::start(deps).map_err(failed(Service::History))?,
        followups: Followups::start(deps.clone()).map_err(failed(Service::Followups))?,
        knowledge: Knowledge::start(deps.clone()).map_err(failed(Service::Knowledge))?,
    })
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

impl Services {
    pub(super) fn add_to(&self, server: Server) -> Server {
        server
            .service(self.recorder.server())
            .service(self.history.server())
            .service(self.followups.followup_server())
            .service(self.followups.alert_server())
            .service(self.knowledge.server())
    }

    /// Keeps the services' health true to their views.
    pub(super) async fn report(&self, health: &Health, supervisor: &Supervisor) {
        let reports: [(&ViewHandle, &'static [&'static str]); 4] = [
            (
                &self.recorder.view(),
                &[recorder_service_server::SERVICE_NAME],
            ),
            (self.history.view(), &[history_service_server::SERVICE_NAME]),
            (
                self.followups.view(),
                &[
                    followup_service_server::SERVICE_NAME,
                    alert_service_server::SERVICE_NAME,
                ],
            ),
            (
                &self.knowledge.view(),
                &[knowledge_service_server::SERVICE_NAME],
            ),
        ];
        for (view, services) in reports {
            health::follow(health, supervisor, view, services).await;
        }
    }

    /// Gives the other views a moment to catch up: on a log that is not long they are there at once,
    /// and whoever calls next finds all services. A long rebuild goes on beside the server.
    pub(super) async fn others_ready(&self) {
        let deadline = Instant::now() + OTHERS_WAITED_FOR;
        let (history, knowledge) = (self.history.view(), self.knowledge.view());
        for view in [history, self.followups.view(), &knowledge] {
            if view.ready(deadline).await.is_err() {
                tracing::info!(view = view.name(), "view catching up beside the server");
            }
        }
    }

    /// Waits until the recorder knows all that was recorded: before that it takes nothing.
    pub(super) async fn recorder_ready(&self) -> Result<(), StartError> {
        loop {
            let deadline = Instant::now() + CATCHING_UP_SAID_EVERY;
            match self.recorder.ready(deadline).await {
                Ok(()) => return Ok(()),
                Err(WaitError::DeadlineExceeded { .. }) => {
                    let view = self.recorder.view().clone();
                    let lag = tokio::task::spawn_blocking(move || view.lag()).await;
                    let records = lag.ok().and_then(Result::ok).map(|lag| lag.records);
                    tracing::info!(records, "recorder catching up");
                }
                Err(error) => return Err(failed(Service::Recorder)(error)),
            }
        }
    }
}
