//! The service as its callers and receivers see it: a real server on a free port over a log in memory, and
//! real receivers, which fail as receivers do.

#![allow(clippy::unwrap_used, reason = "the fixture is test code too")]

mod commands;
mod delivering;
mod failing;
mod guarding;
mod mail;
mod muted;
mod notifications;
mod receiver;
mod refused;
mod replaying;
mod restarting;
mod rotating;
mod subscribing;
mod world;
