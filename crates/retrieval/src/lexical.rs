//! How well candidates fit a text by their words.
//!
//! 1. *BM25* over terms and their further forms, with the statistics of the whole library. A word
//!    of a title or a question counts twice.
//! 2. *Pairs* of neighbouring words, and *pieces* of three to five letters, count a little: "change
//!    address" beside "address change", and words that are bent or put together otherwise.
//! 3. *Synonyms*, where a house has set any, count half as much as the words for which they stand.
//! 4. *Smoothing*: candidates that say the same support each other ([`crate::neighbours`]).

mod candidates;
mod counts;
mod pieces;
mod pool;
mod query;
mod synonyms;

pub use candidates::{Match, Scored, Shared, Weighed, Words, score, weigh};
pub use query::{Library, Query, Sought};
pub use synonyms::{Groups, SYNONYM_WEIGHT, Synonym};

/// BM25's saturation of a term's frequency,
pub const K1: f32 = 1.2;
/// and how much the length of a solution counts.
pub const B: f32 = 0.75;

/// How much pairs of words and pieces of words count beside words.
const PAIRS_WEIGHT: f32 = 0.1;
const PIECES_WEIGHT: f32 = 0.05;

/// How much it tells that one of `documents` has what `having` of them have.
fn rarity(having: f32, documents: f32) -> f32 {
    let others = (documents - having).max(0.0);
    ((others + 0.5) / (having + 0.5)).ln_1p()
}

/// What a term that counts `count` times brings, in a solution of `length` times the usual length.
fn saturated(count: f32, length: f32) -> f32 {
    count * (K1 + 1.0) / (count + K1 * (1.0 - B + B * length))
}
