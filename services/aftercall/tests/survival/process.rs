//! The server as a process, that ends with the test however the test ends.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::net::{Ipv4Addr, SocketAddr};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process_group};
use tonic::transport::{Channel, Endpoint};

/// How long a server may take to be ready, on a machine that does other things too.
pub(crate) const READY_WITHIN: Duration = Duration::from_secs(120);

/// How often a server that has to end is looked at until it is gone, and how many times.
const LOOK_EVERY: Duration = Duration::from_millis(20);
const LOOKS: usize = 3_000;

/// A server on a data directory.
#[derive(Debug)]
pub(crate) struct Server {
    child: Child,
    address: String,
    stderr: PathBuf,
}

/// How a server is started.
#[derive(Debug, Clone)]
pub(crate) struct Start {
    data: PathBuf,
    stderr: PathBuf,
    wrapper: Vec<String>,
    arguments: Vec<String>,
    environment: Vec<(String, String)>,
    listen: SocketAddr,
    filter: &'static str,
}

impl Start {
    /// On the directory `data`; what it logs is added to the file `stderr`.
    pub(crate) fn on(data: &Path, stderr: &Path) -> Self {
        Self {
            data: data.to_owned(),
            stderr: stderr.to_owned(),
            wrapper: Vec::new(),
            arguments: Vec::new(),
            environment: Vec::new(),
            listen: (Ipv4Addr::LOCALHOST, 0).into(),
            filter: "info",
        }
    }

    /// By another program, whose arguments end with the server's command.
    pub(crate) fn under(mut self, wrapper: &[String]) -> Self {
        self.wrapper = wrapper.to_vec();
        self
    }

    /// With further arguments.
    pub(crate) fn with(mut self, arguments: &[&str]) -> Self {
        self.arguments = arguments.iter().map(ToString::to_string).collect();
        self
    }

    /// With settings in its environment.
    pub(crate) fn configured(mut self, environment: &[(String, String)]) -> Self {
        self.environment = environment.to_vec();
        self
    }

    /// At a known address, that it has again when it is started again.
    pub(crate) fn listening(mut self, address: SocketAddr) -> Self {
        self.listen = address;
        self
    }

    /// Logs what `filter` says.
    pub(crate) fn logging(mut self, filter: &'static str) -> Self {
        self.filter = filter;
        self
    }

    fn command(&self) -> Command {
        let binary = env!("CARGO_BIN_EXE_aftercall");
        let mut command = match self.wrapper.split_first() {
            None => Command::new(binary),
            Some((program, arguments)) => {
                let mut command = Command::new(program);
                command.args(arguments).arg(binary);
                command
            }
        };
        command
            .args(["serve", "--listen", &self.listen.to_string()])
            .args(["--metrics-listen", "127.0.0.1:0", "--data"])
            .arg(&self.data)
            .args(&self.arguments)
            .env("AFTERCALL_TELEMETRY__FILTER", self.filter)
            .envs(self.environment.iter().cloned())
            // A directory without a configuration file of the developer's.
            .current_dir(self.stderr.parent().expect("a directory"))
            // Of a group of its own, so that a wrapper and the server end together.
            .process_group(0);
        command
    }

    /// Starts it, without waiting until it is ready.
    pub(crate) fn spawn(&self) -> Starting {
        let stderr = File::options().create(true).append(true).open(&self.stderr);
        let stderr = stderr.expect("a file for the server's log");
        let mut child = self
            .command()
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(stderr)
            .spawn()
            .expect("the server starts");
        let stdout = child.stdout.take().expect("its output");
        let (sender, line) = sync_channel(1);
        thread::spawn(move || {
            let mut line = String::new();
            let _ = BufReader::new(stdout).read_line(&mut line);
            let _ = sender.send(line);
        });
        Starting {
            server: Server {
                child,
                address: String::new(),
                stderr: self.stderr.clone(),
            },
            line,
        }
    }

    /// Starts it, and waits until it is ready.
    pub(crate) fn ready(&self) -> Server {
        self.spawn().ready()
    }
}

/// A server that may not be ready yet.
#[derive(Debug)]
pub(crate) struct Starting {
    server: Server,
    line: Receiver<String>,
}

impl Starting {
    /// Waits for the line that says that it is ready.
    pub(crate) fn ready(mut self) -> Server {
        if !self.is_ready() {
            panic!("no ready server\n{}", self.server.stderr_tail());
        }
        self.server
    }

    /// The same of a server that may end before it is ready; then how it ended.
    pub(crate) fn ready_unless_ended(mut self) -> Result<Server, ExitStatus> {
        match self.is_ready() {
            true => Ok(self.server),
            false => Err(self.server.ended()),
        }
    }

    fn is_ready(&mut self) -> bool {
        let line = self.line.recv_timeout(READY_WITHIN).unwrap_or_default();
        let address = line
            .split_whitespace()
            .find_map(|word| word.strip_prefix("grpc="));
        self.server.address = address.unwrap_or_default().to_owned();
        address.is_some()
    }

    /// kill −9.
    pub(crate) fn kill(self) {
        self.server.kill();
    }
}

impl Server {
    /// A new connection.
    pub(crate) fn channel(&self) -> Channel {
        let endpoint = Endpoint::from_shared(self.address.clone()).expect("an address");
        endpoint.connect_lazy()
    }

    /// Its host and port.
    pub(crate) fn address(&self) -> SocketAddr {
        let address = self.address.trim_start_matches("http://");
        address.parse().expect("an address")
    }

    /// The most memory that it has had so far, in MiB.
    pub(crate) fn memory_max_mib(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()));
        let status = status.expect("a process that runs");
        let most = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = most.and_then(|line| line.split_whitespace().next());
        kib.expect("its memory").parse::<u64>().expect("a number") / 1_024
    }

    /// kill −9, and waits until nothing of it is left.
    pub(crate) fn kill(mut self) {
        self.end();
    }

    /// SIGTERM, and waits for an orderly end.
    pub(crate) fn stop(mut self) {
        self.signal(Signal::TERM);
        for _ in 0..LOOKS {
            if let Some(status) = self.child.try_wait().expect("its state") {
                assert!(status.success(), "{status}\n{}", self.stderr_tail());
                return;
            }
            thread::sleep(LOOK_EVERY);
        }
        panic!("it was told to end, and does not");
    }

    /// Sends a signal to it, such as one that stops it from doing anything until another.
    pub(crate) fn signal(&self, signal: Signal) {
        kill_process_group(Pid::from_child(&self.child), signal).expect("a signal");
    }

    /// Waits for an end that comes by itself.
    pub(crate) fn ended(mut self) -> ExitStatus {
        self.child.wait().expect("its end")
    }

    /// Whether it still runs.
    pub(crate) fn runs(&mut self) -> bool {
        self.child.try_wait().expect("its state").is_none()
    }

    fn end(&mut self) {
        let _ = kill_process_group(Pid::from_child(&self.child), Signal::KILL);
        let _ = self.child.wait();
    }

    fn stderr_tail(&self) -> String {
        let text = fs::read_to_string(&self.stderr).unwrap_or_default();
        let lines: Vec<_> = text.lines().collect();
        lines[lines.len().saturating_sub(30)..].join("\n")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Ok(None) = self.child.try_wait() {
            self.end();
        }
        if thread::panicking() {
            eprintln!("the server's last words:\n{}", self.stderr_tail());
        }
    }
}
