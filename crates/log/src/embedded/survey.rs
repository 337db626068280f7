//! What the last segment of a log holds, and what follows its last good record.
//!
//! A commit is one write of several frames, and a power cut may leave any of its pages and not the
//! others. So a good frame after a bad one does not prove damage: it may be of the same batch, which
//! was never acknowledged. Four things tell:
//!
//! * Each frame says where its batch began. A batch is written only after the one before it was
//!   synced, so a good frame of a *later* batch proves that the bad frame had been durable once.
//! * The log notes how far it is durable before it acknowledges ([`super::notes::durable`]).
//! * Where that note may be too old, for the machine has failed: a place that was not written holds
//!   zeros, sector by sector, or the file ends there. A bad frame without any was written whole, and
//!   was changed later.
//! * A file that was copied while its log was written to has, in the midst of good frames, places
//!   that were not written yet when the copy came by. The log's state of that moment is what stands
//!   before the first of them.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::sync::Arc;

use super::frame::{self, FRAME_BYTES_MAX, Fault, HEADER_BYTES, Header};
use super::index::SparseIndex;
use super::notes::durable::Found;
use super::scan::{Bad, CHUNK_BYTES, Scan, Step, read_at};
use super::segment::{Head, PAGE_BYTES};

/// What a disk writes whole, or not at all.
const SECTOR_BYTES: usize = 512;

/// What a segment holds.
#[derive(Debug)]
pub(crate) struct Survey {
    /// Of the good records.
    pub(crate) index: SparseIndex,
    /// The byte at which the batch of the last good record begins.
    pub(crate) last_batch_at: u64,
    /// The file's length.
    pub(crate) file_bytes: u64,
    pub(crate) rest: Rest,
}

/// What follows the last good record of a segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rest {
    /// Nothing, or zeros.
    Unwritten,
    /// A part of a batch that was being written.
    Torn(Bad),
    /// Records that were written after the copy had come by the place before them.
    Copied(Bad),
    /// A record that was durable once, and is damaged.
    Damaged(Bad),
}

/// What is known of how far a segment is durable, beside what its frames say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Known {
    /// All before this byte was synced.
    durable_end: u64,
    /// Nothing after it was acknowledged.
    exact: bool,
    /// The segment is of a copy that was made while the log was written to.
    copied: bool,
}

impl Known {
    /// What the note tells of the last segment.
    pub(crate) fn of(found: Option<&Found>, head: Head) -> Self {
        let found = found.filter(|found| found.origin() == head.origin);
        let end = found.and_then(Found::end);
        let of_this = end.filter(|end| end.base == head.base);
        Self {
            durable_end: of_this.map_or(PAGE_BYTES, |end| end.byte),
            exact: end.is_some() && found.is_some_and(Found::is_exact),
            copied: found.is_some() && end.is_none(),
        }
    }
}

/// Reads the whole of a segment that may have been written to when its process ended.
pub(crate) fn survey(file: &Arc<File>, head: Head, known: Known) -> io::Result<Survey> {
    let file_bytes = file.metadata()?.len();
    let mut index = SparseIndex::new(head.base, PAGE_BYTES);
    let mut last_batch_at = PAGE_BYTES;
    let mut scan = Scan::new(Arc::clone(file), head.seed(), PAGE_BYTES, head.base);
    let rest = loop {
        match scan.next(file_bytes)? {
            Step::Frame(frame) => {
                if frame.header.place == 0 {
                    last_batch_at = frame.at;
                }
                index.push(
                    frame.header.recorded_at_us,
                    frame.header.frame_bytes() as u64,
                );
            }
            Step::End if known.durable_end > scan.at() => {
                let needed = usize::try_from(known.durable_end - scan.at()).unwrap_or(usize::MAX);
                let fault = Fault::Incomplete { needed };
                break Rest::Damaged(Bad {
                    at: scan.at(),
                    offset: scan.offset(),
                    fault,
                });
            }
            Step::End => break Rest::Unwritten,
            Step::Bad(bad) => {
                break judge(file, head, bad, (file_bytes, known))?;
            }
        }
    };
    Ok(Survey {
        index,
        last_batch_at,
        file_bytes,
        rest,
    })
}

