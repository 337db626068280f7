//! The crate from outside: a real server on a port of its own, real clients, time by hand.

#![allow(clippy::unwrap_used, reason = "a test that can't go on has failed")]

mod authentication;
mod clock;
mod config;
mod connections;
mod credentials;
mod drain;
mod errors_page;
mod ids;
mod limits;
mod messages;
mod metrics;
mod pages;
mod permissions;
mod probe;
mod signed;
mod status;
mod supervisor;
mod tls;
mod views;
