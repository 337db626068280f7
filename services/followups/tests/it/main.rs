//! The service from outside: a real server on a port of its own, real clients, time by hand.

#![allow(clippy::unwrap_used, reason = "a test that can't go on has failed")]

mod alerts;
mod callers;
mod clock;
mod commands;
mod downtime;
mod dues;
mod evidence;
mod hostile;
mod identifying;
mod imports;
mod latest;
mod life;
mod lists;
mod outages;
mod replicas;
mod stage;
mod takeover;
mod timing;
