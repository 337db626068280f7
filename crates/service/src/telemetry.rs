//! What the process says of itself: its log on standard error, and its metrics over HTTP.

mod exposition;

use std::io::IsTerminal;
use std::net::SocketAddr;

use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use serde::{Deserialize, Serialize};
use tokio_util::sync::CancellationToken;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::ParseError;
use tracing_subscriber::fmt;
use tracing_subscriber::util::{SubscriberInitExt, TryInitError};

use crate::server::{Listener, Port, Tls};

/// The upper bounds of the buckets of every metric in seconds: 100 µs to 30 s.
const SECONDS_BUCKETS: [f64; 17] = [
    0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5,
    5.0, 10.0, 30.0,
];

/// What is logged unless the configuration says otherwise. The engines under the views tell of every
/// file that they write, which says nothing to whoever runs a server; and all that the index's segment
/// manager warns of is a merge that was given up, which harms nothing (`aftercall_view`, `index::merging`).
const FILTER: &str = "info,lsm_tree=warn,tantivy=warn,tantivy::indexer::segment_manager=error";

/// What the log says, and how.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TelemetryConfig {
    /// Which events are logged: a level, or directives such as `info,aftercall_log=debug`. Default:
    /// `info`, and of the engines under the views what an operator may have to know.
    pub filter: String,
    /// The form of the log on standard error: `human` or `json`. Default: `human`.
    pub format: LogFormat,
}

impl Default for TelemetryConfig {
    fn default() -> Self {
        Self {
            filter: FILTER.to_owned(),
            format: LogFormat::Human,
        }
    }
}

/// The form of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// Lines for people, coloured on a terminal.
    Human,
    /// One JSON object a line.
    Json,
}

/// Why telemetry did not start.
#[derive(Debug, thiserror::Error)]
pub enum TelemetryError {
    /// The filter can't be read.
    #[error(
        "telemetry.filter \"{filter}\" is not a log filter: give a level (error, warn, info, debug, trace), or target=level, separated by commas"
    )]
    Filter {
        /// The filter as given.
        filter: String,
        /// What is wrong with it.
        #[source]
        source: ParseError,
    },
    /// The process logs already.
    #[error("logging has been started before")]
    Logging(#[from] TryInitError),
    /// The process has metrics already.
    #[error("metrics can't be installed")]
    Metrics(#[from] BuildError),
    /// The port can't be had.
    #[error(
        "metrics can't listen on {address} (server.metrics_listen): free the address or choose another; port 0 takes any"
    )]
    Bind {
        /// The address.
        address: SocketAddr,
        /// Why.
        #[source]
        source: std::io::Error,
    },
}

/// Starts logging to standard error, for the whole process.
///
/// # Errors
/// When the filter is wrong, or the process logs already.
pub fn init_logging(config: &TelemetryConfig) -> Result<(), TelemetryError> {
    let filter = EnvFilter::try_new(&config.filter).map_err(|source| TelemetryError::Filter {
        filter: config.filter.clone(),
        source,
    })?;
    let lines = fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match config.format {
        LogFormat::Human => lines
            .with_ansi(std::io::stderr().is_terminal())
            .finish()
            .try_init()?,
        LogFormat::Json => lines.json().flatten_event(true).finish().try_init()?,
    }
    Ok(())
}

/// The metrics of the process. Install them before anything that counts is built: a counter that is
/// older than this counts nothing.
#[derive(Clone)]
pub struct Metrics(PrometheusHandle);

impl Metrics {
    /// Makes every counter of the process count.
    ///
    /// # Errors
    /// When the process has metrics already.
    pub fn install() -> Result<Self, TelemetryError> {
        let seconds = Matcher::Suffix("_seconds".to_owned());
        let builder = PrometheusBuilder::new().set_buckets_for_metric(seconds, &SECONDS_BUCKETS)?;
        Ok(Self(builder.install_recorder()?))
    }

    /// All metrics in Prometheus' text form.
    pub fn render(&self) -> String {
        self.0.render()
    }

    /// Takes the port on which metrics are served, with the server's TLS. Port 0 takes any; the listener
    /// knows which.
    ///
    /// # Errors
    /// [`TelemetryError::Bind`] when it can't be had.
    pub async fn bind(address: SocketAddr, tls: Option<Tls>) -> Result<Listener, TelemetryError> {
        let bound = Listener::bind(address, Port::Metrics, tls);
        bound.map_err(|source| TelemetryError::Bind { address, source })
    }

    /// Serves `GET /metrics` until `stopping`. Run it on the supervisor.
    ///
    /// # Errors
    /// None at present: a broken connection is that connection's loss.
    pub async fn serve(
        self,
        listener: Listener,
        stopping: CancellationToken,
    ) -> Result<(), std::io::Error> {
        exposition::serve(self.0, listener, stopping).await;
        Ok(())
    }
}

impl std::fmt::Debug for Metrics {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Metrics")
    }
}
