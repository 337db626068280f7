//! The ledger against a naive model of it, and against what callers do.

mod agreement;
mod model;
mod written;
