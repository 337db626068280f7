//! Processes that a measurement starts, and ends again: aftercall itself and the echo peer.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};

/// In what Linux counts processor time towards programs, whatever its own clock is.
const TICK: Duration = Duration::from_millis(10);

/// Views say every second how far behind they are: a lag of zero for less than that says nothing.
const LAG_STALE_MAX: Duration = Duration::from_millis(1_200);

/// A server in a process of its own. Dropping it ends the process.
pub(crate) struct Server {
    child: Child,
    pub(crate) grpc: String,
    metrics: Option<String>,
    /// From the start of the process until it said that it is ready.
    pub(crate) ready_in: Duration,
}

impl Server {
    /// Starts `aftercall serve` on `data`.
    pub(crate) fn aftercall(data: &Path) -> anyhow::Result<Self> {
        Self::serve(Command::new(env!("CARGO_BIN_EXE_aftercall")), data)
    }

    /// Starts `aftercall serve` on `data` by a command that may hold more of its configuration.
    pub(crate) fn serve(command: Command, data: &Path) -> anyhow::Result<Self> {
        Self::roles(command, &[], data)
    }

    /// The same with some of the roles only; none means all.
    pub(crate) fn roles(mut command: Command, roles: &[&str], data: &Path) -> anyhow::Result<Self> {
        command.arg("serve").args(roles).args([
            "--listen",
            "127.0.0.1:0",
            "--metrics-listen",
            "127.0.0.1:0",
        ]);
        command
            .arg("--data")
            .arg(data)
            .env("AFTERCALL_TELEMETRY__FILTER", "warn");
        Self::start(command)
    }

    /// Starts the echo peer; `response` is a file with the timeline that it answers with.
    pub(crate) fn echo(response: Option<&Path>) -> anyhow::Result<Self> {
        let mut command = Command::new(std::env::current_exe()?);
        command.arg(super::echo::ARGUMENT).args(response);
        Self::start(command)
    }

    fn start(mut command: Command) -> anyhow::Result<Self> {
        let began = Instant::now();
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut line = String::new();
        let stdout = child.stdout.take().context("the server's output")?;
        BufReader::new(stdout).read_line(&mut line)?;
        let value = |name: &str| {
            let found = line
                .split_whitespace()
                .find_map(|word| word.strip_prefix(name));
            found.map(str::to_owned)
        };
        let Some(grpc) = value("grpc=") else {
            let _ = child.kill();
            let status = child.wait()?;
            bail!("the server did not say where it listens: {line:?} ({status})");
        };
        Ok(Self {
            child,
            grpc,
            metrics: value("metrics="),
            ready_in: began.elapsed(),
        })
    }

    /// The value of the largest sample of a metric, such as the lag of the view furthest behind.
    pub(crate) fn metric_max(&self, name: &str) -> anyhow::Result<f64> {
        self.metric_of(name, "")
    }

    /// The value of the largest sample of a metric with a label of this value; with any, if it is empty.
    pub(crate) fn metric_of(&self, name: &str, label: &str) -> anyhow::Result<f64> {
        let url = self
            .metrics
            .as_deref()
            .context("the server has no metrics")?;
        let address = url
            .trim_start_matches("http://")
            .split('/')
            .next()
            .unwrap_or_default();
        let mut stream = TcpStream::connect(address)?;
        stream
            .write_all(b"GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
        let mut text = String::new();
        stream.read_to_string(&mut text)?;
        let samples = text
            .lines()
            .filter(|line| line.starts_with(name) && line.contains(label));
        let values = samples.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok());
        values
            .reduce(f64::max)
            .with_context(|| format!("no metric {name}"))
    }

    /// Waits until every view has taken all that is in the log; how long that took.
    pub(crate) async fn caught_up(&self) -> anyhow::Result<Duration> {
        self.caught_up_within(Duration::from_secs(3_600)).await
    }

    /// The same for at most so long.
    pub(crate) async fn caught_up_within(&self, longest: Duration) -> anyhow::Result<Duration> {
        self.without("aftercall_view_lag_records", longest).await
    }

    /// Waits until all views that have an index, and their indexes, have all that is in the log.
    pub(crate) async fn indexed(&self) -> anyhow::Result<Duration> {
        let longest = Duration::from_secs(3_600);
        self.without("aftercall_view_index_lag_records", longest)
            .await
    }

    /// Waits until no view lags, by the metric `name`; how long that took.
    async fn without(&self, name: &str, longest: Duration) -> anyhow::Result<Duration> {
        let began = Instant::now();
        let mut zero_since = None;
        loop {
            let now = began.elapsed();
            if self.metric_max(name)? > 0.0 {
                zero_since = None;
            } else if now - *zero_since.get_or_insert(now) > LAG_STALE_MAX {
                return Ok(zero_since.unwrap_or(now));
            }
            if now > longest {
                bail!("the views did not catch up within {longest:?}");
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// The processor time that the process has taken since it was started.
    pub(crate) fn cpu(&self) -> anyhow::Result<Duration> {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        // The fields are counted from the end of the name, which may contain anything.
        let (_, fields) = stat.rsplit_once(") ").context("the name in stat")?;
        let ticks = fields.split(' ').skip(11).take(2).map(str::parse::<u32>);
        Ok(TICK * ticks.sum::<Result<_, _>>()?)
    }

    /// Memory of the process that is its own, in MiB.
    pub(crate) fn rss_mib(&self) -> anyhow::Result<f64> {
        rss_mib_of(&self.child.id().to_string())
    }

    /// What the process has made the disks write since it was started, in MiB.
    pub(crate) fn written_mib(&self) -> anyhow::Result<f64> {
        let io = std::fs::read_to_string(format!("/proc/{}/io", self.child.id()))?;
        let mut lines = io.lines();
        let bytes = lines.find_map(|line| line.strip_prefix("write_bytes: "));
        Ok(bytes.context("write_bytes")?.parse::<f64>()? / 1_048_576.0)
    }

    /// Asks the server to end, as an operator would, and waits for it.
    pub(crate) fn stop(mut self) -> anyhow::Result<()> {
        let id = self.child.id().to_string();
        Command::new("kill").args(["-TERM", &id]).status()?;
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

/// Memory of a process that is its own, in MiB: the process by its id, or `self`.
pub(crate) fn rss_mib_of(process: &str) -> anyhow::Result<f64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status"))?;
    let line = status
        .lines()
        .find(|line| line.starts_with("RssAnon:"))
        .context("RssAnon")?;
    let kib: f64 = line.split_whitespace().nth(1).context("RssAnon")?.parse()?;
    Ok(kib / 1_024.0)
}
