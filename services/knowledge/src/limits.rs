//! Every bound on what a request may ask for, and on the work that it may cause.

use aftercall_service::Counts;

/// Published solutions that a version is told to say nearly the same as.
pub(crate) const DUPLICATES_MAX: usize = 10;
/// Numbers that are tried for a solution that is begun: that even the second is taken happens to nobody.
pub(crate) const NUMBERS_TRIED_MAX: u32 = 8;
/// Candidates or solutions on a page.
pub(crate) const PAGE: Counts = Counts {
    usual: 50,
    max: 500,
};
/// Candidates that are looked at to count those of a list.
pub(crate) const COUNTED_MAX: usize = 2_000;
/// The latest cases of which candidates are made for who does not read all of the tenant.
pub(crate) const SCOPED_CASES_MAX: usize = 10_000;
/// The latest cases that a candidate shows.
pub(crate) const CANDIDATE_CASES_MAX: usize = 10;
/// Contacts that a version was made from whose customers' names are looked for in it, the last added first.
pub(crate) const ORIGINS_READ_MAX: usize = 200;
/// Cases of one contact that count.
pub(crate) const LESSONS_MAX: usize = 20;
/// Promises of one contact to put right what was wrongly told, those made after it included.
pub(crate) const CORRECTIONS_MAX: usize = 100;
/// What a case takes of which nobody knows how long it took, in seconds.
pub(crate) const USUAL_SECONDS: u32 = 6 * 60;
/// Candidates in one band of forms that are looked at for those that are near each other.
pub(crate) const BAND_MEMBERS_MAX: usize = 32;
/// Candidates that one is looked at beside.
pub(crate) const NEAR_MAX: usize = 32;
/// Candidates that say nearly the same and are shown, and decided on, as one.
pub(crate) const GROUP_MAX: usize = 64;
/// From one candidate to a near one that would save more, and on from there: so many steps.
pub(crate) const STEPS_MAX: usize = 16;
/// Wordings that a candidate shows.
pub(crate) const VARIANTS_MAX: usize = 20;
/// What candidates lent a solution, as far as it is shown and searched in.
pub(crate) const LENT_MAX: usize = 20;
/// And as far as it is kept, places of what was taken back included.
pub(crate) const LENT_KEPT_MAX: usize = 200;
/// How much of each of its words, in bytes.
pub(crate) const LENT_BYTES_MAX: usize = 4 * 1024;
/// How much is kept of what a customer said in a contact in which a solution was used, in bytes.
pub(crate) const SAYING_BYTES_MAX: usize = 512;
/// For how many days a candidate may be claimed, and for how many if nobody says it.
pub(crate) const CLAIM_DAYS: (i64, i64) = (30, 1);
/// For how many days a candidate may be put off.
pub(crate) const PUT_OFF_DAYS_MAX: i64 = 366;

/// The longest text that suggestions are asked for with, in bytes.
pub(crate) const TEXT_BYTES_MAX: usize = 4_000;
/// Suggestions in an answer.
pub(crate) const SUGGESTIONS: Counts = Counts { usual: 5, max: 50 };
/// Solutions that are looked at closely: those that the index finds first.
pub(crate) const CANDIDATES_MAX: usize = 200;
/// and those that are nearest in meaning.
pub(crate) const NEAREST_MAX: usize = 50;
/// Of those that share most words, and of those that are nearest in meaning, so many are compared by what customers said,
/// too.
pub(crate) const SAID_COMPARED_MAX: usize = 32;
/// Solutions that changed since the index was made which are looked at for those that are not there any more.
pub(crate) const STIRRED_LOOKED_AT_MAX: usize = 200;
/// How far behind those that are told one may stand and come among them because it is trusted more: so many places.
pub(crate) const TRUSTED_BESIDE_MAX: usize = 16;
/// How often is ranked again because of solutions that the index still has, and that are not there any more.
pub(crate) const LOOKED_AT_AGAIN_MAX: usize = 3;
/// Directions of texts that are kept on disk.
pub(crate) const DIRECTIONS_KEPT_MAX: usize = 5_000_000;
/// Texts whose directions are reckoned before it is looked whether others are wanted by now,
pub(crate) const RECKONED_AT_ONCE: usize = 32;
/// and directions that are found on disk.
pub(crate) const FOUND_AT_ONCE: usize = 1_024;
/// Sayings by which it is reckoned what a question that has an answer scores.
pub(crate) const CALIBRATED_BY_MAX: usize = 300;
/// Words of a text that no solution has, and that are looked for with a slip in them,
pub(crate) const STRANGE_WORDS_MAX: usize = 8;
/// and words that each of them may have meant.
pub(crate) const MEANT_WORDS_MAX: usize = 8;
/// Terms of a text that are searched for: those that tell most.
pub(crate) const QUERY_TERMS_MAX: usize = 48;
/// In how many solutions the terms of a text may stand together: each is looked at.
pub(crate) const VISITED_MAX: u64 = 100_000;
/// What is kept in memory from one request to the next, in bytes: which solutions who asks may see,
pub(crate) const SEEN_KEPT_BYTES: usize = 8 << 20;
/// in how many of them terms stand,
pub(crate) const HAVING_KEPT_BYTES: usize = 2 << 20;
/// how long solutions are,
pub(crate) const LENGTHS_KEPT_BYTES: usize = 16 << 20;
/// what ranking needs of them (by reckoning 1.3 kB each, of some 80 words, so that all of 100,000 solutions have room),
pub(crate) const OWN_KEPT_BYTES: usize = 128 << 20;
/// and of what customers said.
pub(crate) const SAID_KEPT_BYTES: usize = 12 << 20;
/// The values of a field that a search is filtered by,
pub(crate) const FILTER_CODES_MAX: usize = 50;
/// and of one that has few.
pub(crate) const FILTER_KINDS_MAX: usize = 10;
/// The longest product that a search is filtered by, in bytes.
pub(crate) const PRODUCT_BYTES_MAX: usize = 128;
/// Questions that tell a solution from its neighbours, in an answer.
pub(crate) const QUESTIONS_TOLD_MAX: usize = 5;
/// Solutions on a page of a search.
pub(crate) const HITS: Counts = Counts {
    usual: 20,
    max: 100,
};
/// Of those that share words with a text, so many of the best are given.
pub(crate) const BEST_MAX: usize = 200;
/// Values of a facet that are told.
pub(crate) const FACET_VALUES_MAX: usize = 50;
/// How long a passage is that is shown of a solution, in characters.
pub(crate) const SNIPPET_CHARS: usize = 240;

