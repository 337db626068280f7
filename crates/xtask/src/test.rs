//! `cargo xtask test`: sets up all that the tests need, then runs all of them.

use std::process::Stdio;

use anyhow::{Context, bail};

use crate::needs::{self, Need};
use crate::{chaos, command, kafka, python, tidy};

/// Runs every test, or those whose name contains `filter`. What the machine can't run is listed at
/// the end; with `CI=true` it is a failure.
pub(crate) fn run(filter: Option<&str>) -> anyhow::Result<()> {
    if filter.is_none() {
        tidy::run()?;
    }
    let missing = needs::provide(needs::TESTS);
    let skipped = missing.iter().flat_map(|need| ["--skip", need.of]);
    let arguments: Vec<_> = filter.into_iter().chain(skipped).collect();
    // The tests of the binary run the binary as its users get it.
    let mut test = command::cargo();
    test.args(["test", "--workspace", "--quiet", "--no-fail-fast", "--"]);
    test.args(&arguments);
    let selected = names(&arguments)?;
    let (on_brokers, others): (Vec<_>, Vec<_>) = selected
        .iter()
        .filter(|name| name.contains("needs_kafka"))
        .partition(|name| name.contains(chaos::TEST));
    test.args(["--skip", chaos::TEST]);
    test.args(["--test-threads", &threads()]);
    if selected.iter().any(|name| name.contains(chaos::MAIL)) {
        python::with_smtp(&mut test)?;
    }
    if others.is_empty() {
        command::run(&mut test)?;
    } else {
        kafka::beside(&mut test)?;
    }
    if !on_brokers.is_empty() {
        let with_mail = on_brokers.iter().any(|name| name.contains(chaos::MAIL));
        chaos::run(&chaos::Args::short(), with_mail)?;
    }
    report(&missing)
}

/// How many tests run at a time: half as many again as there are processors. For about half of the time they wait, for processes,
/// brokers and receivers that they started.
fn threads() -> String {
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    (processors + processors.div_ceil(2)).to_string()
}

/// The tests that `arguments` select, one a line.
fn names(arguments: &[&str]) -> anyhow::Result<Vec<String>> {
    let mut list = command::cargo();
    list.args(["test", "--workspace", "--lib", "--bins", "--tests"]);
    list.args(["--quiet", "--", "--list"]);
    let listed = list.args(arguments).stderr(Stdio::inherit()).output();
    let listed = listed.context("can't start cargo")?;
    if !listed.status.success() {
        bail!("the tests don't build");
    }
    let listed = String::from_utf8_lossy(&listed.stdout);
    Ok(listed.lines().map(str::to_owned).collect())
}

fn report(missing: &[&Need]) -> anyhow::Result<()> {
    if missing.is_empty() {
        return Ok(());
    }
    eprintln!("\nnot run, for want of what they need:");
    for Need {
        name, of, remedy, ..
    } in missing
    {
        eprintln!("  tests named *{of}*: no {name}; {remedy}");
    }
    if std::env::var("CI").is_ok_and(|ci| ci == "true") {
        bail!("with CI=true every test must run");
    }
    Ok(())
}
