//! `cargo xtask chaos`: what aftercall must survive on three brokers while they and it fail.
//!
//! The test itself is of the binary's survival tests: it starts the roles, hurts them and the
//! brokers, and checks what the clients saw. This starts the brokers, each in a network of its own
//! where that is possible, and says how long.

use crate::kafka::Cluster;
use crate::{command, python};

/// In its name, apart from other tests on Kafka: those need no broker that they may kill.
pub(crate) const TEST: &str = "needs_kafka_brokers";

/// In the name of what needs a server of mail.
pub(crate) const MAIL: &str = "needs_smtp";

const BROKERS: u8 = 3;

/// How long, and which course.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// For how many minutes things fail
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=1_440))]
    minutes: u32,
    /// Repeats the course of a run, as far as processes allow; each run prints its seed
    #[arg(long)]
    seed: Option<u64>,
}

impl Args {
    /// As it runs among all tests: always the same course.
    pub(crate) fn short() -> Self {
        Self {
            minutes: 1,
            seed: Some(11),
        }
    }
}

/// Runs it on brokers of its own; without what needs a server of mail, unless there can be one.
///
/// # Errors
/// When something is lost, wrong or missing.
pub(crate) fn run(args: &Args, with_mail: bool) -> anyhow::Result<()> {
    let mut test = command::cargo();
    if with_mail {
        python::with_smtp(&mut test)?;
    }
    let (cluster, _) = Cluster::up_apart("chaos", BROKERS)?;
    // All packages, though one has the test: chosen alone it would have all it needs built again.
    test.args(["test", "--quiet", "--workspace"]);
    test.args(["--test", "survival", "--", "--nocapture"]);
    // They hurt the same brokers.
    test.args(["--test-threads", "1", TEST]);
    if !with_mail {
        test.args(["--skip", MAIL]);
    }
    test.envs(cluster.environment());
    test.env("AFTERCALL_CHAOS_MINUTES", args.minutes.to_string());
    if let Some(seed) = args.seed {
        test.env("AFTERCALL_SURVIVAL_SEED", seed.to_string());
    }
    let outcome = command::run(&mut test);
    let ended = cluster.down();
    outcome.and(ended)
}
