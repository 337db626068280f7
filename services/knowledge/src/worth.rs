//! What a candidate would save: the time that its cases took, the more the later they were.
//!
//! A case weighs its handling in seconds times 2^(its period / [`HALVES_IN`]), where a period is 30 days and counted from
//! the Unix epoch. The sum of that is exact, in an integer that is as wide as it has to be: so cases may come, and go
//! again, in any order. By now or by any other clock all sums decay alike, so that the order of two candidates changes
//! with their cases alone, and no clock is asked.

use std::cmp::Ordering;

/// Days of a period.
pub(crate) const PERIOD_DAYS: i64 = 30;
/// After how many periods a case weighs half as much.
const HALVES_IN: u32 = 3;
/// The weights of the periods between two halves, in 1024ths: 2^0, 2^(1/3), 2^(2/3).
const WEIGHTS: [u64; HALVES_IN as usize] = [1024, 1290, 1625];
/// By how much more the next period of the same cases would weigh than the mean of all: 1 - 2^(-1/3).
const SHARE: f64 = 0.206_299_474;
/// The last period that is told from later ones: it begins in the year 2298.
const PERIOD_MAX: u32 = 4_000;
/// Handling of one case that counts, in seconds: eight hours.
pub(crate) const SECONDS_MAX: u32 = 8 * 60 * 60;

const PERIOD_US: i64 = PERIOD_DAYS * 24 * 60 * 60 * 1_000_000;
const LIMB_BITS: u32 = 64;
/// Bits that a rank keeps of a sum beside its length.
const RANK_BITS: u32 = 48;

/// A sum of weighed seconds, the lowest limb first and none too many.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Worth(Vec<u64>);

impl Worth {
    /// A sum that was stored.
    pub(crate) fn from_limbs(limbs: &[u64]) -> Self {
        let mut worth = Self(limbs.to_vec());
        worth.trim();
        worth
    }

    /// The sum as it is stored.
    pub(crate) fn limbs(&self) -> &[u64] {
        &self.0
    }

    /// Takes in a case.
    pub(crate) fn add(&mut self, occurred_at_us: i64, seconds: u32) {
        let (limb, low, high) = weighed(occurred_at_us, seconds);
        self.add_at(limb, low);
        self.add_at(limb + 1, high);
        self.trim();
    }

    /// Takes a case back that was taken in.
    pub(crate) fn remove(&mut self, occurred_at_us: i64, seconds: u32) {
        let (limb, low, high) = weighed(occurred_at_us, seconds);
        self.remove_at(limb, low);
        self.remove_at(limb + 1, high);
        self.trim();
    }

    /// Takes in another candidate's cases.
    pub(crate) fn join(&mut self, other: &Self) {
        for (limb, value) in other.0.iter().enumerate() {
            self.add_at(limb, *value);
        }
        self.trim();
    }

    /// The sum's place among others, a larger sum having a larger one: how many bits it has, and the first of them.
    pub(crate) fn rank(&self) -> u64 {
        let Some(top) = self.0.last() else { return 0 };
        let shift = top.leading_zeros();
        let below = self.0.len().checked_sub(2).map_or(0, |at| self.0[at]);
        let first = match shift {
            0 => *top,
            shift => top << shift | below >> (LIMB_BITS - shift),
        };
        let bits = self.0.len() as u64 * u64::from(LIMB_BITS) - u64::from(shift);
        bits << RANK_BITS | first >> (LIMB_BITS - RANK_BITS)
    }

    /// About how many seconds such cases take in a period, as of `now`.
    pub(crate) fn seconds_a_period(&self, now_us: i64) -> u64 {
        let period = f64::from(period(now_us));
        let sum = self.0.iter().zip(0_u32..);
        let sum: f64 = sum
            .map(|(limb, at)| {
                let decayed = f64::from(at * LIMB_BITS) - period / f64::from(HALVES_IN);
                *limb as f64 * decayed.exp2()
            })
            .sum();
        (sum / WEIGHTS[0] as f64 * SHARE).round() as u64
    }

    fn add_at(&mut self, limb: usize, value: u64) {
        let (mut at, mut carried) = (limb, value);
        while carried > 0 {
            if self.0.len() <= at {
                self.0.resize(at + 1, 0);
            }
            let (sum, overflows) = self.0[at].overflowing_add(carried);
            self.0[at] = sum;
            (at, carried) = (at + 1, u64::from(overflows));
        }
    }

