//! Background tasks that nobody forgets: one that fails stops the process.

use std::any::Any;
use std::collections::BTreeMap;
use std::error::Error;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use aftercall_view::{Runner, ViewError};
use futures::FutureExt;
use parking_lot::Mutex;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout_at};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::readers::Readers;
use crate::{Internal, Scheduler};

/// The exit code of a process that a second signal ended: 128 + SIGINT.
const EXIT_BY_SIGNAL: i32 = 130;

/// Owns the tasks of a process. Clones own the same tasks.
///
/// A stop has two phases: first what takes requests **drains** ([`Supervisor::draining`]), then the
/// rest **stops** ([`Supervisor::stopping`]), so that a request in flight still finds its views.
#[derive(Debug, Clone, Default)]
pub struct Supervisor(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    draining: CancellationToken,
    stopping: CancellationToken,
    failed: CancellationToken,
    first_failure: Mutex<Option<TaskFailure>>,
    front: TaskTracker,
    back: TaskTracker,
    running: Mutex<(u64, BTreeMap<u64, String>)>,
    /// Started by the first read.
    readers: OnceLock<Readers>,
    /// Started by the first read that nobody waits for.
    behind: OnceLock<Readers>,
    /// Who goes on with tasks and views; tokio's runtime and threads, if nobody else does.
    scheduler: Option<Arc<dyn Scheduler>>,
}

impl Default for Shared {
    fn default() -> Self {
        Self {
            scheduler: None,
            draining: CancellationToken::new(),
            stopping: CancellationToken::new(),
            failed: CancellationToken::new(),
            first_failure: Mutex::default(),
            front: TaskTracker::new(),
            back: TaskTracker::new(),
            running: Mutex::default(),
            readers: OnceLock::new(),
            behind: OnceLock::new(),
        }
    }
}

impl Supervisor {
    /// A supervisor without tasks.
    pub fn new() -> Self {
        Self::default()
    }

    /// A supervisor whose tasks, views and work that blocks go on when `scheduler` says.
    pub fn on(scheduler: Arc<dyn Scheduler>) -> Self {
        Self(Arc::new(Shared {
            scheduler: Some(scheduler),
            ..Shared::default()
        }))
    }

    /// Cancelled when the process begins to stop: take no more requests, end long streams.
    pub fn draining(&self) -> CancellationToken {
        self.0.draining.clone()
    }

    /// Cancelled when requests have drained: background tasks end at their next record boundary.
    pub fn stopping(&self) -> CancellationToken {
        self.0.stopping.clone()
    }

    /// Runs `task` in the background. It ends after [`Supervisor::stopping`]; if it ends before, by
    /// an error, a panic or just so, the process stops.
    pub fn spawn<E>(
        &self,
        name: impl Into<String>,
        task: impl Future<Output = Result<(), E>> + Send + 'static,
    ) where
        E: Into<Box<dyn Error + Send + Sync>> + 'static,
    {
        self.watch(&self.0.back, self.stopping(), name.into(), task);
    }

    /// Runs `task`, which takes requests, and so ends after [`Supervisor::draining`] already.
    pub fn spawn_front<E>(
        &self,
        name: impl Into<String>,
        task: impl Future<Output = Result<(), E>> + Send + 'static,
    ) where
        E: Into<Box<dyn Error + Send + Sync>> + 'static,
    {
        self.watch(&self.0.front, self.draining(), name.into(), task);
    }

    /// Runs `task` on behalf of one request. It may end at any time; a panic in it is logged and
    /// ends that request only. A stop waits for it.
    pub fn spawn_for_request(
        &self,
        name: &'static str,
        task: impl Future<Output = ()> + Send + 'static,
    ) {
        let supervisor = self.clone();
        self.begin(&self.0.front, async move {
            let entry = supervisor.enter(name);
            let outcome = AssertUnwindSafe(task).catch_unwind().await;
            supervisor.0.running.lock().1.remove(&entry);
            if let Err(panic) = outcome {
                tracing::error!(
                    task = name,
                    panic = panic_text(&*panic),
                    "request task panicked"
                );
            }
        });
    }

