//! Which solutions fit a customer's words, and whether any does.
//!
//! Pure functions over plain types: no store, no index, no wire.

pub mod lexical;
mod map;
pub mod meaning;
pub mod neighbours;
mod profile;
pub mod ranker;
pub mod verdict;
pub mod words;

pub use profile::{Part, Profile, WORDS_MAX};
