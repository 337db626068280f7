//! What the last segment of a log holds, and what follows its last good record.
//!
//! A commit is one write of several frames, and a power cut may leave any of its pages and not the
//! others. So a good frame after a bad one does not prove damage: it may be of the same batch, which
//! was never acknowledged. Each frame says where its batch began. A batch is written only after the
//! one before it was synced, so a good frame of a *later* batch proves that the bad frame had been
//! durable once.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::sync::Arc;

use super::frame::{self, FRAME_BYTES_MAX, Fault, HEADER_BYTES, Header};
use super::index::SparseIndex;
use super::scan::{Bad, CHUNK_BYTES, Scan, Step, read_at};
use super::segment::{Head, PAGE_BYTES};

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
    /// A record that was durable once, and is damaged.
    Damaged(Bad),
}

/// Reads the whole of a segment that may have been written to when its process ended. What lies
/// below `durable_end` is known to have been synced.
pub(crate) fn survey(file: &Arc<File>, head: Head, durable_end: u64) -> io::Result<Survey> {
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
            Step::End if durable_end > scan.at() => {
                let needed = usize::try_from(durable_end - scan.at()).unwrap_or(usize::MAX);
                let fault = Fault::Incomplete { needed };
                break Rest::Damaged(Bad {
                    at: scan.at(),
                    offset: scan.offset(),
                    fault,
                });
            }
            Step::End => break Rest::Unwritten,
            Step::Bad(bad) => {
                break judge(file, head, bad, file_bytes, durable_end)?;
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

fn judge(file: &File, head: Head, bad: Bad, end: u64, durable_end: u64) -> io::Result<Rest> {
    if bad.at < durable_end || later_batch(file, head, bad, end)? {
        return Ok(Rest::Damaged(bad));
    }
    let unwritten = bad.fault == Fault::Empty && zeros_only(file, bad.at, end)?;
    Ok(if unwritten {
        Rest::Unwritten
    } else {
        Rest::Torn(bad)
    })
}

/// Whether a good frame of a later batch than that of the bad one stands anywhere after it.
pub(crate) fn later_batch(file: &File, head: Head, bad: Bad, end: u64) -> io::Result<bool> {
    let later = |header: &Header| header.batch_start() > bad.offset;
    Ok(find_frame(file, head, bad.at..end, later)?.is_some())
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
