//! Python packages in a place of their own.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::command;

/// The directory of the programs of a Python that has `packages`, set up under `home`.
pub(crate) fn with(home: &Path, packages: &[&str]) -> anyhow::Result<PathBuf> {
    let place = home.join("python");
    let programs = place.join("bin");
    let python = programs.join("python");
    if !python.exists() {
        command::run(Command::new("python3").args(["-m", "venv"]).arg(&place))?;
    }
    let mut install = Command::new(&python);
    install.args(["-m", "pip", "install", "--quiet"]);
    install.arg("--disable-pip-version-check");
    command::run(install.args(packages).stdout(std::io::stderr()))?;
    Ok(programs)
}
