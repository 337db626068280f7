//! The recorder behind a real server, on a log in memory and a clock that stands still.

#![allow(clippy::unwrap_used, reason = "a test that can't go on has failed")]

mod amending;
mod analysing;
mod anybody;
mod cancelled;
mod codes;
mod compressing;
mod contact;
mod dues;
mod faults;
mod fixture;
mod hostile;
mod identifying;
mod names;
mod proposing;
mod recording;
mod recurring;
mod replicas;
mod resending;
mod sequences;
mod streaming;
mod terms;
