//! Turns solved cases into answers that the next agent finds.
//!
//! An interaction that was resolved, with words on how, is a *case*. Cases with the same reason and
//! words make a *candidate*. Somebody who may publish makes a *solution* of it, and
//! [`SuggestSolutions`] finds that by a customer's words. What agents do with solutions is counted.
//!
//! All of it is one view of the log: the candidates, solutions and counts in its store, the words
//! of live solutions in its search index. The service decides by the view, but the fold has the
//! last word: of two people who promote one candidate, the first in the log does.
//!
//! [`SuggestSolutions`]: aftercall_proto::knowledge::v1::knowledge_service_server::KnowledgeService

mod candidates;
mod failure;
mod fold;
mod index;
mod keys;
mod limits;
mod page;
mod personal;
mod promotion;
mod records;
mod server;
mod solutions;
mod suggestions;
mod view;
mod words;

pub use server::Knowledge;
