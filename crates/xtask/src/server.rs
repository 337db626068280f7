//! A server of our own, in a process that ends with this one's use of it.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

/// How often a server that has to end is looked at until it is gone, and how many times.
const LOOK_EVERY: Duration = Duration::from_millis(20);
const LOOKS: usize = 3_000;

/// A running `aftercall serve`.
pub(crate) struct Server {
    child: Child,
    address: String,
    data: PathBuf,
    /// The data's directory, where it is the server's own and goes with it.
    _own: Option<TempDir>,
}

/// Where a server is started, beside its binary.
pub(crate) struct Place<'a> {
    /// Its data directory.
    pub(crate) data: &'a Path,
    /// Where it listens; port 0 takes any that is free.
    pub(crate) listen: &'a str,
    /// Where what it logs goes.
    pub(crate) log: Stdio,
}

impl Server {
    /// Starts a binary that is built already, on a data directory of its own and with `settings` in its
    /// environment.
    pub(crate) fn start(binary: &Path, settings: &[(&str, String)]) -> anyhow::Result<Self> {
        let own = tempfile::tempdir()?;
        let place = Place {
            data: own.path(),
            listen: "127.0.0.1:0",
            log: Stdio::inherit(),
        };
        let mut server = Self::start_at(place, binary, settings)?;
        server._own = Some(own);
        Ok(server)
    }

    /// The same at a place that outlives it.
    pub(crate) fn start_at(
        place: Place<'_>,
        binary: &Path,
        settings: &[(&str, String)],
    ) -> anyhow::Result<Self> {
        let mut child = Command::new(binary)
            .args(["serve", "--listen", place.listen])
            .args(["--metrics-listen", "127.0.0.1:0", "--data"])
            .arg(place.data)
            .envs(settings.iter().cloned())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(place.log)
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
            data: place.data.to_owned(),
            _own: None,
        })
    }

    /// Its host and port.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// Its data directory.
    pub(crate) fn data(&self) -> &Path {
        &self.data
    }

    /// Its process.
    pub(crate) fn process_id(&self) -> u32 {
        self.child.id()
    }

    /// Whether it still runs.
    pub(crate) fn runs(&mut self) -> anyhow::Result<bool> {
        Ok(self.child.try_wait()?.is_none())
    }

    /// Asks it to end, as an operator would, and checks that it ends well.
    pub(crate) fn stop(mut self) -> anyhow::Result<()> {
        kill_process(Pid::from_child(&self.child), Signal::TERM)?;
        for _ in 0..LOOKS {
            if let Some(status) = self.child.try_wait()? {
                ensure!(status.success(), "the server ended with {status}");
                return Ok(());
            }
            thread::sleep(LOOK_EVERY);
        }
        bail!("the server was asked to end, and does not");
    }

    /// Ends it as a crash would, with what it was doing half done.
    pub(crate) fn kill(mut self) -> anyhow::Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
