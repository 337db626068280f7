//! Whether anything fits at all.
//!
//! A score says which of two is better, not whether either is any good: how near the nearest texts
//! are depends on how crowded their corner of the library is. So what counts is how near the three
//! nearest are, less half of how near they are to their own neighbours. A question that lies among
//! them is as near to them as they are to each other; one that only comes from the same direction
//! is not.

use std::cmp::Reverse;

use crate::neighbours::Vectors;

/// How many of the nearest texts are looked at, and how many neighbours of each.
const NEAREST: usize = 3;
/// How much of the neighbours' nearness is taken off.
const CROWDED: f32 = 0.5;

/// What the score has to reach where directions are compared. One value held over all sets that
/// were tried.
const MEANING_MIN: f32 = 0.10;
/// The same where words alone are: few of those that have an answer are refused, and few of those
/// that have none.
const WORDS_MIN: f32 = -0.06;

/// Which share of the questions that have an answer may be refused, by what a tenant has accepted.
const REFUSED_MAX: f32 = 0.015;
/// Which share of them at most, where more that were rejected are refused besides than more of them.
const REFUSED_FOR_REJECTED_MAX: f32 = 0.03;
/// Accepted suggestions for each solution, on average, from which on they decide.
const ACCEPTED_EACH_MIN: usize = 3;
/// Accepted suggestions below which they never do: of fewer none may be refused.
pub const ACCEPTED_MIN: usize = 67;

/// By what two texts are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Basis {
    /// By their words alone.
    Words,
    /// By their meaning.
    Meaning,
}

/// Whether anything fits, and why.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Verdict {
    /// Whether the first of the ranking is an answer; the nearest are guesses otherwise.
    pub fits: bool,
    /// How near the text is to what is nearest, beside how near that is to its own neighbours.
    pub score: f32,
    /// What the score has to reach.
    pub threshold: f32,
    /// What was compared.
    pub basis: Basis,
    /// How many of the tenant's own accepted suggestions the threshold was taken from; none if it
    /// is the one that held elsewhere.
    pub own: usize,
}

/// How near a text is to what is nearest, beside how near that is to its own neighbours; by how
/// near it is to each of some texts, and they to each other.
pub fn score(near: &[f32], among: &Vectors) -> f32 {
    let mut order: Vec<usize> = (0..near.len()).collect();
    order.sort_by(|a, b| near[*b].total_cmp(&near[*a]).then_with(|| a.cmp(b)));
    order.truncate(NEAREST);
    let crowded = order.iter().map(|one| {
        let neighbours = among.nearest(*one, NEAREST);
        mean(neighbours.iter().map(|(_, similarity)| *similarity))
    });
    mean(order.iter().map(|one| near[*one])) - CROWDED * mean(crowded)
}

fn mean(values: impl ExactSizeIterator<Item = f32>) -> f32 {
    let count = values.len().max(1) as f32;
    values.sum::<f32>() / count
}

/// What a tenant's own suggestions have shown: the scores at which one was accepted, and those at which one was
/// rejected.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Calibration {
    accepted: Vec<f32>,
    rejected: Vec<f32>,
    of: usize,
}

/// What a tenant's own suggestions have shown, by what was compared.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Calibrations {
    /// Where words alone were.
    pub words: Calibration,
    /// Where directions were.
    pub meaning: Calibration,
}

impl Calibrations {
    /// The one for what was compared.
    pub fn by(&self, basis: Basis) -> &Calibration {
        match basis {
            Basis::Words => &self.words,
            Basis::Meaning => &self.meaning,
        }
    }
}

impl Calibration {
    /// By the scores of verdicts, of one basis, whose suggestions were accepted: of all of them, or of a sample, of
    /// which there are `of` in all.
    pub fn of(accepted: Vec<f32>, of: usize) -> Self {
        Self {
            accepted: sorted(accepted),
            rejected: Vec::new(),
            of,
        }
    }

    /// Takes in the scores of verdicts whose suggestions were rejected.
    #[must_use]
    pub fn refined_by(self, rejected: Vec<f32>) -> Self {
        Self {
            rejected: sorted(rejected),
            ..self
        }
    }

    /// What a score has to reach in a library of so many solutions, and from how many of the
    /// tenant's own suggestions that was taken.
    ///
    /// Of the accepted ones three in two hundred may lie below (conformal: the next one that
    /// has an answer then is refused with that probability at most); up to twice as many, where more rejected ones
    /// than accepted ones are refused besides.
    pub fn threshold(&self, basis: Basis, solutions: usize) -> (f32, usize) {
        let usual = match basis {
            Basis::Words => WORDS_MIN,
            Basis::Meaning => MEANING_MIN,
        };
        let count = self.accepted.len();
        if count < ACCEPTED_MIN || self.of < ACCEPTED_EACH_MIN * solutions {
            return (usual, 0);
        }
        // The largest score of which the smallest ones that are let go are few enough.
        let last = |share: f32| {
            let below = ((count + 1) as f32 * share).floor() as usize;
            below.saturating_sub(1)
        };
        let rejected_below = |score: f32| self.rejected.partition_point(|one| *one < score);
        let gained = |at: usize| rejected_below(self.accepted[at]) as i64 - at as i64;
        let (least, most) = (last(REFUSED_MAX), last(REFUSED_FOR_REJECTED_MAX));
        let best = (least..=most).max_by_key(|at| (gained(*at), Reverse(*at)));
        (self.accepted[best.unwrap_or(least)], count)
    }

    /// The verdict on a score.
    pub fn verdict(&self, score: f32, basis: Basis, solutions: usize) -> Verdict {
        let (threshold, own) = self.threshold(basis, solutions);
        Verdict {
            fits: score >= threshold,
            score,
            threshold,
            basis,
            own,
        }
    }
}

fn sorted(mut scores: Vec<f32>) -> Vec<f32> {
    scores.retain(|score| score.is_finite());
    scores.sort_by(f32::total_cmp);
    scores
}
