//! `cargo xtask proto`: what buf says of the protos, and of what they change since the last release.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::command;

/// The tool, at a version of its own.
const BUF: &str = "@bufbuild/buf@1.75.0";

/// The descriptors of the last release, beside the protos.
const RELEASED: &str = "released.binpb";

/// What to do with the protos.
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Keep these protos as a release's: later ones must not break them. Part of every release
    #[arg(long)]
    release: bool,
}

/// Checks format and style, and that nothing breaks that the last release had.
pub(crate) fn run(args: &Args) -> anyhow::Result<()> {
    let buf = buf()?;
    let run = |arguments: &[&str]| {
        let mut buf = Command::new(&buf);
        buf.current_dir(crate::root().join("proto"));
        command::run(buf.args(arguments))
    };
    run(&["format", "--diff", "--exit-code"])?;
    run(&["lint"])?;
    if args.release {
        // Without comments and places: what is compared, and no more.
        return run(&["build", "--exclude-source-info", "--output", RELEASED]);
    }
    run(&["breaking", "--against", RELEASED])
}

/// The tool's path; it is installed under `target/` where it is not there.
fn buf() -> anyhow::Result<PathBuf> {
    let home = crate::root().join("target/buf");
    let program = home.join("node_modules/.bin/buf");
    if !is_of_version(&program) {
        fs::create_dir_all(&home)?;
        let mut install = Command::new("npm");
        install.args(["install", "--silent", "--no-audit", "--no-fund", "--prefix"]);
        command::run(install.arg(&home).arg(BUF))?;
    }
    Ok(program)
}

fn is_of_version(program: &Path) -> bool {
    let (_, version) = BUF.rsplit_once('@').unwrap_or_default();
    let said = Command::new(program).arg("--version").output();
    said.is_ok_and(|said| String::from_utf8_lossy(&said.stdout).trim() == version)
}
