//! The event log: the one truth that every view is built from.
//!
//! One contract ([`Log`]), several engines. This crate knows nothing of what the bytes mean.
//!
//! # Contract
//!
//! ```text
//!  offset   0     1     2     3     4     5     6
//!         ┌─────┬─────┬─────┬─────┬─────┬ ─ ─ ┬ ─ ─ ┐
//!  part 0 │     │     │     │     │     │ in flight │
//!         └─────┴─────┴─────┴─────┴─────┴ ─ ─ ┴ ─ ─ ┘
//!                                       ▲
//!                                       tail: the first offset that is not durable
//! ```
//!
//! * A log has a fixed number of **partitions**, set when it is created. All records of one key are
//!   in one partition, in the order in which their appends were called.
//! * **An acknowledged append is durable.** [`Append`] resolves only after the records are on disk
//!   (embedded) or on all in-sync replicas. An error says whether the records may have been
//!   written: see [`AppendError`].
//! * **Order of calls is order in the log**: [`Log::append`] assigns the place in its synchronous
//!   part, so two calls one after the other keep their order even if awaited in reverse.
//! * **Readers see durable records only**, without gaps, in offset order.
//! * **The tail is the first unwritten offset**; everything below it is readable.
//! * Offsets start at 0 and rise by one in a single-machine log. Readers must not rely on the
//!   absence of gaps in other engines, only on strict growth.

#[cfg(feature = "conformance")]
pub mod conformance;
mod embedded;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;

pub mod inspect;
mod memory;
mod types;

pub use embedded::{Damage, EmbeddedLog, FatalError, OnFatal, OpenError, Options};
pub use memory::MemoryLog;
pub use types::{
    Append, AppendError, BODY_BYTES_MAX, Entry, KEY_BYTES_MAX, LogId, Offset, Partition, Position,
    ReadError, Record,
};

use std::time::Duration;

/// An event log. See the crate's documentation for the contract.
pub trait Log: Send + Sync + std::fmt::Debug + 'static {
    /// The identity that the log got when it was created. Views built from another log are void.
    fn id(&self) -> LogId;

    /// How many partitions the log has; partitions are `0..partitions()`.
    fn partitions(&self) -> u32;

    /// The partition that holds the records of `key`.
    fn partition_of(&self, key: &[u8]) -> Partition;

    /// Takes `records` into the log's queue, in order, and returns at once. The returned future
    /// resolves to one position per record, in order, when all of them are durable. Dropping the
    /// future does not take the records back.
    ///
    /// A full queue, a full disk or a closed log is reported by the future.
    fn append(&self, records: Vec<Record>) -> Append;

    /// The first offset of `partition` that is not yet durable.
    fn tail(&self, partition: Partition) -> Result<Offset, ReadError>;

    /// The offset of the first record of `partition` whose `recorded_at_us` is at or after
    /// `recorded_at_us`; the tail if there is none.
    fn offset_at(&self, partition: Partition, recorded_at_us: i64) -> Result<Offset, ReadError>;

    /// A reader of `partition` that begins with the record at `from`.
    ///
    /// # Errors
    /// [`ReadError::OffsetOutOfRange`] when `from` is beyond the tail.
    fn reader(&self, partition: Partition, from: Offset) -> Result<Box<dyn Reader>, ReadError>;
}

/// Reads one partition in order, and follows its tail. Used from a thread of its own: it blocks.
pub trait Reader: Send + std::fmt::Debug {
    /// The next records, at most `records_max` of them and about `bytes_max` bytes (always at least
    /// one record when there is one). Waits up to `wait` for the first; an empty answer means that
    /// the reader is at the tail.
    fn next(
        &mut self,
        records_max: usize,
        bytes_max: usize,
        wait: Duration,
    ) -> Result<Vec<Entry>, ReadError>;

    /// The offset of the record that [`Reader::next`] returns next.
    fn position(&self) -> Offset;
}
