//! Backups of a log on disk, made while it is open, and how they are put back.
//!
//! ```text
//!  open log ──Backup──► parts ──Keeper──► directory ──Restoring──► a log's directory
//!           (checked)         (synced)    (verified)   (verified)
//! ```
//!
//! * A [`Backup`] reads what is durable at the moment it begins, and checks each record on the way.
//!   Nothing is held up by it.
//! * A [`Keeper`] writes the parts into a directory, which holds a log's files and can be read as
//!   one ([`crate::inspect`]). A backup that was broken off goes on where it ended; a later one adds
//!   what was recorded since.
//! * [`Restoring`] puts a backup in the place of a log: as the same log, which goes on in another
//!   epoch, or as a copy to try things with, which is another log.

mod keep;
mod restore;
mod summary;

pub use keep::{Held, KeepError, Keeper};
pub use restore::{RestoreError, Restored, Restoring};
pub use summary::{SUMMARY_NAME, Summary};

use std::fs::File;
use std::io;
use std::sync::Arc;

use bytes::Bytes;

use crate::embedded::frame::{self, Fault};
use crate::embedded::notes::epochs;
use crate::embedded::recovery::damage;
use crate::embedded::scan::{Bad, Step, read_at};
use crate::embedded::segment::{self, PAGE_BYTES, Segment};
use crate::embedded::shared::Shared;
use crate::{LogIdentity, Offset, ReadError};

/// About how many bytes a part of frames has.
const PART_BYTES: usize = 256 << 10;

/// A part of a backup. They come in this order: the epochs, then each segment with its frames.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// The file that tells in which epochs the records were written.
    Epochs(Bytes),
    /// A segment begins, or goes on.
    Segment {
        /// Its first offset.
        base: Offset,
        /// Its first page.
        page: Bytes,
        /// The byte at which the frames that follow begin.
        from: u64,
        /// How many bytes it has in this backup.
        bytes: u64,
    },
    /// Whole frames of the segment before, checked.
    Frames(Bytes),
}

/// The reading of a log for a backup: what was durable when it began. Blocks.
#[derive(Debug)]
pub struct Backup {
    identity: LogIdentity,
    tail: Offset,
    /// What is to be read, each with its end; the next one last.
    segments: Vec<(Arc<Segment>, u64)>,
    next: Offset,
    epochs: Option<Bytes>,
    reading: Option<Reading>,
}

/// A segment that is being read.
#[derive(Debug)]
struct Reading {
    segment: Arc<Segment>,
    file: File,
    at: u64,
    end: u64,
}

impl Backup {
    /// A backup of what `shared` has from the record `from` on, which is not beyond the tail.
    pub(crate) fn begin(shared: &Shared, from: Offset) -> Self {
        let tail = shared.tail();
        let segments = shared.segments.read().clone();
        let of_backup = segments
            .iter()
            .filter(|segment| segment.head.base < tail.max(1));
        // The end is read after the tail: it covers all below that, and perhaps more.
        let mut segments: Vec<_> = of_backup
            .map(|segment| (Arc::clone(segment), segment.end()))
            .collect();
        let beyond = segments.partition_point(|(segment, _)| segment.head.base <= from);
        segments.drain(..beyond.saturating_sub(1));
        segments.reverse();
        let identity = shared.identity.clone();
        let eras: Vec<_> = identity
            .eras()
            .iter()
            .copied()
            .filter(|era| era.first < tail.max(1))
            .collect();
        let origin = segments.last().map(|(segment, _)| segment.head.origin);
        let epochs = origin.map(|origin| Bytes::from(epochs::encode(&eras, origin)));
        Self {
            identity,
            tail,
            segments,
            next: from,
            epochs,
            reading: None,
        }
    }

    /// The log that is backed up.
    pub fn identity(&self) -> &LogIdentity {
        &self.identity
    }

    /// The first offset that is not part of it.
    pub fn tail(&self) -> Offset {
        self.tail
    }

    /// About how many bytes are still to be read.
    pub fn bytes_left(&self) -> u64 {
        let waiting = self.segments.iter().map(|(_, end)| end - PAGE_BYTES);
        let reading = self.reading.as_ref().map_or(0, |it| it.end - it.at);
        waiting.sum::<u64>() + reading
    }

