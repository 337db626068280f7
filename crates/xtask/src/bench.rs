//! `cargo xtask bench`: runs the benchmarks, each in its own process beside its peer.

use anyhow::bail;

use crate::command;

/// One benchmark: a bench target of a package.
struct Bench {
    name: &'static str,
    package: &'static str,
    what: &'static str,
}

const ALL: &[Bench] = &[Bench {
    name: "engines",
    package: "aftercall-log",
    what: "the log engine beside plain append + fdatasync, fjall and redb",
}];

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
                bench.name,
            ]);
            cargo.arg("--");
            cargo.args(json.then_some("--json"));
            command::run(&mut cargo)?;
        }
    }
    Ok(())
}
