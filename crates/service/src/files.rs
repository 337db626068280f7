//! How many files the process may have open, and how many of them connections leave to the rest.

use std::os::fd::{AsFd, AsRawFd};

use rustix::io::fcntl_dupfd_cloexec;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Files that connections never take: the log and the views open theirs when they need them, and
/// must not fail to. Of a small limit it is the half.
const KEPT_FREE: u64 = 1024;

/// The process's limit of open files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Files {
    limit: u64,
}

impl Files {
    /// Raises the limit as far as the system lets this process raise it.
    pub(crate) fn raised() -> Self {
        let found = getrlimit(Resource::Nofile);
        let wanted = Rlimit {
            current: found.maximum,
            ..found
        };
        let raised = found.current != found.maximum && setrlimit(Resource::Nofile, wanted).is_ok();
        let limit = if raised { found.maximum } else { found.current };
        Self {
            limit: limit.unwrap_or(u64::MAX),
        }
    }

    /// How many may be connections.
    pub(crate) const fn for_connections(self) -> u64 {
        let half = self.limit / 2;
        let kept_free = if half < KEPT_FREE { half } else { KEPT_FREE };
        self.limit - kept_free
    }

    /// Whether one more connection leaves enough to the rest. The system gives out the lowest number
    /// that is free, so a new number says how many files are open at least. `any` is any open file.
    pub(crate) fn have_room(self, any: impl AsFd) -> bool {
        fcntl_dupfd_cloexec(any, 0).is_ok_and(|next| {
            u64::try_from(next.as_raw_fd()).is_ok_and(|number| number < self.for_connections())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_small_limit_connections_leave_half_and_of_a_large_one_enough() {
        for (limit, for_connections) in [(0, 0), (256, 128), (1_024, 512), (100_000, 98_976)] {
            assert_eq!(Files { limit }.for_connections(), for_connections);
        }
    }

    #[test]
    fn there_is_room_while_the_lowest_free_number_is_below_the_share() {
        let any = std::io::stdin();
        assert!(Files { limit: u64::MAX }.have_room(&any));
        assert!(!Files { limit: 2 }.have_room(&any));
    }
}
