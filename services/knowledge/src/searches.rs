//! Searches and what comes of them; what the team can't answer; what solutions are good for.
//!
//! All of it is sums that come and go in any order: of contacts, by what their agents had to look up or ask, and of
//! searches, by what was said of them. A contact and the searches for it stand in partitions of their own, so each of
//! them is counted anew when the other changes: what is counted follows from what there is, and not from what came
//! first. So is a contact when telephony tells something else of it than before.

mod asking;
mod contacts;
mod counting;
mod drafts;
mod events;
mod finding;
mod gone;
mod judging;
mod keeping;
mod lending;
mod measures;
mod period;
mod places;
mod questions;
pub(crate) mod records;
mod reporting;
mod server;
mod shown_by;
mod snippets;
mod struggles;
#[cfg(test)]
mod tests;

pub(crate) use contacts::complete;
pub(crate) use events::{apply, exists};
pub(crate) use keeping::{Unanswered, keep};
pub(crate) use lending::lent_by;
pub(crate) use records::Reach;
pub(crate) use reporting::search_id;
pub use server::Searches;
