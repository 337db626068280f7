//! The real command, and a server of it.

use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, ExitStatus, Output, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;

/// The command with nothing of this process's environment that configures it.
pub(crate) fn aftercall<const N: usize>(args: [&str; N]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_aftercall"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("AFTERCALL_") {
            command.env_remove(name);
        }
    }
    command
        .env("TZ", "Europe/Berlin")
        .env_remove("NO_COLOR")
        .args(args);
    command
}

/// What a command did.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) status: ExitStatus,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl From<Output> for Done {
    fn from(output: Output) -> Self {
        Self {
            status: output.status,
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

impl Done {
    /// The output of a command that must have ended well.
    pub(crate) fn ok(self) -> String {
        assert!(self.status.success(), "{self:#?}");
        self.stdout
    }

    /// The messages that a command printed, a line each.
    pub(crate) fn messages(self) -> Vec<Value> {
        let lines = self.ok();
        lines
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }

    /// Standard error of a command that must have ended with `code`.
    pub(crate) fn fails(self, code: i32) -> String {
        assert_eq!(self.status.code(), Some(code), "{self:#?}");
        self.stderr
    }
}

/// Runs a command to its end.
pub(crate) fn run(command: &mut Command) -> Done {
    command.stdin(Stdio::null()).output().unwrap().into()
}

/// Runs a command to its end, with `input`.
pub(crate) fn run_with(command: &mut Command, input: &[u8]) -> Done {
    let mut child = spawn(command);
    let mut stdin = child.stdin.take().unwrap();
    let feeding = std::thread::spawn({
        let input = input.to_vec();
        move || {
            // A command that ends early leaves its input.
            let _ = stdin.write_all(&input);
        }
    });
    let done = child.wait_with_output().unwrap().into();
    feeding.join().unwrap();
    done
}

/// Starts a command with pipes on all sides.
pub(crate) fn spawn(command: &mut Command) -> Child {
    let command = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command.spawn().unwrap()
}

/// Sends a signal.
pub(crate) fn signal(child: &Child, signal: Signal) {
    kill_process(Pid::from_child(child), signal).unwrap();
}

/// Where client commands can go.
pub(crate) trait Site {
    /// A client command against it.
    fn client<const N: usize>(&self, args: [&str; N]) -> Command;
}

/// A server of its own.
#[derive(Debug)]
pub(crate) struct Server {
    child: Option<Child>,
    ready: String,
    data: TempDir,
}

/// How often a server is asked whether it has caught up, and how many times: for two minutes.
const LOOK_EVERY: Duration = Duration::from_millis(100);
const LOOKS: usize = 1_200;

impl Server {
    /// Waits until its views have caught up. On a log that is shared it is ready before that.
    pub(crate) fn caught_up(self) -> Self {
        let is_healthy = |_| {
            std::thread::sleep(LOOK_EVERY);
            run(&mut self.client(["health"])).status.success()
        };
        assert!((0..LOOKS).any(is_healthy), "its views don't catch up");
        self
    }

    /// A server on an empty directory.
    pub(crate) fn start() -> Self {
        Self::start_on(TempDir::new().unwrap(), &[])
    }

    /// A server with more arguments.
    pub(crate) fn start_on(data: TempDir, args: &[&str]) -> Self {
        let mut command = aftercall(["serve", "--listen", "127.0.0.1:0"]);
        command
            .args(["--metrics-listen", "127.0.0.1:0", "--data"])
            .arg(data.path())
            .args(args);
        Self::spawn(&mut command, data)
    }

    /// What `command` starts on the directory `data`.
    pub(crate) fn spawn(command: &mut Command, data: TempDir) -> Self {
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut ready = String::new();
        BufReader::new(child.stdout.as_mut().unwrap())
            .read_line(&mut ready)
            .unwrap();
        assert!(
            ready.starts_with("aftercall ready "),
            "the server is not ready: {ready:?}"
        );
        Self {
            child: Some(child),
            ready,
            data,
        }
    }

    /// What the ready line says of `name`.
    pub(crate) fn said(&self, name: &str) -> &str {
        let prefix = format!("{name}=");
        let mut words = self.ready.trim_end().split(' ');
        words.find_map(|word| word.strip_prefix(&prefix)).unwrap()
    }

    pub(crate) fn data(&self) -> &Path {
        self.data.path()
    }

    pub(crate) fn signal(&self, of: Signal) {
        signal(self.child.as_ref().unwrap(), of);
    }

    /// Waits for the end; the rest of its standard output, and how it ended.
    pub(crate) fn wait(mut self) -> (ExitStatus, String, TempDir) {
        let mut child = self.child.take().unwrap();
        let mut rest = String::new();
        child
            .stdout
            .take()
            .unwrap()
            .read_to_string(&mut rest)
            .unwrap();
        let status = child.wait().unwrap();
        let data = std::mem::replace(&mut self.data, TempDir::new().unwrap());
        (status, rest, data)
    }

    /// Ends it in order, and gives back its directory.
    pub(crate) fn stop(self) -> TempDir {
        self.signal(Signal::TERM);
        let (status, _, data) = self.wait();
        assert!(status.success(), "{status}");
        data
    }
}

impl Site for Server {
    fn client<const N: usize>(&self, args: [&str; N]) -> Command {
        let mut command = aftercall(args);
        command.args(["--server", self.said("grpc")]);
        command
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Feeds a running command.
pub(crate) fn feed(stdin: &mut ChildStdin, text: &str) {
    stdin.write_all(text.as_bytes()).unwrap();
    stdin.flush().unwrap();
}

/// A record request, as a line of an import.
pub(crate) fn line(number: u64, customer: &str) -> String {
    let minute = number % 60;
    let hour = number / 60 % 24;
    serde_json::json!({
        "interaction": {
            "externalRef": {"sourceSystem": "test", "externalId": format!("call-{number}")},
            "channel": "CHANNEL_VOICE",
            "direction": "DIRECTION_INBOUND",
            "customer": {"customerId": customer},
            "agentId": "anna",
            "teamId": "north",
            "occurredAt": format!("2026-03-02T{hour:02}:{minute:02}:00Z"),
            "contactReasons": [{
                "code": "billing.double_charge",
                "primary": true,
                "resolution": "REASON_RESOLUTION_RESOLVED",
            }],
            "handling": {"summary": "Charged twice in March.", "resolution": "Paid one charge back."},
            "disposition": {"code": "resolved"},
            "noFollowUpPromised": true
        }
    })
    .to_string()
}

/// Many of them, for a few customers.
pub(crate) fn lines(numbers: std::ops::Range<u64>) -> String {
    numbers
        .map(|number| line(number, &format!("C-{}", number % 7)) + "\n")
        .collect()
}
