//! What every service is given when it starts.

use std::sync::Arc;

use aftercall_log::Log;
use aftercall_view::Views;

use crate::{Clock, Ids, Supervisor};

/// What a service needs of the process around it. Cheap to clone; one for all services of a process.
#[derive(Debug, Clone)]
pub struct Deps {
    /// The event log.
    pub log: Arc<dyn Log>,
    /// Wall time and sleep.
    pub clock: Arc<dyn Clock>,
    /// Ids and randomness.
    pub ids: Arc<dyn Ids>,
    /// Where views are kept, and on what.
    pub views: Views,
    /// Runs the service's background tasks, and stops the process when one of them fails.
    pub supervisor: Supervisor,
}
