//! The threads on which requests read views and the log.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;

use crossbeam_channel::{Sender, unbounded};
use tokio::sync::oneshot;

use crate::Internal;
use crate::supervisor::panic_text;

/// How many reads may block at once; more wait for their turn. Few enough that searches don't fill
/// the memory, and more than there are processors, because some wait for a disk.
const READERS: usize = 16;

type Work = Box<dyn FnOnce() + Send>;

/// Threads with one queue, which end with their owner. The runtime's own pool for work that blocks wakes a thread
/// for each piece of it, which costs a short read a quarter of its time; a thread of these that has done one takes the next,
/// so that under load nobody sleeps and nobody is to be woken.
#[derive(Debug)]
pub(crate) struct Readers {
    /// It holds one piece a request at most, of which the server bounds how many there are.
    queue: Sender<Work>,
}

impl Readers {
    /// Starts the threads. Where the system gives fewer, those do the work of all.
    pub(crate) fn start() -> Self {
        let (queue, waiting) = unbounded::<Work>();
        for number in 0..READERS {
            let waiting = waiting.clone();
            let started = thread::Builder::new()
                .name(format!("reader-{number}"))
                .spawn(move || waiting.into_iter().for_each(|work| work()));
            if let Err(error) = started {
                tracing::warn!(%error, number, "a thread for reads can't be started");
            }
        }
        Self { queue }
    }

    /// Does `work` when its turn has come. Nothing is done for a caller who has gone before.
    ///
    /// # Errors
    /// When it panics, or there is no thread.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Internal> {
        let (done, outcome) = oneshot::channel();
        let work = move || {
            if !done.is_closed() {
                // Nobody waits for it any more if its caller has gone meanwhile.
                let _ = done.send(catch_unwind(AssertUnwindSafe(work)));
            }
        };
        let none = || Internal::new("there is no thread for reads");
        self.queue.send(Box::new(work)).map_err(|_| none())?;
        match outcome.await {
            Ok(Ok(read)) => Ok(read),
            Ok(Err(panic)) => Err(Internal::new(panic_text(&*panic).to_owned())),
            Err(_) => Err(none()),
        }
    }
}
