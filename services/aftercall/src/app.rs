//! The composition root: one log, the services on it, one server around them.
//!
//! ```text
//! credentials → ports → log → services (views begin to catch up) → server → recorder caught up
//! ```
//!
//! A process that serves the console alone has no log and no views: it passes requests on to those that have.
//!
//! Ports are taken before any work, so that one that is in use is known at once.

mod console;
mod copied;
mod feeds;
mod health;
mod services;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use aftercall_console::{ConsoleError, GatewayError};
use aftercall_ledger::FeedRunner;
use aftercall_log::Log;
use aftercall_service::server::{self, Listener, Server, ServerError, Tls};
use aftercall_service::telemetry::{Metrics, TelemetryError};
use aftercall_service::{
    Authenticator, Clock, CredentialsError, Deps, Ids, RunError, Supervisor, TaskFailure, chain,
};
use aftercall_view::{ViewError, Views};

use crate::config::{Config, Engine};
use crate::log::{self, LogError};
use crate::operations;

pub use copied::TELLING;
use feeds::Feeds;
use services::{Given, Services, is_whole, need_log};
pub use services::{Service, UnknownService};

/// What an app takes from the process around it.
#[derive(Debug, Clone)]
pub struct Surroundings {
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Ids and randomness.
    pub ids: Arc<dyn Ids>,
    /// The process's metrics, to be served where the configuration says. There is one recorder for
    /// a process, so tests with several apps have none.
    pub metrics: Option<Metrics>,
}

/// A server that runs: its ports are taken, its services work.
#[derive(Debug)]
pub struct App {
    supervisor: Supervisor,
    /// None where the console is served alone.
    log: Option<Arc<dyn Log>>,
    /// How addresses begin: `http` or `https`.
    scheme: &'static str,
    grpc_addr: SocketAddr,
    metrics_addr: Option<SocketAddr>,
    /// How addresses of calendars begin.
    feeds_at: Option<String>,
    /// Where browsers find the console.
    console_at: Option<String>,
    data: PathBuf,
    drain_timeout: Duration,
}

