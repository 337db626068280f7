//! `cargo xtask test`: sets up all that the tests need, then runs all of them.

use anyhow::bail;

use crate::needs::{self, Need};
use crate::{command, tidy};

/// Runs every test, or those whose name contains `filter`. What the machine can't run is listed at
/// the end; with `CI=true` it is a failure.
pub(crate) fn run(filter: Option<&str>) -> anyhow::Result<()> {
    if filter.is_none() {
        tidy::run()?;
    }
    let missing = needs::provide();
    // The tests of the binary run the binary as its users get it.
    let mut test = command::cargo();
    test.args(["test", "--workspace", "--quiet", "--no-fail-fast", "--"]);
    test.args(filter);
    for need in &missing {
        test.args(["--skip", need.tests]);
    }
    command::run(&mut test)?;
    report(&missing)
}

fn report(missing: &[&Need]) -> anyhow::Result<()> {
    if missing.is_empty() {
        return Ok(());
    }
    eprintln!("\nnot run, for want of what they need:");
    for Need {
        name,
        tests,
        remedy,
        ..
    } in missing
    {
        eprintln!("  tests named *{tests}*: no {name}; {remedy}");
    }
    if std::env::var("CI").is_ok_and(|ci| ci == "true") {
        bail!("with CI=true every test must run");
    }
    Ok(())
}
