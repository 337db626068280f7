//! The bounds of this service's answers and of its view.

use aftercall_service::Counts;

/// Rows in a block of the view: what a row costs that is written or changed by itself, as most are that somebody comes
/// back to, is a block of some 3 KB that is written anew.
pub(crate) const BLOCK_ROWS: u64 = 16;

/// From which number on the rows of a partition are those of calls that nobody recorded. They stand in blocks of their own, in
/// which rows come and go; contacts' rows stay for ever, and no partition has so many.
pub(crate) const CALL_ROWS: u64 = BLOCK_ROWS << 31;

/// Blocks whose first and last times stand together: a question of a month passes over the rest of the years.
pub(crate) const ZONE_BLOCKS: u32 = 32;

/// Rows of which it stands together what comes after their contacts: a contact that is followed by another one costs a
/// value of some hundred bytes that is written anew, and no block.
pub(crate) const AFTER_ROWS: u64 = 64;

/// Into how many parts a pass over many rows is divided, which two threads take one after the other: so neither waits
/// for long if the other one is held up.
pub(crate) const PARTS_OF_A_PASS: u64 = 8;

/// Fewer rows than that are passed over by one thread: another one would save nothing that somebody notices.
pub(crate) const ROWS_OF_ONE_PASS: u64 = 50_000;

/// Contacts of a customer, before one and after it, among which the one it belongs to is looked for.
pub(crate) const NEIGHBOURS_MAX: usize = 100;

/// Days that a trouble is followed back.
pub(crate) const TROUBLE_DAYS_MAX: i64 = 365;

/// A note on a root cause, in bytes.
pub(crate) const NOTE_BYTES_MAX: usize = 16 << 10;

/// Problems of a tenant.
pub(crate) const PROBLEMS_MAX: usize = 1_000;

/// What was done about a problem.
pub(crate) const IMPROVEMENTS_MAX: usize = 100;

/// A problem's title, in bytes.
pub(crate) const TITLE_BYTES_MAX: usize = 512;

/// Days over which a problem's contacts are counted, or compared.
pub(crate) const PROBLEM_DAYS_MAX: i32 = 366;

/// Promises that one answer about whose turn it was looks at.
pub(crate) const PROMISES_LOOKED_AT_MAX: usize = 1_000_000;

/// Turns of a promise that are shown.
pub(crate) const SPANS_SHOWN_MAX: usize = 200;

/// Promises on a page of those behind whose turn it was.
pub(crate) const CLOCKS: Counts = Counts {
    usual: 50,
    max: 500,
};

/// Problems on a page, of each of which the contacts are counted.
pub(crate) const PROBLEMS: Counts = Counts { usual: 20, max: 50 };

/// Versions of a problem on a page.
pub(crate) const VERSIONS: Counts = Counts {
    usual: 50,
    max: 500,
};

/// Values of one kind in a filter.
pub(crate) const VALUES_MAX: usize = 100;

/// Dimensions of one aggregate.
pub(crate) const DIMENSIONS_MAX: usize = 2;

/// Groups of one aggregate.
pub(crate) const GROUPS_MAX: usize = 5_000;

/// Buckets of time of one aggregate.
pub(crate) const BUCKETS_MAX: usize = 20_000;

/// Seconds of a day: the longest times that a request names in seconds.
pub(crate) const SECONDS_MAX: i32 = 86_400;

/// Parts of a period that an answer shows a number over.
pub(crate) const PARTS: usize = 14;

/// Rows of an answer about repeats.
pub(crate) const REPEAT_ROWS_MAX: usize = 1_000;

/// The longest window for slip-ups, in days.
pub(crate) const WINDOW_DAYS_MAX: i32 = 365;

/// The most slip-ups that a listing may need.
pub(crate) const THRESHOLD_MAX: i32 = 100;

/// Slip-ups of a customer that are looked at: the latest.
pub(crate) const SLIPS_MAX: usize = 2_000;

/// Customers that one page of slip-ups looks at.
pub(crate) const CUSTOMERS_LOOKED_AT_MAX: usize = 50_000;

/// Customers that are looked at at once for whether too much went wrong with them.
pub(crate) const STIRRED_LOOKED_AT_MAX: usize = 500;

/// Contacts on a page.
pub(crate) const CONTACTS: Counts = Counts {
    usual: 50,
    max: 1_000,
};

/// Listings of slip-ups on a page.
pub(crate) const WINDOWS: Counts = Counts {
    usual: 50,
    max: 500,
};

/// Drivers in an answer.
pub(crate) const DRIVERS: Counts = Counts {
    usual: 50,
    max: 1_000,
};

/// Words that stand out, of each group of contacts.
pub(crate) const STANDING_WORDS_MAX: i32 = 50;

/// The fewest contacts of a period that must have a word for it to be told, and the most that a request may ask for.
pub(crate) const WORD_CONTACTS_MIN: i32 = 5;
pub(crate) const WORD_CONTACTS_MAX: i32 = 1_000;

/// How likely chance may be at most for a word to stand out, corrected for how many words were compared.
pub(crate) const STANDING_Q_MAX: f64 = 0.05;

/// Values that rose, of which words are told.
pub(crate) const GROUPS_WITH_WORDS_MAX: usize = 5;

/// Contacts of a period whose words are read, of all and of each value that rose.
pub(crate) const SAMPLE_OF_ALL: u64 = 800;
pub(crate) const SAMPLE_OF_VALUE: u64 = 200;

/// With fewer contacts before that were read, a value is compared with all contacts of the period before.
pub(crate) const SAMPLE_BEFORE_MIN: u64 = 30;

/// Contacts one after the other of a sample where the log is another system's: there a place in it costs a connection, and
/// what follows it next to nothing.
pub(crate) const SAMPLE_RUN: u64 = 40;

/// Of a contact's texts, the bytes of each and the words of all that are looked at.
pub(crate) const SPOKEN_BYTES_MAX: usize = 4 << 10;
pub(crate) const SPOKEN_WORDS_MAX: usize = 120;
