//! Tests of the event log's engines, and of the maintenance of the embedded one.

#![expect(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod backups;
mod conformance;
mod copies;
mod copying;
mod damage;
mod epochs;
mod inspect;
mod kafka;
mod model;
mod recovery;
mod scene;
mod sealed;
mod slow_copies;
