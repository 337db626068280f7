//! Which solutions are to be looked at first: those that are used, fail or are due, not those that are merely old.

use jiff::Timestamp;

use super::confidence::is_expired;

/// Beyond how many days nothing gets more urgent.
pub const AGE_DAYS_MAX: u64 = 730;

const SECONDS_PER_DAY: i64 = 86_400;

/// What speaks for a review, whatever the time is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Demand {
    /// In how many contacts any version was used.
    pub uses: u64,
    /// After how many uses of the live version the customer came back.
    pub failures: u64,
    /// How often the live version was found not to fit.
    pub rejections: u64,
    /// How many flags wait for somebody's judgement.
    pub open_flags: u64,
}

impl Demand {
    /// Reuse × failure evidence. A flag is a use, too: somebody looked at it and was told something wrong. A failure
    /// weighs as much as two rejections, and a flag as three failures.
    pub const fn weight(self) -> u64 {
        let reuse = self.uses.saturating_add(self.open_flags);
        let failing = self
            .rejections
            .saturating_add(self.failures.saturating_mul(2))
            .saturating_add(self.open_flags.saturating_mul(6))
            .saturating_add(2);
        reuse.saturating_mul(failing)
    }

    /// How urgent the review is at `now`: the weight × the days since it was checked last. What was to be checked
    /// again by now is urgent, even if nobody uses it.
    pub fn priority(
        self,
        verified_at: Timestamp,
        verify_by: Option<Timestamp>,
        now: Timestamp,
    ) -> u64 {
        Self::priority_of(self.weight(), verified_at, verify_by, now)
    }

    /// The same of a demand of this weight.
    pub fn priority_of(
        weight: u64,
        verified_at: Timestamp,
        verify_by: Option<Timestamp>,
        now: Timestamp,
    ) -> u64 {
        let weight = weight.saturating_add(u64::from(is_expired(verify_by, now)));
        weight.saturating_mul(age_days(verified_at, now))
    }
}

/// How many days ago something was, from 1: of today's the weight alone decides.
pub fn age_days(verified_at: Timestamp, now: Timestamp) -> u64 {
    let days = now.duration_since(verified_at).as_secs() / SECONDS_PER_DAY;
    u64::try_from(days).unwrap_or(0).clamp(1, AGE_DAYS_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(day: i64) -> Timestamp {
        Timestamp::from_second(day * SECONDS_PER_DAY).unwrap()
    }

    #[test]
    fn an_unused_old_one_ranks_below_a_used_one_that_failed_twice() {
        let unused = Demand::default();
        let failing = Demand {
            uses: 3,
            failures: 2,
            ..Demand::default()
        };
        let now = day(2_000);
        let of = |demand: Demand, verified| demand.priority(verified, None, now);
        assert!(of(unused, day(0)) < of(failing, day(1_999)));
        // Of two alike the one that was not looked at for longer.
        assert!(of(failing, day(1_990)) < of(failing, day(1_900)));
        // What is legally due comes before what nobody uses.
        assert!(of(unused, day(0)) < unused.priority(day(1_000), Some(day(1_500)), now));
    }

    #[test]
    fn failures_rejections_and_flags_each_weigh() {
        let used = Demand {
            uses: 10,
            ..Demand::default()
        };
        let failed = Demand {
            failures: 1,
            ..used
        };
        let rejected = Demand {
            rejections: 1,
            ..used
        };
        let flagged = Demand {
            open_flags: 1,
            ..used
        };
        assert!(used.weight() < rejected.weight());
        assert!(rejected.weight() < failed.weight());
        assert!(failed.weight() < flagged.weight());
    }
}
