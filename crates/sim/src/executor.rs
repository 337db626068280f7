//! Runs all tasks of a simulation on one thread, in an order that the seed decides.
//!
//! Of the tasks that are woken, any may be next: the random choice tries interleavings that a real
//! machine shows once a year. In which order tasks were woken does not matter, so that libraries that
//! wake in a random order change nothing. When nothing is woken, tokio's paused clock goes on to the
//! next timer.

use std::collections::{BTreeMap, BTreeSet};
use std::future::{Future, poll_fn};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use aftercall_service::{Scheduler, Task};
use aftercall_view::{Runner, Stepped};
use parking_lot::Mutex;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use tokio::time::sleep;

/// How many tasks are polled before the runtime looks at its timers.
const POLLS_AT_ONCE: usize = 64;

/// A simulation that takes more steps than this does not end.
const STEPS_MAX: u64 = 40_000_000;

/// Which tasks belong together: those of one life of a process, which end with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Group(pub(crate) u64);

impl Group {
    /// The clients, and the world that the processes are in.
    pub(crate) const WORLD: Self = Self(0);
}

/// The tasks, and who is next. Clones are the same.
#[derive(Clone)]
pub(crate) struct Executor(Arc<Mutex<State>>);

struct State {
    tasks: BTreeMap<u64, Entry>,
    woken: BTreeSet<u64>,
    begun: u64,
    steps: u64,
    random: StdRng,
    runtime: Option<Waker>,
}

struct Entry {
    group: Group,
    /// None while it is polled.
    task: Option<Task>,
}

impl Executor {
    pub(crate) fn new(seed: u64) -> Self {
        Self(Arc::new(Mutex::new(State {
            tasks: BTreeMap::new(),
            woken: BTreeSet::new(),
            begun: 0,
            steps: 0,
            random: StdRng::seed_from_u64(seed),
            runtime: None,
        })))
    }

    /// Begins `task` as one of `group`.
    pub(crate) fn spawn(&self, group: Group, task: impl Future<Output = ()> + Send + 'static) {
        let task: Task = Box::pin(task);
        let mut state = self.0.lock();
        state.begun += 1;
        let number = state.begun;
        let entry = Entry {
            group,
            task: Some(task),
        };
        state.tasks.insert(number, entry);
        state.wake(number);
    }

    /// Ends all tasks of `group`, wherever they are.
    pub(crate) fn end(&self, group: Group) {
        let ended: Vec<Entry> = {
            let mut state = self.0.lock();
            let of_group =
                |(number, entry): (&u64, &Entry)| (entry.group == group).then_some(*number);
            let numbers: Vec<u64> = state.tasks.iter().filter_map(of_group).collect();
            let ended = numbers.iter();
            ended
                .filter_map(|number| state.tasks.remove(number))
                .collect()
        };
        // What they hold may wake others as it is dropped.
        drop(ended);
    }

    /// Ends all tasks.
    pub(crate) fn end_all(&self) {
        let ended = std::mem::take(&mut self.0.lock().tasks);
        drop(ended);
    }

    /// A number below `bound`, of the same seed as the order.
    pub(crate) fn draw(&self, bound: u64) -> u64 {
        self.0.lock().random.random_range(0..bound.max(1))
    }

    /// How many steps were taken.
    pub(crate) fn steps(&self) -> u64 {
        self.0.lock().steps
    }

