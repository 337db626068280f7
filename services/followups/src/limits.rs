//! Every bound on what a request may ask for.

use aftercall_service::Counts;

/// Promises or alerts on a page.
pub(crate) const PAGE: Counts = Counts {
    usual: 50,
    max: 500,
};

/// Calls that are live, as a watch begins with them: of more, those that wait longest.
pub(crate) const LIVE_CALLS_MAX: usize = 5_000;

/// Values of one field of a filter.
pub(crate) const FILTER_VALUES_MAX: usize = 200;

/// By how many dimensions promises are counted at once.
pub(crate) const DIMENSIONS_MAX: usize = 3;

/// How many promises a count looks at before it lets others read.
pub(crate) const COUNTED_AT_ONCE: usize = 10_000;

/// From how many promises on a count is a large one, of which few go on at a time.
pub(crate) const LARGE_COUNT: usize = 50_000;

/// How many large counts go on at a time. Each holds some 40 bytes for every promise.
pub(crate) const LARGE_COUNTS_MAX: usize = 2;

/// The most promises that one request to apply the policies of now looks at.
pub(crate) const RETARGET_LOOKS_MAX: usize = 50_000;

/// How many promises one request does the same with.
pub(crate) const BATCH_MAX: usize = 100;

/// How many promises one request applies the policies of now to.
pub(crate) const RETARGETED_MAX: usize = 500;

/// The most groups of promises that one answer lists.
pub(crate) const GROUPS_MAX: usize = 1_000;
