//! What came of a solution's uses: a resolution lasts if the customer does not come back for the same reason within
//! a window.

use jiff::{SignedDuration, Timestamp};

/// For how many days after a use the customer is waited for. It is the same for all tenants.
pub const RETURN_DAYS: u32 = 7;
/// On how many days after a use returns are told apart: whatever window is asked for is no longer.
pub const RETURN_DAYS_MAX: u32 = 30;

const HOURS_PER_DAY: i64 = 24;
const MICROS_PER_DAY: i64 = 86_400_000_000;

/// The 97.5th percentile of the standard normal distribution: 95 % of it lie within so many deviations.
const Z: f64 = 1.959_963_984_540_054;

/// In how many of a solution's uses the problem stayed solved, of those of which that is known by now.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Outcomes {
    /// The window passed, and the customer did not come back.
    pub successes: u64,
    /// The customer came back.
    pub failures: u64,
}

impl Outcomes {
    /// How many there are.
    pub const fn count(self) -> u64 {
        self.successes.saturating_add(self.failures)
    }

    /// The share of successes that there is at least: the lower end of the Wilson score interval at 95 %, two-sided.
    /// So three of three are no better than 95 of a hundred. 0 without successes.
    ///
    /// E. B. Wilson, "Probable inference, the law of succession, and statistical inference", 1927.
    pub fn wilson_lower(self) -> f64 {
        let outcomes = self.count() as f64;
        if self.successes == 0 {
            return 0.0;
        }
        let share = self.successes as f64 / outcomes;
        let spread = share * (1.0 - share) / outcomes + Z * Z / (4.0 * outcomes * outcomes);
        let centre = share + Z * Z / (2.0 * outcomes);
        let lower = (centre - Z * spread.sqrt()) / (1.0 + Z * Z / outcomes);
        lower.max(0.0)
    }
}

/// On which day after a use the customer came back, from 1, by how long after it that was; none if it is no return:
/// not after the use, or too long after it to be one by any window.
pub fn day_of_return(after_us: i64) -> Option<u32> {
    if after_us <= 0 {
        return None;
    }
    let day = after_us.saturating_add(MICROS_PER_DAY - 1) / MICROS_PER_DAY;
    let day = u32::try_from(day).ok();
    day.filter(|day| *day <= RETURN_DAYS_MAX)
}

/// When the window of a use has passed.
pub fn known_at(used_at: Timestamp, window_days: u32) -> Timestamp {
    let window = SignedDuration::from_hours(HOURS_PER_DAY * i64::from(window_days));
    used_at.saturating_add(window).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lower(successes: u64, outcomes: u64) -> f64 {
        let failures = outcomes - successes;
        let outcomes = Outcomes {
            successes,
            failures,
        };
        outcomes.wilson_lower()
    }

    #[test]
    fn the_lower_bound_is_that_of_the_table() {
        for (successes, outcomes, expected) in [
            (1, 1, 0.207),
            (3, 3, 0.439),
            (5, 5, 0.566),
            (6, 6, 0.610),
            (7, 8, 0.529),
            (9, 10, 0.596),
            (10, 10, 0.722),
            (12, 14, 0.601),
            (13, 15, 0.621),
            (8, 10, 0.490),
            (20, 20, 0.839),
            (95, 100, 0.888),
        ] {
            let bound = lower(successes, outcomes);
            let rounded = (bound * 1_000.0).round() / 1_000.0;
            assert_eq!(rounded, expected, "{successes} of {outcomes}");
        }
        assert!(lower(3, 3) < lower(95, 100));
    }

    #[test]
    fn it_lies_between_nothing_and_the_share_itself() {
        assert_eq!(lower(0, 0), 0.0);
        for outcomes in 1..60 {
            for successes in 0..=outcomes {
                let bound = lower(successes, outcomes);
                assert!(bound >= 0.0 && bound <= successes as f64 / outcomes as f64);
                if successes > 0 {
                    assert!(bound > lower(successes - 1, outcomes));
                }
            }
        }
    }

    #[test]
    fn a_return_counts_from_the_first_moment_to_the_end_of_a_day() {
        for (after_us, day) in [
            (-1, None),
            (0, None),
            (1, Some(1)),
            (MICROS_PER_DAY, Some(1)),
            (MICROS_PER_DAY + 1, Some(2)),
            (7 * MICROS_PER_DAY, Some(7)),
            (30 * MICROS_PER_DAY, Some(30)),
            (30 * MICROS_PER_DAY + 1, None),
            (i64::MAX, None),
        ] {
            assert_eq!(day_of_return(after_us), day, "{after_us}");
        }
    }
}
