//! The Kafka that `cargo xtask` started for the test, and what may be done to it.

use std::fs;
use std::net::{SocketAddr, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer as _};
use rustix::process::{Pid, Signal, kill_process};

/// How often a broker that has to end is looked at until it is gone, and how many times.
const LOOK_EVERY: Duration = Duration::from_millis(20);
const LOOKS: usize = 3_000;

/// What a broker that is slow does in turn: nothing, and all it should.
const SLOW_OFF: Duration = Duration::from_millis(450);
const SLOW_ON: Duration = Duration::from_millis(50);

/// How long brokers that are well may take to say who leads.
const LEADERS_WITHIN: Duration = Duration::from_secs(30);

/// The brokers of a cluster.
#[derive(Debug)]
pub(crate) struct Brokers {
    /// Some of them, as clients name them.
    pub(crate) bootstrap: String,
    pub(crate) all: Vec<Broker>,
}

/// One of them, by the directory of its files.
#[derive(Debug)]
pub(crate) struct Broker {
    dir: PathBuf,
    /// Where clients come.
    address: SocketAddr,
    /// Its process, where this test has started it.
    child: Option<Child>,
}

impl Brokers {
    /// # Panics
    /// Where there are none, and says how to get them.
    pub(crate) fn given() -> Self {
        let given = |name: &str| {
            std::env::var(name).unwrap_or_else(|_| {
                panic!("{name} is not set: run this by `cargo xtask test` or `cargo xtask chaos`")
            })
        };
        let dir = PathBuf::from(given("AFTERCALL_TEST_KAFKA_DIR"));
        let bootstrap = given("AFTERCALL_TEST_KAFKA");
        let dirs = (1..).map(|node| dir.join(format!("node-{node}")));
        let all = dirs.zip(bootstrap.split(',')).map(|(dir, address)| Broker {
            dir,
            address: address.parse().expect("an address"),
            child: None,
        });
        Self {
            all: all.collect(),
            bootstrap,
        }
    }

    /// The broker by which the members of the consumer group `group` know of each other: the leader
    /// of the partition that the name's hash says, which is Java's hash of strings.
    pub(crate) fn coordinator_of(&self, group: &str) -> &Broker {
        let client: BaseConsumer = ClientConfig::new()
            .set("bootstrap.servers", &self.bootstrap)
            .create()
            .expect("a client");
        let told = client.fetch_metadata(Some("__consumer_offsets"), LEADERS_WITHIN);
        let told = told.expect("the leaders");
        let partitions = told.topics()[0].partitions();
        let hash = group.bytes().fold(0_i32, |hash, byte| {
            hash.wrapping_mul(31).wrapping_add(byte.into())
        });
        let count = i32::try_from(partitions.len()).expect("a few");
        let chosen = (hash & i32::MAX) % count;
        let leads = partitions.iter().find(|one| one.id() == chosen);
        let leader = leads.expect("a group's partition").leader();
        &self.all[usize::try_from(leader - 1).expect("a leader")]
    }
}

impl Broker {
    /// kill −9, and waits until nothing of it is left.
    pub(crate) fn kill(&mut self) {
        self.end(Signal::KILL);
    }

    /// SIGTERM: it gives what it leads to the others, and ends.
    pub(crate) fn stop(&mut self) {
        self.end(Signal::TERM);
    }

    fn end(&mut self, signal: Signal) {
        let Some(pid) = self.pid() else { return };
        kill_process(pid, signal).expect("a signal");
        if let Some(mut child) = self.child.take() {
            child.wait().expect("its end");
        }
        for _ in 0..LOOKS {
            if self.pid().is_none() {
                return;
            }
            thread::sleep(LOOK_EVERY);
        }
        panic!("{} does not end", self.dir.display());
    }

    /// Starts it again, as it was started first, and waits until it takes connections.
    pub(crate) fn start(&mut self) {
        let child = Command::new("sh")
            .arg(self.dir.join("run"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn();
        self.child = Some(child.expect("a broker starts"));
        for _ in 0..LOOKS {
            if TcpStream::connect_timeout(&self.address, LOOK_EVERY).is_ok() {
                return;
            }
            thread::sleep(LOOK_EVERY);
        }
        panic!("{} does not start", self.dir.display());
    }

    /// Stops it from doing anything.
    pub(crate) fn pause(&self) {
        self.signal(Signal::STOP);
    }

    /// Lets it go on.
    pub(crate) fn resume(&self) {
        self.signal(Signal::CONT);
    }

    /// Makes it slow, until what this returns is dropped: it has a tenth of the time, in pieces.
    pub(crate) fn slow_down(&self) -> Slow {
        let pid = self.pid().expect("a broker that runs");
        let (over, told) = sync_channel::<()>(1);
        let at_work = thread::spawn(move || {
            let mut signals = [(Signal::STOP, SLOW_OFF), (Signal::CONT, SLOW_ON)]
                .iter()
                .cycle();
            while let Some((signal, pause)) = signals.next()
                && kill_process(pid, *signal).is_ok()
                && told.recv_timeout(*pause) == Err(RecvTimeoutError::Timeout)
            {}
            let _ = kill_process(pid, Signal::CONT);
        });
        Slow {
            over: Some(over),
            at_work: Some(at_work),
        }
    }

    /// Whether it can be cut off: whether it has a network of its own.
    pub(crate) fn can_be_cut_off(&self) -> bool {
        self.dir.join("link").exists()
    }

    /// Cuts it off from all others and from the clients.
    pub(crate) fn cut_off(&self) {
        self.link("down");
    }

    /// Ends that.
    pub(crate) fn connect(&self) {
        self.link("up");
    }

    fn link(&self, state: &str) {
        let link = fs::read_to_string(self.dir.join("link")).expect("a network of its own");
        let done = Command::new("ip")
            .args(["link", "set", link.trim(), state])
            .status();
        assert!(done.expect("ip").success(), "{link} {state}");
    }

    fn signal(&self, signal: Signal) {
        let pid = self.pid().expect("a broker that runs");
        kill_process(pid, signal).expect("a signal");
    }

    /// Its process, if it runs.
    fn pid(&self) -> Option<Pid> {
        let pid = fs::read_to_string(self.dir.join("pid")).ok()?;
        let pid = Pid::from_raw(pid.trim().parse().ok()?)?;
        let command = fs::read(format!("/proc/{}/cmdline", pid.as_raw_nonzero())).ok()?;
        is_ours(&command, &self.dir).then_some(pid)
    }
}

/// A broker that is slow for as long as this lives.
#[derive(Debug)]
#[must_use]
pub(crate) struct Slow {
    over: Option<SyncSender<()>>,
    at_work: Option<JoinHandle<()>>,
}

impl Drop for Slow {
    fn drop(&mut self) {
        drop(self.over.take());
        if let Some(at_work) = self.at_work.take() {
            let _ = at_work.join();
        }
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        // A test that failed in the middle must not leave the others without it.
        if let Some(pid) = self.pid() {
            let _ = kill_process(pid, Signal::CONT);
        }
        if self.can_be_cut_off() {
            self.connect();
        }
    }
}

/// Whether the command line `command` is that of the broker in `dir`: of a process whose number was
/// given to another, it isn't.
fn is_ours(command: &[u8], dir: &Path) -> bool {
    let ours = dir.join("server.properties");
    let mut arguments = command.split(|byte| *byte == 0);
    arguments.any(|argument| argument == ours.as_os_str().as_encoded_bytes())
}