/// Why an app did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Some services only, on a log that belongs to one process.
    #[error(
        "{} alone can't be served on the embedded log: it belongs to one process, and the services \
         meet in it. Run all of them with `aftercall serve`, or set log.engine to \"kafka\": there \
         each can be a process of its own",
        asked.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
    )]
    Subset {
        /// What was asked for.
        asked: Vec<Service>,
    },
    /// The credentials can't be used.
    #[error(transparent)]
    Credentials(#[from] CredentialsError),
    /// A port can't be had, or must not.
    #[error(transparent)]
    Server(#[from] ServerError),
    /// The console can't be served.
    #[error(transparent)]
    Console(#[from] ConsoleError),
    /// The console was asked for by its name, and no browser would be let in.
    #[error(
        "the console can't be reached by anybody: leave console.serve at true, and say in console.origins how browsers \
         reach it, as in [\"https://console.example\"]"
    )]
    NoBrowsers,
    /// The console can't reach the roles that it is to stand in front of.
    #[error(transparent)]
    Gateway(#[from] GatewayError),
    /// The metrics' port can't be had.
    #[error(transparent)]
    Telemetry(#[from] TelemetryError),
    /// The log can't be opened.
    #[error(transparent)]
    Log(#[from] LogError),
    /// A service did not start.
    #[error("{service} did not start")]
    Service {
        /// Which.
        service: Service,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The feed of all views did not start.
    #[error("the ledger did not start")]
    Feed(#[source] ViewError),
    /// A background task failed before the app was ready.
    #[error(transparent)]
    Task(TaskFailure),
    /// The log's recovery broke off.
    #[error("the log's recovery broke off")]
    Recovery(#[source] tokio::task::JoinError),
}

/// Refuses to run only some of the services on the embedded log.
fn check_services(asked: &[Service]) -> Result<(), StartError> {
    match is_whole(asked) {
        true => Ok(()),
        false => Err(StartError::Subset {
            asked: asked.to_vec(),
        }),
    }
}

impl App {
    /// Starts the services that are asked for; all, if none is named. Ready when it returns: the
    /// recorder, if it is one of them, knows all that was recorded. Other services may still be
    /// catching up on a long log; their health says so.
    ///
    /// # Errors
    /// [`StartError`].
    pub async fn start(
        config: &Config,
        asked: &[Service],
        around: Surroundings,
    ) -> Result<Self, StartError> {
        if config.log.engine == Engine::Embedded {
            check_services(asked)?;
        }
        let front = Front::open(config, asked).await?;
        let log = match need_log(asked) {
            true => Some(open_log(config).await?),
            false => None,
        };
        Self::assemble((front, config), asked, log, around).await
    }

    /// Starts the services on a log that is open already, and that others may have open too. It is
    /// closed when the app ends.
    ///
    /// # Errors
    /// [`StartError`].
    pub async fn start_on(
        log: Arc<dyn Log>,
        config: &Config,
        asked: &[Service],
        around: Surroundings,
    ) -> Result<Self, StartError> {
        let front = Front::open(config, asked).await?;
        Self::assemble((front, config), asked, Some(log), around).await
    }

    async fn assemble(
        (front, config): (Front, &Config),
        asked: &[Service],
        log: Option<Arc<dyn Log>>,
        around: Surroundings,
    ) -> Result<Self, StartError> {
        let Front {
            authenticator,
            listener,
            grpc_addr,
            feeds,
        } = front;
        let supervisor = Supervisor::new();
        let tls = listener.tls().cloned();
        let scheme = if tls.is_some() { "https" } else { "http" };
        let metrics = around.metrics.map(|metrics| (metrics, tls));
        let metrics_addr = serve_metrics(config, metrics, &supervisor).await?;
        let around = (around.clock, around.ids);
        let views = log.clone().map(|log| {
            let views = Views {
                engine: config.views.engine.into(),
                ..config.storage.views().into()
            };
            Deps::new(log, views, around.clone(), supervisor.clone())
        });
        let app = Self {
            supervisor,
            log,
            scheme,
            grpc_addr,
            metrics_addr,
            feeds_at: feeds.as_ref().map(|feeds| feeds.base().to_owned()),
            console_at: console::address(config, asked, (scheme, grpc_addr)),
            data: config.storage.dir.clone(),
            drain_timeout: config.server.drain_timeout,
        };
        let clock = Arc::clone(&around.0);
        let server = Server::new(config.server.clone(), authenticator, clock)
            .access(config.access)
            .descriptors(aftercall_proto::DESCRIPTORS);
        let ports = (listener, feeds);
        let started = app.start_serving(server, (asked, config), (views, around), ports);
        match started.await {
            Ok(()) => Ok(app),
            Err(error) => match app.stop().await {
                // A task that failed says more than that its service is not there.
                Err(RunError::Task(failure)) => Err(StartError::Task(failure)),
                _ => Err(error),
            },
        }
    }

    async fn start_serving(
        &self,
        server: Server,
        (asked, config): (&[Service], &Config),
        (views, around): (Option<(Deps, FeedRunner)>, TimeAndIds),
        (listener, feeds): (Listener, Option<Feeds>),
    ) -> Result<(), StartError> {
        let (server, services) = match views {
            Some(views) => self.start_services(server, (asked, config), views).await?,
            None => (server, Services::default()),
        };
        let server = match self.console_at {
            None if asked.contains(&Service::Console) => return Err(StartError::NoBrowsers),
            None => server,
            Some(_) => {
                let place = (self.grpc_addr, self.scheme == "https");
                console::let_in(server, config, place, around)?
            }
        };
        let server = console::pass_on(server, (asked, config), &self.supervisor).await?;
        let draining = self.supervisor.draining();
        self.supervisor
            .spawn_front("grpc server", server.serve(listener, draining));
        if let (Some(feeds), Some(followups)) = (feeds, services.followups()) {
            feeds.serve(followups.clone(), &self.supervisor);
        }
        services.recorder_ready().await?;
        services.others_ready().await;
        Ok(())
    }

    /// Starts the services on the log, and adds them to the server.
    async fn start_services(
        &self,
        server: Server,
        (asked, config): (&[Service], &Config),
        (deps, feed): (Deps, FeedRunner),
    ) -> Result<(Server, Services), StartError> {
        let given = Given {
            notify: &config.notify,
            feeds_at: self.feeds_at.as_deref(),
            storage: &config.storage,
        };
        let services = services::start(asked, &deps, &given)?;
        // Only now: it waits for the views that have begun.
        deps.run_feed(feed).map_err(StartError::Feed)?;
        let server = services.add_to(server).service(operations::server(&deps));
        copied::say(config, &*deps.log, &server.health()).await;
        services
            .report(&server.health(), &config.health, &deps)
            .await;
        Ok((server, services))
    }

    /// Where gRPC is served.
    pub fn grpc_addr(&self) -> SocketAddr {
        self.grpc_addr
    }

    /// Where metrics are served.
    pub fn metrics_addr(&self) -> Option<SocketAddr> {
        self.metrics_addr
    }

    /// Where browsers find the console, if it is served.
    pub fn console_at(&self) -> Option<&str> {
        self.console_at.as_deref()
    }

    /// The line that says that the app is ready, and where.
    pub fn ready_line(&self) -> String {
        let scheme = self.scheme;
        let mut line = format!("aftercall ready grpc={scheme}://{}", self.grpc_addr);
        if let Some(console) = &self.console_at {
            line.push_str(&format!(" console={console}"));
        }
        if let Some(metrics) = self.metrics_addr {
            line.push_str(&format!(" metrics={scheme}://{metrics}/metrics"));
        }
        if let Some(feeds) = &self.feeds_at {
            line.push_str(&format!(" feeds={feeds}"));
        }
        line.push_str(&format!(" data={}", self.data.display()));
        line
    }

    /// Runs until `stop` resolves, or something fails that the process can't do without; then
    /// drains, stops and closes the log.
    ///
    /// # Errors
    /// What failed, or which tasks did not end in time.
    pub async fn run(self, stop: impl Future<Output = ()>) -> Result<(), RunError> {
        let ran = self.supervisor.run_until(stop, self.drain_timeout).await;
        close(self.log).await;
        ran
    }

    /// Runs until SIGINT or SIGTERM; a second signal ends the process at once.
    ///
    /// # Errors
    /// As [`App::run`].
    pub async fn run_until_signal(self) -> Result<(), RunError> {
        let ran = self.supervisor.run_until_signal(self.drain_timeout).await;
        close(self.log).await;
        ran
    }

    async fn stop(self) -> Result<(), RunError> {
        self.run(std::future::ready(())).await
    }
}

/// What the process around it gives to all that works.
type TimeAndIds = (Arc<dyn Clock>, Arc<dyn Ids>);

/// What is taken before any work.
struct Front {
    authenticator: Authenticator,
    listener: Listener,
    grpc_addr: SocketAddr,
    feeds: Option<Feeds>,
}

impl Front {
    async fn open(config: &Config, asked: &[Service]) -> Result<Self, StartError> {
        let authenticator = match &config.server.credentials {
            Some(path) => Authenticator::from_file(path)?,
            None => Authenticator::development(),
        };
        let has_credentials = authenticator.has_credentials();
        let listener = server::bind(&config.server, &authenticator).await?;
        let grpc_addr = local_addr(&listener, ("listen", config.server.listen))?;
        let feeds = Feeds::open(&config.server, listener.tls(), asked).await?;
        if !has_credentials {
            tracing::warn!(
                listen = %grpc_addr,
                "no credentials configured: every local caller is the developer of tenant default"
            );
        }
        Ok(Self {
            authenticator,
            listener,
            grpc_addr,
            feeds,
        })
    }
}

/// The address that was taken, where a setting asked for one.
fn local_addr(
    listener: &Listener,
    (setting, address): (&'static str, SocketAddr),
) -> Result<SocketAddr, ServerError> {
    let bound = listener.local_addr();
    bound.map_err(|source| ServerError::Bind {
        setting,
        address,
        source,
    })
}

async fn serve_metrics(
    config: &Config,
    metrics: Option<(Metrics, Option<Tls>)>,
    supervisor: &Supervisor,
) -> Result<Option<SocketAddr>, StartError> {
    let (Some((metrics, tls)), Some(address)) = (metrics, config.server.metrics_listen) else {
        return Ok(None);
    };
    let listener = Metrics::bind(address, tls).await?;
    let bound = listener.local_addr();
    let bound = bound.map_err(|source| TelemetryError::Bind { address, source })?;
    supervisor.spawn("metrics", metrics.serve(listener, supervisor.stopping()));
    Ok(Some(bound))
}

/// Opening reads files, and after a crash a segment whole; or it asks a cluster.
async fn open_log(config: &Config) -> Result<Arc<dyn Log>, StartError> {
    let config = config.clone();
    match tokio::task::spawn_blocking(move || log::open(&config)).await {
        Ok(opened) => Ok(opened?),
        Err(error) => Err(StartError::Recovery(error)),
    }
}

/// Makes what waits durable, and gives the log free.
async fn close(log: Option<Arc<dyn Log>>) {
    let Some(log) = log else {
        return;
    };
    if let Err(error) = tokio::task::spawn_blocking(move || log.close()).await {
        tracing::error!(error = %chain(&error), "the log was not closed");
    }
}
