//! Reads a log without opening it: beside a server that has it open, or of a copy.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use super::{heads, survey_last};
use crate::embedded::index::{SparseIndex, Start};
use crate::embedded::notes::epochs;
use crate::embedded::recovery::damage;
use crate::embedded::scan::{Scan, Step};
use crate::embedded::segment::{self, Head, PAGE_BYTES, index_path};
use crate::embedded::survey::Rest;
use crate::{Damage, Entry, LogId, LogIdentity, Offset, OpenError, Position, ReadError, Reader};

/// How often a reader at the end looks whether there is more. The server can't tell it.
const LOOK_EVERY: Duration = Duration::from_millis(20);

/// A log in a directory, to be read only. Takes no lock.
///
/// Records of a running server may be seen a moment before they are durable.
#[derive(Debug, Clone)]
pub struct ReadOnlyLog {
    dir: PathBuf,
    identity: LogIdentity,
}

impl ReadOnlyLog {
    /// Looks for a log in `dir`.
    ///
    /// # Errors
    /// When there is none, or its segments' first pages can't be read.
    pub fn open(dir: impl AsRef<Path>) -> Result<Self, OpenError> {
        let dir = dir.as_ref();
        let heads = heads(dir)?;
        Ok(Self {
            dir: dir.to_owned(),
            identity: identity(dir, heads[heads.len() - 1].0)?,
        })
    }

    /// The log's identity.
    pub fn id(&self) -> LogId {
        self.identity.id()
    }

    /// The same, with the epochs in which it was written so far.
    pub fn identity(&self) -> &LogIdentity {
        &self.identity
    }

    /// The offset of the first record that was recorded at or after `recorded_at_us`, in
    /// microseconds since the Unix epoch; the first unwritten offset if there is none.
    ///
    /// # Errors
    /// When the log is damaged or can't be read.
    pub fn offset_at(&self, recorded_at_us: i64) -> Result<Offset, ReadError> {
        let mut next = 0;
        let heads = heads(&self.dir).map_err(unreadable)?;
        let last = heads.len() - 1;
        for (nth, (head, path)) in heads.into_iter().enumerate() {
            let mut at = Place::seek(head, path, |index| index.find_time(recorded_at_us))?;
            while let Some(entry) = at.step(nth < last)? {
                if entry.record.recorded_at_us >= recorded_at_us {
                    return Ok(entry.position.offset);
                }
            }
            next = at.scan.offset();
        }
        Ok(next)
    }

    /// A reader that begins with the record `from`. It follows the log, and blocks as
    /// [`Reader::next`] says.
    ///
    /// # Errors
    /// [`ReadError::OffsetOutOfRange`] when `from` is beyond the end.
    pub fn reader(&self, from: Offset) -> Result<Box<dyn Reader>, ReadError> {
        let mut reader = ReadOnlyReader {
            dir: self.dir.clone(),
            at: Place::of(&self.dir, from)?,
            position: [Position {
                partition: 0,
                offset: from,
            }],
        };
        while reader.at.scan.offset() < from {
            if reader.step()?.is_none() {
                let tail = reader.at.scan.offset();
                return Err(ReadError::OffsetOutOfRange { offset: from, tail });
            }
        }
        Ok(Box::new(reader))
    }
}

/// The identity of the log whose last segment begins with `last`.
fn identity(dir: &Path, last: Head) -> Result<LogIdentity, OpenError> {
    let eras = epochs::load(dir, last.origin);
    let eras = eras.map_err(OpenError::io("read", &epochs::path(dir)))?;
    Ok(LogIdentity::new(last.id, eras))
}

/// A place in a segment.
#[derive(Debug)]
struct Place {
    head: Head,
    path: PathBuf,
    file: Arc<File>,
    scan: Scan,
}

impl Place {
    /// The segment that holds the record `from`, not after that record.
    fn of(dir: &Path, from: Offset) -> Result<Self, ReadError> {
        let mut heads = heads(dir).map_err(unreadable)?;
        let after = heads.partition_point(|(head, _)| head.base <= from);
        let (head, path) = heads.swap_remove(after.max(1) - 1);
        Self::seek(head, path, |index| Some(index.find(from)))
    }

