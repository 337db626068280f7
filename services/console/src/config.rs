//! What can be set about the console.

use std::path::PathBuf;
use std::time::Duration;

use jiff::fmt::serde::unsigned_duration::friendly::compact::required as readable;
use serde::{Deserialize, Serialize};

use crate::oidc::OidcConfig;

/// The console's settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ConsoleConfig {
    /// Whether browsers are let in, on the port of gRPC. Default: yes.
    pub serve: bool,
    /// How browsers reach it, such as `https://console.example`: under other names than these nothing is answered.
    /// A server that listens on loopback also answers to `localhost`, `127.0.0.1` and `[::1]`. Default: none.
    pub origins: Vec<String>,
    /// How long after signing in a session ends. Default: `12h`.
    #[serde(with = "readable")]
    pub session_age_max: Duration,
    /// Where the roles are that run in processes of their own.
    pub services: ServicesConfig,
    /// How people sign in at a provider. Default: not at all.
    pub oidc: OidcConfig,
}

/// Where the roles are that run in processes of their own, for one that serves the console in front of them: addresses
/// such as `http://10.0.0.7:7410`. Several may have the same. Default: none.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ServicesConfig {
    /// Of the recorder.
    pub recorder: Option<String>,
    /// Of history.
    pub history: Option<String>,
    /// Of followups.
    pub followups: Option<String>,
    /// Of knowledge.
    pub knowledge: Option<String>,
    /// Of settings.
    pub settings: Option<String>,
    /// Of notify.
    pub notify: Option<String>,
    /// Of insight.
    pub insight: Option<String>,
    /// The certificates (PEM) of those whom the roles' certificates may come from, besides those whom this machine
    /// trusts. Default: none.
    pub ca_file: Option<PathBuf>,
}

impl ServicesConfig {
    /// Where the role of this name is, if it is said.
    pub(crate) fn address(&self, role: &str) -> Option<&str> {
        let address = match role {
            "recorder" => &self.recorder,
            "history" => &self.history,
            "followups" => &self.followups,
            "knowledge" => &self.knowledge,
            "settings" => &self.settings,
            "notify" => &self.notify,
            "insight" => &self.insight,
            _ => return None,
        };
        address.as_deref()
    }
}

impl Default for ConsoleConfig {
    fn default() -> Self {
        Self {
            serve: true,
            origins: Vec::new(),
            session_age_max: Duration::from_secs(12 * 60 * 60),
            services: ServicesConfig::default(),
            oidc: OidcConfig::default(),
        }
    }
}
