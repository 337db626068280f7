//! Every bound on what a request may ask for.

use aftercall_service::Counts;

/// Promises or alerts on a page.
pub(crate) const PAGE: Counts = Counts {
    usual: 50,
    max: 500,
};

/// Values of one field of a filter.
pub(crate) const FILTER_VALUES_MAX: usize = 200;
