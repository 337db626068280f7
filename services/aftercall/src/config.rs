//! The configuration of the whole: the parts' configurations, how they are found, how they print.

mod log;
mod print;
mod views;

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use aftercall_console::ConsoleConfig;
use aftercall_notify::NotifyConfig;
use aftercall_retrieval::meaning::MINI_LM;
use aftercall_service::Access;
use aftercall_service::config::{ConfigError, Sources, load};
use aftercall_service::server::ServerConfig;
use aftercall_service::telemetry::TelemetryConfig;
use jiff::fmt::serde::unsigned_duration::friendly::compact::required as readable;
use serde::{Deserialize, Serialize};

pub use log::{Engine, KafkaConfig, LogConfig, LogConfigError, SaslMechanism};
pub use print::{PrintError, print};
pub use views::{ViewsConfig, ViewsEngine};

/// Read where no other file is named, if it is there.
const FILE: &str = "aftercall.toml";

/// The configuration of a server process.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Where the data is.
    pub storage: StorageConfig,
    /// What the event log is on.
    pub log: LogConfig,
    /// What the views are kept in.
    pub views: ViewsConfig,
    /// Where and how gRPC is served.
    pub server: ServerConfig,
    /// Whose records callers read.
    pub access: Access,
    /// How people reach it by a browser.
    pub console: ConsoleConfig,
    /// How other systems are told of what happens.
    pub notify: NotifyConfig,
    /// When a service counts as healthy.
    pub health: HealthConfig,
    /// What the process says of itself.
    pub telemetry: TelemetryConfig,
}

/// Where the data is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StorageConfig {
    /// The directory of the views, and of the embedded log. It belongs to one process. Default:
    /// `data`.
    pub dir: PathBuf,
}

impl Default for StorageConfig {
    fn default() -> Self {
        Self {
            dir: PathBuf::from("data"),
        }
    }
}

/// How far a service may be behind the log and count as healthy (`grpc.health.v1`) all the same.
/// Once it was further behind, it has to come back within half of this.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HealthConfig {
    /// In records. Default: 1,000,000.
    pub lag_records_max: u64,
    /// In time since it was last known to have everything. Default: `2m`.
    #[serde(with = "readable")]
    pub lag_age_max: Duration,
}

impl Default for HealthConfig {
    fn default() -> Self {
        Self {
            lag_records_max: 1_000_000,
            lag_age_max: Duration::from_secs(120),
        }
    }
}

impl StorageConfig {
    /// The directory of the event log: what a backup must hold.
    pub fn log(&self) -> PathBuf {
        self.dir.join("log")
    }

    /// The directory of the views: may be deleted at any time while the server is down.
    pub fn views(&self) -> PathBuf {
        self.dir.join("views")
    }

    /// The directory of what texts mean, by the model: may be deleted like the views, and takes a while to be reckoned
    /// again.
    pub fn directions(&self) -> PathBuf {
        self.dir.join("directions")
    }

    /// The directory of the console: its key, and the sessions there are. Deleted, everybody signs in anew.
    pub fn console(&self) -> PathBuf {
        self.dir.join("console")
    }

    /// The file of the key by which what is taken home is signed: made at the first start, for its owner alone. It is in no
    /// backup of the log.
    pub fn export_key(&self) -> PathBuf {
        self.dir.join("export.key")
    }

    /// The file of the model by which texts are compared in meaning, where an operator has got one.
    pub fn model(&self) -> PathBuf {
        self.dir.join("models").join(MINI_LM.file_name())
    }
}

/// What the command line sets. The sources that it wins over: the environment, a file, the
/// defaults.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "Configuration")]
pub struct ConfigArgs {
    /// The directory of the log and the views
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Where gRPC is served; port 0 takes any that is free
    #[arg(long, value_name = "ADDR")]
    listen: Option<SocketAddr>,
    /// Where Prometheus finds /metrics
    #[arg(long, value_name = "ADDR")]
    metrics_listen: Option<SocketAddr>,
    /// The TOML file of bearer tokens; without it, only loopback is served
    #[arg(long, value_name = "FILE")]
    credentials: Option<PathBuf>,
    /// The configuration file; left out, aftercall.toml if it is there
    #[arg(long, value_name = "FILE", env = "AFTERCALL_CONFIG")]
    config: Option<PathBuf>,
}

/// The configuration for commands that serve nothing: from a file and the environment.
#[derive(Debug, Clone, Default, clap::Args)]
#[command(next_help_heading = "Configuration")]
pub struct ConfigFile {
    /// The configuration file; left out, aftercall.toml if it is there
    #[arg(long, value_name = "FILE", env = "AFTERCALL_CONFIG")]
    config: Option<PathBuf>,
}

impl ConfigFile {
    /// The configuration in force.
    ///
    /// # Errors
    /// [`ConfigError`] with the key, the source and the remedy.
    pub fn load(&self) -> Result<Config, ConfigError> {
        let args = ConfigArgs {
            config: self.config.clone(),
            ..ConfigArgs::default()
        };
        args.load(std::env::vars_os())
    }
}

#[derive(Serialize)]
struct Flags<'a> {
    storage: StorageFlags<'a>,
    server: ServerFlags<'a>,
}

#[derive(Serialize)]
struct StorageFlags<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    dir: Option<&'a Path>,
}

#[derive(Serialize)]
struct ServerFlags<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    listen: Option<SocketAddr>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metrics_listen: Option<SocketAddr>,
    #[serde(skip_serializing_if = "Option::is_none")]
    credentials: Option<&'a Path>,
}

impl ConfigArgs {
    /// The configuration in force, with this environment.
    ///
    /// # Errors
    /// [`ConfigError`] with the key, the source and the remedy.
    pub fn load(
        &self,
        environment: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Result<Config, ConfigError> {
        // What isn't text can't be meant for us: every key and value of ours is.
        let environment: Vec<(String, String)> = environment
            .into_iter()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
        let usual = Path::new(FILE);
        let file = self.config.as_deref().or(usual.is_file().then_some(usual));
        load(&Sources {
            file,
            environment: &environment,
            flags: Flags {
                storage: StorageFlags {
                    dir: self.data.as_deref(),
                },
                server: ServerFlags {
                    listen: self.listen,
                    metrics_listen: self.metrics_listen,
                    credentials: self.credentials.as_deref(),
                },
            },
        })
    }
}
