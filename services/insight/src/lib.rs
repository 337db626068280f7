//! The insight service: measures over contacts.
//!
//! Everything is answered from one view of the event log, `insight`. It holds one row of fixed width for each contact, in
//! small blocks in the order in which a partition recorded them, so that a measure over
//! a million contacts reads some ten thousand values in a row, and a row that changes costs one of them; what a row says in
//! words stands once, in a list of the partition's. What comes after a contact, as that the customer was back, stands beside
//! the blocks, so that it costs no block. An amended contact replaces its row in its place. What telephony tells
//! of a contact completes its record, and a call that is over and that nobody recorded has a row until somebody does. Beside it
//! stand what a row follows from (a contact without its words, and what was told of calls), each customer's contacts in
//! order, promises as they stand and whose turn it was, problems, and with whom too much went wrong, which is raised.
//! Nobody's words are kept: where they are asked for, those of a sample are read from the log, and masked.
//!
//! What a contact comes to is reckoned by [`aftercall_domain::measure`]; `docs/insight.md` says every definition.

mod afters;
mod aggregate;
mod answer;
mod blocks;
mod buckets;
mod cause;
mod clocks;
mod contacts;
mod drivers;
mod failure;
mod filter;
mod fold;
mod groups;
mod insight;
mod keys;
mod labels;
mod lending;
mod limits;
mod parts;
mod problems;
mod repeats;
mod row;
mod saving;
mod scan;
mod seen;
mod server;
mod slips;
mod spoken;
mod words;

pub use insight::Insight;
pub use problems::Problems;
