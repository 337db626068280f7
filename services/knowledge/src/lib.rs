//! Turns solved cases into answers that the next agent finds.
//!
//! An interaction that was resolved, with words on how, is a *case*. Cases with the same reason and
//! words make a *candidate*. Somebody who may publish makes a *solution* of it, and
//! [`SuggestSolutions`] finds that by a customer's words. What agents do with solutions is counted.
//!
//! Where an operator has got a [model](Meaning), solutions are found by what they mean, too.
//!
//! All of it is one view of the log: the candidates, solutions and counts in its store, the words
//! of live solutions in its search index. The service decides by the view, but the fold has the
//! last word: of two people who promote one candidate, the first in the log does.
//!
//! [`SuggestSolutions`]: aftercall_proto::knowledge::v1::knowledge_service_server::KnowledgeService

mod calibrating;
mod candidates;
mod capture;
mod content;
mod corrections;
mod drafting;
mod duplicates;
mod echoes;
mod evidence;
mod failure;
mod fold;
mod following;
mod form;
mod heads;
mod index;
mod keeper;
mod keys;
mod lent;
mod lessons;
mod lexical;
mod limits;
mod marks;
mod meaning;
mod narrow;
mod notes;
mod numbers;
mod page;
mod personal;
mod promotion;
mod ranking;
mod reader;
mod recent;
mod records;
mod review;
mod sayings;
mod searches;
mod server;
mod solutions;
mod spelling;
mod standing;
mod stats;
mod suggestions;
mod synonyms;
mod trusting;
mod versions;
mod view;
mod visible;
mod words;
mod worth;

pub use evidence::EvidenceGrpc;
pub use meaning::{Meaning, MeaningError};
pub use searches::Searches;
pub use server::Knowledge;
pub use versions::SolutionsServer;