    /// Nothing is below zero: what was never taken in can't be taken back.
    fn remove_at(&mut self, limb: usize, value: u64) {
        let (mut at, mut borrowed) = (limb, value);
        while borrowed > 0 && at < self.0.len() {
            let (rest, underflows) = self.0[at].overflowing_sub(borrowed);
            self.0[at] = rest;
            (at, borrowed) = (at + 1, u64::from(underflows));
        }
    }

    fn trim(&mut self) {
        let len = self
            .0
            .iter()
            .rposition(|limb| *limb > 0)
            .map_or(0, |at| at + 1);
        self.0.truncate(len);
    }
}

impl Ord for Worth {
    fn cmp(&self, other: &Self) -> Ordering {
        let longer = self.0.len().cmp(&other.0.len());
        longer.then_with(|| self.0.iter().rev().cmp(other.0.iter().rev()))
    }
}

impl PartialOrd for Worth {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

fn period(at_us: i64) -> u32 {
    let period = u32::try_from(at_us.div_euclid(PERIOD_US)).unwrap_or(0);
    period.min(PERIOD_MAX)
}

/// What a case weighs: the limb at which that begins, and what it is there and in the next one.
fn weighed(occurred_at_us: i64, seconds: u32) -> (usize, u64, u64) {
    let period = period(occurred_at_us);
    let shift = period / HALVES_IN;
    let weight = WEIGHTS[(period % HALVES_IN) as usize] * u64::from(seconds.min(SECONDS_MAX));
    let shifted = u128::from(weight) << (shift % LIMB_BITS);
    let limb = (shift / LIMB_BITS) as usize;
    (limb, shifted as u64, (shifted >> LIMB_BITS) as u64)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// 2026, in microseconds.
    const NOW_US: i64 = 1_780_000_000_000_000;

    proptest! {
        #[test]
        fn cases_come_and_go_in_any_order(
            cases in prop::collection::vec((any::<i64>(), 0..100_000_u32), 0..40),
            gone in 0..40_usize,
        ) {
            let mut forth = Worth::default();
            for (at, seconds) in &cases {
                forth.add(*at, *seconds);
            }
            let mut back = Worth::default();
            for (at, seconds) in cases.iter().rev() {
                back.add(*at, *seconds);
            }
            prop_assert_eq!(&forth, &back);
            let gone = gone.min(cases.len());
            for (at, seconds) in &cases[..gone] {
                forth.remove(*at, *seconds);
            }
            let (mut rest, mut halves) = (Worth::default(), [Worth::default(), Worth::default()]);
            for (n, (at, seconds)) in cases[gone..].iter().enumerate() {
                rest.add(*at, *seconds);
                halves[n % 2].add(*at, *seconds);
            }
            let [mut joined, other] = halves;
            joined.join(&other);
            prop_assert_eq!(&forth, &rest);
            prop_assert_eq!(joined, rest);
            prop_assert_eq!(Worth::from_limbs(forth.limbs()), forth);
        }

        #[test]
        fn ranks_go_by_the_sums(
            one in prop::collection::vec((0..NOW_US, 1..30_000_u32), 0..6),
            other in prop::collection::vec((0..NOW_US, 1..30_000_u32), 0..6),
        ) {
            let sum = |cases: &[(i64, u32)]| {
                let mut sum = Worth::default();
                for (at, seconds) in cases {
                    sum.add(*at, *seconds);
                }
                sum
            };
            let (one, other) = (sum(&one), sum(&other));
            prop_assert!(one.rank() == other.rank() || one.rank().cmp(&other.rank()) == one.cmp(&other));
        }
    }

    #[test]
    fn a_case_of_three_months_later_weighs_twice_as_much() {
        let worth = |cases: &[(i64, u32)]| {
            let mut worth = Worth::default();
            for (periods_ago, seconds) in cases {
                worth.add(NOW_US - periods_ago * PERIOD_US, *seconds);
            }
            worth
        };
        assert_eq!(worth(&[(3, 600)]), worth(&[(6, 1_200)]));
        assert!(worth(&[(0, 600)]) > worth(&[(1, 600)]));
        assert!(worth(&[(1, 600)]).rank() > worth(&[(4, 600), (4, 500)]).rank());
        // Ten minutes in each month for years make ten minutes a month.
        let steady: Vec<_> = (0..60).map(|ago| (ago, 600)).collect();
        assert!(worth(&steady).seconds_a_period(NOW_US).abs_diff(600) < 5);
        assert!(
            worth(&steady)
                .seconds_a_period(NOW_US + 3 * PERIOD_US)
                .abs_diff(300)
                < 5
        );
        assert_eq!(Worth::default().rank(), 0);
        assert_eq!(Worth::default().seconds_a_period(NOW_US), 0);
    }
}
