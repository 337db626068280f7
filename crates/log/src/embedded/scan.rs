//! Reads the frames of one segment file in order.

use std::fs::File;
use std::io;
use std::sync::Arc;

use bytes::Bytes;

use super::frame::{self, Fault, HEADER_BYTES, Header, Seed};
use crate::{Offset, Record};

/// How much is read from a file at once, unless the caller wants less.
pub(crate) const CHUNK_BYTES: usize = 1 << 20;

/// A record as it stands in a segment file.
#[derive(Debug)]
pub(crate) struct Frame {
    /// The byte of the file at which the frame begins.
    pub(crate) at: u64,
    pub(crate) header: Header,
    pub(crate) record: Record,
}

/// What stands where a frame should stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Bad {
    /// The byte of the file.
    pub(crate) at: u64,
    /// The offset that the frame there should have.
    pub(crate) offset: Offset,
    pub(crate) fault: Fault,
}

/// One step of a scan.
#[derive(Debug)]
pub(crate) enum Step {
    Frame(Frame),
    /// All frames up to the given end have been read.
    End,
    Bad(Bad),
}

/// A scan of one segment file. It can be told of a new end, and go on.
#[derive(Debug)]
pub(crate) struct Scan {
    file: Arc<File>,
    seed: Seed,
    at: u64,
    offset: Offset,
    /// Bytes of the file from `at` on, as far as they are read.
    chunk: Bytes,
    chunk_bytes: usize,
}

impl Scan {
    /// A scan that expects the frame of the record `offset` at byte `at`.
    pub(crate) fn new(file: Arc<File>, seed: Seed, at: u64, offset: Offset) -> Self {
        Self {
            file,
            seed,
            at,
            offset,
            chunk: Bytes::new(),
            chunk_bytes: CHUNK_BYTES,
        }
    }

    /// Reads about `chunk_bytes` at once from now on.
    pub(crate) fn set_chunk_bytes(&mut self, chunk_bytes: usize) {
        self.chunk_bytes = chunk_bytes.clamp(16 << 10, CHUNK_BYTES);
    }

    /// The byte at which the next frame begins.
    pub(crate) fn at(&self) -> u64 {
        self.at
    }

    /// The offset of the next frame's record.
    pub(crate) fn offset(&self) -> Offset {
        self.offset
    }

    /// The next frame of those that end at or before the byte `end`. What is bad stays bad: the
    /// scan does not go past it.
    pub(crate) fn next(&mut self, end: u64) -> io::Result<Step> {
        loop {
            if self.at >= end {
                return Ok(Step::End);
            }
            let fault = match frame::take(self.seed, &mut self.chunk) {
                Ok((header, record)) if header.offset == self.offset => {
                    let at = self.at;
                    self.at += header.frame_bytes() as u64;
                    self.offset += 1;
                    return Ok(Step::Frame(Frame { at, header, record }));
                }
                Ok((header, _)) => Fault::Offset {
                    found: header.offset,
                },
                Err(Fault::Incomplete { needed })
                    if self.at + needed as u64 <= end && self.fill(needed, end)? =>
                {
                    continue;
                }
                // Too short even for a header: see whether the file holds zeros or a torn frame.
                Err(Fault::Incomplete {
                    needed: HEADER_BYTES,
                }) => {
                    self.fill(0, end)?;
                    self.short_fault()
                }
                Err(fault) => fault,
            };
            // Never decode from a chunk that has lost its place.
            self.chunk = Bytes::new();
            return Ok(Step::Bad(Bad {
                at: self.at,
                offset: self.offset,
                fault,
            }));
        }
    }

    /// What is wrong with a rest that is shorter than a header.
    fn short_fault(&self) -> Fault {
        if self.chunk.iter().all(|&byte| byte == 0) {
            Fault::Empty
        } else {
            Fault::Incomplete {
                needed: HEADER_BYTES,
            }
        }
    }

    /// Reads from `at` on: usually a chunk, nothing beyond `end`. `false` when the file ends before
    /// `needed` bytes.
    fn fill(&mut self, needed: usize, end: u64) -> io::Result<bool> {
        let rest = usize::try_from(end - self.at).unwrap_or(usize::MAX);
        let wanted = rest.min(needed.max(self.chunk_bytes));
        self.chunk = read_at(&self.file, self.at, wanted)?;
        Ok(self.chunk.len() >= needed)
    }
}

/// Up to `wanted` bytes of `file` from the byte `at` on; fewer only at its end.
pub(crate) fn read_at(file: &File, at: u64, wanted: usize) -> io::Result<Bytes> {
    let mut bytes = Vec::with_capacity(wanted);
    while bytes.len() < wanted {
        let place = at + bytes.len() as u64;
        match rustix::io::pread(file, rustix::buffer::spare_capacity(&mut bytes), place) {
            Ok(0) => break,
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    bytes.truncate(wanted);
    Ok(bytes.into())
}
