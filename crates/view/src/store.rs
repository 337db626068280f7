//! The key-value side of a view: what queries read and the run loop writes.

mod audit;
mod changes;
mod engine;
mod kind;
mod lsm;
mod scan;
mod sled;
mod txn;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use parking_lot::RwLock;

pub(crate) use audit::Audit;
pub use changes::Changes;
pub(crate) use engine::panic_message;
pub use engine::{Engine, EngineScan};
pub use kind::{EngineKind, Views};
pub use lsm::LsmEngine;
pub use scan::{Direction, Scan};
pub use sled::SledEngine;
pub(crate) use txn::Touch;
pub use txn::Txn;

use crate::key::prefix_end;
use scan::Range;

/// Keys that begin with this byte belong to the store: the checkpoint and the identity.
pub(crate) const RESERVED_TAG: u8 = 0;

/// Why a store did not answer.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StoreError {
    /// The view is being opened or rebuilt: try again soon.
    #[error("the view is being opened")]
    Opening,
    /// The engine failed or its data is damaged. The view is set aside and rebuilt by itself: try
    /// again soon.
    #[error("the view's store failed: {0}")]
    Failed(Arc<str>),
    /// A key was empty or began with the reserved tag 0.
    #[error("a key must begin with a tag other than 0")]
    ReservedKey,
}

impl StoreError {
    pub(crate) fn failed(cause: impl fmt::Display) -> Self {
        Self::Failed(cause.to_string().into())
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

/// An engine in use, and whether it has failed.
#[derive(Debug)]
pub(crate) struct Opened {
    engine: Box<dyn Engine>,
    failed: AtomicBool,
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
            failed: AtomicBool::new(false),
        }));
    }

    /// Takes the engine away; reads answer [`StoreError::Opening`] from here on.
    pub(crate) fn uninstall(&self) -> Option<Arc<Opened>> {
        self.0.write().take()
    }

    /// Whether any read or write has failed since the engine was installed.
    pub(crate) fn has_failed(&self) -> bool {
        self.0
            .read()
            .as_ref()
            .is_some_and(|opened| opened.failed.load(Ordering::Relaxed))
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
        if matches!(outcome, Err(StoreError::Failed(_))) {
            self.failed.store(true, Ordering::Relaxed);
        }
        outcome
    }
}
