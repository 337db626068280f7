//! The insight service behind a real server, fed through the log alone.

#![allow(clippy::unwrap_used, reason = "a test that can't go on fails")]

mod blaming;
mod causes;
mod clocks;
mod driving;
mod feeling;
mod fixture;
mod known;
mod ledger;
mod measures;
mod merging;
mod naive;
mod orders;
mod problems;
mod reckoned;
mod resolving;
mod saving;
mod slipping;
mod telling;
mod terms;
mod told;
mod troubles;
mod wording;
