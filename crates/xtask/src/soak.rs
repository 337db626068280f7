//! `cargo xtask soak`: a real server under steady load for hours.
//!
//! ```text
//!  callers, watchers ─► client ─► server ─► a disk of its own
//!                                   │         filled to the last block, and given back, all along
//!                                   └─ stopped in order and killed in turn, in the first third;
//!                                      then one process, whose memory, files and threads are watched
//! ```
//!
//! At the end it is killed once more, everything that was acknowledged is asked for, and the log is read.
//! What it shows: a server keeps what it has acknowledged through all this, refuses what is bad with the
//! reason that it has, and takes no more of its machine with time. What it doesn't show: a disk that lies,
//! several machines, or how fast it is where others work, too.

mod bad;
mod book;
mod callers;
mod contact;
mod course;
mod disk;
mod footprint;
mod host;
mod questions;
mod report;
mod scene;
mod verify;
mod watchers;

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, ensure};

use crate::command::Program;
use callers::Callers;
use course::Course;
use disk::Disk;
use host::Host;
use report::Report;
use scene::Scene;
use watchers::Watchers;

/// How long, and how hard.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// For how many hours; 1 where neither hours nor minutes are said
    #[arg(long, value_parser = clap::value_parser!(u32).range(0..=720))]
    hours: Option<u32>,
    /// And for how many minutes
    #[arg(long, value_parser = clap::value_parser!(u32).range(0..=59))]
    minutes: Option<u32>,
    /// How many things the callers do in a second
    #[arg(long, default_value_t = 80, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    rate: u32,
    #[command(flatten)]
    program: Program,
}

impl Args {
    fn lasting(&self) -> Duration {
        let minutes = match (self.hours, self.minutes) {
            (None, None) => 60,
            (hours, minutes) => hours.unwrap_or(0) * 60 + minutes.unwrap_or(0),
        };
        Duration::from_secs(60 * u64::from(minutes.max(1)))
    }
}

/// Runs it, and prints what was held, tried and seen.
///
/// # Errors
/// When something is lost or wrong, or what the server takes grows.
pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(soak(args))
}

async fn soak(args: &Args) -> anyhow::Result<()> {
    let binary = args.program.path()?;
    let disk = Disk::new()?;
    if !disk.is_ours() {
        eprintln!("soak: not root, or no loop devices: the disk is not filled");
    }
    let mut host = Host::start(&binary, &disk)?;
    let scene = Arc::new(Scene::new(host.address())?);
    let watchers = Watchers::start(&scene).await?;
    let callers = Callers::start(&scene, args.rate);
    let mut course = Course::new(args.lasting());
    course.run(&scene, &mut host, &disk).await?;
    scene.end();
    callers.end().await?;
    eprintln!("soak: asking for all that was acknowledged");
    host.kill_and_begin()?;
    let mut verdict = verify::ask_for_all(&scene).await?;
    watchers.conclude(&scene).await?;
    let serving = scene.doors.crm(0).is_serving("").await;
    if !serving.context("its health")? {
        scene.book.found("the server does not serve".to_owned());
    }
    host.stop()?;
    verify::read_log(&binary, &disk.data(), (&scene, &mut verdict))?;
    let report = Report {
        course: &course,
        host: &host,
        scene: &scene,
        verdict: &verdict,
        alerts: watchers.told(),
    };
    println!("{report}");
    let mut wrong = course.footprints.grown();
    wrong.extend(host.complaints());
    wrong.into_iter().for_each(|wrong| scene.book.found(wrong));
    let wrong = scene.book.wrong();
    ensure!(wrong == 0, "{wrong} faults; the first are above");
    Ok(())
}
