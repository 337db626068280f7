//! The candidates' terms as numbers: each term is looked at once, in however many it stands.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use crate::profile::Profile;

/// A hash for what an attacker gains nothing by: maps of one answer, of bounded size.
#[derive(Debug, Default)]
pub(super) struct Mixed(u64);

impl Hasher for Mixed {
    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks::<8>();
        words
            .iter()
            .for_each(|eight| self.write_u64(u64::from_le_bytes(*eight)));
        rest.iter()
            .for_each(|byte| self.write_u64(u64::from(*byte)));
    }

    fn write_u64(&mut self, value: u64) {
        // The golden ratio's digits; the turn brings the upper bits down, which maps use.
        let mixed = (self.0 ^ value).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        self.0 = mixed.rotate_left(26);
    }

    fn write_u128(&mut self, value: u128) {
        self.write_u64(value as u64);
        self.write_u64((value >> 64) as u64);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

pub(super) type Map<K, V> = HashMap<K, V, BuildHasherDefault<Mixed>>;

/// The candidates, and what they have.
pub(super) struct Pool<'p> {
    pub(super) profiles: &'p [&'p Profile],
    /// Each term, by its number,
    pub(super) terms: Vec<&'p str>,
    /// and its number.
    pub(super) numbers: Map<&'p str, u32>,
    /// For each candidate, its terms' numbers by their places.
    pub(super) of: Vec<Vec<u32>>,
    /// How many candidates have each term.
    pub(super) having: Vec<u32>,
}

impl<'p> Pool<'p> {
    pub(super) fn of(profiles: &'p [&'p Profile]) -> Self {
        let mut pool = Self {
            profiles,
            terms: Vec::new(),
            numbers: Map::default(),
            of: Vec::with_capacity(profiles.len()),
            having: Vec::new(),
        };
        for profile in profiles {
            let mut numbers = Vec::with_capacity(profile.terms().len());
            for term in profile.terms() {
                let next = pool.terms.len() as u32;
                let number = *pool.numbers.entry(term).or_insert(next);
                if number == next {
                    pool.terms.push(term);
                    pool.having.push(0);
                }
                pool.having[number as usize] += 1;
                numbers.push(number);
            }
            pool.of.push(numbers);
        }
        pool
    }

    /// The candidates with their terms' numbers.
    pub(super) fn each(&self) -> impl Iterator<Item = (&'p Profile, &[u32])> {
        let numbers = self.of.iter().map(Vec::as_slice);
        self.profiles.iter().copied().zip(numbers)
    }
}
