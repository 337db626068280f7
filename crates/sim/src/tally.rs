//! How much happened.

use std::fmt;
use std::ops::AddAssign;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// How much happened in one simulation or in several.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// How often a task was polled.
    pub steps: u64,
    /// Requests to services, those of one stream as one, without the checks in the end.
    pub calls: u64,
    /// Processes that crashed or were stopped, and came back.
    pub restarts: u64,
    /// What else went wrong: appends that were not simply written, outages, full disks, clocks that were
    /// set, partitions that moved, calls that were given up, connections that broke.
    pub faults: u64,
    /// Messages about alerts that were decided on.
    pub messages: u64,
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.steps += other.steps;
        self.calls += other.calls;
        self.restarts += other.restarts;
        self.faults += other.faults;
        self.messages += other.messages;
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            steps,
            calls,
            restarts,
            faults,
            messages,
        } = self;
        write!(
            f,
            "{steps} steps, {calls} calls, {restarts} restarts, {faults} other faults, {messages} messages of alerts"
        )
    }
}

/// Counts while a simulation runs. Clones are the same.
#[derive(Debug, Clone, Default)]
pub(crate) struct Counts(Arc<Counted>);

#[derive(Debug, Default)]
struct Counted {
    calls: AtomicU64,
    restarts: AtomicU64,
    faults: AtomicU64,
    messages: AtomicU64,
}

impl Counts {
    pub(crate) fn call(&self) {
        self.0.calls.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn restart(&self) {
        self.0.restarts.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn fault(&self) {
        self.0.faults.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn messages(&self, count: usize) {
        self.0.messages.fetch_add(count as u64, Ordering::Relaxed);
    }

    /// All of it, with the steps that were taken.
    pub(crate) fn tally(&self, steps: u64) -> Tally {
        let of = |count: &AtomicU64| count.load(Ordering::Relaxed);
        Tally {
            steps,
            calls: of(&self.0.calls),
            restarts: of(&self.0.restarts),
            faults: of(&self.0.faults),
            messages: of(&self.0.messages),
        }
    }
}