/// Of one contact so many signs of a sort count at most.
pub(crate) const STRUGGLES_OF_A_CONTACT_MAX: u32 = 5;
/// Solutions of which it is kept what became of them in one search.
pub(crate) const SEEN_MAX: usize = 64;
/// Searches for one contact that are taken for what it was about.
pub(crate) const SEARCHES_OF_A_CONTACT_MAX: usize = 64;
/// Solutions that a report of a search may say were shown.
pub(crate) const SHOWN_MAX: usize = 50;
/// Guesses that are kept with a question that nothing fits.
pub(crate) const GUESSES_KEPT_MAX: usize = 10;
/// How much of a question is kept, in bytes.
pub(crate) const QUESTION_BYTES_MAX: usize = 1_024;
/// The longest note on a judgement, in bytes.
pub(crate) const NOTE_BYTES_MAX: usize = 2_000;
/// Links in a sample.
pub(crate) const LINKS: Counts = Counts {
    usual: 20,
    max: 100,
};
/// Solutions of which links are drawn where none is named.
pub(crate) const LINKED_SOLUTIONS_MAX: usize = 500;
/// Links of a solution that are looked at for one that the caller reads.
pub(crate) const LINKS_VISITED_MAX: usize = 1_000;

/// Struggles on a page.
pub(crate) const STRUGGLES: Counts = Counts {
    usual: 20,
    max: 100,
};
/// Contacts and searches on a page of what shows a struggle.
pub(crate) const EVIDENCE: Counts = Counts {
    usual: 50,
    max: 500,
};
/// Rows of a report on a page.
pub(crate) const REPORT: Counts = Counts {
    usual: 50,
    max: 500,
};
/// The longest period of a list of struggles or a report, in days.
pub(crate) const PERIOD_DAYS_MAX: u32 = 400;
/// Sums of a day, a reason and a team that are added up for one answer.
pub(crate) const SUMS_MAX: usize = 200_000;
/// The latest contacts and searches whose questions are compared.
pub(crate) const SHOWN_COMPARED_MAX: usize = 200;
/// How many are looked at for those.
pub(crate) const SHOWN_VISITED_MAX: usize = 2_000;
/// Contacts, and searches, that a struggle names.
pub(crate) const SHOWN_NAMED_MAX: usize = 10;
/// Questions that a struggle names.
pub(crate) const STRUGGLE_QUESTIONS_MAX: usize = 5;
/// Different questions that are told apart.
pub(crate) const QUESTIONS_APART_MAX: usize = 64;
/// How much of a question is shown, in bytes.
pub(crate) const QUESTION_SHOWN_BYTES_MAX: usize = 300;
/// What a report says would be worth writing.
pub(crate) const WORTH_WRITING_MAX: usize = 10;
/// Redirects that are followed, one after the other. What leads on from there is taken to be the end.
pub(crate) const REDIRECTS_WALKED_MAX: usize = 200;
/// Solutions that were merged into one, and into those, whose uses are summed.
pub(crate) const MERGED_MAX: usize = 100;
/// Agents that are told apart to count those who used one of several merged solutions.
pub(crate) const AGENTS_COUNTED_MAX: usize = 100_000;
/// Uses that are held in memory at once when what came of all of a customer's is counted anew.
pub(crate) const USES_LOOKED_AT_ONCE: usize = 100;
/// Values of one filter.
pub(crate) const FILTER_VALUES_MAX: usize = 20;
/// Versions that are looked at for one page of how each was used.
pub(crate) const VERSIONS_LOOKED_AT_MAX: usize = 1_000;
/// Rows of a filtered list that are looked at for one page.
pub(crate) const ROWS_LOOKED_AT_MAX: usize = 20_000;

/// The most urgent solutions that the queue of reviews holds.
pub(crate) const QUEUE_MAX: usize = 1_000;
/// Solutions that are looked at to find them.
pub(crate) const QUEUE_LOOKED_AT_MAX: usize = 10_000;
/// Who was told something that are looked at for one page.
pub(crate) const PARTIES_LOOKED_AT_MAX: usize = 5_000;
/// The latest contacts that are named of somebody who was told something.
pub(crate) const PARTY_CONTACTS_MAX: usize = 10;
/// Sources that a solution is checked against at once.
pub(crate) const SOURCES_CHECKED_MAX: usize = 20;
/// The longest hash of a source, in bytes.
pub(crate) const HASH_BYTES_MAX: usize = 128;
/// In how many days it is to be checked again at most.
pub(crate) const VERIFY_DAYS_MAX: i64 = 1_096;
