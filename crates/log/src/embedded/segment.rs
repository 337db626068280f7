//! Segment files: their names, their first page, and how they are created.
//!
//! A segment is `<first offset, 20 digits>.log`: a page of 4,096 bytes that says what it is, then
//! frames ([`super::frame`]) without gaps. The segment that is written to ends in zeros; the others
//! are sealed, and end with their last frame. The first page:
//!
//! |   at | bytes | field                                                                    |
//! |-----:|------:|--------------------------------------------------------------------------|
//! |    0 |     8 | `ACLOGSEG`                                                               |
//! |    8 |     4 | version: 1                                                               |
//! |   12 |     4 | zero                                                                     |
//! |   16 |    16 | origin: the identity that the log was created with, in all its segments  |
//! |   32 |    16 | the log's identity; the last segment's counts (a repair that loses records changes it) |
//! |   48 |     8 | the first offset                                                         |
//! |   56 |  4036 | zeros                                                                    |
//! | 4092 |     4 | CRC-32C of all before it                                                 |

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::{Buf, BufMut};
use parking_lot::Mutex;

use super::disk::{Disk, write_all_at};
use super::frame::Seed;
use super::index::{SparseIndex, Start};
use super::scan::Scan;
use super::{Damage, OpenError};
use crate::{LogId, Offset};

/// The length of a segment's first page; its first frame begins here.
pub(crate) const PAGE_BYTES: u64 = 4096;

const MAGIC: &[u8; 8] = b"ACLOGSEG";
const VERSION: u32 = 1;

/// What a segment's first page says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) origin: LogId,
    pub(crate) id: LogId,
    pub(crate) base: Offset,
}

impl Head {
    /// What the header checksums of the segment's frames begin with.
    pub(crate) fn seed(&self) -> Seed {
        Seed::new(self.origin, self.base)
    }

    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut page = Vec::with_capacity(PAGE_BYTES as usize);
        page.put_slice(MAGIC);
        page.put_u32_le(VERSION);
        page.put_u32_le(0);
        page.put_slice(&self.origin.0);
        page.put_slice(&self.id.0);
        page.put_u64_le(self.base);
        page.resize(PAGE_BYTES as usize - 4, 0);
        page.put_u32_le(crc32c::crc32c(&page));
        page
    }

    /// Reads the first page of the segment at `path`, whose name says that it begins with `base`.
    pub(crate) fn read(file: &File, path: &Path, base: Offset) -> Result<Self, OpenError> {
        let mut page = [0; PAGE_BYTES as usize];
        match file.read_exact_at(&mut page, 0) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                return Err(page_damage(
                    path,
                    base,
                    "the file is shorter than its first page",
                ));
            }
            Err(error) => return Err(OpenError::io("read", path)(error)),
        }
        let (mut head, crc) = page.split_at(page.len() - 4);
        let intact = crc == crc32c::crc32c(head).to_le_bytes();
        if !intact && head.starts_with(MAGIC) {
            return Err(page_damage(
                path,
                base,
                "the first page does not match its checksum",
            ));
        }
        let known = head.starts_with(MAGIC);
        head.advance(MAGIC.len());
        let version = head.get_u32_le();
        head.advance(4);
        if !known || version != VERSION {
            return Err(OpenError::Foreign {
                path: path.to_owned(),
            });
        }
        let (mut origin, mut id) = ([0; 16], [0; 16]);
        head.copy_to_slice(&mut origin);
        head.copy_to_slice(&mut id);
        let head = Self {
            origin: LogId(origin),
            id: LogId(id),
            base: head.get_u64_le(),
        };
        if head.base != base {
            return Err(page_damage(
                path,
                base,
                "the file's name and its first page disagree",
            ));
        }
        Ok(head)
    }
}

fn page_damage(path: &Path, base: Offset, detail: &str) -> OpenError {
    OpenError::Corrupt(Damage {
        path: path.to_owned(),
        byte: 0,
        offset: base,
        detail: detail.to_owned(),
    })
}

/// A segment of a log that is open.
#[derive(Debug)]
pub(crate) struct Segment {
    pub(crate) head: Head,
    pub(crate) path: PathBuf,
    /// The byte after the last durable frame.
    end: AtomicU64,
    /// Covers all durable frames; of a damaged segment, those before the damage.
    pub(crate) index: Mutex<SparseIndex>,
}

impl Segment {
    pub(crate) fn new(head: Head, path: PathBuf, end: u64, index: SparseIndex) -> Self {
        Self {
            head,
            path,
            end: AtomicU64::new(end),
            index: Mutex::new(index),
        }
    }

    /// The byte after the last durable frame. Read it after the tail: it covers all below that.
    pub(crate) fn end(&self) -> u64 {
        self.end.load(Ordering::Acquire)
    }

    /// Moves the end. Called before the tail is moved.
    pub(crate) fn set_end(&self, end: u64) {
        self.end.store(end, Ordering::Release);
    }

    /// A scan of the segment's frames from `start` on.
    pub(crate) fn scan(&self, start: Start) -> io::Result<Scan> {
        let file = Arc::new(File::open(&self.path)?);
        Ok(Scan::new(file, self.head.seed(), start.at, start.offset))
    }
}

/// The path of the segment of `dir` that begins with `base`.
pub(crate) fn path(dir: &Path, base: Offset) -> PathBuf {
    dir.join(format!("{base:020}.log"))
}

/// The path of the index of the segment at `path`.
pub(crate) fn index_path(path: &Path) -> PathBuf {
    path.with_extension("idx")
}

/// The segments of `dir`, by their first offset.
pub(crate) fn list(dir: &Path) -> Result<Vec<(Offset, PathBuf)>, OpenError> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).map_err(OpenError::io("list", dir))? {
        let path = entry.map_err(OpenError::io("list", dir))?.path();
        let base = path
            .file_name()
            .and_then(|name| name.to_str())
            .and_then(|name| name.strip_suffix(".log"))
            .filter(|digits| digits.len() == 20)
            .and_then(|digits| digits.parse().ok());
        if let Some(base) = base {
            found.push((base, path));
        }
    }
    found.sort_unstable();
    Ok(found)
}

/// Creates the segment that `head` describes, at once: after a power cut it is there whole, or not at
/// all. That it is there is durable when `dir` is synced; nothing may be written to it before, nor
/// to the segment before it any more.
pub(crate) fn create(disk: &dyn Disk, dir: &Path, head: Head) -> io::Result<(File, PathBuf)> {
    let path = path(dir, head.base);
    let fresh = path.with_extension("log.new");
    let file = write_page(disk, &fresh, head).inspect_err(|_| {
        // Nothing refers to it, and the next attempt empties it: losing it is all we want.
        let _ = fs::remove_file(&fresh);
    })?;
    fs::rename(&fresh, &path)?;
    Ok((file, path))
}

/// Creates a file that holds only a segment's first page, and syncs it.
pub(crate) fn write_page(disk: &dyn Disk, path: &Path, head: Head) -> io::Result<File> {
    let file = disk.create(path)?;
    write_all_at(disk, &file, &head.encode(), 0)?;
    disk.sync(&file)?;
    Ok(file)
}
