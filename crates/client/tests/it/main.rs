//! The client, against servers that refuse, break and answer as a test says.

#![allow(clippy::unwrap_used, reason = "a test that can't go on has failed")]

mod calls;
mod lists;
mod server;
mod watch;
