//! Reads durable records in order, across segments, and finds records by time.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use super::Damage;
use super::index::Start;
use super::scan::{Bad, Scan, Step};
use super::segment::Segment;
use super::shared::Shared;
use crate::{Entry, Offset, Position, ReadError, Reader};

/// A reader of a log that this process has open.
#[derive(Debug)]
pub(super) struct EmbeddedReader {
    shared: Arc<Shared>,
    segment: Arc<Segment>,
    scan: Scan,
    /// What the scan's next record is, for those who ask.
    position: [Position; 1],
}

impl EmbeddedReader {
    /// A reader that begins with the record `from`, which is not beyond the tail.
    pub(super) fn new(shared: Arc<Shared>, from: Offset) -> Result<Self, ReadError> {
        let segment = segment_of(&shared, from)?;
        let start = segment.index.lock().find(from);
        let mut scan = segment.scan(start).map_err(io_error)?;
        while scan.offset() < from {
            if step(&segment, &mut scan)?.is_none() {
                return Err(cut_short(&segment, &scan));
            }
        }
        Ok(Self {
            shared,
            segment,
            scan,
            position: [Position {
                partition: 0,
                offset: from,
            }],
        })
    }

    /// The next record. There is one: it is below the tail.
    fn step(&mut self) -> Result<Entry, ReadError> {
        loop {
            match step(&self.segment, &mut self.scan)? {
                Some(entry) => return Ok(entry),
                None => self.advance()?,
            }
        }
    }

    /// Goes on to the next segment: there is a next record, and it isn't in this one.
    fn advance(&mut self) -> Result<(), ReadError> {
        let next = segment_of(&self.shared, self.scan.offset())?;
        if next.head.base != self.scan.offset() {
            return Err(cut_short(&self.segment, &self.scan));
        }
        let start = next.index.lock().find(next.head.base);
        self.scan = next.scan(start).map_err(io_error)?;
        self.segment = next;
        Ok(())
    }
}

impl Reader for EmbeddedReader {
    fn next(
        &mut self,
        records_max: usize,
        bytes_max: usize,
        wait: Duration,
    ) -> Result<Vec<Entry>, ReadError> {
        let tail = self.shared.wait_beyond(self.scan.offset(), wait)?;
        self.scan.set_chunk_bytes(bytes_max);
        let mut entries = Vec::new();
        let mut bytes = 0;
        let (records_max, bytes_max) = (records_max.max(1), bytes_max.max(1));
        while self.scan.offset() < tail && entries.len() < records_max && bytes < bytes_max {
            match self.step() {
                Ok(entry) => {
                    bytes += entry.record.key.len() + entry.record.body.len();
                    entries.push(entry);
                }
                // What is good comes first; the next call meets the damage again.
                Err(_) if !entries.is_empty() => break,
                Err(error) => return Err(error),
            }
        }
        self.position[0].offset = self.scan.offset();
        Ok(entries)
    }

    fn positions(&self) -> &[Position] {
        &self.position
    }
}

/// The offset of the first durable record at or after `recorded_at_us`; the tail if there is none.
pub(super) fn offset_at(shared: &Shared, recorded_at_us: i64) -> Result<Offset, ReadError> {
    let tail = shared.tail();
    let segments = shared.segments.read().clone();
    for segment in segments {
        let Some(start) = first_block(&segment, recorded_at_us) else {
            continue;
        };
        let mut scan = segment.scan(start).map_err(io_error)?;
        while let Some(entry) = step(&segment, &mut scan)? {
            if entry.record.recorded_at_us >= recorded_at_us {
                return Ok(entry.position.offset);
            }
        }
    }
    Ok(tail)
}

/// Where to look in `segment` for the first record at or after `recorded_at_us`; `None` when it has
/// none. The index of a damaged segment can't tell of what comes after the damage: there the search
/// is sent into it, to report it.
fn first_block(segment: &Segment, recorded_at_us: i64) -> Option<Start> {
    let index = segment.index.lock();
    let damaged = index.end() < segment.end();
    let last = || damaged.then(|| index.find(index.next()));
    index.find_time(recorded_at_us).or_else(last)
}

/// The next durable record of `segment`; `None` at its end.
fn step(segment: &Segment, scan: &mut Scan) -> Result<Option<Entry>, ReadError> {
    match scan.next(segment.end()).map_err(io_error)? {
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
        Step::Bad(bad) => Err(corrupt(damage(segment, bad))),
    }
}

fn segment_of(shared: &Shared, offset: Offset) -> Result<Arc<Segment>, ReadError> {
    shared
        .segment_of(offset)
        .ok_or(ReadError::OffsetOutOfRange {
            offset,
            tail: shared.tail(),
        })
}

fn damage(segment: &Segment, bad: Bad) -> Damage {
    Damage {
        path: segment.path.clone(),
        byte: bad.at,
        offset: bad.offset,
        detail: bad.fault.to_string(),
    }
}

fn cut_short(segment: &Segment, scan: &Scan) -> ReadError {
    corrupt(Damage {
        path: segment.path.clone(),
        byte: scan.at(),
        offset: scan.offset(),
        detail: "the segment ends before the next one begins".to_owned(),
    })
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
