//! How far trust moves solutions that were found: by what came of their uses, and by when they were checked.

use aftercall_domain::solution::confidence::is_expired;
use aftercall_domain::solution::{
    Checked, Outcomes, RANK_FACTOR_MAX, RANK_FACTOR_MIN, rank_factor,
};
use aftercall_proto::convert::time::{from_wire, microseconds};
use aftercall_proto::model::v1::Confidence;
use aftercall_view::{ApplyError, Store};
use jiff::Timestamp;

use crate::evidence::standing;
use crate::heads;
use crate::records::{Standing, timestamp};
use crate::stats::{self, Numbers};

const MICROS_PER_DAY: i64 = 86_400_000_000;

/// By what the score of a solution is multiplied at an instant: see [`rank_factor`]. That of one that is not live is
/// not changed.
pub(crate) fn factor(
    store: &Store,
    (tenant_id, solution_id): (&str, &str),
    now: Timestamp,
) -> Result<f32, ApplyError> {
    let standing = standing(store, tenant_id, solution_id)?;
    if !standing.is_live {
        return Ok(1.0);
    }
    let version = standing.version;
    let uses = stats::version_uses(store, (tenant_id, solution_id), version)?;
    let (mut outcomes, mut is_validated) = (Outcomes::default(), false);
    // Most are not used yet: no more is looked up of those.
    if uses.links > uses.untraced {
        let numbers = Numbers::read(store, (tenant_id, solution_id), now)?;
        outcomes = numbers.outcomes_of(version, &uses);
        let live = heads::version(store, tenant_id, solution_id, version)?;
        is_validated = live.is_some_and(|live| live.confidence() == Confidence::Validated);
    }
    Ok(rank_factor(outcomes, is_validated, checked(&standing, now)) as f32)
}

/// When the live version was checked last. What somebody found to speak against it since takes that away.
fn checked(standing: &Standing, now: Timestamp) -> Checked {
    let verify_by = standing.verify_by_us.map(timestamp);
    if is_expired(verify_by.as_ref().and_then(from_wire), now) {
        return Checked::Overdue;
    }
    let is_doubted = standing.is_found_wrong || standing.has_changed_source;
    match standing.verified_at_us.filter(|_| !is_doubted) {
        None => Checked::Never,
        Some(at_us) => {
            let days = microseconds(now).saturating_sub(at_us) / MICROS_PER_DAY;
            Checked::DaysAgo(u32::try_from(days.max(0)).unwrap_or(u32::MAX))
        }
    }
}

/// What was found, the best first: the first ones by their scores times how far they are trusted, and the rest as it is.
/// How far one is trusted takes several looks at the store: it is asked of no more than may come next.
#[derive(Debug)]
pub(crate) struct ByTrust<F> {
    /// What each scores, the best first, and by what those are ordered that score alike.
    found: Vec<(f32, usize)>,
    /// Of how many of the first it counts how far they are trusted.
    within_reach: usize,
    factor: F,
    /// The first of whom it was not asked, and who was not told.
    next: usize,
    /// Of whom it was asked, and who were not told: the best last.
    waiting: Vec<Trusted>,
}

#[derive(Debug)]
struct Trusted {
    at: usize,
    score: f32,
    place: usize,
    factor: f32,
}

impl Trusted {
    fn is_behind(&self, other: &Self) -> bool {
        let by_score = self.score.total_cmp(&other.score);
        by_score.then_with(|| other.place.cmp(&self.place)).is_lt()
    }
}

impl<F: FnMut(usize) -> Result<f32, ApplyError>> ByTrust<F> {
    /// `found` holds what each scores, the best first, and by what those are ordered that score alike; `factor` says by
    /// what the score of one is multiplied, which counts for the first `within_reach`.
    pub(crate) fn of(found: Vec<(f32, usize)>, within_reach: usize, factor: F) -> Self {
        Self {
            within_reach: within_reach.min(found.len()),
            found,
            factor,
            next: 0,
            waiting: Vec::new(),
        }
    }

