//! The knowledge service as its callers see it: a real server on a free port, over a log in memory.

#![allow(clippy::unwrap_used, reason = "the fixture is test code too")]

mod candidates;
mod capturing;
mod complete;
mod duplicates;
mod evidence;
mod groups;
mod hostile;
mod meaning;
mod model;
mod naive;
mod numbers;
mod personal;
mod promotion;
mod rebuilding;
mod reporting;
mod returning;
mod reviewing;
mod sayings;
mod scoped;
mod searching;
mod sight;
mod struggles;
mod suggestions;
mod synonyms;
mod telephony;
mod tenants;
mod trusted;
mod undoing;
mod uses;
mod versions;
mod world;
