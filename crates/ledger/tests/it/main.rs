//! The ledger against a naive model of it, and against what callers do.

#![allow(clippy::unwrap_used, reason = "the fixture is test code too")]

mod agreement;
mod merging;
mod model;
mod written;
