//! Who decides when a process goes on.

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use aftercall_view::Runner;

/// A task of a process.
pub type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Goes on with the tasks and views of a process, in an order of its own. In life that is tokio's
/// runtime, and a thread for each view; a simulation has all of them on one thread, and decides
/// which is next.
pub trait Scheduler: Send + Sync + fmt::Debug + 'static {
    /// Begins `task`.
    fn spawn(&self, task: Task);

    /// Begins to step a view or a feed's ledger, until it has ended.
    fn drive(&self, runner: Box<dyn Runner>);
}
