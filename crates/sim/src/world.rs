//! Where the processes live, and what goes wrong there.

use std::collections::BTreeSet;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use aftercall_service::Clock;
use parking_lot::Mutex;
use tempfile::TempDir;
use tokio::time::{Instant, sleep, sleep_until, timeout};
use tokio_util::sync::CancellationToken;

use crate::checks;
use crate::client::{self, Seen, watches};
use crate::clock::SimClock;
use crate::executor::{Disk, Executor, Group};
use crate::log::{Medium, Weather};
use crate::plan::{Act, Plan, Step};
use crate::process::{Machine, Process};
use crate::tally::Counts;
use crate::transcript::Transcript;

/// How long clients may take after the last step: each gives up before.
const CLIENTS_END_WITHIN: Duration = Duration::from_secs(900);

/// How long views and timers have to take in all that was, once nothing goes wrong any more.
const SETTLED_WITHIN: Duration = Duration::from_secs(60);

/// Where files are kept in memory, on machines that have it.
const MEMORY_DIR: &str = "/dev/shm";
const DIR_PREFIX: &str = "aftercall-sim";

/// How long timers wait for the log and try again, and a little more.
const TIMERS_SETTLED_WITHIN: Duration = Duration::from_secs(150);

/// How often it is looked whether all is still, and how long it must be.
const LOOK_EVERY: Duration = Duration::from_secs(5);
const QUIET_FOR: Duration = Duration::from_secs(35);

/// The world of a simulation. Clones are the same.
#[derive(Clone)]
pub(crate) struct World(Arc<Inner>);

struct Inner {
    executor: Executor,
    transcript: Transcript,
    counts: Counts,
    begun: Instant,
    medium: Medium,
    clocks: Vec<SimClock>,
    disks: Vec<Disk>,
    processes: Mutex<Vec<Option<Process>>>,
    dir: TempDir,
    lives: AtomicU64,
    seen: Mutex<Seen>,
    finding: Mutex<Option<String>>,
    found: CancellationToken,
    /// Cancelled when nothing goes wrong any more, and all has come to an end.
    calm: CancellationToken,
}

impl World {
    /// # Panics
    /// When the machine has no temporary directory.
    pub(crate) fn new(
        plan: &Plan,
        executor: Executor,
        transcript: Transcript,
        counts: Counts,
    ) -> Self {
        let begun = Instant::now();
        let clocks: Vec<SimClock> = (0..plan.processes).map(|_| SimClock::new(begun)).collect();
        Self(Arc::new(Inner {
            executor,
            transcript,
            begun,
            medium: Medium::new(plan.partitions, clocks.clone(), counts.clone()),
            counts,
            processes: Mutex::new(clocks.iter().map(|_| None).collect()),
            disks: clocks.iter().map(|_| Disk::default()).collect(),
            clocks,
            dir: temporary_dir().expect("a temporary directory"),
            lives: AtomicU64::new(0),
            seen: Mutex::default(),
            finding: Mutex::default(),
            found: CancellationToken::new(),
            calm: CancellationToken::new(),
        }))
    }

    pub(crate) fn medium(&self) -> &Medium {
        &self.0.medium
    }

    pub(crate) fn counts(&self) -> &Counts {
        &self.0.counts
    }

    pub(crate) fn executor(&self) -> &Executor {
        &self.0.executor
    }

    pub(crate) fn clocks(&self) -> &[SimClock] {
        &self.0.clocks
    }

    /// What clients have seen.
    pub(crate) fn seen<T>(&self, look: impl FnOnce(&mut Seen) -> T) -> T {
        look(&mut self.0.seen.lock())
    }

    /// The process, unless it is down.
    pub(crate) fn process(&self, number: usize) -> Option<Process> {
        self.0.processes.lock().get(number).cloned().flatten()
    }

    pub(crate) fn processes(&self) -> Vec<Process> {
        self.0.processes.lock().iter().flatten().cloned().collect()
    }

    pub(crate) fn note(&self, line: &str) {
        let at = self.0.begun.elapsed().as_millis();
        self.0.transcript.note(format!("{at:>8} {line}"));
    }