    /// The next part; `None` after the last one.
    ///
    /// # Errors
    /// [`ReadError::Corrupt`] when a record does not read back as it was written, with the place.
    pub fn next_part(&mut self) -> Result<Option<Part>, ReadError> {
        if let Some(epochs) = self.epochs.take() {
            return Ok(Some(Part::Epochs(epochs)));
        }
        if let Some(reading) = &mut self.reading {
            match reading.frames(&mut self.next, self.tail)? {
                Some(frames) => return Ok(Some(Part::Frames(frames))),
                None => self.reading = None,
            }
        }
        let Some((segment, end)) = self.segments.pop() else {
            return Ok(None);
        };
        self.open(segment, end).map(Some)
    }

    fn open(&mut self, segment: Arc<Segment>, end: u64) -> Result<Part, ReadError> {
        let file = File::open(&segment.path).map_err(unread)?;
        let page = read_at(&file, 0, PAGE_BYTES as usize).map_err(unread)?;
        let mut reading = Reading {
            at: PAGE_BYTES,
            file,
            end,
            segment,
        };
        let base = reading.segment.head.base;
        if self.next > base {
            reading.at = reading.byte_of(self.next)?;
        }
        // Up to the tail, not to what was added since.
        if reading.segment.index.lock().next() > self.tail {
            reading.end = reading.byte_of(self.tail)?;
        }
        let part = Part::Segment {
            base,
            page,
            from: reading.at,
            bytes: reading.end,
        };
        self.reading = Some(reading);
        Ok(part)
    }
}

impl Reading {
    /// The byte at which the record `offset` begins; the segment's end if it ends before.
    fn byte_of(&self, offset: Offset) -> Result<u64, ReadError> {
        let start = self.segment.index.lock().find(offset);
        let mut scan = self.segment.scan(start).map_err(unread)?;
        while scan.offset() < offset {
            match scan.next(self.end).map_err(unread)? {
                Step::Frame(_) => {}
                Step::End => break,
                Step::Bad(bad) => return Err(self.corrupt(bad)),
            }
        }
        Ok(scan.at())
    }

    /// The next frames, whole and checked; `None` at the end.
    fn frames(&mut self, next: &mut Offset, tail: Offset) -> Result<Option<Bytes>, ReadError> {
        let mut wanted = PART_BYTES;
        while self.at < self.end && *next < tail {
            let rest = usize::try_from(self.end - self.at).unwrap_or(usize::MAX);
            let chunk = read_at(&self.file, self.at, wanted.min(rest)).map_err(unread)?;
            let mut bytes = 0;
            let fault = loop {
                match frame::decode(self.segment.head.seed(), &chunk[bytes..]) {
                    Ok((header, _)) if header.offset == *next => {
                        bytes += header.frame_bytes();
                        *next += 1;
                    }
                    Ok((header, _)) => {
                        break Fault::Offset {
                            found: header.offset,
                        };
                    }
                    Err(fault) => break fault,
                }
                if bytes == chunk.len() {
                    break Fault::Incomplete { needed: 0 };
                }
            };
            if bytes > 0 {
                self.at += bytes as u64;
                return Ok(Some(chunk.slice(..bytes)));
            }
            match fault {
                Fault::Incomplete { needed } if needed > chunk.len() && needed <= rest => {
                    wanted = needed;
                }
                fault => {
                    let (at, offset) = (self.at, *next);
                    return Err(self.corrupt(Bad { at, offset, fault }));
                }
            }
        }
        Ok(None)
    }

    fn corrupt(&self, bad: Bad) -> ReadError {
        let damage = damage(self.segment.path.clone(), bad);
        ReadError::Corrupt {
            offset: damage.offset,
            detail: damage.to_string(),
        }
    }
}

fn unread(error: io::Error) -> ReadError {
    ReadError::Io(Arc::new(error))
}

/// The name of the file of a segment that begins with `base`.
pub fn segment_name(base: Offset) -> String {
    let path = segment::path(std::path::Path::new(""), base);
    path.to_string_lossy().into_owned()
}
