//! `cargo xtask bench`: runs the benchmarks, each in its own process beside its peer.

use anyhow::bail;

use crate::command;

/// A measurement: an argument of a package's bench target.
struct Bench {
    name: &'static str,
    package: &'static str,
    target: &'static str,
    what: &'static str,
}

const ALL: &[Bench] = &[
    Bench {
        name: "engines",
        package: "aftercall-log",
        target: "engines",
        what: "the log engine beside plain append + fdatasync, fjall and redb",
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
    },
    system(
        "fresh",
        "from an acknowledgement until a search finds it, at 5,000 a second",
    ),
    system(
        "footprint",
        "disk, memory, restart; AFTERCALL_BENCH_MILLIONS=10 adds a larger one",
    ),
];

const fn system(name: &'static str, what: &'static str) -> Bench {
    Bench {
        name,
        package: "aftercall",
        target: "system",
        what,
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
    for bench in ALL {
        if names.is_empty() || names.iter().any(|name| name == bench.name) {
            let mut cargo = command::cargo();
            cargo.args([
                "bench",
                "--quiet",
                "--package",
                bench.package,
                "--bench",
                bench.target,
            ]);
            cargo.arg("--");
            cargo.args((bench.target == "system").then_some(bench.name));
            cargo.args(json.then_some("--json"));
            command::run(&mut cargo)?;
        }
    }
    Ok(())
}
