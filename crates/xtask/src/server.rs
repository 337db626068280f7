//! A server of our own, in a process that ends with this one's use of it.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, bail};

use crate::command;

/// A running `aftercall serve` on a data directory of its own.
pub(crate) struct Server {
    child: Child,
    address: String,
    data: tempfile::TempDir,
}

impl Server {
    /// Starts a binary that is built already, with `settings` in its environment.
    pub(crate) fn start(binary: &Path, settings: &[(&str, String)]) -> anyhow::Result<Self> {
        let data = tempfile::tempdir()?;
        let mut child = Command::new(binary)
            .args([
                "serve",
                "--listen",
                "127.0.0.1:0",
                "--metrics-listen",
                "127.0.0.1:0",
            ])
            .arg("--data")
            .arg(data.path())
            .envs(settings.iter().cloned())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .with_context(|| format!("can't start {}", binary.display()))?;
        let mut line = String::new();
        let stdout = child.stdout.take().context("the server's output")?;
        BufReader::new(stdout).read_line(&mut line)?;
        let address = line
            .split_whitespace()
            .find_map(|word| word.strip_prefix("grpc=http://"));
        let Some(address) = address.map(str::to_owned) else {
            let _ = child.kill();
            bail!(
                "the server did not say where it listens: {line:?} ({})",
                child.wait()?
            );
        };
        Ok(Self {
            child,
            address,
            data,
        })
    }

    /// Its host and port.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// Its data directory.
    pub(crate) fn data(&self) -> &Path {
        self.data.path()
    }

    /// Asks it to end, as an operator would, and checks that it ends well.
    pub(crate) fn stop(mut self) -> anyhow::Result<()> {
        command::run(Command::new("kill").args(["-TERM", &self.child.id().to_string()]))?;
        let status = self.child.wait()?;
        anyhow::ensure!(status.success(), "the server ended with {status}");
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
