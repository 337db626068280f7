//! The settings service as its callers see it: a real server on a free port, over a log in memory.

#![allow(clippy::unwrap_used, reason = "the fixture is test code too")]

mod calls;
mod changes;
mod holidays;
mod lists;
mod ready;
mod refused;
mod shadow;
mod silences;
mod synonyms;
mod telling;
mod together;
mod world;
