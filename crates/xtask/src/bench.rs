//! `cargo xtask bench`: runs the benchmarks, each in its own process beside its peer, and beside
//! those of another commit.

mod against;
mod figures;
mod pairs;
mod tree;
mod watch;

use std::path::PathBuf;
use std::process::Command;

use anyhow::bail;

use crate::kafka::Cluster;
use crate::needs::{self, Need};
use crate::{command, python};

/// What to measure, and beside what.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// What to measure; everything if left out. `cargo xtask bench --list` names them
    names: Vec<String>,
    /// Print one JSON object a line
    #[arg(long)]
    json: bool,
    /// Print the names and what each measures
    #[arg(long)]
    list: bool,
    /// How many open promises `timers` and `retarget` have; left out, a million
    #[arg(long, value_name = "N")]
    promises: Option<u64>,
    /// A program that `timers` and `retarget` measure in place of the one that is built
    #[arg(long, value_name = "PATH")]
    server: Option<PathBuf>,
    /// Another commit, whose benchmarks are built beside and run in turn with these
    #[arg(long, value_name = "COMMIT")]
    against: Option<String>,
    /// How often each of the two runs
    #[arg(long, value_name = "N", default_value_t = 3, requires = "against")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..))]
    rounds: u32,
}

/// A measurement: an argument of a package's bench target.
struct Bench {
    name: &'static str,
    package: &'static str,
    target: &'static str,
    what: &'static str,
    /// The sizes of the Kafka clusters on which it runs, one after the other; none for most.
    clusters: &'static [u8],
    /// What its servers do, in the order of their starts, where that is the same amount of work in
    /// every run: then what they take can be compared from outside.
    servers: &'static [&'static str],
    /// Python's packages that it stands beside; none for most.
    packages: &'static [&'static str],
}

/// What insight stands beside.
const DUCKDB: &[&str] = &["duckdb>=1.2"];

/// The cluster that is started for a benchmark.
const CLUSTER: &str = "bench";

const ALL: &[Bench] = &[
    Bench {
        target: "engines",
        package: "aftercall-log",
        ..system(
            "engines",
            "the log engine beside plain append + fdatasync, fjall and redb",
        )
    },
    system(
        "record",
        "one contact a call: beside a bare echo and beside PostgreSQL; at 5,000 a second",
    ),
    Bench {
        servers: &["fill"],
        ..system("stream", "contacts in bulk over streams")
    },
    Bench {
        servers: &["fill", "rebuild"],
        ..system("rebuild", "all views from nothing")
    },
    system(
        "timeline",
        "a customer's timeline, beside a bare echo of the same bytes",
    ),
    system(
        "search",
        "filters, text and facets among a million contacts",
    ),
    system(
        "export",
        "a million contacts taken home, in each form; and questions as of the past",
    ),
    Bench {
        packages: DUCKDB,
        ..system(
            "insight",
            "measures over a million contacts, beside DuckDB, and what their view costs beside the others",
        )
    },
    Bench {
        target: "insight",
        package: "aftercall-insight",
        packages: DUCKDB,
        ..system(
            "insight",
            "aggregates over a million contacts, beside a plain pass and DuckDB",
        )
    },
    system(
        "calls",
        "events of calls a second, beside a bare echo; how soon a watch has one; AFTERCALL_BENCH_EVENTS",
    ),
    Bench {
        target: "suggest",
        package: "aftercall-retrieval",
        ..system(
            "suggest",
            "ranking: time and memory at 100,000 solutions; AFTERCALL_RETRIEVAL_DATA adds how good it is",
        )
    },
    Bench {
        target: "suggest",
        package: "aftercall-knowledge",
        ..system(
            "suggest",
            "… by the service, with its index: time at 100,000 solutions, and nDCG@10",
        )
    },
    Bench {
        target: "business_time",
        package: "aftercall-domain",
        ..system(
            "business_time",
            "reckoning with opening hours, beside doing it day by day",
        )
    },
    Bench {
        servers: &["at_5k"],
        ..system(
            "fresh",
            "from an acknowledgement until a search finds it, at 5,000 a second",
        )
    },
    system(
        "footprint",
        "disk, memory, restart; AFTERCALL_BENCH_MILLIONS=10 adds a larger one",
    ),
    system(
        "deliver",
        "webhooks a second to a receiver on this machine, and how late at 1,000 a second",
    ),
    system(
        "timers",
        "lapses of a million open promises: how late, how many a second; beside PostgreSQL and a poller",
    ),
    system(
        "retarget",
        "an edit of a policy with a million open promises: what moves, a shadow run, and having them follow it",
    ),
    system(
        "knowledge",
        "suggestions among 100,000 solutions that were used ten million times, while some are edited",
    ),
    Bench {
        clusters: &[1, 3],
        ..system(
            "kafka",
            "recording on Kafka: beside the embedded log and beside a bare producer",
        )
    },
];

