//! The seam for storage engines.

use std::fmt;

use bytes::Bytes;

use super::{Changes, Direction, StoreError};

/// An ordered key-value store as a view needs it.
///
/// * [`Engine::apply`] is atomic: after a crash all of a batch is there or nothing, and never a
///   batch without those before it. It need not be durable when it returns, because what is lost
///   is read from the log again.
/// * An engine answers what was written, or fails: it finds damage by checksums of its own.
/// * An engine fails as a whole: after [`StoreError::Failed`] it is closed, and opened again or rebuilt,
///   as the failure's cause says.
/// * An engine does not panic.
pub trait Engine: Send + Sync + fmt::Debug + 'static {
    /// The value of `key`.
    fn get(&self, key: &[u8]) -> Result<Option<Bytes>, StoreError>;

    /// The entries with `from <= key < to`, lazily.
    fn scan(&self, from: &[u8], to: Option<&[u8]>, direction: Direction) -> EngineScan;

    /// Applies `changes` atomically. There is one writer.
    fn apply(&self, changes: Changes) -> Result<(), StoreError>;

    /// Hands all that was applied to the disk. The writer's to call.
    fn flush(&self) -> Result<(), StoreError>;

    /// A reading of all that the files hold as they are now, that leaves nothing in the memory that other reads share;
    /// each step reads an entry. None from an engine that has none: it is scanned.
    fn audit(&self) -> Option<EngineAudit> {
        None
    }

    /// Called before each batch: writes what a full disk has kept in memory, where that has grown so much
    /// that no more may be added. The writer's to call.
    ///
    /// # Errors
    /// [`StoreError::Failed`] for want of room, when it must not get another batch now.
    fn make_room(&self) -> Result<(), StoreError> {
        Ok(())
    }

    /// How many bytes must be free for the engine to write what it has in memory, and to merge what is due.
    fn reserve_bytes(&self) -> u64;

    /// The size of the files, in bytes.
    fn disk_bytes(&self) -> Result<u64, StoreError>;
}

/// What [`Engine::scan`] yields: keys and values.
pub type EngineScan = Box<dyn Iterator<Item = Result<(Bytes, Bytes), StoreError>> + Send>;

/// What [`Engine::audit`] steps through.
pub type EngineAudit = Box<dyn Iterator<Item = Result<(), StoreError>> + Send>;

/// What a panic said.
pub(crate) fn panic_message(panic: &(dyn std::any::Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("panicked")
}
