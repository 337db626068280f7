//! Connections that are free for the next message to the same receiver.

use std::fmt;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;

use super::connection::Connection;
use crate::target::Target;

/// How many are kept.
const KEPT_MAX: usize = 16;

/// How long a connection is used: then its address is asked, and checked, anew.
const AGE_MAX: Duration = Duration::from_secs(60);

/// The free connections to one receiver.
#[derive(Default)]
pub(crate) struct Pool(Mutex<Vec<Free>>);

struct Free {
    target: Target,
    connection: Connection,
}

impl Pool {
    /// A free connection to where `target` is, the latest used.
    pub(super) fn take(&self, target: &Target) -> Option<Connection> {
        let mut free = self.0.lock();
        let now = Instant::now();
        free.retain(|free| {
            let Target {
                secure,
                host,
                port,
                authority: _,
                path: _,
            } = &free.target;
            let is_there = (*secure, &**host, *port) == (target.secure, &*target.host, target.port);
            is_there && now < free.connection.opened_at + AGE_MAX
        });
        free.pop().map(|free| free.connection)
    }

    pub(super) fn put(&self, target: Target, connection: Connection) {
        let mut free = self.0.lock();
        if free.len() < KEPT_MAX {
            free.push(Free { target, connection });
        }
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool")
            .field("free", &self.0.lock().len())
            .finish()
    }
}
