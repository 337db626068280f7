//! How far a solution can be trusted, and when that changes by itself.
//!
//! ```text
//!                    a contributor says so, or the numbers allow it
//!  NOT VALIDATED ───────────────────────────────────────────────────► VALIDATED
//!        ▲                                                                │
//!        └──── a flag was confirmed · a source changed · the verification ┘
//!              has expired · too many customers came back
//! ```
//!
//! What a person says stands until something new is known: a version that was validated although some customers had
//! come back is taken back when more of them do. And what a person took back, by confirming a flag or by finding a
//! changed source, the numbers of the same version don't bring back.

use jiff::{SignedDuration, Timestamp};

use super::Outcomes;

/// By how many agents beside its author a version must have been used to be validated by itself.
pub const AGENTS_MIN: u64 = 3;
/// How large the lower bound of the share of successes must be for that.
pub const TRUST_LOWER_MIN: f64 = 0.6;
/// Below which a version is not trusted any more,
pub const DOUBT_LOWER: f64 = 0.4;
/// once so much has come of it.
pub const DOUBT_OUTCOMES_MIN: u64 = 10;
/// For how long after its verification has expired a solution that must comply stays before the public and the bot.
pub const GRACE: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Whether a version was checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trust {
    /// It worked, and nobody has checked it.
    NotValidated,
    /// Somebody vouches for it, or its uses do.
    Validated,
}

/// Why the trust in a version changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    /// A contributor says so.
    Contributor,
    /// Enough agents used it, and enough customers did not come back.
    Outcomes,
    /// Somebody found it wrong, and somebody else agreed.
    FlagConfirmed,
    /// What it was checked against is not what it was.
    SourceChanged,
    /// It was to be checked again, and was not.
    VerificationExpired,
    /// Too many customers came back.
    Returns,
}

/// What is known of a version.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Evidence {
    /// Whether it is trusted now.
    pub trust: Trust,
    /// Whether it may be trusted without anybody's judgement: not where it must comply with a rule.
    pub is_by_experience: bool,
    /// How many agents used it, its author left out.
    pub other_agents: u64,
    /// What came of its uses, of which the window has passed or the customer has come back.
    pub outcomes: Outcomes,
    /// How many flags wait for somebody's judgement.
    pub open_flags: u64,
    /// A flag was confirmed since it was trusted last; of one that is not trusted, since it went live.
    pub is_found_wrong: bool,
    /// The same of a source that had changed.
    pub has_changed_source: bool,
    /// By when it is to be checked again, if ever.
    pub verify_by: Option<Timestamp>,
    /// How many customers had come back when a contributor vouched for it.
    pub failures_vouched_for: u64,
}

impl Evidence {
    /// What is to change by itself.
    pub fn decide(&self, now: Timestamp) -> Option<(Trust, Cause)> {
        match self.trust {
            Trust::Validated => self.doubt(now).map(|cause| (Trust::NotValidated, cause)),
            Trust::NotValidated if self.is_trusted_by_itself(now) => {
                Some((Trust::Validated, Cause::Outcomes))
            }
            Trust::NotValidated => None,
        }
    }

    /// Why a version is not trusted any more.
    fn doubt(&self, now: Timestamp) -> Option<Cause> {
        if self.is_found_wrong {
            return Some(Cause::FlagConfirmed);
        }
        if self.has_changed_source {
            return Some(Cause::SourceChanged);
        }
        if is_expired(self.verify_by, now) {
            return Some(Cause::VerificationExpired);
        }
        let fails = self.outcomes.count() >= DOUBT_OUTCOMES_MIN
            && self.outcomes.wilson_lower() < DOUBT_LOWER
            && self.outcomes.failures > self.failures_vouched_for;
        fails.then_some(Cause::Returns)
    }

    /// Whether the numbers vouch for it: see [`AGENTS_MIN`] and [`TRUST_LOWER_MIN`].
    fn is_trusted_by_itself(&self, now: Timestamp) -> bool {
        self.may_be_trusted_by_itself(now) && self.outcomes.wilson_lower() >= TRUST_LOWER_MIN
    }

    /// Whether nothing but the outcomes is in the way: then each window that passes may change that.
    pub fn may_be_trusted_by_itself(&self, now: Timestamp) -> bool {
        self.trust == Trust::NotValidated
            && self.is_by_experience
            && self.other_agents >= AGENTS_MIN
            && self.open_flags == 0
            && !self.is_found_wrong
            && !self.has_changed_source
            && !is_expired(self.verify_by, now)
    }
}

