//! `serve`: the server, until it is told to stop.

use std::io::Write;
use std::sync::Arc;

use aftercall_service::telemetry::{self, Metrics};
use aftercall_service::{Clock, SystemClock, SystemIds};

use super::Ending;
use crate::app::{App, Service, StartError, Surroundings};
use crate::config::{Config, ConfigArgs};

/// What to serve, and how.
#[derive(Debug, clap::Args)]
pub(super) struct ServeArgs {
    /// Services to run: recorder, history, followups, knowledge, settings, notify, insight; left out,
    /// all of them, with the console. On Kafka also console by itself, which passes on to the others
    /// what browsers ask
    #[arg(value_name = "SERVICE")]
    services: Vec<Service>,
    #[command(flatten)]
    config: ConfigArgs,
}

pub(super) fn run(args: &ServeArgs) -> Result<(), Ending> {
    let config = args
        .config
        .load(std::env::vars_os())
        .map_err(Ending::failed)?;
    telemetry::init_logging(&config.telemetry).map_err(Ending::failed)?;
    let metrics = Metrics::install().map_err(Ending::failed)?;
    let runtime = tokio::runtime::Runtime::new().map_err(Ending::failed)?;
    runtime.block_on(serve(&config, &args.services, metrics))
}

async fn serve(config: &Config, asked: &[Service], metrics: Metrics) -> Result<(), Ending> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock::new());
    let around = Surroundings {
        ids: Arc::new(SystemIds::new(Arc::clone(&clock))),
        clock,
        metrics: Some(metrics),
    };
    let app = App::start(config, asked, around).await;
    let app = app.map_err(ending)?;
    let line = app.ready_line();
    let mut running = std::pin::pin!(app.run_until_signal());
    // Signals are taken over when it is polled: before the line, which invites them.
    let ended = tokio::select! {
        biased;
        ended = &mut running => ended,
        () = say(&line) => running.await,
    };
    ended.map_err(Ending::failed)
}

/// The reader of the line may have gone: the server has not.
async fn say(line: &str) {
    let mut stdout = std::io::stdout();
    let _ = writeln!(stdout, "{line}").and_then(|()| stdout.flush());
}

fn ending(error: StartError) -> Ending {
    match error {
        StartError::Subset { .. } => Ending::usage(error),
        error => Ending::failed(error),
    }
}
