//! Views: caches of the event log that can be deleted and rebuilt.
//!
//! A view is a fold of the log into a key-value store, and optionally into a search index beside
//! it. This crate holds what all views share: the run loop with its checkpoint ([`spawn`],
//! [`ViewHandle`]), the store ([`Store`], [`Txn`]), the index ([`index`]), read positions and the
//! tokens made of them ([`Positions`], [`PageToken`]), and ordered keys ([`key`]). It knows no
//! concrete view and no event's meaning.
//!
//! ```text
//!               ┌──────────────────── one thread a view ────────────────────┐
//!  Log::reader ─┼─► poll ─► Projection::apply ─► one batch: data+checkpoint ─┼─► Store ─► queries
//!               │                    └─ touched documents ─► SearchIndex ────┼─► Snapshot
//!               └────────────────────────────────────────────────────────────┘
//! ```
//!
//! # What holds
//!
//! * **Data and checkpoint are written in one atomic batch**, so a crash applies no record twice
//!   and skips none. How the log is cut into batches does not change what the store holds.
//! * **A view is void** when its name, version or log differ from what it was built with, when it
//!   is ahead of the log's tail, or when it does not open or read. It is then rebuilt from the log
//!   by itself, without a restart.
//! * **The index lags behind the store**, and converges: a document is always made from the
//!   store's current state, so replaying records for it is harmless.
//! * **Only this crate names the storage engines, lsm-tree and sled.**

#[cfg(feature = "fuzzing")]
pub mod fuzzing;
mod handle;
pub mod index;
pub mod key;
mod open;
mod positions;
mod projection;
mod run;
mod store;
#[cfg(feature = "testing")]
pub mod testing;
mod token;

pub use handle::{Lag, Progress, ViewHandle, WaitError};
pub use positions::Positions;
pub use projection::{ApplyError, Indexer, Projection};
pub use run::{Options, ViewError, spawn};
pub use store::{
    Changes, Direction, Engine, EngineKind, EngineScan, LsmEngine, Scan, SledEngine, Store,
    StoreError, Txn, Views,
};
pub use token::{PAGE_PAYLOAD_BYTES_MAX, PageToken, TOKEN_CHARS_MAX, TokenError, fingerprint};
