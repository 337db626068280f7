//! The service from outside: a real server on a port of its own, real clients, time by hand.

#![allow(clippy::unwrap_used, reason = "a test that can't go on has failed")]

mod alerts;
mod attempts;
mod batches;
mod boards;
mod callers;
mod catching_up;
mod clock;
mod commands;
mod concerns;
mod downtime;
mod drops;
mod dues;
mod evidence;
mod feeds;
mod following;
mod hostile;
mod identifying;
mod imports;
mod inhibiting;
mod latest;
mod life;
mod lists;
mod mailed;
mod making;
mod moving;
mod muted;
mod outages;
mod pending;
mod plans;
mod proposing;
mod reaching;
mod recurring;
mod reopening;
mod repeats;
mod replicas;
mod retargeting;
mod returns;
mod routing;
mod several;
mod stage;
mod takeover;
mod timing;
mod waiting;
mod warnings;