const fn system(name: &'static str, what: &'static str) -> Bench {
    Bench {
        name,
        package: "aftercall",
        target: "system",
        what,
        clusters: &[],
        servers: &[],
        packages: &[],
    }
}

/// Runs the benchmarks that are asked for, all of them if none is named.
pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    if args.list {
        for Bench { name, what, .. } in ALL {
            println!("{name:12} {what}");
        }
        return Ok(());
    }
    let chosen = chosen(&args.names)?;
    for bench in &chosen {
        if let Some(Need { name, remedy, .. }) = needs::provide(&[bench.name]).first() {
            bail!("the benchmark {} needs {name}: {remedy}", bench.name);
        }
    }
    if let Some(commit) = &args.against {
        return against::run(&chosen, commit, args.rounds, args.json);
    }
    for bench in chosen {
        let mut cargo = bench.command(command::cargo());
        cargo.args(args.json.then_some("--json"));
        cargo.envs(bench.python()?);
        let promises = args.promises.map(|promises| promises.to_string());
        cargo.envs(promises.map(|promises| ("AFTERCALL_BENCH_PROMISES", promises)));
        cargo.envs(
            args.server
                .as_ref()
                .map(|path| ("AFTERCALL_BENCH_SERVER", path)),
        );
        match bench.clusters {
            [] => command::run(&mut cargo)?,
            sizes => sizes
                .iter()
                .try_for_each(|brokers| on_kafka(*brokers, &mut cargo))?,
        }
    }
    Ok(())
}

fn chosen(names: &[String]) -> anyhow::Result<Vec<&'static Bench>> {
    let unknown = |name: &&String| ALL.iter().all(|bench| bench.name != **name);
    if let Some(unknown) = names.iter().find(unknown) {
        bail!("there is no benchmark {unknown}; `cargo xtask bench --list` names them");
    }
    let chosen = |bench: &&Bench| names.is_empty() || names.iter().any(|name| name == bench.name);
    Ok(ALL.iter().filter(chosen).collect())
}

/// Runs `bench` beside a cluster of its own, which ends with it.
fn on_kafka(brokers: u8, bench: &mut Command) -> anyhow::Result<()> {
    let (cluster, _) = Cluster::up(CLUSTER, Some(brokers))?;
    let outcome = command::run(bench.envs(cluster.environment()));
    outcome.and(cluster.down())
}

impl Bench {
    /// What runs it, by a `cargo` that stands where its sources are.
    fn command(&self, mut cargo: Command) -> Command {
        cargo.args(["bench", "--quiet"]);
        cargo.args(["--package", self.package, "--bench", self.target]);
        cargo.arg("--");
        cargo.args((self.target == "system").then_some(self.name));
        cargo
    }

    /// Names the Python that has its packages, set up where it is not yet.
    fn python(&self) -> anyhow::Result<Option<(&'static str, PathBuf)>> {
        if self.packages.is_empty() {
            return Ok(None);
        }
        let home = crate::root().join("target/bench");
        std::fs::create_dir_all(&home)?;
        let programs = python::with(&home, self.packages)?;
        Ok(Some(("AFTERCALL_BENCH_PYTHON", programs.join("python"))))
    }

    /// What builds it.
    fn build(&self, mut cargo: Command) -> Command {
        cargo.args(["bench", "--no-run"]);
        cargo.args(["--package", self.package, "--bench", self.target]);
        cargo
    }
}
