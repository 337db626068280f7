//! Every bound on what a request may ask for.

use aftercall_service::Counts;

/// The longest search text, in bytes.
pub(crate) const QUERY_BYTES_MAX: usize = 1_000;
/// The longest filter of measures, as it is encoded in a search, in bytes.
pub(crate) const CONTACT_FILTER_BYTES_MAX: usize = 64 << 10;
/// The most values in one list of a filter.
pub(crate) const FILTER_VALUES_MAX: usize = 100;
/// The most handles in a filter.
pub(crate) const FILTER_HANDLES_MAX: usize = 20;
/// The longest handle that is looked for, in bytes.
pub(crate) const HANDLE_BYTES_MAX: usize = 512;
/// The longest text by which a customer is looked for, and how much of a name counts, in bytes.
pub(crate) const NAME_BYTES_MAX: usize = 512;
/// How many words of a name count: scripts that put no spaces between words have one for each character.
pub(crate) const NAME_WORDS_MAX: usize = 32;
/// By how many of the words that somebody typed names are looked for, the longest first, until all that begin with one
/// were looked at.
pub(crate) const NAME_SCANS_MAX: usize = 3;
/// How many names that begin with one word are looked at.
pub(crate) const NAME_ROWS_MAX: usize = 5_000;
/// The most customers that may be meant.
pub(crate) const CUSTOMERS_MAX: usize = 1_000;
/// Customers on a page.
pub(crate) const CUSTOMERS: Counts = Counts { usual: 20, max: 50 };
/// How much of one customer's timeline, or of one handle's, is looked at to find customers, in entries: for all customers
/// together [`EXAMINED_MAX`].
pub(crate) const CUSTOMER_ENTRIES_MAX: usize = 500;
/// The most open promises that are counted for a customer who was found.
pub(crate) const CUSTOMER_PROMISES_MAX: usize = 100;
/// The most contacts that are asked for at once.
pub(crate) const NAMES_MAX: usize = 100;
/// The most facets in one request: each once.
pub(crate) const FACETS_MAX: usize = 15;
/// The most values that are listed for one facet.
pub(crate) const FACET_COUNTS_MAX: usize = 50;

/// Search results on a page.
pub(crate) const RESULTS: Counts = Counts {
    usual: 25,
    max: 200,
};
/// Timeline entries on a page.
pub(crate) const ENTRIES: Counts = Counts {
    usual: 50,
    max: 500,
};
/// The most entries of a timeline that one page looks at, for who does not read all of them.
pub(crate) const EXAMINED_MAX: usize = 10_000;
/// Amendments on a page.
pub(crate) const AMENDMENTS: Counts = Counts {
    usual: 50,
    max: 500,
};
/// The most amendments that are shown with a contact.
pub(crate) const AMENDMENTS_SHOWN_MAX: usize = 10;
/// How often it is shown with a contact what was said of its root cause.
pub(crate) const ROOT_CAUSES_SHOWN_MAX: usize = 20;
/// Contacts in a customer's context.
pub(crate) const CONTEXT_CONTACTS: Counts = Counts { usual: 5, max: 20 };
/// The most open promises in a customer's context.
pub(crate) const CONTEXT_PROMISES_MAX: usize = 50;
/// The most steps that were tried in a customer's context.
pub(crate) const CONTEXT_TRIED_MAX: usize = 50;
/// How much of a customer's latest timeline the context looks at for what was tried and for
/// warnings, in entries.
pub(crate) const CONTEXT_ENTRIES_MAX: usize = 200;

/// The most rows that are looked at, as of the past, until there is one that was there then.
pub(crate) const AS_OF_LOOKS_MAX: u64 = 200_000;
/// The most contacts that have changed since the past as of which a search is.
pub(crate) const AS_OF_CHANGED_MAX: usize = 20_000;
/// The most changes that are looked at for it: of contacts that were recorded later, too.
pub(crate) const AS_OF_CHANGES_MAX: usize = 1_000_000;

/// Contacts in a file of an export.
pub(crate) const EXPORT_PART_ROWS: Counts = Counts {
    usual: 50_000,
    max: 1_000_000,
};
/// The most files of an export.
pub(crate) const EXPORT_PARTS_MAX: usize = 2_000;
/// The most contacts of an export: where they stand is held in memory.
pub(crate) const EXPORT_ROWS_MAX: u64 = 10_000_000;
/// How many contacts are looked up one by one for an export; for more, all of the tenant's are read.
pub(crate) const EXPORT_LISTED_MAX: usize = 20_000;
/// To how many contacts of an export there may be one promise of the tenant that something has happened to, for it to
/// remember to which; where there are more, it asks of each.
pub(crate) const EXPORT_HAPPENED_SHARE: usize = 4;
/// The most exports that a process works on.
pub(crate) const EXPORTS_MAX: usize = 4;
/// The most of them for one tenant.
pub(crate) const EXPORTS_OF_TENANT_MAX: usize = 2;

/// The most snippets of one result.
pub(crate) const SNIPPETS_MAX: usize = 3;
/// About how long a snippet is, in code points.
pub(crate) const SNIPPET_CHARS: usize = 160;
