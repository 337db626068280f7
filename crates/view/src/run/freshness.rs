//! Since when a view is behind its log.
//!
//! Records have times of their own, but those are of other clocks, and a log may be silent for days.
//! So it is watched where the log ends: what the view includes all of was complete when the log
//! ended there.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

use crate::Positions;

/// How many ends of the log are remembered. Of more, every other one is forgotten: the lag of a view
/// that is far behind is known less exactly.
const SEEN_MAX: usize = 64;

/// Where the log ended, and when.
#[derive(Debug)]
pub(super) struct Freshness {
    /// The last moment of which it is known that the view includes all that the log held then; none if of none.
    complete_at: Option<Instant>,
    /// The same, or when it was begun to look.
    since: Instant,
    /// Later ends of the log, which the view has not reached.
    seen: VecDeque<(Instant, Positions)>,
}

impl Freshness {
    /// The log ended at `tails` just after `now`: nothing is known of the time before.
    pub(super) fn new(tails: Positions, now: Instant) -> Self {
        Self {
            complete_at: None,
            since: now,
            seen: VecDeque::from([(now, tails)]),
        }
    }

    /// What the view includes may be less than before: of no moment it is known any more that it was complete.
    pub(super) fn forget(&mut self) {
        self.complete_at = None;
    }

    /// The log ended at `tails` just after `now`.
    pub(super) fn saw(&mut self, tails: Positions, now: Instant) {
        if self.seen.len() == SEEN_MAX {
            let mut kept = false;
            self.seen.retain(|_| {
                kept = !kept;
                kept
            });
        }
        self.seen.push_back((now, tails));
    }

    /// The last moment of which it is known that the view, which includes `applied`, includes all that the log held then.
    pub(super) fn complete_at(&mut self, applied: &Positions) -> Option<Instant> {
        while let Some((seen_at, _)) = self
            .seen
            .pop_front_if(|(_, tails)| applied.covers_all(tails))
        {
            // What was told before the view was opened may come late.
            self.complete_at = self.complete_at.max(Some(seen_at));
            self.since = self.since.max(seen_at);
        }
        self.complete_at
    }

    /// How long before `now` the view, which includes `applied`, was last known to be complete.
    pub(super) fn behind(&mut self, applied: &Positions, now: Instant) -> Duration {
        self.complete_at(applied);
        now.saturating_duration_since(self.since)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn through(next: u64) -> Positions {
        [(0, next)].into_iter().collect()
    }

    #[test]
    fn a_view_is_as_old_as_the_last_end_of_the_log_that_it_includes() {
        let start = Instant::now();
        let at = |second| start + Duration::from_secs(second);
        let mut freshness = Freshness::new(through(0), start);
        freshness.saw(through(10), at(1));
        assert_eq!(
            freshness.behind(&through(10), at(1)),
            Duration::ZERO,
            "at the end"
        );
        for second in 2..200 {
            freshness.saw(through(10 * second), at(second));
        }
        assert_eq!(
            freshness.behind(&through(19), at(200)),
            Duration::from_secs(199)
        );
        let behind = freshness.behind(&through(1_000), at(200));
        let about = Duration::from_secs(100)..=Duration::from_secs(116);
        assert!(about.contains(&behind), "{behind:?}");
        // An end that the log could not tell leaves the age growing.
        let caught_up = freshness.behind(&through(1_990), at(200));
        assert_eq!(caught_up, Duration::from_secs(1));
        assert_eq!(
            freshness.behind(&through(1_990), at(260)),
            Duration::from_secs(61)
        );
        assert!(freshness.seen.is_empty());
    }

    #[test]
    fn a_view_is_complete_through_no_moment_that_it_has_not_reached() {
        let start = Instant::now();
        let at = |second| start + Duration::from_secs(second);
        let mut freshness = Freshness::new(through(5), start);
        assert_eq!(freshness.complete_at(&through(4)), None);
        assert_eq!(freshness.complete_at(&through(5)), Some(start));
        freshness.saw(through(8), at(1));
        freshness.saw(through(9), at(2));
        // However late it is, the moment does not move before the view does.
        assert_eq!(freshness.behind(&through(7), at(60)), at(60) - start);
        assert_eq!(freshness.complete_at(&through(7)), Some(start));
        assert_eq!(freshness.complete_at(&through(8)), Some(at(1)));
        freshness.forget();
        assert_eq!(freshness.complete_at(&through(8)), None);
        assert_eq!(freshness.complete_at(&through(9)), Some(at(2)));
    }
}