    /// Whether the best who waits comes before all of whom it was not asked, however far these are trusted.
    fn is_first(&self) -> bool {
        let (score, _) = self.found[self.next];
        // A score below zero is the better the less it is multiplied by.
        let at_most = (score * RANK_FACTOR_MAX as f32).max(score * RANK_FACTOR_MIN as f32);
        self.waiting.last().is_some_and(|best| best.score > at_most)
    }

    fn ask(&mut self) -> Result<(), ApplyError> {
        let at = self.next;
        let factor = (self.factor)(at)?;
        let (score, place) = self.found[at];
        let one = Trusted {
            at,
            score: score * factor,
            place,
            factor,
        };
        let behind = self.waiting.partition_point(|other| other.is_behind(&one));
        self.waiting.insert(behind, one);
        self.next += 1;
        Ok(())
    }

    /// The next one, by its place in what was found, and by what its score is multiplied.
    pub(crate) fn next(&mut self) -> Result<Option<(usize, f32)>, ApplyError> {
        while self.next < self.within_reach && !self.is_first() {
            self.ask()?;
        }
        if let Some(best) = self.waiting.pop() {
            return Ok(Some((best.at, best.factor)));
        }
        let at = self.next;
        self.next = self.found.len().min(at + 1);
        Ok((at < self.found.len()).then_some((at, 1.0)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The first of them, and of how many it was asked how far they are trusted.
    fn first(
        found: &[(f32, usize)],
        factors: &[f32],
        (within_reach, wanted): (usize, usize),
    ) -> (Vec<(usize, f32)>, usize) {
        let mut asked = 0;
        let mut by_trust = ByTrust::of(found.to_vec(), within_reach, |at| {
            asked += 1;
            Ok(factors[at])
        });
        let mut first = Vec::new();
        while first.len() < wanted
            && let Some(one) = by_trust.next().unwrap()
        {
            first.push(one);
        }
        (first, asked)
    }

    proptest! {
        #[test]
        fn the_order_is_that_of_asking_for_all(
            // Some score alike, and some below zero.
            all in prop::collection::vec(
                (-4..40_i8, prop::sample::select(vec![0.82_f32, 0.9, 1.0, 1.03, 1.12])),
                0..60,
            ),
            within_reach in 0..70_usize,
            wanted in 0..70_usize,
        ) {
            let mut all = all;
            all.sort_by_key(|(score, _)| std::cmp::Reverse(*score));
            let found: Vec<(f32, usize)> = all.iter().map(|(score, _)| f32::from(*score)).zip(0..).collect();
            let factors: Vec<f32> = all.iter().map(|(_, factor)| *factor).collect();
            let reached = within_reach.min(found.len());
            let mut expected: Vec<(usize, f32)> = (0..).zip(factors.iter().copied()).collect();
            let score = |(at, factor): &(usize, f32)| found[*at].0 * factor;
            expected[..reached].sort_by(|a, b| {
                score(b).total_cmp(&score(a)).then_with(|| found[a.0].1.cmp(&found[b.0].1))
            });
            expected[reached..].iter_mut().for_each(|(_, factor)| *factor = 1.0);
            expected.truncate(wanted);
            prop_assert_eq!(first(&found, &factors, (within_reach, wanted)).0, expected);
        }
    }

    #[test]
    fn it_is_not_asked_of_what_can_not_come_next() {
        let found = [(10.0, 0), (9.5, 1), (8.0, 2), (7.9, 3), (1.0, 4)];
        let (told, asked) = first(&found, &[1.0; 5], (5, 1));
        assert_eq!((told, asked), (vec![(0, 1.0)], 2));
        let (told, asked) = first(&found, &[1.0, 1.1, 1.0, 1.0, 1.0], (5, 2));
        assert_eq!((told, asked), (vec![(1, 1.1), (0, 1.0)], 2));
        // Trusted less, it may come behind the third.
        let (told, asked) = first(&found, &[0.82, 0.82, 1.0, 1.0, 1.0], (5, 1));
        assert_eq!((told, asked), (vec![(0, 0.82)], 4));
    }
}
