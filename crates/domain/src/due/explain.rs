//! The working behind a due.

use jiff::{SignedDuration, Timestamp};

use super::counted::Counted;
use super::{DueResolution, InternalClock, InternalTarget, Pause};
use crate::calendar::{Calendar, ExceptionMet, Exhausted, Explained, Interval, instant, timestamp};

/// Why a due is when it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DueExplained {
    /// Since when its clock runs.
    pub from: Timestamp,
    /// The due.
    pub at: Timestamp,
    /// The times that were counted, in order: open, and no pause. Without a calendar it is one, of version 0.
    pub intervals: Vec<Interval>,
    /// The intervals' sum: for a target in open time, the target.
    pub sum: SignedDuration,
    /// The dates on the way whose hours were not the week's: holidays that were skipped, special hours.
    pub exceptions: Vec<ExceptionMet>,
    /// The pauses on the way, in order.
    pub pauses: Vec<PauseExplained>,
    /// The versions of the calendar that ruled some of the time, in the order in which they did.
    pub versions: Vec<u32>,
    /// By what it was reckoned.
    pub resolution: DueResolution,
}

/// What a pause did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PauseExplained {
    /// The pause.
    pub pause: Pause,
    /// The open time in it, which it added. What lies in an earlier pause, too, is that one's.
    pub overlap: SignedDuration,
}

impl DueResolution {
    /// Why a due is at `at` whose clock runs since `from`. `calendar` is the one that [`Self::calendar`] names, at
    /// its version; without one any time counts.
    pub fn explain(
        self,
        from: Timestamp,
        at: Timestamp,
        calendar: Option<&Calendar>,
    ) -> DueExplained {
        let explained = match calendar {
            Some(calendar) => calendar.explain(from, at),
            None => any_time(from, at),
        };
        DueExplained {
            from,
            at,
            intervals: explained.intervals,
            sum: explained.open,
            exceptions: explained.exceptions,
            pauses: Vec::new(),
            versions: explained.versions,
            resolution: self,
        }
    }
}

impl InternalTarget {
    /// Why the target is when it is; none while it stands still. `calendar` is the one that [`Self::calendar`]
    /// names, at its version.
    ///
    /// # Errors
    /// [`Exhausted`] when the calendar has not so much open time.
    pub fn explain(&self, calendar: &Calendar) -> Result<Option<DueExplained>, Exhausted> {
        let InternalClock::Running { target_at } = self.clock(calendar)? else {
            return Ok(None);
        };
        let whole = calendar.explain(self.from, target_at);
        let counted = Counted::new(calendar, &self.pauses);
        let mut intervals = Vec::with_capacity(whole.intervals.len());
        for Interval { from, to, version } in whole.intervals {
            let parts = counted.stretches(instant(from), instant(to));
            intervals.extend(parts.map(|(from, to)| Interval {
                from: timestamp(from),
                to: timestamp(to),
                version,
            }));
        }
        let sum = intervals
            .iter()
            .fold(SignedDuration::ZERO, |sum, one| sum + one.duration());
        Ok(Some(DueExplained {
            from: self.from,
            at: target_at,
            intervals,
            sum,
            exceptions: whole.exceptions,
            pauses: self.pauses_until(target_at, calendar),
            versions: whole.versions,
            resolution: DueResolution {
                calendar: Some(self.calendar.clone()),
                ..DueResolution::now(None)
            },
        }))
    }

    /// The pauses that moved the target, and by how much.
    fn pauses_until(&self, target_at: Timestamp, calendar: &Calendar) -> Vec<PauseExplained> {
        let mut pauses: Vec<Pause> = self.pauses.clone();
        pauses.sort_by_key(|pause| pause.from);
        let mut given = self.from;
        let mut explained = Vec::with_capacity(pauses.len());
        for pause in pauses {
            let begins = pause.from.max(given);
            let ends = pause.to.map_or(target_at, |to| to.min(target_at));
            if pause.from >= target_at || ends <= self.from {
                continue;
            }
            let overlap = match begins < ends {
                true => calendar.between(begins, ends),
                false => SignedDuration::ZERO,
            };
            given = given.max(ends);
            explained.push(PauseExplained { pause, overlap });
        }
        explained
    }
}

/// Where any time counts. A due that an import says to lie before its contact took none.
fn any_time(from: Timestamp, to: Timestamp) -> Explained {
    if to <= from {
        return Explained::default();
    }
    Explained {
        intervals: vec![Interval {
            from,
            to,
            version: 0,
        }],
        open: to.duration_since(from),
        ..Explained::default()
    }
}
