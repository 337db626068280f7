//! Pieces of words: of three to five letters, with a mark at a word's ends.

use std::ops::RangeInclusive;

use crate::map::{Map, Sieve};
use crate::words::TERM_BYTES_MAX;

/// Letters of the pieces that are compared.
const PIECES: RangeInclusive<usize> = 3..=5;

/// A letter's bits in a piece: three letters are no more than a number of 64.
const LETTER_BITS: u32 = 21;

/// The pieces of a text, by numbers.
#[derive(Debug)]
pub(super) struct Pieces {
    numbers: Map<u128, usize>,
    /// The shortest ones.
    shortest: Sieve,
}

impl Pieces {
    /// Of some terms.
    pub(super) fn of<'t>(terms: impl Iterator<Item = &'t str>) -> Self {
        let mut pieces = Self {
            numbers: Map::default(),
            shortest: Sieve::new(),
        };
        for term in terms {
            let letters = Letters::of(term);
            for length in PIECES {
                for letters in letters.all().windows(length) {
                    let piece = letters.iter().fold(1, longer);
                    let next = pieces.numbers.len();
                    pieces.numbers.entry(piece).or_insert(next);
                    if length == *PIECES.start() {
                        pieces.shortest.add(piece as u64);
                    }
                }
            }
        }
        pieces
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.numbers.len()
    }

    /// Tells those of them that a term has: one that it has twice, twice.
    pub(super) fn each(&self, term: &str, mut found: impl FnMut(usize)) {
        let letters = Letters::of(term);
        let letters = letters.all();
        let (shortest, longest) = PIECES.into_inner();
        for begin in 0..(letters.len() + 1).saturating_sub(shortest) {
            let (first, after) = letters[begin..].split_at(shortest);
            let mut piece = first.iter().fold(1, longer);
            if !self.shortest.may_have(piece as u64) {
                continue;
            }
            // A piece that no word has is no beginning of a longer one that some word has.
            let mut after = after.iter().take(longest - shortest);
            while let Some(number) = self.numbers.get(&piece) {
                found(*number);
                let Some(letter) = after.next() else { break };
                piece = longer(piece, letter);
            }
        }
    }
}

/// A piece, and one more letter.
fn longer(piece: u128, letter: &u32) -> u128 {
    piece << LETTER_BITS | u128::from(*letter)
}

/// A term's letters, with a mark at its ends.
struct Letters {
    letters: [u32; TERM_BYTES_MAX + 2],
    count: usize,
}

impl Letters {
    fn of(term: &str) -> Self {
        let mut letters = [0; TERM_BYTES_MAX + 2];
        let mut count = 1;
        letters[0] = u32::from(' ');
        for letter in term.chars().chain([' ']).take(TERM_BYTES_MAX + 1) {
            letters[count] = u32::from(letter);
            count += 1;
        }
        Self { letters, count }
    }

    fn all(&self) -> &[u32] {
        &self.letters[..self.count]
    }
}
