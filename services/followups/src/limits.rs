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

/// The most promises that are looked at to count them.
pub(crate) const COUNTED_MAX: usize = 50_000;

/// How many promises one request does the same with.
pub(crate) const BATCH_MAX: usize = 100;

/// How many promises one request applies the policies of now to.
pub(crate) const RETARGETED_MAX: usize = 500;

/// The most groups of promises that one answer lists.
pub(crate) const GROUPS_MAX: usize = 1_000;
