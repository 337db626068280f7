//! What the conversions keep, and what they refuse.

#![expect(clippy::unwrap_used, reason = "a test that can't go on has failed")]

mod arbitrary;
mod complete;
mod elements;
mod interaction;
mod personal;