/// Whether a version was to be checked again by now.
pub fn is_expired(verify_by: Option<Timestamp>, now: Timestamp) -> bool {
    verify_by.is_some_and(|verify_by| verify_by < now)
}

/// When a solution that must comply with a rule leaves the public and the bot: a while after its verification has
/// expired.
pub fn leaves_public_at(verify_by: Timestamp) -> Timestamp {
    verify_by.saturating_add(GRACE).unwrap_or(Timestamp::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn outcomes(successes: u64, failures: u64) -> Outcomes {
        Outcomes {
            successes,
            failures,
        }
    }

    /// A version that the numbers vouch for.
    fn good() -> Evidence {
        Evidence {
            trust: Trust::NotValidated,
            is_by_experience: true,
            other_agents: 3,
            outcomes: outcomes(6, 0),
            open_flags: 0,
            is_found_wrong: false,
            has_changed_source: false,
            verify_by: Some(at(100)),
            failures_vouched_for: 0,
        }
    }

    const UP: Option<(Trust, Cause)> = Some((Trust::Validated, Cause::Outcomes));

    fn down(cause: Cause) -> Option<(Trust, Cause)> {
        Some((Trust::NotValidated, cause))
    }

    #[test]
    fn enough_agents_and_successes_vouch_for_a_version() {
        assert_eq!(good().decide(at(100)), UP);
        for (successes, failures, expected) in [
            (5, 0, None),
            (7, 1, None),
            (12, 2, UP),
            (11, 2, None),
            (13, 2, UP),
        ] {
            let of = Evidence {
                outcomes: outcomes(successes, failures),
                ..good()
            };
            assert_eq!(of.decide(at(0)), expected, "{successes} and {failures}");
        }
    }

    #[test]
    fn each_condition_is_needed() {
        let lacking = [
            Evidence {
                other_agents: 2,
                ..good()
            },
            Evidence {
                is_by_experience: false,
                ..good()
            },
            Evidence {
                open_flags: 1,
                ..good()
            },
            Evidence {
                is_found_wrong: true,
                ..good()
            },
            Evidence {
                has_changed_source: true,
                ..good()
            },
            Evidence {
                verify_by: Some(at(-1)),
                ..good()
            },
        ];
        for of in lacking {
            assert_eq!(of.decide(at(0)), None, "{of:?}");
        }
        // Without anything to verify it by there is nothing that expires.
        let unbounded = Evidence {
            verify_by: None,
            ..good()
        };
        assert_eq!(unbounded.decide(Timestamp::MAX), UP);
    }

    #[test]
    fn trust_is_taken_back_for_a_cause() {
        let trusted = Evidence {
            trust: Trust::Validated,
            ..good()
        };
        assert_eq!(trusted.decide(at(100)), None);
        assert_eq!(trusted.decide(at(101)), down(Cause::VerificationExpired));
        let found_wrong = Evidence {
            is_found_wrong: true,
            has_changed_source: true,
            ..trusted
        };
        assert_eq!(found_wrong.decide(at(0)), down(Cause::FlagConfirmed));
        let changed = Evidence {
            has_changed_source: true,
            ..trusted
        };
        assert_eq!(changed.decide(at(0)), down(Cause::SourceChanged));
        // An open flag alone is nobody's judgement yet.
        let flagged = Evidence {
            open_flags: 3,
            ..trusted
        };
        assert_eq!(flagged.decide(at(0)), None);
    }

    #[test]
    fn customers_who_come_back_take_it_back_once_there_are_enough_outcomes() {
        let of = |successes, failures, vouched| Evidence {
            trust: Trust::Validated,
            outcomes: outcomes(successes, failures),
            failures_vouched_for: vouched,
            ..good()
        };
        // 9 outcomes are too few, 7 of 10 are enough (0.397), and 8 of 10 are good enough (0.490).
        assert_eq!(of(0, 9, 0).decide(at(0)), None);
        assert_eq!(of(7, 3, 0).decide(at(0)), down(Cause::Returns));
        assert_eq!(of(8, 2, 0).decide(at(0)), None);
        // Whoever vouched for it knew of three.
        assert_eq!(of(7, 3, 3).decide(at(0)), None);
        assert_eq!(of(7, 4, 3).decide(at(0)), down(Cause::Returns));
    }
}
