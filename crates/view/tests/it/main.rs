//! What views promise, on a log in memory and real files.

#![allow(clippy::unwrap_used, reason = "the fixture is test code too")]

mod damage;
mod engines;
mod feed;
mod fixture;
mod full;
mod keys;
mod rebuilding;
mod running;
mod tokens;
mod unreachable;
