//! What can be set about the console.

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
    /// How people sign in at a provider. Default: not at all.
    pub oidc: OidcConfig,
}

impl Default for ConsoleConfig {
    fn default() -> Self {
        Self {
            serve: true,
            origins: Vec::new(),
            session_age_max: Duration::from_secs(12 * 60 * 60),
            oidc: OidcConfig::default(),
        }
    }
}