    /// Runs `work`, which blocks, on behalf of one request, on a thread that may. No more than a
    /// bounded number of them run at once in the process; others wait for their turn.
    ///
    /// # Errors
    /// When it panics, or the process is about to end.
    pub async fn read<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Internal> {
        match &self.0.scheduler {
            Some(_) => self.block(work).await,
            None => self.0.readers.get_or_init(Readers::start).run(work).await,
        }
    }

    /// Runs `work`, which blocks and which no request waits for, on the one thread that gives way to theirs.
    ///
    /// # Errors
    /// When it panics, or the process is about to end.
    pub async fn read_behind<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Internal> {
        match &self.0.scheduler {
            Some(_) => self.block(work).await,
            None => self.0.behind.get_or_init(Readers::behind).run(work).await,
        }
    }

    /// Runs `work`, which blocks, on a thread that may, without waiting for a turn.
    ///
    /// # Errors
    /// When it panics, or the process is about to end.
    pub async fn block<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Internal> {
        let Some(scheduler) = &self.0.scheduler else {
            let done = tokio::task::spawn_blocking(work).await;
            return done.map_err(Internal::new);
        };
        let (done, outcome) = oneshot::channel();
        scheduler.spawn(Box::pin(async move {
            // Nobody waits for it any more if its caller has gone.
            let _ = done.send(work());
        }));
        outcome.await.map_err(Internal::new)
    }

    /// Goes on with a view or a feed's ledger until it has ended.
    ///
    /// # Errors
    /// When the system gives no thread.
    pub(crate) fn drive(&self, runner: Box<dyn Runner>) -> Result<(), ViewError> {
        match &self.0.scheduler {
            None => runner.spawn(),
            Some(scheduler) => {
                scheduler.drive(runner);
                Ok(())
            }
        }
    }

    /// Runs `work` on a thread of its own, under the same rule as [`Supervisor::spawn`].
    ///
    /// # Errors
    /// When the system gives no thread.
    pub fn spawn_thread<E>(
        &self,
        name: impl Into<String>,
        work: impl FnOnce() -> Result<(), E> + Send + 'static,
    ) -> std::io::Result<()>
    where
        E: Into<Box<dyn Error + Send + Sync>> + 'static,
    {
        let name = name.into();
        let supervisor = self.clone();
        let running = self.0.back.token();
        let thread = std::thread::Builder::new().name(name.clone());
        thread.spawn(move || {
            let entry = supervisor.enter(&name);
            let outcome = std::panic::catch_unwind(AssertUnwindSafe(work));
            supervisor.leave(entry, name, &supervisor.0.stopping, outcome);
            drop(running);
        })?;
        Ok(())
    }

    /// Runs until `stop` resolves or a task fails, then stops everything within `drain_timeout`.
    ///
    /// # Errors
    /// The failure of the first task that failed, or the tasks that were still running when
    /// `drain_timeout` had passed.
    pub async fn run_until(
        &self,
        stop: impl Future<Output = ()>,
        drain_timeout: Duration,
    ) -> Result<(), RunError> {
        tokio::select! {
            () = stop => tracing::info!("stopping"),
            () = self.0.failed.cancelled() => {}
        }
        let stopped = self.shutdown(drain_timeout).await;
        match self.0.first_failure.lock().take() {
            Some(failure) => Err(RunError::Task(failure)),
            None => stopped,
        }
    }

    /// Runs until SIGINT or SIGTERM; see [`Supervisor::run_until`]. A second signal ends the process
    /// at once.
    ///
    /// # Errors
    /// As [`Supervisor::run_until`], and when signals can't be received.
    pub async fn run_until_signal(&self, drain_timeout: Duration) -> Result<(), RunError> {
        let mut signals = Signals::install().map_err(RunError::Signals)?;
        let stop = CancellationToken::new();
        let run = self.run_until(stop.cancelled(), drain_timeout);
        tokio::pin!(run);
        tokio::select! {
            outcome = &mut run => return outcome,
            () = signals.next() => stop.cancel(),
        }
        tokio::select! {
            outcome = &mut run => outcome,
            () = signals.next() => {
                tracing::warn!("second signal: exiting without draining");
                std::process::exit(EXIT_BY_SIGNAL)
            }
        }
    }

