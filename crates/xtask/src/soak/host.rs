//! The server of a soak: stopped, killed and started again, on the same data and at the same address.

use std::fs::File;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context, ensure};
use rand::Rng;
use tokio::task::block_in_place;

use super::disk::Disk;
use super::scene;
use crate::server::{Place, Server};

/// Where it listens: below the ports that systems give to connections, so that none takes the server's
/// while it is away.
const PORTS: std::ops::Range<u16> = 20_000..32_000;
const PORTS_TRIED: usize = 100;

pub(super) struct Host {
    binary: PathBuf,
    data: PathBuf,
    log: PathBuf,
    listen: String,
    settings: [(&'static str, String); 2],
    server: Option<Server>,
    /// How often it was stopped in order, and how often killed.
    pub(super) stops: u32,
    pub(super) kills: u32,
}

impl Host {
    /// Starts it on a disk.
    pub(super) fn start(binary: &Path, disk: &Disk) -> anyhow::Result<Self> {
        let credentials = disk.beside("credentials.toml");
        scene::write_credentials(&credentials)?;
        let credentials = credentials.display().to_string();
        let mut host = Self {
            binary: binary.to_owned(),
            data: disk.data(),
            log: disk.beside("server.log"),
            listen: free_address()?,
            settings: [
                ("AFTERCALL_SERVER__CREDENTIALS", credentials),
                ("AFTERCALL_TELEMETRY__FILTER", "warn".to_owned()),
            ],
            server: None,
            stops: 0,
            kills: 0,
        };
        host.begin()?;
        Ok(host)
    }

    /// Its host and port.
    pub(super) fn address(&self) -> &str {
        &self.listen
    }

    /// Its process, unless it has ended by itself.
    pub(super) fn process_id(&mut self) -> anyhow::Result<u32> {
        let server = self.server.as_mut().context("a server")?;
        ensure!(
            server.runs()?,
            "the server ended by itself; its last words:\n{}",
            self.last_words()
        );
        let server = self.server.as_ref().context("a server")?;
        Ok(server.process_id())
    }

    /// Starts it again, after it was ended in order or killed, in turn.
    pub(super) fn restart(&mut self) -> anyhow::Result<()> {
        if self.stops > self.kills {
            self.kill()?;
        } else {
            self.stop()?;
        }
        self.begin()
    }

    /// Kills it, and starts it again.
    pub(super) fn kill_and_begin(&mut self) -> anyhow::Result<()> {
        self.kill()?;
        self.begin()
    }

    fn kill(&mut self) -> anyhow::Result<()> {
        self.kills += 1;
        block_in_place(|| self.server.take().context("a server")?.kill())
    }

    /// Ends it in order.
    pub(super) fn stop(&mut self) -> anyhow::Result<()> {
        self.stops += 1;
        block_in_place(|| self.server.take().context("a server")?.stop())
    }

    fn begin(&mut self) -> anyhow::Result<()> {
        let log = File::options().create(true).append(true).open(&self.log)?;
        let place = Place {
            data: &self.data,
            listen: &self.listen,
            log: Stdio::from(log),
        };
        let started = block_in_place(|| Server::start_at(place, &self.binary, &self.settings));
        self.server = Some(started.with_context(|| self.last_words())?);
        Ok(())
    }

    fn said(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    fn last_words(&self) -> String {
        let said = self.said();
        let lines: Vec<_> = said.lines().collect();
        lines[lines.len().saturating_sub(20)..].join("\n")
    }

    /// What it says only when something is wrong with it.
    pub(super) fn complaints(&self) -> Vec<String> {
        let said = self.said();
        let bad = ["panicked", "damaged", "begun anew"];
        let lines = said
            .lines()
            .filter(|line| bad.iter().any(|word| line.contains(word)));
        lines.map(str::to_owned).collect()
    }
}

fn free_address() -> anyhow::Result<String> {
    let mut random = rand::rng();
    for _ in 0..PORTS_TRIED {
        let address = format!("127.0.0.1:{}", random.random_range(PORTS));
        if TcpListener::bind(&address).is_ok() {
            return Ok(address);
        }
    }
    anyhow::bail!("no port is free in {PORTS:?}")
}
