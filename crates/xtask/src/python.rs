//! Python packages in a place of their own.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::command;

/// Names the Python by which tests start a server of mail that others wrote, as
/// `services/notify/tests/it/mail/server.py` does.
const SMTP: &str = "AFTERCALL_SMTP_PYTHON";

/// Has `test` find a Python that has a server of mail.
pub(crate) fn with_smtp(test: &mut Command) -> anyhow::Result<()> {
    let home = crate::root().join("target/tests");
    std::fs::create_dir_all(&home)?;
    let programs = with(&home, &["aiosmtpd>=1.4.6"])?;
    test.env(SMTP, programs.join("python"));
    Ok(())
}

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
