//! Where the log ends, asked beside the threads that read it: a cluster may take its time to answer,
//! and they have to go on with what there is.

use std::fmt;
use std::sync::Arc;

use aftercall_log::{Log, Offset, ReadError};
use parking_lot::Mutex;
use tokio::time::Instant;

/// The last answer of the log, for all views of a process.
pub(crate) struct Ends {
    log: Arc<dyn Log>,
    told: Mutex<Option<Told>>,
}

/// What the log said.
#[derive(Debug, Clone)]
pub(crate) struct Told {
    /// Which answer it is; the first is 1.
    pub(crate) number: u64,
    /// When it was asked.
    pub(crate) asked_at: Instant,
    pub(crate) tails: Result<Vec<Offset>, ReadError>,
}

impl Ends {
    pub(crate) fn of(log: Arc<dyn Log>) -> Self {
        Self {
            log,
            told: Mutex::new(None),
        }
    }

    /// Asks; blocks as [`Log::tails`] does.
    pub(crate) fn ask(&self) {
        let asked_at = Instant::now();
        let tails = self.log.tails();
        let mut told = self.told.lock();
        let number = told.as_ref().map_or(0, |told| told.number) + 1;
        *told = Some(Told {
            number,
            asked_at,
            tails,
        });
    }

    /// The last answer, if it is a later one than `number`.
    pub(crate) fn after(&self, number: u64) -> Option<Told> {
        let told = self.told.lock();
        told.clone().filter(|told| told.number > number)
    }
}

impl fmt::Debug for Ends {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Ends").field(&*self.told.lock()).finish()
    }
}
