//! The threads on which requests read views and the log.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread;

use aftercall_view::lower_priority;
use crossbeam_channel::{Sender, bounded};
use tokio::sync::{Semaphore, oneshot};

use crate::Internal;
use crate::supervisor::panic_text;

/// How many reads may block at once; more wait for their turn. Few enough that searches don't fill
/// the memory, and more than there are processors, because some wait for a disk.
const READERS: usize = 16;

/// How many reads may stand in the queue; more wait before it. A caller that goes away leaves its place taken until
/// its turn comes, so that to call and give up again and again fills nothing.
const QUEUED_MAX: usize = 1_024;

/// How much the thread gives way on which work is done that nobody waits for: not so much that it stands still, with
/// what others may need, while requests come one after the other.
const BEHIND_NICE: i32 = 10;

type Work = Box<dyn FnOnce() + Send>;

/// Threads with one queue, which end with their owner. The runtime's own pool for work that blocks wakes a
/// thread for each piece of it, which costs a short read a quarter of its time; a thread of these that has done
/// one takes the next, so that under load nobody sleeps and nobody is to be woken.
#[derive(Debug)]
pub(crate) struct Readers {
    queue: Sender<Work>,
    places: Arc<Semaphore>,
}

impl Readers {
    /// Starts the threads. Where the system gives fewer, those do the work of all.
    pub(crate) fn start() -> Self {
        Self::of(READERS)
    }

    /// Starts one thread, which gives way to all others.
    pub(crate) fn behind() -> Self {
        Self::named("behind", 1, BEHIND_NICE)
    }

    fn of(threads: usize) -> Self {
        Self::named("reader", threads, 0)
    }

    fn named(name: &str, threads: usize, nice: i32) -> Self {
        let (queue, waiting) = bounded::<Work>(QUEUED_MAX);
        for number in 0..threads {
            let waiting = waiting.clone();
            let run = move || {
                lower_priority(nice);
                waiting.into_iter().for_each(|work| work());
            };
            let thread = thread::Builder::new().name(format!("{name}-{number}"));
            if let Err(error) = thread.spawn(run) {
                tracing::warn!(%error, name, number, "a thread for reads can't be started");
            }
        }
        Self {
            queue,
            places: Arc::new(Semaphore::new(QUEUED_MAX)),
        }
    }

    /// Does `work` when its turn has come. Nothing is done for a caller who has gone before.
    ///
    /// # Errors
    /// When it panics, or there is no thread.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Internal> {
        let place = Arc::clone(&self.places).acquire_owned().await;
        let place = place.map_err(Internal::new)?;
        let (done, outcome) = oneshot::channel();
        let work = move || {
            // Out of the queue.
            drop(place);
            if !done.is_closed() {
                // Nobody waits for it any more if its caller has gone meanwhile.
                let _ = done.send(catch_unwind(AssertUnwindSafe(work)));
            }
        };
        let none = || Internal::new("there is no thread for reads");
        // Whoever has a place finds room in the queue: this does not block.
        self.queue.send(Box::new(work)).map_err(|_| none())?;
        match outcome.await {
            Ok(Ok(read)) => Ok(read),
            Ok(Err(panic)) => Err(Internal::new(panic_text(&*panic).to_owned())),
            Err(_) => Err(none()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc;

    use super::*;

    #[tokio::test]
    async fn a_read_that_panics_fails_alone() {
        let readers = Readers::of(1);
        let failed = readers.run(|| assert_eq!(1, 2, "not so")).await;
        let failed = failed.unwrap_err();
        let why = std::error::Error::source(&failed).unwrap().to_string();
        assert!(why.contains("not so"), "{why}");
        assert_eq!(readers.run(|| 7).await.unwrap(), 7);
    }

    #[tokio::test]
    async fn who_gives_up_before_the_turn_costs_nothing_and_fills_nothing() {
        let readers = Readers::of(1);
        let (go_on, wait) = mpsc::sync_channel::<()>(1);
        let mut blocked = Box::pin(readers.run(move || wait.recv()));
        assert!(futures::poll!(&mut blocked).is_pending());
        let done = Arc::new(AtomicUsize::new(0));
        for _ in 0..3 * QUEUED_MAX {
            let done = Arc::clone(&done);
            let given_up = readers.run(move || done.fetch_add(1, Ordering::Relaxed));
            let mut given_up = Box::pin(given_up);
            assert!(futures::poll!(&mut given_up).is_pending());
        }
        assert!(readers.queue.len() <= QUEUED_MAX);
        go_on.send(()).unwrap();
        blocked.await.unwrap().unwrap();
        readers.run(|| ()).await.unwrap();
        assert_eq!(done.load(Ordering::Relaxed), 0);
    }

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn what_nobody_waits_for_gives_way() {
        let nice = || {
            let thread = Some(rustix::thread::gettid());
            rustix::process::getpriority_process(thread).unwrap()
        };
        let own = Readers::of(1).run(nice).await.unwrap();
        let behind = Readers::behind().run(nice).await.unwrap();
        assert!(behind >= own.max(BEHIND_NICE), "{behind} beside {own}");
    }

    #[tokio::test]
    async fn without_a_thread_nobody_waits() {
        assert!(Readers::of(0).run(|| ()).await.is_err());
    }
}
