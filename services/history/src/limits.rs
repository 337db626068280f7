//! Every bound on what a request may ask for.

use std::time::Duration;

/// The longest search text, in bytes.
pub(crate) const QUERY_BYTES_MAX: usize = 1_000;
/// The most values in one list of a filter.
pub(crate) const FILTER_VALUES_MAX: usize = 100;
/// The most facets in one request: each once.
pub(crate) const FACETS_MAX: usize = 8;
/// The most values that are listed for one facet.
pub(crate) const FACET_COUNTS_MAX: usize = 50;

/// Search results on a page, unless the request says.
pub(crate) const RESULTS_USUAL: i32 = 25;
/// The most search results on a page.
pub(crate) const RESULTS_MAX: i32 = 200;
/// Timeline entries on a page, unless the request says.
pub(crate) const ENTRIES_USUAL: i32 = 50;
/// The most timeline entries on a page.
pub(crate) const ENTRIES_MAX: i32 = 500;
/// Contacts in a customer's context, unless the request says.
pub(crate) const CONTEXT_CONTACTS_USUAL: i32 = 5;
/// The most contacts in a customer's context.
pub(crate) const CONTEXT_CONTACTS_MAX: i32 = 20;
/// The most open promises in a customer's context.
pub(crate) const CONTEXT_PROMISES_MAX: usize = 50;
/// The most steps that were tried in a customer's context.
pub(crate) const CONTEXT_TRIED_MAX: usize = 50;
/// How much of a customer's latest timeline the context looks at for what was tried and for
/// warnings, in entries.
pub(crate) const CONTEXT_ENTRIES_MAX: usize = 200;

/// The most snippets of one result.
pub(crate) const SNIPPETS_MAX: usize = 3;
/// About how long a snippet is, in code points.
pub(crate) const SNIPPET_CHARS: usize = 160;

/// How long a request waits for its `min_position`, unless its own deadline comes first.
pub(crate) const POSITION_WAIT: Duration = Duration::from_secs(10);
/// How many searches run at once; more wait for their turn.
pub(crate) const SEARCHES_AT_ONCE: usize = 8;
/// About the most bytes of records in one answer: what callers take by default is 4 MiB. A page
/// that would be larger ends early.
pub(crate) const ANSWER_BYTES_MAX: usize = 3 << 20;
