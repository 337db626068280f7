//! `aftercall demo`: everything on one machine, with a month of a fictional company's calls.
//!
//! The server runs on the month's own clock: each contact ends, each promise is kept and each due
//! passes at its time of the month, only that the month takes seconds. Then the clock goes live.

mod answers;
mod call;
mod clock;
mod corpus;
mod house;
mod live;
mod month;
mod play;
mod problem;
mod promises;
mod receiver;
mod saving;
mod tour;

use std::io::Write;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use aftercall_client::Client;
use aftercall_notify::NotifyConfig;
use aftercall_service::telemetry::{self, Metrics};
use aftercall_service::{Clock, SystemClock, SystemIds};
use anyhow::Context;
use indicatif::{ProgressBar, ProgressStyle};
use jiff::SignedDuration;

use self::clock::PlaybackClock;
use self::corpus::Corpus;
use self::play::Player;
use self::receiver::Receiver;
use self::tour::Tour;
use crate::app::{App, Surroundings};
use crate::config::Config;

/// How long the month's first step is after the clock's beginning, at most.
const MONTH: SignedDuration = SignedDuration::from_hours(31 * 24);

/// Shows aftercall at work: a month of a fictional company's calls, played into a server.
#[derive(Debug, clap::Args)]
pub struct DemoArgs {
    /// Ends after the tour, rather than leaving the server running
    #[arg(long)]
    exit: bool,
    /// Where gRPC is served; port 0 takes any that is free
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:7400")]
    listen: SocketAddr,
    /// Where Prometheus finds /metrics
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:7401")]
    metrics_listen: SocketAddr,
    /// Another number makes another month
    #[arg(long, value_name = "NUMBER", default_value_t = 7)]
    seed: u64,
}

/// Plays the month, gives the tour, and serves until it is told to stop.
///
/// # Errors
/// What went wrong: a port in use, a disk that is full.
pub fn run(args: &DemoArgs) -> anyhow::Result<()> {
    let data = tempfile::Builder::new()
        .prefix("aftercall-demo-")
        .tempdir()?;
    let mut config = Config::default();
    config.storage.dir = data.path().join("data");
    config.server.listen = args.listen;
    config.server.metrics_listen = Some(args.metrics_listen);
    config.telemetry.filter = "error".to_owned();
    config.notify = tell_this_machine(data.path())?;
    telemetry::init_logging(&config.telemetry)?;
    let metrics = Metrics::install()?;
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(demonstrate(args, &config, metrics))
}

/// That webhooks on this machine are told, with secrets sealed by a key that is forgotten afterwards.
fn tell_this_machine(data: &Path) -> anyhow::Result<NotifyConfig> {
    let key = data.join("secrets.key");
    let digits: String = (0..32)
        .map(|_| format!("{:02x}", rand::random::<u8>()))
        .collect();
    std::fs::write(&key, digits)?;
    Ok(NotifyConfig {
        secrets_key_file: Some(key),
        private_networks: vec!["127.0.0.0/8".to_owned().try_into()?],
        ..NotifyConfig::default()
    })
}

async fn demonstrate(args: &DemoArgs, config: &Config, metrics: Metrics) -> anyhow::Result<()> {
    let clock = PlaybackClock::at(SystemClock::new().now() - MONTH);
    let shared: Arc<dyn Clock> = Arc::new(clock.clone());
    let around = Surroundings {
        ids: Arc::new(SystemIds::new(Arc::clone(&shared))),
        clock: shared,
        metrics: Some(metrics),
    };
    let app = App::start(config, &[], around).await?;
    let shown = Shown {
        server: format!("http://{}", app.grpc_addr()),
        ready: app.ready_line(),
        console: app.console_at().map(str::to_owned),
    };
    // What fails in the background meanwhile fails the tour's next call, and is told by `run`.
    let (toured, stop) = tokio::select! {
        toured = shown.give(args, clock) => (toured, args.exit),
        _ = tokio::signal::ctrl_c() => (Ok(()), true),
    };
    let ran = if stop || toured.is_err() {
        app.run(std::future::ready(())).await
    } else {
        app.run_until_signal().await
    };
    toured?;
    Ok(ran?)
}

struct Shown {
    server: String,
    ready: String,
    console: Option<String>,
}

impl Shown {
    async fn give(&self, args: &DemoArgs, clock: PlaybackClock) -> anyhow::Result<()> {
        let corpus = Corpus::built_in().context("the demonstration's corpus")?;
        let end = SystemClock::new().now();
        let steps = month::month(&corpus, args.seed, end);
        say(&format!(
            "{}, a company that does not exist, has had a month of calls.\n\
             Playing it into {} as its CRM would: each contact ends, each promise is kept and\n\
             each due passes at its own time of the month.\n",
            corpus.company, self.server
        ));
        let client = Client::builder(&self.server).connect().await?;
        let mut player = Player::new(&client, clock.clone()).await?;
        let tour = Tour::new(&self.server, &client, &steps);
        let progress = progress(steps.len() as u64);
        player.play(steps, end, &progress).await?;
        progress.finish_and_clear();
        clock.advance_to(end);
        clock.go_live();
        let mut receiver = Receiver::start().await?;
        tour.give(&mut player, &mut receiver).await?;
        if !args.exit {
            tour.what_next(&self.ready, self.console.as_deref());
        }
        Ok(())
    }
}

fn progress(steps: u64) -> ProgressBar {
    let bar = ProgressBar::new(steps);
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} steps, {per_sec}, {eta} left");
    if let Ok(style) = style {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(200));
    bar
}

/// Prints to whoever watches; one who stopped watching is no reason to fail.
fn say(text: &str) {
    let mut stdout = std::io::stdout();
    let _ = writeln!(stdout, "{text}").and_then(|()| stdout.flush());
}
