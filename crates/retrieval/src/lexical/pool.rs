//! The candidates' terms as numbers: each term is looked at once, in however many it stands.

use super::counts::Lists;
use crate::map::Map;
use crate::profile::Profile;
use crate::words;

/// Below this, it is known beforehand how much it tells that a term stands so often.
const OFTEN: usize = 32;

/// The candidates, and what they have.
#[derive(Debug)]
pub(super) struct Pool<'p> {
    pub(super) profiles: &'p [&'p Profile],
    /// Each term, by its number,
    pub(super) terms: Vec<&'p str>,
    /// and its number.
    pub(super) numbers: Map<&'p str, u32>,
    /// What each term tells that stands once: by how rare it is among the candidates.
    weights: Vec<f32>,
    /// As how many it counts that a term stands so often.
    often: [f32; OFTEN],
    /// For each candidate, by their places, its terms' numbers and how often they count.
    of: Lists<(u32, u32)>,
}

impl<'p> Pool<'p> {
    pub(super) fn of(profiles: &'p [&'p Profile]) -> Self {
        let all: usize = profiles.iter().map(|one| one.terms().len()).sum();
        let mut terms: Vec<&str> = Vec::new();
        // Many have the same terms.
        let mut numbers: Map<&str, u32> =
            Map::with_capacity_and_hasher(all / 4, Default::default());
        let mut having: Vec<u32> = Vec::new();
        let mut of = Lists::with_capacity(profiles.len());
        for profile in profiles {
            for term in profile.terms() {
                let next = terms.len() as u32;
                let number = *numbers.entry(term).or_insert(next);
                if number == next {
                    terms.push(term);
                    having.push(0);
                }
                having[number as usize] += 1;
                of.push((number, 0));
            }
            let counted = of.open();
            for (part, run) in profile.runs() {
                for place in run {
                    counted[usize::from(*place)].1 += part.weight();
                }
            }
            of.end();
        }
        // What tells something counts as one.
        let mut weights = vec![1.0; terms.len()];
        for term in words::faint() {
            if let Some(number) = numbers.get(term) {
                weights[*number as usize] = words::weight(term);
            }
        }
        for (weight, having) in weights.iter_mut().zip(having) {
            *weight *= (profiles.len() as f32 / having as f32).ln() + 1.0;
        }
        Self {
            profiles,
            terms,
            numbers,
            weights,
            often: std::array::from_fn(often),
            of,
        }
    }

    /// The candidates, with their terms' numbers and how often they count.
    pub(super) fn each(&self) -> impl Iterator<Item = (&'p Profile, &[(u32, u32)])> {
        self.profiles.iter().copied().zip(self.of.iter())
    }

    /// How much a term of the candidates tells that a text has so often.
    pub(super) fn weight(&self, number: u32, count: u32) -> f32 {
        let known = self.often.get(count as usize).copied();
        self.weights[number as usize] * known.unwrap_or_else(|| often(count as usize))
    }
}

fn often(count: usize) -> f32 {
    1.0 + (count as f32).ln()
}
