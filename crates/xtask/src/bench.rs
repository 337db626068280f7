//! `cargo xtask bench`: runs the benchmarks, each in its own process beside its peer.

use std::process::Command;

use anyhow::bail;

use crate::command;
use crate::kafka::Cluster;
use crate::needs::{self, Need};

/// A measurement: an argument of a package's bench target.
struct Bench {
    name: &'static str,
    package: &'static str,
    target: &'static str,
    what: &'static str,
    /// The sizes of the Kafka clusters on which it runs, one after the other; none for most.
    clusters: &'static [u8],
}

/// The cluster that is started for a benchmark.
const CLUSTER: &str = "bench";

const ALL: &[Bench] = &[
    Bench {
        name: "engines",
        package: "aftercall-log",
        target: "engines",
        what: "the log engine beside plain append + fdatasync, fjall and redb",
        clusters: &[],
    },
    system(
        "record",
        "one contact a call: beside a bare echo and beside PostgreSQL",
    ),
    system("stream", "contacts in bulk over streams"),
    system("rebuild", "all views from nothing"),
    system(
        "timeline",
        "a customer's timeline, beside a bare echo of the same bytes",
    ),
    system(
        "search",
        "filters, text and facets among a million contacts",
    ),
    Bench {
        name: "suggest",
        package: "aftercall-knowledge",
        target: "suggest",
        what: "suggestions: time at 100,000 solutions; AFTERCALL_RETRIEVAL_DATA adds nDCG@10",
        clusters: &[],
    },
    system(
        "fresh",
        "from an acknowledgement until a search finds it, at 5,000 a second",
    ),
    system(
        "footprint",
        "disk, memory, restart; AFTERCALL_BENCH_MILLIONS=10 adds a larger one",
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
    }
}

/// Runs the benchmarks called `names`, all of them if there are none.
pub(crate) fn run(names: &[String], json: bool, list: bool) -> anyhow::Result<()> {
    if list {
        for Bench { name, what, .. } in ALL {
            println!("{name:12} {what}");
        }
        return Ok(());
    }
    if let Some(unknown) = names
        .iter()
        .find(|name| ALL.iter().all(|bench| bench.name != **name))
    {
        bail!("there is no benchmark {unknown}; `cargo xtask bench --list` names them");
    }
    let chosen = |bench: &&Bench| names.is_empty() || names.iter().any(|name| name == bench.name);
    for bench in ALL.iter().filter(chosen) {
        if let Some(Need { name, remedy, .. }) = needs::provide(&[bench.name]).first() {
            bail!("the benchmark {} needs {name}: {remedy}", bench.name);
        }
        match bench.clusters {
            [] => command::run(&mut bench.command(json))?,
            sizes => sizes
                .iter()
                .try_for_each(|brokers| on_kafka(*brokers, &mut bench.command(json)))?,
        }
    }
    Ok(())
}

/// Runs `bench` beside a cluster of its own, which ends with it.
fn on_kafka(brokers: u8, bench: &mut Command) -> anyhow::Result<()> {
    let (cluster, _) = Cluster::up(CLUSTER, Some(brokers))?;
    let outcome = command::run(bench.envs(cluster.environment()));
    outcome.and(cluster.down())
}

impl Bench {
    fn command(&self, json: bool) -> Command {
        let mut cargo = command::cargo();
        cargo.args(["bench", "--quiet"]);
        cargo.args(["--package", self.package, "--bench", self.target]);
        cargo.arg("--");
        cargo.args((self.target == "system").then_some(self.name));
        cargo.args(json.then_some("--json"));
        cargo
    }
}