    /// Where `find` says in the index; the segment's beginning without a good index, and its end
    /// when there is no such place.
    fn seek(
        head: Head,
        path: PathBuf,
        find: impl FnOnce(&SparseIndex) -> Option<Start>,
    ) -> Result<Self, ReadError> {
        let file = Arc::new(File::open(&path).map_err(io_error)?);
        let bytes = file.metadata().map_err(io_error)?.len();
        let index = SparseIndex::load(&index_path(&path), head.origin, head.base)
            .filter(|index| index.end() == bytes);
        let end = |index: &SparseIndex| Start {
            offset: index.next(),
            at: index.end(),
        };
        let start = match index {
            Some(index) => find(&index).unwrap_or_else(|| end(&index)),
            None => Start {
                offset: head.base,
                at: PAGE_BYTES,
            },
        };
        let scan = Scan::new(Arc::clone(&file), head.seed(), start.at, start.offset);
        Ok(Self {
            head,
            path,
            file,
            scan,
        })
    }

    /// The next record of the segment; `None` at its end, or at what is not written yet.
    fn step(&mut self, sealed: bool) -> Result<Option<Entry>, ReadError> {
        let end = self.file.metadata().map_err(io_error)?.len();
        match self.scan.next(end).map_err(io_error)? {
            Step::Frame(frame) => {
                let position = Position {
                    partition: 0,
                    offset: frame.header.offset,
                };
                Ok(Some(Entry {
                    position,
                    record: frame.record,
                }))
            }
            Step::End => Ok(None),
            Step::Bad(bad) if sealed => Err(corrupt(damage(self.path.clone(), bad))),
            Step::Bad(_) => match survey_last(self.head, &self.path).map_err(unreadable)?.rest {
                Rest::Damaged(bad) => Err(corrupt(damage(self.path.clone(), bad))),
                Rest::Unwritten | Rest::Torn(_) | Rest::Copied(_) => Ok(None),
            },
        }
    }
}

#[derive(Debug)]
struct ReadOnlyReader {
    dir: PathBuf,
    at: Place,
    /// What the next record is, for those who ask.
    position: [Position; 1],
}

impl ReadOnlyReader {
    /// The next record; `None` at the end.
    fn step(&mut self) -> Result<Option<Entry>, ReadError> {
        loop {
            if let Some(entry) = self.at.step(false)? {
                return Ok(Some(entry));
            }
            let segments = segment::list(&self.dir).map_err(unreadable)?;
            let later = segments
                .into_iter()
                .find(|(base, _)| *base > self.at.head.base);
            let Some((base, path)) = later else {
                return Ok(None);
            };
            // The segment is sealed, so nothing is added to it after this look.
            if let Some(entry) = self.at.step(true)? {
                return Ok(Some(entry));
            }
            self.advance(base, path)?;
        }
    }

    fn advance(&mut self, base: Offset, path: PathBuf) -> Result<(), ReadError> {
        let offset = self.at.scan.offset();
        if base != offset {
            let detail = "the segment ends before the next one begins".to_owned();
            let (path, byte) = (self.at.path.clone(), self.at.scan.at());
            return Err(corrupt(Damage {
                path,
                byte,
                offset,
                detail,
            }));
        }
        let file = File::open(&path).map_err(io_error)?;
        let head = Head::read(&file, &path, base).map_err(unreadable)?;
        self.at = Place::seek(head, path, |index| Some(index.find(base)))?;
        Ok(())
    }
}

impl Reader for ReadOnlyReader {
    fn next(
        &mut self,
        records_max: usize,
        bytes_max: usize,
        wait: Duration,
    ) -> Result<Vec<Entry>, ReadError> {
        let (records_max, bytes_max) = (records_max.max(1), bytes_max.max(1));
        let mut entries = Vec::new();
        let (mut bytes, mut waited) = (0, Duration::ZERO);
        while entries.len() < records_max && bytes < bytes_max {
            match self.step() {
                Ok(Some(entry)) => {
                    bytes += entry.record.key.len() + entry.record.body.len();
                    entries.push(entry);
                }
                // What is good comes first; the next call meets the damage again.
                Ok(None) | Err(_) if !entries.is_empty() => break,
                Ok(None) if waited < wait => {
                    let pause = LOOK_EVERY.min(wait - waited);
                    thread::sleep(pause);
                    waited += pause;
                }
                Ok(None) => break,
                Err(error) => return Err(error),
            }
        }
        self.position[0].offset = self.at.scan.offset();
        Ok(entries)
    }

    fn positions(&self) -> &[Position] {
        &self.position
    }
}

fn corrupt(damage: Damage) -> ReadError {
    ReadError::Corrupt {
        offset: damage.offset,
        detail: damage.to_string(),
    }
}

fn io_error(error: io::Error) -> ReadError {
    ReadError::Io(Arc::new(error))
}

fn unreadable(error: OpenError) -> ReadError {
    match error {
        OpenError::Corrupt(damage) => corrupt(damage),
        OpenError::Io { source, .. } => io_error(source),
        other => io_error(io::Error::other(other)),
    }
}
