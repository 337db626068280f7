//! The history service behind a real server, fed through the log alone.

#![allow(clippy::unwrap_used, reason = "a test that can't go on fails")]

mod as_of;
mod contact;
mod context;
mod export;
mod facets;
mod feeling;
mod finding;
mod fixture;
mod handles;
mod largest;
mod lasting;
mod names;
mod naming;
mod reading;
mod refusing;
mod root_causes;
mod searching;
mod series;
mod telephony;
mod words;
