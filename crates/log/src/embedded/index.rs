//! The sparse index of one segment: where to begin to look for an offset or a time.
//!
//! A segment is divided into blocks of about 256 KiB. For each block the index knows the first
//! record's offset and byte, and the latest recorded time in it. Times may run backwards from
//! record to record (clocks do), so a search by time takes the first block whose latest time is
//! late enough.
//!
//! The index of a sealed segment is kept in a file beside it. It is a cache: when it is missing, does
//! not match its checksum or does not fit the segment, it is built again from the segment.
//!
//! | at | bytes | field                                            |
//! |---:|------:|--------------------------------------------------|
//! |  0 |     8 | `ACLOGIDX`                                       |
//! |  8 |     4 | version: 1                                       |
//! | 12 |     4 | number of blocks                                 |
//! | 16 |    16 | the log's origin                                 |
//! | 32 |     8 | the segment's first offset                       |
//! | 40 |     8 | the offset after its last                        |
//! | 48 |     8 | the segment file's length                        |
//! | 56 |  24 n | blocks: offset, byte, latest time (microseconds) |
//! |    |     4 | CRC-32C of all before it                         |

use std::fs;
use std::io;
use std::path::Path;

use bytes::{Buf, BufMut};

use crate::{LogId, Offset};

const MAGIC: &[u8; 8] = b"ACLOGIDX";
const VERSION: u32 = 1;
const HEAD_BYTES: usize = 56;
const ENTRY_BYTES: usize = 24;
const BLOCK_BYTES: u64 = 256 << 10;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Block {
    offset: Offset,
    at: u64,
    latest_us: i64,
}

/// A place to begin a scan: a record and the byte at which its frame begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Start {
    pub(crate) offset: Offset,
    pub(crate) at: u64,
}

/// The index of one segment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SparseIndex {
    base: Offset,
    next: Offset,
    end: u64,
    blocks: Vec<Block>,
}

impl SparseIndex {
    /// The index of an empty segment that begins with the record `base` at the byte `at`.
    pub(crate) fn new(base: Offset, at: u64) -> Self {
        Self {
            base,
            next: base,
            end: at,
            blocks: Vec::new(),
        }
    }

    /// Adds the next record, whose frame is `frame_bytes` long.
    pub(crate) fn push(&mut self, recorded_at_us: i64, frame_bytes: u64) {
        match self.blocks.last_mut() {
            Some(block) if self.end - block.at < BLOCK_BYTES => {
                block.latest_us = block.latest_us.max(recorded_at_us);
            }
            _ => {
                let (offset, at) = (self.next, self.end);
                self.blocks.push(Block {
                    offset,
                    at,
                    latest_us: recorded_at_us,
                });
            }
        }
        self.next += 1;
        self.end += frame_bytes;
    }

    /// The offset after the last record.
    pub(crate) fn next(&self) -> Offset {
        self.next
    }

    /// The byte after the last record.
    pub(crate) fn end(&self) -> u64 {
        self.end
    }

    /// The latest recorded time, unless the segment is empty.
    pub(crate) fn latest_us(&self) -> Option<i64> {
        self.blocks.iter().map(|block| block.latest_us).max()
    }

    /// Where to begin to look for the record `offset`.
    pub(crate) fn find(&self, offset: Offset) -> Start {
        let after = self.blocks.partition_point(|block| block.offset <= offset);
        match after.checked_sub(1) {
            Some(at) => self.blocks[at].start(),
            None => Start {
                offset: self.base,
                at: self.blocks.first().map_or(self.end, |b| b.at),
            },
        }
    }

    /// Where to begin to look for the first record at or after `recorded_at_us`, if there is one.
    pub(crate) fn find_time(&self, recorded_at_us: i64) -> Option<Start> {
        self.blocks
            .iter()
            .find(|block| block.latest_us >= recorded_at_us)
            .map(Block::start)
    }

    /// Writes the index to `path`.
    pub(crate) fn save(&self, path: &Path, origin: LogId) -> io::Result<()> {
        let mut out = Vec::with_capacity(HEAD_BYTES + self.blocks.len() * ENTRY_BYTES + 4);
        out.put_slice(MAGIC);
        out.put_u32_le(VERSION);
        out.put_u32_le(self.blocks.len() as u32);
        out.put_slice(&origin.0);
        out.put_u64_le(self.base);
        out.put_u64_le(self.next);
        out.put_u64_le(self.end);
        for block in &self.blocks {
            out.put_u64_le(block.offset);
            out.put_u64_le(block.at);
            out.put_i64_le(block.latest_us);
        }
        out.put_u32_le(crc32c::crc32c(&out));
        // Not synced: what a power cut leaves of it is rebuilt.
        let fresh = path.with_extension("idx.new");
        fs::write(&fresh, &out)?;
        fs::rename(&fresh, path)
    }

    /// Reads the index of the segment that begins with `base`. `None` when there is none, or one
    /// that can't be trusted. It may have been written before the segment grew further: compare
    /// [`SparseIndex::end`].
    pub(crate) fn load(path: &Path, origin: LogId, base: Offset) -> Option<Self> {
        Self::decode(&fs::read(path).ok()?, origin).filter(|index| index.base == base)
    }

    fn decode(bytes: &[u8], origin: LogId) -> Option<Self> {
        let (mut head, crc) = bytes.split_last_chunk::<4>()?;
        if crc32c::crc32c(head) != u32::from_le_bytes(*crc) || head.len() < HEAD_BYTES {
            return None;
        }
        let known = head.starts_with(MAGIC);
        head.advance(MAGIC.len());
        let version = head.get_u32_le();
        let count = head.get_u32_le() as usize;
        let of_this_log = head.starts_with(&origin.0);
        head.advance(origin.0.len());
        let (base, next, end) = (head.get_u64_le(), head.get_u64_le(), head.get_u64_le());
        let whole = count.checked_mul(ENTRY_BYTES) == Some(head.len());
        if !(known && version == VERSION && of_this_log && whole) {
            return None;
        }
        let blocks = (0..count)
            .map(|_| Block {
                offset: head.get_u64_le(),
                at: head.get_u64_le(),
                latest_us: head.get_i64_le(),
            })
            .collect();
        Some(Self {
            base,
            next,
            end,
            blocks,
        })
    }
}

impl Block {
    fn start(&self) -> Start {
        Start {
            offset: self.offset,
            at: self.at,
        }
    }
}

#[cfg(test)]
mod tests;
