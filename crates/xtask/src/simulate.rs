//! `cargo xtask simulate`: plays whole processes, clients and faults on one thread, seed after seed.
//!
//! The simulation itself is `crates/sim`, and this runs its test for longer than all tests do.

use crate::command;

/// How many seeds, and which.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// How many seeds are played at most
    #[arg(long, default_value_t = 1_000_000)]
    seeds: u64,
    /// For how many minutes at most
    #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..=10_080))]
    minutes: u32,
    /// The first seed; what was found is repeated by it, with `--seeds 1`
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

/// Plays them.
///
/// # Errors
/// When a seed finds something: its shortest plan and its course are printed.
pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let mut test = command::cargo();
    // All packages, though one has the test: chosen alone it would have all it needs built again.
    test.args(["test", "--quiet", "--workspace"]);
    test.args([
        "--test",
        "simulation",
        "--",
        "--nocapture",
        "no_seed_finds_anything",
    ]);
    test.env("AFTERCALL_SIMULATE_SEED", args.seed.to_string());
    test.env("AFTERCALL_SIMULATE_SEEDS", args.seeds.to_string());
    test.env("AFTERCALL_SIMULATE_MINUTES", args.minutes.to_string());
    command::run(&mut test)
}