    /// Drains, then stops, both within `deadline`. What takes requests has three quarters of it, so
    /// that the rest can still end in order behind a client that does not let go.
    ///
    /// # Errors
    /// [`RunError::Deadline`] with the names of the tasks that were still running.
    pub async fn shutdown(&self, deadline: Duration) -> Result<(), RunError> {
        let at = Instant::now() + deadline;
        self.0.draining.cancel();
        self.0.front.close();
        let _ = timeout_at(at - deadline / 4, self.0.front.wait()).await;
        self.0.stopping.cancel();
        self.0.back.close();
        let stopped = timeout_at(at, self.0.back.wait()).await;
        match stopped.is_ok() && self.0.front.is_empty() {
            true => Ok(()),
            false => Err(RunError::Deadline {
                deadline,
                running: self.running(),
            }),
        }
    }

    fn running(&self) -> Vec<String> {
        self.0.running.lock().1.values().cloned().collect()
    }

    fn watch<E>(
        &self,
        group: &TaskTracker,
        may_end: CancellationToken,
        name: String,
        task: impl Future<Output = Result<(), E>> + Send + 'static,
    ) where
        E: Into<Box<dyn Error + Send + Sync>> + 'static,
    {
        let supervisor = self.clone();
        self.begin(group, async move {
            let entry = supervisor.enter(&name);
            let outcome = AssertUnwindSafe(task).catch_unwind().await;
            supervisor.leave(entry, name, &may_end, outcome);
        });
    }

    fn begin(&self, group: &TaskTracker, task: impl Future<Output = ()> + Send + 'static) {
        match &self.0.scheduler {
            None => drop(group.spawn(task)),
            Some(scheduler) => scheduler.spawn(Box::pin(group.track_future(task))),
        }
    }

    fn enter(&self, name: &str) -> u64 {
        let (next, running) = &mut *self.0.running.lock();
        *next += 1;
        running.insert(*next, name.to_owned());
        *next
    }

    fn leave<E>(
        &self,
        entry: u64,
        name: String,
        may_end: &CancellationToken,
        outcome: Result<Result<(), E>, Box<dyn Any + Send>>,
    ) where
        E: Into<Box<dyn Error + Send + Sync>>,
    {
        self.0.running.lock().1.remove(&entry);
        let cause = match outcome {
            Ok(Ok(())) if may_end.is_cancelled() => return,
            Ok(Ok(())) => TaskCause::Ended,
            Ok(Err(error)) => TaskCause::Failed(error.into()),
            Err(panic) => TaskCause::Panicked(panic_text(&*panic).to_owned()),
        };
        let failure = TaskFailure { task: name, cause };
        tracing::error!(error = %crate::chain(&failure), "task failed: the process stops");
        self.0.first_failure.lock().get_or_insert(failure);
        self.0.failed.cancel();
    }
}

/// Why [`Supervisor::run_until`] ended other than as asked.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// A task failed.
    #[error(transparent)]
    Task(TaskFailure),
    /// Tasks did not end in time.
    #[error("not stopped within {deadline:?}: {}", running.join(", "))]
    Deadline {
        /// The time that they had.
        deadline: Duration,
        /// Their names.
        running: Vec<String>,
    },
    /// The system delivers no signals to us.
    #[error("signals can't be received")]
    Signals(#[source] std::io::Error),
}

/// A task that ended before it was asked to.
#[derive(Debug, thiserror::Error)]
#[error("task {task}")]
pub struct TaskFailure {
    /// The task's name.
    pub task: String,
    /// What happened to it.
    #[source]
    pub cause: TaskCause,
}

/// What happened to a task.
#[derive(Debug, thiserror::Error)]
pub enum TaskCause {
    /// It returned an error.
    #[error("failed")]
    Failed(#[source] Box<dyn Error + Send + Sync>),
    /// It panicked, with this text.
    #[error("panicked: {0}")]
    Panicked(String),
    /// It returned, though nobody had asked it to stop.
    #[error("ended unexpectedly")]
    Ended,
}

pub(crate) fn panic_text(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no text")
}

struct Signals {
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    fn install() -> std::io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
