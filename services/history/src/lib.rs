//! The history service: supervisors' and agents' questions about the past.
//!
//! Everything is answered from one view of the event log, `history`: a key-value store that holds
//! each contact once, at its place in its customer's timeline, and a search index beside it that
//! holds what is searched and counted by. Nothing is decided here, and nothing written, but that somebody began to take
//! contacts home.
//!
//! * Each answer names the position that it is complete through, and waits for `min_position`, or
//!   for what was durable when it was asked for.
//! * Pages hold together while others write: a page token carries the position that the first
//!   page was complete through, and what was recorded later is left out of the rest.
//! * A question may be asked as of a moment of the past. What stood in a row before a record changed it is kept beside
//!   it, under the record's place in the log, so the answer is to the byte what a view of the log up to there would give.
//! * The tenant is the caller's, and part of every key and every query: another tenant's data
//!   can't be named.
//!
//! # Search
//!
//! All words must be found, in any order and any of a contact's texts; `"quoted words"` stand
//! together, and so do words that are written as one (`e-mail`, `billing.refund`); `-word` and
//! `-"quoted words"` exclude. Case, accents and all else that people write or leave out as they
//! please don't matter (see [`aftercall_domain::words`]), and a number is found by its digits,
//! however it is divided. There is no stemming, so that all languages fare alike: `refund` does not
//! find `refunds`. A text without a single word in it finds nothing. Times are compared in
//! microseconds.
//!
//! # Customers
//!
//! A customer is found by words of a name, each of which begins a word of it, in any order; by the CRM's own key; and by
//! a handle as a whole. The latest contact that has a name says what a customer is called. Older names find the customer
//! as well, and the answer says by which it was. Customers that are one are found as one, by the names of either.
//!
//! Whose contacts a caller does not read, they do not find: a name or a handle counts only where it stands in a contact
//! that the caller reads.

mod answer;
mod as_of;
mod before;
mod calls;
mod customers;
mod export;
mod failure;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
mod history;
mod index;
mod keys;
mod known;
mod lending;
mod limits;
mod names;
mod people;
mod projection;
mod promises;
mod request;
mod search;
mod server;
mod stored;
mod timelines;

pub use export::{ExportKey, ExportKeyError};
pub use history::History;
pub use server::Grpc;