    /// Waits until all has come to an end.
    pub(crate) async fn calm(&self) {
        self.0.calm.cancelled().await;
    }

    /// Something is wrong: the simulation ends with the first finding.
    pub(crate) fn find(&self, what: String) {
        self.note(&format!("FOUND {what}"));
        self.0.finding.lock().get_or_insert(what);
        self.0.found.cancel();
    }

    fn start(&self, number: usize) {
        let dir = self.0.dir.path().join(format!("{number}"));
        let process = self.start_in(number, dir);
        self.0.processes.lock()[number] = Some(process);
        self.note(&format!("process {number} starts"));
    }

    /// Starts the one process that there is, with all of the log.
    pub(crate) fn start_alone(&self) {
        self.start(0);
        let all = (0..self.0.medium.tails().len() as u32).collect();
        self.0.medium.assign(0, all);
    }

    /// Starts a life of a process, whose views are kept in `dir`.
    fn start_in(&self, number: usize, dir: PathBuf) -> Process {
        let machine = Machine {
            number,
            group: Group(1 + self.0.lives.fetch_add(1, Ordering::Relaxed)),
            medium: &self.0.medium,
            executor: &self.0.executor,
            clock: self.0.clocks[number].clone(),
            disk: self.0.disks[number].clone(),
            views: &dir,
        };
        Process::start(&machine, self)
    }

    /// A process whose views are built anew from the log.
    pub(crate) fn start_anew(&self) -> Process {
        self.start_in(0, self.0.dir.path().join("anew"))
    }

    fn take_down(&self, number: usize) -> Option<Process> {
        self.0.processes.lock()[number].take()
    }

    async fn back(&self, number: usize, after_ms: u64) {
        sleep(Duration::from_millis(after_ms)).await;
        self.start(number);
    }

    /// Does one step; what takes time goes on beside the next ones.
    fn act(&self, act: Act) {
        let world = self.clone();
        match act {
            Act::Call(caller) => {
                let call = client::call(world, caller);
                self.0.executor.spawn(Group::WORLD, call);
            }
            Act::Watch(watcher) => {
                let watch = watches::watch(world, watcher);
                self.0.executor.spawn(Group::WORLD, watch);
            }
            Act::Passes { seconds } => {
                self.note(&format!("{seconds} s pass"));
                self.0.clocks.iter().for_each(|clock| clock.set_by(seconds));
            }
            Act::Crash {
                process,
                back_after_ms,
            } => self.crash(process, back_after_ms),
            Act::Restart {
                process,
                back_after_ms,
            } => self.restart(process, back_after_ms),
            trouble => self.trouble(trouble),
        }
    }

    fn crash(&self, process: usize, back_after_ms: u64) {
        let Some(life) = self.take_down(process) else {
            return;
        };
        self.0.counts.restart();
        self.note(&format!("process {process} crashes"));
        life.crash(&self.0.executor);
        drop(life);
        let world = self.clone();
        self.0.executor.spawn(Group::WORLD, async move {
            world.back(process, back_after_ms).await;
        });
    }

    fn restart(&self, process: usize, back_after_ms: u64) {
        let Some(life) = self.take_down(process) else {
            return;
        };
        self.0.counts.restart();
        self.note(&format!("process {process} stops"));
        let world = self.clone();
        self.0.executor.spawn(Group::WORLD, async move {
            if let Err(error) = life.stop(world.executor()).await {
                world.find(format!("process {process}: {error}"));
            }
            drop(life);
            world.back(process, back_after_ms).await;
        });
    }

    /// What goes wrong beside processes that end.
    fn trouble(&self, act: Act) {
        self.0.counts.fault();
        self.note(&format!("{act:?}"));
        let world = self.clone();
        match act {
            Act::SetClock { process, seconds } => self.0.clocks[process].set_by(seconds),
            Act::Weather(weather) => self.0.medium.set_weather(weather),
            Act::Outage { partition, ms } => {
                self.0.medium.set_outage(Some(partition));
                self.after(ms, move || world.0.medium.set_outage(None));
            }
            Act::DiskFull { process, ms } => {
                self.0.disks[process].set_full(true);
                self.after(ms, move || world.0.disks[process].set_full(false));
            }
            Act::Claims {
                process,
                partitions,
            } => self.0.medium.assign(process, partitions),
            Act::Call(_)
            | Act::Watch(_)
            | Act::Passes { .. }
            | Act::Crash { .. }
            | Act::Restart { .. } => {}
        }
    }

