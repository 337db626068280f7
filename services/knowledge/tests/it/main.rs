//! The knowledge service as its callers see it: a real server on a free port, over a log in memory.

#![allow(clippy::unwrap_used, reason = "the fixture is test code too")]

mod candidates;
mod hostile;
mod model;
mod personal;
mod promotion;
mod rebuilding;
mod suggestions;
mod tenants;
mod uses;
mod world;
