//! The services that make up the app.

use std::fmt;
use std::str::FromStr;

use aftercall_service::server::{Health, Server};
use aftercall_service::{Deps, Supervisor};

use super::StartError;

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

/// The services, running.
#[derive(Debug)]
pub(super) struct Services;

pub(super) fn start(_deps: &Deps) -> Result<Services, StartError> {
    Ok(Services)
}

impl Services {
    pub(super) fn add_to(&self, server: Server) -> Server {
        server
    }

    pub(super) async fn report(&self, _health: &Health, _supervisor: &Supervisor) {}

    pub(super) async fn recorder_ready(&self) -> Result<(), StartError> {
        Ok(())
    }
}
