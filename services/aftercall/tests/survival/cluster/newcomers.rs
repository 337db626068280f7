//! Replicas that begin with nothing on a log that is long.

use std::path::Path;

use super::{Replica, SharedLog};

/// How many times one is tried to be killed while it catches up.
const TRIES: usize = 5;

/// One more of each role that answers queries.
#[derive(Debug)]
pub(crate) struct Newcomers {
    pub(crate) history: Replica,
    pub(crate) followups: Replica,
    pub(crate) knowledge: Replica,
    /// How many of them were killed while they caught up, and went on from there.
    pub(crate) fell: usize,
}

impl Newcomers {
    /// On `log`, with empty directories in `scratch`; each is killed while it catches up, if that
    /// takes it long enough, and started again.
    pub(crate) async fn start(scratch: &Path, log: &SharedLog) -> Self {
        let mut fell = 0;
        let mut begin = async |role| {
            // Of a name and directory that no other replica has.
            for number in 10..10 + TRIES {
                let mut replica = Replica::new(role, number, scratch, &log.settings());
                if replica.start_and_kill_behind().await {
                    fell += 1;
                    replica.start();
                    return replica;
                }
            }
            let mut replica = Replica::new(role, 10 + TRIES, scratch, &log.settings());
            replica.start();
            replica
        };
        Self {
            history: begin("history").await,
            followups: begin("followups").await,
            knowledge: begin("knowledge").await,
            fell,
        }
    }
}
