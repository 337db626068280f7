//! How far trust moves a solution among others that fit as well.
//!
//! ```text
//! factor = (1 + 0.08 × (lasted − returned) + 0.02 if it is validated and has outcomes + 0.02 × fresh)
//!          × 0.9 if its verification expired
//! ```
//!
//! `lasted` is the lower end of the Wilson score interval of the share of its uses that lasted, and `returned` that of
//! the share after which the customer came back. Both are of the live version. `fresh` is 1 when that version was just
//! checked, less by as much each day, and 0 after a year; what was never checked is not fresh. So of two that fit alike the
//! one comes first that is known to work or was checked of late, and one that was to be checked again and was not stands
//! behind one that fits almost as well. The factor is exactly 1 where nothing is known: it lies between 0.82 and 1.12, and
//! never makes up for words.

use super::Outcomes;

/// How much a solution gains of which all uses lasted, and loses of which none did.
const LASTING: f64 = 0.08;
/// How much one gains besides that is validated.
const VALIDATED: f64 = 0.02;
/// How much one gains besides that was just checked,
const FRESH: f64 = 0.02;
/// and after how many days nothing is left of that.
const FRESH_DAYS: f64 = 365.0;
/// What is left to one whose verification has expired.
const EXPIRED: f64 = 0.9;

/// What is known of when a solution was checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Checked {
    /// It was not, since it was published; or something speaks against it since.
    Never,
    /// So many days ago.
    DaysAgo(u32),
    /// It was to be checked again before now.
    Overdue,
}

impl Checked {
    /// From 1 for just now to 0.
    fn fresh(self) -> f64 {
        match self {
            Self::Never | Self::Overdue => 0.0,
            Self::DaysAgo(days) => (1.0 - f64::from(days) / FRESH_DAYS).max(0.0),
        }
    }
}

/// Between what and what [`rank_factor`] lies.
pub const RANK_FACTOR_MIN: f64 = 0.82;
/// See [`RANK_FACTOR_MIN`].
pub const RANK_FACTOR_MAX: f64 = 1.12;

/// By what the score of a solution is multiplied: by what came of its uses, whether it is validated, and when it was
/// checked.
pub fn rank_factor(outcomes: Outcomes, is_validated: bool, checked: Checked) -> f64 {
    let the_other_way = Outcomes {
        successes: outcomes.failures,
        failures: outcomes.successes,
    };
    let lasting = outcomes.wilson_lower() - the_other_way.wilson_lower();
    let is_vouched_for = is_validated && outcomes.count() > 0;
    let used = 1.0 + LASTING * lasting + if is_vouched_for { VALIDATED } else { 0.0 };
    match checked {
        Checked::Overdue => used * EXPIRED,
        Checked::Never | Checked::DaysAgo(_) => used + FRESH * checked.fresh(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(successes: u64, failures: u64) -> f64 {
        let outcomes = Outcomes {
            successes,
            failures,
        };
        rank_factor(outcomes, false, Checked::Never)
    }

    #[test]
    fn what_is_not_used_and_was_not_checked_is_ranked_by_its_words_alone() {
        for is_validated in [false, true] {
            let factor = rank_factor(Outcomes::default(), is_validated, Checked::Never);
            assert_eq!(factor, 1.0);
        }
    }

    #[test]
    fn what_was_checked_gains_by_it_for_a_year_the_less_the_longer_ago() {
        let checked = |checked| rank_factor(Outcomes::default(), false, checked);
        let days = [0, 1, 180, 364].map(|days| checked(Checked::DaysAgo(days)));
        assert!(days.is_sorted_by(|later, earlier| later > earlier));
        assert!(days[0] <= 1.0 + FRESH && days[3] > 1.0);
        for none in [Checked::DaysAgo(365), Checked::DaysAgo(u32::MAX)] {
            assert_eq!(checked(none), 1.0);
        }
    }

    #[test]
    fn what_lasts_comes_before_what_does_not_and_what_expired_comes_last() {
        assert!(of(95, 5) > of(3, 0) && of(3, 0) > 1.0);
        assert!(of(0, 20) < of(0, 3) && of(0, 3) < 1.0);
        let twenty = Outcomes {
            successes: 20,
            failures: 0,
        };
        let by = |is_validated, checked| rank_factor(twenty, is_validated, checked);
        assert!(by(true, Checked::Never) > by(false, Checked::Never));
        // However well it has worked: what nobody looked at in time stands behind what is new.
        assert!(by(true, Checked::Overdue) < 1.0);
    }

    #[test]
    fn it_moves_nothing_far() {
        for successes in [0, 1, 10, 1_000_000] {
            for failures in [0, 1, 10, 1_000_000] {
                for (is_validated, checked) in [
                    (false, Checked::Never),
                    (true, Checked::DaysAgo(0)),
                    (false, Checked::Overdue),
                    (true, Checked::Overdue),
                ] {
                    let outcomes = Outcomes {
                        successes,
                        failures,
                    };
                    let factor = rank_factor(outcomes, is_validated, checked);
                    let bounds = RANK_FACTOR_MIN..=RANK_FACTOR_MAX;
                    assert!(bounds.contains(&factor), "{outcomes:?}: {factor}");
                }
            }
        }
    }
}
