//! Running other programs, and saying which one failed.

use std::ffi::OsStr;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, bail};

/// `cargo` as from a shell, at the project's top.
///
/// The `cargo` that runs this program has told it by the environment which package it is of. Build
/// scripts of libraries look at that, and would build them anew, with all that depends on them.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(crate::root());
    for (name, _) in std::env::vars_os() {
        if name.to_str().is_some_and(is_of_this_package) {
            command.env_remove(name);
        }
    }
    command
}

/// Whether `cargo` sets a variable for the program that it runs, rather than takes it from the caller.
fn is_of_this_package(name: &str) -> bool {
    const NAMES: &[&str] = &[
        "CARGO_MANIFEST_",
        "CARGO_PKG_",
        "CARGO_BIN_",
        "CARGO_CRATE_",
    ];
    NAMES.iter().any(|start| name.starts_with(start)) || name == "OUT_DIR"
}

/// Which program is to be tried.
#[derive(Debug, clap::Args)]
pub(crate) struct Program {
    /// The aftercall to run; left out, the release binary, built first
    #[arg(long, value_name = "PATH")]
    binary: Option<PathBuf>,
}

impl Program {
    /// Where it is. The release binary is built if it is not yet.
    pub(crate) fn path(&self) -> anyhow::Result<PathBuf> {
        if let Some(binary) = &self.binary {
            return binary
                .canonicalize()
                .with_context(|| format!("--binary {}", binary.display()));
        }
        run(cargo().args(["build", "--release", "--quiet", "--package", "aftercall"]))?;
        let target = std::env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
        let target = target.unwrap_or_else(|| crate::root().join("target"));
        Ok(target.join("release/aftercall"))
    }
}

/// Runs `command` with its output shown.
pub(crate) fn run(command: &mut Command) -> anyhow::Result<()> {
    let shown = format!("{command:?}").replace('"', "");
    eprintln!("• {shown}");
    let status = command
        .status()
        .with_context(|| format!("can't start {shown}"))?;
    if !status.success() {
        bail!("{shown} failed with {status}");
    }
    Ok(())
}

/// Whether `command` runs and succeeds, without showing its output.
pub(crate) fn succeeds(program: &str, args: impl IntoIterator<Item = impl AsRef<OsStr>>) -> bool {
    let quiet = Command::new(program)
        .args(args)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    quiet.is_ok_and(|status| status.success())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nested_cargo_is_not_told_of_this_package() {
        // Tests are run by cargo, too, so that there is something to forget.
        assert!(std::env::var_os("CARGO_PKG_NAME").is_some());
        let cargo = cargo();
        let forgotten: Vec<_> = cargo
            .get_envs()
            .filter(|(_, value)| value.is_none())
            .map(|(name, _)| name.to_string_lossy().into_owned())
            .collect();
        for name in [
            "CARGO_PKG_NAME",
            "CARGO_PKG_VERSION_MAJOR",
            "CARGO_MANIFEST_DIR",
        ] {
            assert!(forgotten.iter().any(|it| it == name), "{name}");
        }
        for name in [
            "CARGO_TARGET_DIR",
            "CARGO_PROFILE_DEV_DEBUG",
            "CARGO_HOME",
            "CARGO",
        ] {
            assert!(!is_of_this_package(name), "{name}");
        }
    }
}
