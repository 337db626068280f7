//! The key-value side of a view: what queries read and the run loop writes.

mod audit;
mod cache;
mod changes;
mod engine;
mod kind;
mod lsm;
mod scan;
mod sled;
mod txn;

use std::fmt;
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use parking_lot::RwLock;

pub(crate) use audit::Audit;
pub use cache::Cache;
pub use changes::Changes;
pub(crate) use engine::panic_message;
pub use engine::{Engine, EngineAudit, EngineScan};
pub use kind::{EngineKind, Views};
pub use lsm::LsmEngine;
pub use scan::{Direction, Scan};
pub use sled::SledEngine;
pub(crate) use txn::Touch;
pub use txn::Txn;

use crate::key::prefix_end;
use crate::{Cause, Fault};
use scan::Range;

/// Keys that begin with this byte belong to the store: the checkpoint and the identity.
pub(crate) const RESERVED_TAG: u8 = 0;

/// Why a store did not answer.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// The view is being opened or rebuilt: try again soon.
    #[error("the view is being opened")]
    Opening,
    /// The engine failed. The view closes it, opens it again or rebuilds it by itself: try again soon.
    #[error("the view's store failed: {0}")]
    Failed(Fault),
    /// A key was empty or began with the reserved tag 0.
    #[error("a key must begin with a tag other than 0")]
    ReservedKey,
}

impl StoreError {
    pub(crate) fn damaged(what: impl fmt::Display) -> Self {
        Self::Failed(Fault::damaged(what))
    }

    pub(crate) fn unclear(what: impl fmt::Display) -> Self {
        Self::Failed(Fault::unclear(what))
    }

    /// What it says about the files, if it is an engine's.
    pub(crate) fn cause(&self) -> Option<Cause> {
        match self {
            Self::Failed(fault) => Some(fault.cause()),
            Self::Opening | Self::ReservedKey => None,
        }
    }
}

/// A view's store, for reading. Cheap to clone; shared by all queries and the run loop. Stays valid
/// while the view behind it is rebuilt: reads then answer [`StoreError::Opening`] until there is a
/// new one.
///
/// One read sees whole batches only. Two reads, or two steps of one scan, may see different
/// batches.
#[derive(Debug, Clone, Default)]
pub struct Store(Arc<RwLock<Option<Arc<Opened>>>>);

/// An engine in use, and how it failed first.
#[derive(Debug)]
pub(crate) struct Opened {
    engine: Box<dyn Engine>,
    failure: OnceLock<StoreError>,
}

impl Store {
    /// A store on an engine that is open already, without a view: for measurements and tests.
    pub fn on(engine: Box<dyn Engine>) -> Self {
        let store = Self::default();
        store.install(engine);
        store
    }

    /// The value of `key`.
    pub fn get(&self, key: impl AsRef<[u8]>) -> Result<Option<Bytes>, StoreError> {
        self.opened()?.get(key.as_ref())
    }

    /// All entries whose keys begin with `prefix`, in the order of their keys or against it.
    pub fn scan_prefix(&self, prefix: impl AsRef<[u8]>, direction: Direction) -> Scan<'static> {
        let prefix = prefix.as_ref();
        self.scan(
            Range {
                from: prefix.to_vec(),
                to: prefix_end(prefix),
            },
            direction,
        )
    }

    /// All entries with `from <= key < to`; without `to`, all from `from` on.
    pub fn scan_range(
        &self,
        from: impl AsRef<[u8]>,
        to: Option<&[u8]>,
        direction: Direction,
    ) -> Scan<'static> {
        let range = Range {
            from: from.as_ref().to_vec(),
            to: to.map(<[u8]>::to_vec),
        };
        self.scan(range, direction)
    }

    /// The size of the store's files, in bytes.
    pub fn disk_bytes(&self) -> Result<u64, StoreError> {
        let opened = self.opened()?;
        opened.check(opened.engine.disk_bytes())
    }

    /// Applies `changes` as one atomic batch. For the run loop, measurements and tests: a view has
    /// one writer.
    pub fn apply(&self, changes: Changes) -> Result<(), StoreError> {
        let opened = self.opened()?;
        opened.check(opened.engine.apply(changes))
    }

    /// Hands all that was applied to the disk.
    pub fn flush(&self) -> Result<(), StoreError> {
        let opened = self.opened()?;
        opened.check(opened.engine.flush())
    }

    pub(crate) fn install(&self, engine: Box<dyn Engine>) {
        *self.0.write() = Some(Arc::new(Opened {
            engine,
            failure: OnceLock::new(),
        }));
    }

    /// Takes the engine away; reads answer [`StoreError::Opening`] from here on.
    pub(crate) fn uninstall(&self) -> Option<Arc<Opened>> {
        self.0.write().take()
    }

    /// Whether there is an engine to read from.
    pub(crate) fn is_open(&self) -> bool {
        self.0.read().is_some()
    }

    /// How a read or a write failed first since the engine was installed. A full disk is no failure: what
    /// is there can be read.
    pub(crate) fn failure(&self) -> Option<StoreError> {
        self.0.read().as_ref()?.failure.get().cloned()
    }

    /// Writes what a full disk kept in memory, if that is so much that no batch must come before.
    pub(crate) fn make_room(&self) -> Result<(), StoreError> {
        let opened = self.opened()?;
        opened.check(opened.engine.make_room())
    }

    /// See [`Engine::reserve_bytes`]; 0 while there is no engine.
    pub(crate) fn reserve_bytes(&self) -> u64 {
        let opened = self.0.read();
        opened
            .as_ref()
            .map_or(0, |opened| opened.engine.reserve_bytes())
    }

    fn opened(&self) -> Result<Arc<Opened>, StoreError> {
        self.0.read().clone().ok_or(StoreError::Opening)
    }

    /// All entries with `from <= key < to`, the store's own too; without `to`, all from `from` on.
    pub(crate) fn scan_own(&self, from: &[u8], to: Option<&[u8]>) -> Scan<'static> {
        let range = Range {
            from: from.to_vec(),
            to: to.map(<[u8]>::to_vec),
        };
        self.scan_all(range, Direction::Ascending)
    }

    /// See [`Engine::audit`].
    pub(crate) fn audit(&self) -> Result<Option<EngineAudit>, StoreError> {
        Ok(self.opened()?.engine.audit())
    }

    fn scan(&self, mut range: Range, direction: Direction) -> Scan<'static> {
        range.leave_out_reserved();
        self.scan_all(range, direction)
    }

    fn scan_all(&self, range: Range, direction: Direction) -> Scan<'static> {
        match self.opened() {
            Ok(opened) => {
                let entries = opened
                    .engine
                    .scan(&range.from, range.to.as_deref(), direction);
                Scan::new(entries.map(move |entry| opened.check(entry)))
            }
            Err(error) => Scan::new(std::iter::once(Err(error))),
        }
    }
}

impl Opened {
    fn get(&self, key: &[u8]) -> Result<Option<Bytes>, StoreError> {
        self.check(self.engine.get(key))
    }

    /// Remembers a failure, so that the run loop sees what a query ran into.
    fn check<T>(&self, outcome: Result<T, StoreError>) -> Result<T, StoreError> {
        match &outcome {
            Err(error) if error.cause().is_some_and(|cause| cause != Cause::Full) => {
                let _ = self.failure.set(error.clone());
            }
            _ => {}
        }
        outcome
    }
}