fn judge(file: &File, head: Head, bad: Bad, (end, known): (u64, Known)) -> io::Result<Rest> {
    if bad.at < known.durable_end {
        return Ok(Rest::Damaged(bad));
    }
    if let Some(later) = later_batch(file, head, bad, end)? {
        let hole = known.copied && has_unwritten(file, bad.at..later)?;
        return Ok(if hole {
            Rest::Copied(bad)
        } else {
            Rest::Damaged(bad)
        });
    }
    if bad.fault == Fault::Empty && zeros_only(file, bad.at, end)? {
        return Ok(Rest::Unwritten);
    }
    let torn = known.exact || may_be_torn(file, head, bad, end)?;
    Ok(if torn {
        Rest::Torn(bad)
    } else {
        Rest::Damaged(bad)
    })
}

/// Whether the bad frame may be one of which not all was written.
fn may_be_torn(file: &File, head: Head, bad: Bad, end: u64) -> io::Result<bool> {
    let header = read_at(file, bad.at, HEADER_BYTES)?;
    let frame_bytes = match frame::decode_header(head.seed(), &header) {
        Ok(header) if header.offset == bad.offset => header.frame_bytes(),
        // Nobody can tell how long it was to be.
        _ => HEADER_BYTES,
    };
    let frame_end = bad.at + frame_bytes as u64;
    if frame_end > end {
        return Ok(true);
    }
    // A process that was ended while it wrote leaves what it wrote, and zeros after it.
    let whole_sectors = frame_end.next_multiple_of(SECTOR_BYTES as u64).min(end);
    Ok(has_unwritten(file, bad.at..whole_sectors)? || zeros_only(file, frame_end - 1, end)?)
}

/// Whether `range` holds nothing of some sector: it may never have been written.
fn has_unwritten(file: &File, range: Range<u64>) -> io::Result<bool> {
    let sector = SECTOR_BYTES as u64;
    let mut at = range.start;
    while at < range.end {
        let end = range.end.min(at / sector * sector + CHUNK_BYTES as u64);
        let bytes = read_at(file, at, usize::try_from(end - at).unwrap_or(CHUNK_BYTES))?;
        let first = usize::try_from(sector - at % sector).unwrap_or(SECTOR_BYTES);
        let (first, rest) = bytes.split_at(first.min(bytes.len()));
        let mut parts = std::iter::once(first).chain(rest.chunks(SECTOR_BYTES));
        if parts.any(|part| zeros(part) == part.len()) {
            return Ok(true);
        }
        at = end;
    }
    Ok(false)
}

/// The byte of the first good frame after the bad one that is of a later batch.
fn later_batch(file: &File, head: Head, bad: Bad, end: u64) -> io::Result<Option<u64>> {
    let later = |header: &Header| header.batch_start() > bad.offset;
    Ok(find_frame(file, head, bad.at..end, later)?.map(|(at, _)| at))
}

/// The first good frame that begins in `range` and is `wanted`, wherever it begins.
pub(crate) fn find_frame(
    file: &File,
    head: Head,
    range: Range<u64>,
    mut wanted: impl FnMut(&Header) -> bool,
) -> io::Result<Option<(u64, Header)>> {
    let seed = head.seed();
    let mut at = range.start;
    while at < range.end {
        let window = read_at(file, at, CHUNK_BYTES + FRAME_BYTES_MAX)?;
        let mut place = 0;
        while place < CHUNK_BYTES && place + HEADER_BYTES <= window.len() {
            place += match frame::decode(seed, &window[place..]) {
                Ok((header, _)) if wanted(&header) => return Ok(Some((at + place as u64, header))),
                Ok((header, _)) => header.frame_bytes(),
                // A header may begin with zeros, but not with a header's length of them.
                Err(Fault::Empty) => zeros(&window[place..]) - HEADER_BYTES + 1,
                Err(_) => 1,
            };
        }
        if window.len() < CHUNK_BYTES {
            break;
        }
        at += place as u64;
    }
    Ok(None)
}

/// How many zeros `bytes` begin with.
fn zeros(bytes: &[u8]) -> usize {
    bytes
        .iter()
        .position(|&byte| byte != 0)
        .unwrap_or(bytes.len())
}

fn zeros_only(file: &File, mut at: u64, end: u64) -> io::Result<bool> {
    while at < end {
        let chunk = read_at(file, at, CHUNK_BYTES)?;
        if zeros(&chunk) < chunk.len() {
            return Ok(false);
        }
        if chunk.is_empty() {
            break;
        }
        at += chunk.len() as u64;
    }
    Ok(true)
}
