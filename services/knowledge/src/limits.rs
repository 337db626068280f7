//! Every bound on what a request may ask for, and on the work that it may cause.

use aftercall_service::Counts;

/// Candidates or solutions on a page.
pub(crate) const PAGE: Counts = Counts {
    usual: 50,
    max: 500,
};
/// The latest cases of which candidates are made for who does not read all of the tenant.
pub(crate) const SCOPED_CASES_MAX: usize = 10_000;
/// The latest cases that a candidate shows.
pub(crate) const CANDIDATE_CASES_MAX: usize = 10;

/// The longest text that suggestions are asked for with, in bytes.
pub(crate) const TEXT_BYTES_MAX: usize = 4_000;
/// Suggestions in an answer.
pub(crate) const SUGGESTIONS: Counts = Counts { usual: 5, max: 50 };
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
