//! Views: caches of the event log that can be deleted and rebuilt.
//!
//! A view is a fold of the log's accepted facts into a key-value store, and optionally into a search
//! index beside it. This crate holds what all views share: the [`Feed`] that reads, decodes and
//! judges each record once, the run loop with its checkpoint ([`ViewHandle`]), the store ([`Store`],
//! [`Txn`]), the index ([`index`]), read positions and the tokens made of them ([`Positions`],
//! [`PageToken`]), and ordered keys ([`key`]). It knows no concrete view and no event's meaning.
//!
//! ```text
//!               ┌───────────────── once a process ──────────────────┐
//!  Log::reader ─┼─► FromRecord ─► Judge ─► ledger ─► accepted facts ─┼──┐
//!               └───────────────────────────────────────────────────┘  │
//!  ┌───────────────────────── one thread a view ───────────────────────▼─┐
//!  │ Projection::apply ─► one batch: data + checkpoint ──────────────────┼─► Store ─► queries
//!  │        └─ touched documents ─► SearchIndex ─────────────────────────┼─► Snapshot
//!  └─────────────────────────────────────────────────────────────────────┘
//! ```
//!
//! Opening, reading, judging, folding and committing are steps that a caller can take one by one
//! ([`FeedRunner`], [`ViewRunner`]); the threads only take them over and over.
//!
//! # What holds
//!
//! * **Data and checkpoint are written in one atomic batch**, so a crash applies no record twice
//!   and skips none. How the log is cut into batches does not change what the store holds.
//! * **A view is void** when its name, version or log differ from what it was built with, when it
//!   is ahead of the log's tail, or when a checksum or a parse refutes what it holds. It is then rebuilt
//!   from the log by itself, without a restart.
//! * **A full disk is not damage**: the view pauses, and answers what is committed. Whatever else is in
//!   its way, it tries again by itself, after pauses that grow; it never ends before it is told to.
//! * **Each record is judged once**, by what stands before it in its partition, so that the decision
//!   is the same for ever. A view gets what was accepted, and never passes the ledger.
//! * **The index lags behind the store**, and converges: a document is always made from the
//!   store's current state, so replaying records for it is harmless.
//! * **Only this crate names the storage engines, lsm-tree and sled.**

mod fault;
mod feed;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
mod handle;
pub mod index;
mod judge;
pub mod key;
mod open;
mod positions;
mod projection;
mod record;
mod room;
mod run;
mod store;
#[cfg(feature = "testing")]
pub mod testing;
mod token;

pub use fault::{Cause, Fault};
pub use feed::{Feed, FeedOptions};
pub use handle::{Lag, Progress, ViewHandle, WaitError};
pub use judge::{Judge, Observer, Verdict};
pub use positions::Positions;
pub use projection::{ApplyError, Indexer, Projection};
pub use record::{FromRecord, Placed};
pub use run::{FeedRunner, Options, Runner, Stepped, ViewError, ViewRunner, lower_priority};
pub use store::{
    Cache, Changes, Direction, Engine, EngineAudit, EngineKind, EngineScan, LsmEngine, Scan,
    SledEngine, Store, StoreError, Txn, Views,
};
pub use token::{PAGE_PAYLOAD_BYTES_MAX, PageToken, TOKEN_CHARS_MAX, TokenError, fingerprint};
