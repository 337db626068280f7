//! What the servers of a benchmark take, seen from outside: by `/proc`, whatever the benchmark itself
//! measures. So it can be compared with commits whose benchmarks say nothing of it.

use std::collections::BTreeMap;
use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use super::figures::Figure;

/// How often the processes are looked at: what a server takes in its last moments is missed.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// In what Linux counts processor time towards programs, in seconds.
const TICK: f64 = 0.01;

const MIB: f64 = 1_048_576.0;

/// A look at all processes below one, over and over.
#[derive(Debug)]
pub(super) struct Watch {
    over: Arc<AtomicBool>,
    thread: JoinHandle<Vec<Taken>>,
}

/// What a process has taken when it was last seen.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Taken {
    /// Processor time, in seconds.
    cpu: f64,
    /// What it made the disks write, in MiB.
    written: f64,
    /// The most memory that it had, in MiB.
    memory_max: f64,
}

impl Watch {
    /// Watches the servers among the descendants of a process.
    pub(super) fn begin(of: u32) -> Self {
        let over = Arc::new(AtomicBool::new(false));
        let thread = thread::spawn({
            let over = Arc::clone(&over);
            move || {
                let mut servers = Servers::default();
                while !over.load(Ordering::Relaxed) {
                    servers.look(of);
                    thread::sleep(LOOK_EVERY);
                }
                servers.in_order()
            }
        });
        Self { over, thread }
    }

    /// What each server took, in the order of their starts.
    pub(super) fn end(self) -> Vec<Taken> {
        self.over.store(true, Ordering::Relaxed);
        self.thread.join().unwrap_or_default()
    }
}

impl Taken {
    /// The figures of the server that does `what` in a benchmark.
    pub(super) fn figures(&self, bench: &str, what: &str) -> [Figure; 3] {
        let figure = |name: &str, value, unit: &str| Figure {
            name: format!("{bench}: server {what}, {name}"),
            value,
            unit: unit.to_owned(),
        };
        [
            figure("processor time", self.cpu, "s"),
            figure("written", self.written, "MiB"),
            figure("memory at most", self.memory_max, "MiB"),
        ]
    }
}

/// The servers that were seen, by their ids, which come in the order of starts until they wrap
/// around.
#[derive(Debug, Default)]
struct Servers {
    order: Vec<u32>,
    taken: BTreeMap<u32, Taken>,
}

impl Servers {
    fn look(&mut self, top: u32) {
        for id in servers_below(top) {
            let Some(taken) = taken(id) else {
                continue;
            };
            if self.taken.insert(id, taken).is_none() {
                self.order.push(id);
            }
        }
    }

    fn in_order(self) -> Vec<Taken> {
        self.order.iter().map(|id| self.taken[id]).collect()
    }
}

/// The processes below `top` that run `aftercall serve`.
fn servers_below(top: u32) -> Vec<u32> {
    let mut found = Vec::new();
    let mut below = vec![top];
    while let Some(id) = below.pop() {
        let tasks = fs::read_dir(format!("/proc/{id}/task"));
        for task in tasks.into_iter().flatten().flatten() {
            let children = fs::read_to_string(task.path().join("children"));
            let children = children.unwrap_or_default();
            below.extend(
                children
                    .split_whitespace()
                    .filter_map(|id| id.parse::<u32>().ok()),
            );
        }
        let line = fs::read(format!("/proc/{id}/cmdline")).unwrap_or_default();
        if is_server(&line) {
            found.push(id);
        }
    }
    found
}

/// Whether a command line is of a server: its words end in zeros.
fn is_server(line: &[u8]) -> bool {
    let mut words = line.split(|byte| *byte == 0);
    let program = words.next().unwrap_or_default();
    program.ends_with(b"/aftercall") && words.next() == Some(b"serve")
}

fn taken(id: u32) -> Option<Taken> {
    let read = |file: &str| fs::read_to_string(format!("/proc/{id}/{file}")).ok();
    Some(Taken {
        cpu: cpu(&read("stat")?)?,
        written: field(&read("io")?, "write_bytes:")? / MIB,
        // A process that is about to end has no memory any more.
        memory_max: field(&read("status")?, "VmHWM:")? / 1_024.0,
    })
}

/// The processor time in a `stat`, in seconds.
fn cpu(stat: &str) -> Option<f64> {
    // The fields are counted from the end of the name, which may contain anything.
    let (_, fields) = stat.rsplit_once(") ")?;
    let ticks = fields.split(' ').skip(11).take(2).map(str::parse::<f64>);
    Some(ticks.sum::<Result<f64, _>>().ok()? * TICK)
}

/// The number behind `name`.
fn field(text: &str, name: &str) -> Option<f64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;

    #[test]
    fn a_server_is_told_from_other_commands() {
        assert!(is_server(
            b"/x/target/release/aftercall\0serve\0--data\0/d\0"
        ));
        assert!(!is_server(b"/x/target/release/aftercall\0demo\0"));
        assert!(!is_server(b"/x/target/release/deps/system-1\0serve-echo\0"));
        assert!(!is_server(b""));
    }

    #[test]
    fn processor_time_is_read_behind_any_name() {
        let stat = "7 (a) b) S 1 7 7 0 -1 4194560 100 0 0 0 250 50 3 4 20 0 1 0 9";
        assert_eq!(cpu(stat), Some(3.0));
        assert_eq!(cpu("7 (cut"), None);
    }

    #[test]
    fn a_field_is_the_number_behind_its_name() {
        let io = "wchar: 5\nwrite_bytes: 2097152\ncancelled_write_bytes: 1\n";
        assert_eq!(field(io, "write_bytes:"), Some(2_097_152.0));
        assert_eq!(field("VmHWM:\t  2048 kB\n", "VmHWM:"), Some(2_048.0));
        assert_eq!(field(io, "rchar:"), None);
    }

    #[test]
    fn what_a_process_below_took_is_seen() {
        let mut below = Command::new("sh")
            .args(["-c", "while :; do :; done"])
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        let seen = loop {
            match taken(below.id()) {
                Some(taken) if taken.cpu > 0.0 => break taken,
                _ => thread::yield_now(),
            }
        };
        below.kill().unwrap();
        below.wait().unwrap();
        assert!(seen.memory_max > 0.0);
        assert!(servers_below(std::process::id()).is_empty());
    }
}