    /// Does it in so many milliseconds.
    fn after(&self, ms: u64, it: impl FnOnce() + Send + 'static) {
        self.0.executor.spawn(Group::WORLD, async move {
            sleep(Duration::from_millis(ms)).await;
            it();
        });
    }

    /// Nothing goes wrong any more: all processes are up, their clocks agree, the log is well.
    async fn settle(&self) -> Result<(), String> {
        self.0.medium.set_weather(Weather::default());
        self.0.medium.set_outage(None);
        self.0.disks.iter().for_each(|disk| disk.set_full(false));
        let ended = timeout(CLIENTS_END_WITHIN, async {
            while self.seen(|seen| seen.calling() > 0)
                || self.processes().len() < self.0.clocks.len()
            {
                sleep(Duration::from_millis(50)).await;
            }
        });
        if ended.await.is_err() {
            return Err("a caller waits for ever, or a process does not come back".to_owned());
        }
        let latest = self.0.clocks.iter().max_by_key(|clock| clock.now());
        for clock in latest.into_iter().flat_map(|_| &self.0.clocks) {
            latest.into_iter().for_each(|latest| clock.set_to(latest));
        }
        let all: BTreeSet<_> = (0..self.0.medium.tails().len() as u32).collect();
        (0..self.0.clocks.len()).for_each(|process| self.0.medium.assign(process, all.clone()));
        for process in self.processes() {
            process.catch_up(SETTLED_WITHIN).await?;
        }
        // Timers look at their clock once a second, and what they write is folded again. One that was never
        // answered is to give up first, and what could not be decided is looked at again after a while.
        let until = Instant::now() + TIMERS_SETTLED_WITHIN;
        let (mut tails, mut quiet_for) = (self.0.medium.tails(), Duration::ZERO);
        loop {
            sleep(LOOK_EVERY).await;
            for process in self.processes() {
                process.catch_up(SETTLED_WITHIN).await?;
            }
            let now = self.0.medium.tails();
            quiet_for = match now == tails {
                true => quiet_for + LOOK_EVERY,
                false => Duration::ZERO,
            };
            tails = now;
            let is_quiet = quiet_for > QUIET_FOR;
            if is_quiet && checks::timers_are_idle(self)? || Instant::now() > until {
                break;
            }
        }
        self.0.calm.cancel();
        Ok(())
    }
}

/// A directory for views, in memory where there is such a place: a simulated crash loses no file, so that
/// to sync them costs time and shows nothing.
fn temporary_dir() -> io::Result<TempDir> {
    let in_memory = tempfile::Builder::new()
        .prefix(DIR_PREFIX)
        .tempdir_in(MEMORY_DIR);
    in_memory.or_else(|_| TempDir::with_prefix(DIR_PREFIX))
}

/// Plays the plan, and checks what came of it. Gives what was found.
pub(crate) async fn play(world: World, plan: Plan) -> Option<String> {
    let found = world.0.found.clone();
    tokio::select! {
        biased;
        () = found.cancelled() => {}
        ended = course(&world, plan) => {
            if let Err(wrong) = ended {
                world.find(wrong);
            }
        }
    }
    world.0.finding.lock().take()
}

async fn course(world: &World, plan: Plan) -> Result<(), String> {
    let all: BTreeSet<_> = (0..plan.partitions).collect();
    for process in 0..plan.processes {
        world.start(process);
        world.0.medium.assign(process, all.clone());
    }
    for Step { at_ms, act } in plan.steps {
        sleep_until(world.0.begun + Duration::from_millis(at_ms)).await;
        world.act(act);
    }
    world.settle().await?;
    checks::at_the_end(world).await
}

impl std::fmt::Debug for World {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("World")
            .field("medium", &self.0.medium)
            .finish_non_exhaustive()
    }
}
