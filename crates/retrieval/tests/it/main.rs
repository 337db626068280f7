//! Ranking and the model, as those who call them meet them.

#![allow(clippy::unwrap_used, reason = "a test that can't go on has failed")]

mod library;
mod model;
mod naive;
mod ranking;
mod scripts;
mod synonyms;
