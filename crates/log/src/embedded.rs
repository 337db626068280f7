//! The embedded engine: one partition, in a directory of segment files, for one process.
//!
//! ```text
//!  callers ──append──► queue ──take──► writer ──one write, one fdatasync──► segments
//!     ▲                (bounded)         │                                     │
//!     └──────── positions ◄──────────────┤ publish the tail                    │
//!                                        └──────────► readers ◄────────────────┘
//! ```
//!
//! | file            | what it is                                                            |
//! |-----------------|-----------------------------------------------------------------------|
//! | `<offset>.log`  | a segment: the records from that offset on ([`segment`], [`frame`])   |
//! | `<offset>.idx`  | a sealed segment's sparse index: a cache ([`index`])                  |
//! | `epochs`        | in which of the log's lives each record was written ([`notes`])       |
//! | `durable`       | how far the log is durable ([`notes`])                                |
//! | `home`          | where the log lives: by it a copy is known to be one ([`notes`])      |
//! | `lock`          | held by the process that has the log open ([`lock`])                  |
//! | `<name>.new`    | a file that is being made; removed at the next start                  |
//! | `<name>.cut`    | what a repair, or the opening of a copy, took away ([`cut`])          |
//!
//! * **Writing.** One thread takes what waits, writes it with one call, and syncs it with one
//!   `fdatasync`. While the disk works, the next batch gathers. The file is filled with zeros a few
//!   MiB ahead, so that a sync is of data alone.
//! * **A failed write or sync is fatal**, and never tried again: after a failed `fdatasync` Linux
//!   takes the pages for clean, and the next one would claim success. [`Options::on_fatal`] ends the
//!   process.
//! * **A full disk is not**: the batch is refused, the file is as it was, and the next batch tries
//!   again.
//! * **Opening** reads the first page of each segment and its index, and the whole of the last
//!   segment ([`survey`] tells a torn tail from damage).

pub(crate) mod cut;
pub(crate) mod disk;
mod failure;
#[cfg(test)]
mod faults;
pub(crate) mod frame;
pub(crate) mod index;
pub(crate) mod lock;
pub(crate) mod notes;
mod options;
mod queue;
mod reader;
pub(crate) mod recovery;
pub(crate) mod scan;
pub(crate) mod segment;
pub(crate) mod shared;
pub(crate) mod survey;
mod writer;

use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;

use parking_lot::Mutex;

pub(crate) use disk::{Disk, OsDisk};
pub use failure::{Damage, FatalError, OpenError};
pub use options::{OnFatal, Options};

use self::lock::Lock;
use self::queue::Queue;
use self::reader::EmbeddedReader;
use self::recovery::Recovered;
use self::shared::Shared;
use self::writer::Writer;
use crate::backup::Backup;
use crate::types::check_from;
use crate::{
    Append, Claim, Copied, Log, LogId, LogIdentity, Offset, Partition, Position, ReadError, Reader,
    Record, WriteBlocked,
};

/// A log in a directory of its own. Dropping it closes it.
#[derive(Debug)]
pub struct EmbeddedLog {
    shared: Arc<Shared>,
    queue: Arc<Queue>,
    writer: Mutex<Option<JoinHandle<()>>>,
    copied: Option<Copied>,
}

impl EmbeddedLog {
    /// Opens the log in `dir`, or begins one. A torn tail is cut off; it holds nothing that was
    /// acknowledged.
    ///
    /// # Errors
    /// [`OpenError::Held`] when another process has it open; [`OpenError::Corrupt`] when records
    /// that were acknowledged are damaged, with the place.
    pub fn open(dir: impl AsRef<Path>, options: Options) -> Result<Self, OpenError> {
        Self::open_on(Arc::new(OsDisk), dir.as_ref(), options)
    }

    fn open_on(disk: Arc<dyn Disk>, dir: &Path, options: Options) -> Result<Self, OpenError> {
        recovery::create_dir(&*disk, dir)?;
        let lock = Lock::take(dir)?;
        let Recovered {
            id,
            segments,
            active,
            notes,
            tail,
            copied,
        } = recovery::recover(&*disk, dir, options.new_log_id)?;
        let identity = LogIdentity::new(id, notes.eras());
        let shared = Arc::new(Shared::new(dir.to_owned(), identity, segments, tail));
        let queue = Arc::new(Queue::new(&options));
        let writer = Writer {
            shared: Arc::clone(&shared),
            queue: Arc::clone(&queue),
            disk,
            options,
            active,
            notes,
            buffer: Vec::new(),
            _lock: lock,
        };
        let thread = std::thread::Builder::new()
            .name("log-writer".to_owned())
            .spawn(move || writer.run())
            .map_err(OpenError::io("start the writer of", dir))?;
        Ok(Self {
            shared,
            queue,
            writer: Mutex::new(Some(thread)),
            copied,
        })
    }

    /// Refuses further appends, makes those that wait durable, and gives the directory free. Blocks
    /// until that is done. Readers can still read what is there.
    pub fn close(&self) {
        self.queue.close();
        if let Some(thread) = self.writer.lock().take() {
            // It ends early only by a panic, which the panic hook has reported.
            let _ = thread.join();
        }
    }
}

impl Drop for EmbeddedLog {
    fn drop(&mut self) {
        self.close();
    }
}

impl Log for EmbeddedLog {
    fn id(&self) -> LogId {
        self.shared.identity.id()
    }

    fn identity(&self) -> LogIdentity {
        self.shared.identity.clone()
    }

    fn copied(&self) -> Option<&Copied> {
        self.copied.as_ref()
    }

    fn partitions(&self) -> u32 {
        1
    }

    fn is_shared(&self) -> bool {
        false
    }

    fn partition_of(&self, _key: &[u8]) -> Partition {
        0
    }

    fn append(&self, records: Vec<Record>) -> Append {
        self.queue.push(records)
    }

    fn knows_its_end(&self) -> bool {
        true
    }

    fn tails(&self) -> Result<Vec<Offset>, ReadError> {
        Ok(vec![self.shared.tail()])
    }

    fn offset_at(&self, partition: Partition, recorded_at_us: i64) -> Result<Offset, ReadError> {
        match partition {
            0 => reader::offset_at(&self.shared, recorded_at_us),
            _ => Err(ReadError::NoSuchPartition(partition)),
        }
    }

    fn reader(&self, from: &[Position]) -> Result<Box<dyn Reader>, ReadError> {
        check_from(from, &[self.shared.tail()])?;
        let from = from.first().ok_or(ReadError::NoPartitions)?.offset;
        Ok(Box::new(EmbeddedReader::new(
            Arc::clone(&self.shared),
            from,
        )?))
    }

    fn backup(&self, from: Offset) -> Result<Backup, ReadError> {
        let tail = self.shared.tail();
        match from > tail {
            true => Err(ReadError::OffsetOutOfRange { offset: from, tail }),
            false => Ok(Backup::begin(&self.shared, from)),
        }
    }

    fn claim(&self, _role: &'static str) -> Claim {
        Claim::of_all(1)
    }

    fn close(&self) {
        Self::close(self);
    }

    fn check_writable(&self) -> Result<(), WriteBlocked> {
        match self.shared.blocked() {
            Some(blocked) => Err(blocked),
            None => Ok(()),
        }
    }
}
