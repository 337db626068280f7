//! Every bound on what a request may ask for, and on the work that it may cause.

use std::time::Duration;

/// Candidates or solutions on a page, unless the request says.
pub(crate) const PAGE_USUAL: i32 = 50;
/// The most candidates or solutions on a page.
pub(crate) const PAGE_MAX: i32 = 500;
/// About the most bytes on a page: it ends early rather than grow beyond what clients take.
pub(crate) const PAGE_BYTES_MAX: usize = 2 << 20;
/// The latest cases that a candidate shows.
pub(crate) const CANDIDATE_CASES_MAX: usize = 10;

/// The longest text that suggestions are asked for with, in bytes.
pub(crate) const TEXT_BYTES_MAX: usize = 4_000;
/// Suggestions in an answer, unless the request says.
pub(crate) const SUGGESTIONS_USUAL: i32 = 5;
/// The most suggestions in an answer.
pub(crate) const SUGGESTIONS_MAX: i32 = 50;
/// Different terms of a text that are looked up.
pub(crate) const TEXT_TERMS_MAX: usize = 512;
/// Terms of a text that are searched for: those that tell most.
pub(crate) const QUERY_TERMS_MAX: usize = 48;
/// In how many solutions the terms of a text may stand together: each is looked at.
pub(crate) const VISITED_MAX: u64 = 100_000;
/// Terms of a solution that are searched in, repetitions included.
pub(crate) const SOLUTION_TERMS_MAX: usize = 4_096;
/// The longest word that is searched for, in bytes.
pub(crate) const WORD_BYTES_MAX: usize = 40;

/// How long a request waits for its `min_position`, unless its own deadline comes first.
pub(crate) const POSITION_WAIT: Duration = Duration::from_secs(10);
/// How many requests read at once; more wait for their turn.
pub(crate) const READS_AT_ONCE: usize = 8;