    /// Runs until `main`, which is one of the tasks, is over.
    ///
    /// # Panics
    /// When a task panics, or the simulation does not end.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        main: impl Future<Output = T> + Send + 'static,
    ) -> T {
        let outcome = Arc::new(Mutex::new(None));
        let told = Arc::clone(&outcome);
        self.spawn(Group::WORLD, async move {
            let done = main.await;
            *told.lock() = Some(done);
        });
        // Without a budget: what a task may do at once is no matter of how many others there are.
        let until = poll_fn(|cx| {
            self.0.lock().runtime = Some(cx.waker().clone());
            for _ in 0..POLLS_AT_ONCE {
                if let Some(done) = outcome.lock().take() {
                    return Poll::Ready(done);
                }
                if !self.step() {
                    return Poll::Pending;
                }
            }
            cx.waker().wake_by_ref();
            Poll::Pending
        });
        tokio::task::unconstrained(until).await
    }

    /// Polls one of the tasks that are woken; says whether there was any.
    fn step(&self) -> bool {
        let (number, mut task) = {
            let mut state = self.0.lock();
            let Some((number, task)) = state.next() else {
                return false;
            };
            (number, task)
        };
        let waker = Waker::from(Arc::new(TaskWaker {
            number,
            executor: self.clone(),
        }));
        let is_over = task
            .as_mut()
            .poll(&mut Context::from_waker(&waker))
            .is_ready();
        let mut state = self.0.lock();
        let left = match state.tasks.get_mut(&number) {
            Some(entry) if !is_over => entry.task.replace(task),
            // It is over, or its group was ended while it was polled.
            _ => {
                state.tasks.remove(&number);
                Some(task)
            }
        };
        drop(state);
        drop(left);
        true
    }
}

impl State {
    fn next(&mut self) -> Option<(u64, Task)> {
        while !self.woken.is_empty() {
            let index = self.random.random_range(0..self.woken.len());
            let number = *self.woken.iter().nth(index)?;
            self.woken.remove(&number);
            let task = self
                .tasks
                .get_mut(&number)
                .and_then(|entry| entry.task.take());
            if let Some(task) = task {
                self.steps += 1;
                assert!(self.steps < STEPS_MAX, "the simulation does not end");
                return Some((number, task));
            }
        }
        None
    }

    fn wake(&mut self, number: u64) {
        if self.woken.insert(number)
            && let Some(runtime) = &self.runtime
        {
            runtime.wake_by_ref();
        }
    }
}

struct TaskWaker {
    number: u64,
    executor: Executor,
}

impl Wake for TaskWaker {
    fn wake(self: Arc<Self>) {
        self.executor.0.lock().wake(self.number);
    }
}

impl std::fmt::Debug for Executor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Executor")
            .field("steps", &self.steps())
            .finish_non_exhaustive()
    }
}

/// Goes on with one life of a process.
#[derive(Debug, Clone)]
pub(crate) struct Life {
    pub(crate) executor: Executor,
    pub(crate) group: Group,
    pub(crate) disk: Disk,
}

/// The disk of a process's views. Clones are the same.
#[derive(Debug, Clone, Default)]
pub(crate) struct Disk(Arc<AtomicBool>);

impl Disk {
    /// Whether it has no room: views pause until it has.
    pub(crate) fn set_full(&self, full: bool) {
        self.0.store(full, Ordering::Relaxed);
    }

    fn is_full(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

impl Scheduler for Life {
    fn spawn(&self, task: Task) {
        self.executor.spawn(self.group, task);
    }

    fn drive(&self, runner: Box<dyn Runner>) {
        let Self {
            executor,
            group,
            disk,
        } = self;
        executor.spawn(*group, drive(executor.clone(), disk.clone(), runner));
    }
}

/// Steps a view, each step at a moment of its own.
async fn drive(executor: Executor, disk: Disk, mut runner: Box<dyn Runner>) {
    loop {
        if disk.is_full() && !runner.handle().is_stopping() {
            pause(100).await;
            continue;
        }
        let millis = match runner.step(Duration::ZERO) {
            Stepped::Ended => return,
            Stepped::Idle => 1 + executor.draw(40),
            Stepped::Blocked => 20 + executor.draw(100),
            // Most steps follow each other at once, and some take their time.
            _ => executor.draw(20).saturating_sub(15),
        };
        pause(millis).await;
    }
}

/// Lets time pass, or only others go first.
pub(crate) async fn pause(millis: u64) {
    if millis > 0 {
        return sleep(Duration::from_millis(millis)).await;
    }
    let mut yielded = false;
    poll_fn(|cx| {
        if std::mem::replace(&mut yielded, true) {
            return Poll::Ready(());
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}
