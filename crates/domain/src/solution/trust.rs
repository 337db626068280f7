//! How far trust moves a solution among others that fit as well.
//!
//! ```text
//! factor = (1 + 0.08 × (lasted − returned) + 0.02 if it is validated and has outcomes) × 0.9 if its verification expired
//! ```
//!
//! `lasted` is the lower end of the Wilson score interval of the share of its uses that lasted, and `returned` that of
//! the share after which the customer came back. Both are of the live version. So of two that fit alike the one comes
//! first that is known to work, and one that was to be checked again and was not stands behind one that fits almost as
//! well. The factor is exactly 1 where nothing is known: it lies between 0.82 and 1.1, and never makes up for words.

use super::Outcomes;

/// How much a solution gains of which all uses lasted, and loses of which none did.
const LASTING: f64 = 0.08;
/// How much one gains besides that is validated.
const VALIDATED: f64 = 0.02;
/// What is left to one whose verification has expired.
const EXPIRED: f64 = 0.9;

/// Between what and what [`rank_factor`] lies.
pub const RANK_FACTOR_MIN: f64 = 0.82;
/// See [`RANK_FACTOR_MIN`].
pub const RANK_FACTOR_MAX: f64 = 1.1;

/// By what the score of a solution is multiplied: by what came of its uses, whether it is validated, and whether its
/// verification has expired.
pub fn rank_factor(outcomes: Outcomes, is_validated: bool, is_expired: bool) -> f64 {
    let the_other_way = Outcomes {
        successes: outcomes.failures,
        failures: outcomes.successes,
    };
    let lasting = outcomes.wilson_lower() - the_other_way.wilson_lower();
    let is_vouched_for = is_validated && outcomes.count() > 0;
    let used = 1.0 + LASTING * lasting + if is_vouched_for { VALIDATED } else { 0.0 };
    used * if is_expired { EXPIRED } else { 1.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(successes: u64, failures: u64) -> f64 {
        let outcomes = Outcomes {
            successes,
            failures,
        };
        rank_factor(outcomes, false, false)
    }

    #[test]
    fn what_is_not_used_and_not_expired_is_ranked_by_its_words_alone() {
        for is_validated in [false, true] {
            assert_eq!(rank_factor(Outcomes::default(), is_validated, false), 1.0);
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
        assert!(rank_factor(twenty, true, false) > rank_factor(twenty, false, false));
        // However well it has worked: what nobody looked at in time stands behind what is new.
        assert!(rank_factor(twenty, true, true) < 1.0);
    }

    #[test]
    fn it_moves_nothing_far() {
        for successes in [0, 1, 10, 1_000_000] {
            for failures in [0, 1, 10, 1_000_000] {
                for (is_validated, is_expired) in [(false, false), (true, false), (true, true)] {
                    let outcomes = Outcomes {
                        successes,
                        failures,
                    };
                    let factor = rank_factor(outcomes, is_validated, is_expired);
                    let bounds = RANK_FACTOR_MIN..=RANK_FACTOR_MAX;
                    assert!(bounds.contains(&factor), "{outcomes:?}: {factor}");
                }
            }
        }
    }
}
