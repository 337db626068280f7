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
//! * **Readers see durable records only**, all of them, in offset order within each partition.
//! * **The tail is the first offset that is not durable**; every record below it is readable.
//! * Offsets rise by one from record to record in a single-machine log. Elsewhere there may be gaps,
//!   also before the first record and after the last: rely on strict growth only, and take what
//!   comes next from [`Reader::positions`].
//! * **Several processes** may have one log open, if its engine allows. Each of them reads whatever
//!   it wants; who works for which partition is settled by [`Log::claim`].

pub mod backup;
mod claim;
#[cfg(feature = "conformance")]
pub mod conformance;
mod copied;
pub mod copy;
mod embedded;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
mod identity;
pub mod inspect;
#[cfg(feature = "kafka")]
pub mod kafka;
mod memory;
#[cfg(feature = "testing")]
pub mod testing;
mod types;

pub use claim::Claim;
pub use copied::{Copied, take_over};
pub use embedded::{Damage, EmbeddedLog, FatalError, OnFatal, OpenError, Options};
pub use identity::{Epoch, Era, LogIdentity};
pub use memory::MemoryLog;
pub use types::{
    Append, AppendError, BODY_BYTES_MAX, Entry, KEY_BYTES_MAX, LogId, Offset, Partition, Position,
    ReadError, Record, WriteBlocked,
};

use std::time::Duration;

/// An event log. See the crate's documentation for the contract.
pub trait Log: Send + Sync + std::fmt::Debug + 'static {
    /// The identity that the log got when it was created. Views built from another log are void.
    fn id(&self) -> LogId;

    /// The same with the log's epochs: what positions and checkpoints are told apart by, where a log
    /// can be put back to an earlier state.
    fn identity(&self) -> LogIdentity {
        self.id().into()
    }

    /// Of a log whose files were copied from where it lives, so that there may be two of it: what is known of that. None
    /// where there is one log for all, or nothing tells. It holds for the life of the process.
    fn copied(&self) -> Option<&Copied> {
        None
    }

    /// How many partitions the log has; partitions are `0..partitions()`.
    fn partitions(&self) -> u32;

    /// Whether other processes may write into the log too: then a view that has all of this process's
    /// own records may still lack theirs.
    fn is_shared(&self) -> bool;

    /// The partition that holds the records of `key`.
    fn partition_of(&self, key: &[u8]) -> Partition;

    /// Takes `records` into the log's queue, in order, and returns at once. The returned future
    /// resolves to one position per record, in order, when all of them are durable. Dropping the
    /// future does not take the records back.
    ///
    /// A full queue, a full disk or a closed log is reported by the future.
    fn append(&self, records: Vec<Record>) -> Append;

    /// Whether [`Log::tails`] answers at once, because there is nobody to ask.
    fn knows_its_end(&self) -> bool {
        false
    }

    /// The first offset that is not durable, of every partition; index = partition. Includes all
    /// that any process got acknowledged before the call.
    ///
    /// May have to ask a cluster, and so blocks, for a bounded time: not to be called from async
    /// code directly, unless [`Log::knows_its_end`].
    ///
    /// # Errors
    /// [`ReadError::Unavailable`] when the cluster did not answer.
    fn tails(&self) -> Result<Vec<Offset>, ReadError>;

    /// The same as far as it is known now: none for a partition whose part of a cluster does not
    /// answer, which so does not keep back the others. Blocks for a shorter time.
    ///
    /// # Errors
    /// When nothing can be known of any partition.
    fn partial_tails(&self) -> Result<Vec<Option<Offset>>, ReadError> {
        Ok(self.tails()?.into_iter().map(Some).collect())
    }

    /// The offset of the first record of `partition` whose `recorded_at_us` is at or after
    /// `recorded_at_us`; the tail if there is none. Blocks.
    fn offset_at(&self, partition: Partition, recorded_at_us: i64) -> Result<Offset, ReadError>;

    /// A reader of the partitions of `from`, that begins in each with the record at that position
    /// or the first after it. Partitions that are not named are not read. Blocks.
    ///
    /// # Errors
    /// [`ReadError::OffsetOutOfRange`] when a position is beyond the tail;
    /// [`ReadError::NoPartitions`] unless `from` names each partition once, and at least one.
    fn reader(&self, from: &[Position]) -> Result<Box<dyn Reader>, ReadError>;

    /// Begins a backup of what is durable now, from the record `from` on.
    ///
    /// # Errors
    /// [`ReadError::NoFiles`] where the log has no files of its own; [`ReadError::OffsetOutOfRange`]
    /// when `from` is beyond the tail.
    fn backup(&self, _from: Offset) -> Result<backup::Backup, ReadError> {
        Err(ReadError::NoFiles)
    }

    /// Begins to take part in `role`: see [`Claim`]. Returns at once; the partitions come by and by
    /// where there are other processes.
    fn claim(&self, role: &'static str) -> Claim;

    /// Refuses further appends, and waits a bounded time until those under way are durable. Claims
    /// are given back. Blocks. Readers may still read what is there.
    fn close(&self) {}

    /// Whether records can be written now, as far as is known: an append may meet a log that has
    /// just changed. Does not block.
    ///
    /// # Errors
    /// What is in the way. It may pass by itself, except for [`WriteBlocked::Closed`].
    fn check_writable(&self) -> Result<(), WriteBlocked>;
}

/// Reads partitions in order, and follows their tails. Used from a thread of its own: it blocks.
pub trait Reader: Send + std::fmt::Debug {
    /// The next records, at most `records_max` of them and about `bytes_max` bytes (always at least
    /// one record when there is one), of any of the reader's partitions; within each in offset
    /// order. Waits up to `wait` for the first.
    ///
    /// An empty answer means that the reader stood at the tail of each partition at some moment
    /// since the call before, or that the cluster could not be reached for as long as the call
    /// waited.
    fn next(
        &mut self,
        records_max: usize,
        bytes_max: usize,
        wait: Duration,
    ) -> Result<Vec<Entry>, ReadError>;

    /// What comes next in each partition, in the order in which the reader was asked for them:
    /// everything below has been returned. Moves also over offsets without a record.
    fn positions(&self) -> &[Position];
}
