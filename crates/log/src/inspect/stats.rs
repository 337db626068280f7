//! What a log holds, from its indexes.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{heads, survey_last};
use crate::embedded::index::SparseIndex;
use crate::embedded::recovery::scan_sealed;
use crate::embedded::scan::{Scan, Step};
use crate::embedded::segment::{Head, PAGE_BYTES, index_path};
use crate::{LogId, Offset, OpenError};

/// What a log holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogStats {
    /// The log's identity.
    pub id: LogId,
    /// How many records it has.
    pub records: u64,
    /// How many bytes its records take in the files.
    pub record_bytes: u64,
    /// How many bytes its segment files have.
    pub file_bytes: u64,
    /// The first offset that is not written.
    pub tail: Offset,
    /// The recorded time of the first record, in microseconds since the Unix epoch.
    pub first_recorded_at_us: Option<i64>,
    /// The latest recorded time, in microseconds since the Unix epoch.
    pub latest_recorded_at_us: Option<i64>,
    /// Its segments, in order; the last one is written to.
    pub segments: Vec<SegmentStats>,
}

/// What a segment holds. Of a damaged one, what is before the damage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SegmentStats {
    /// The file.
    pub path: PathBuf,
    /// Its first offset.
    pub base: Offset,
    /// How many records it has.
    pub records: u64,
    /// How many bytes its records take.
    pub record_bytes: u64,
    /// How many bytes the file has.
    pub file_bytes: u64,
    /// Whether it is complete: no more records will come.
    pub sealed: bool,
    /// The recorded time of its first record, in microseconds since the Unix epoch.
    pub first_recorded_at_us: Option<i64>,
    /// The latest recorded time in it, in microseconds since the Unix epoch.
    pub latest_recorded_at_us: Option<i64>,
}

/// Counts what the log in `dir` holds. Reads the indexes, and the last segment whole.
///
/// # Errors
/// When there is no log, or its files can't be read as one.
pub fn stats(dir: impl AsRef<Path>) -> Result<LogStats, OpenError> {
    let heads = heads(dir.as_ref())?;
    let (last, _) = heads[heads.len() - 1];
    let segments = heads
        .iter()
        .map(|(head, path)| segment_stats(*head, path, *head != last))
        .collect::<Result<Vec<_>, _>>()?;
    Ok(LogStats {
        id: last.id,
        records: segments.iter().map(|segment| segment.records).sum(),
        record_bytes: segments.iter().map(|segment| segment.record_bytes).sum(),
        file_bytes: segments.iter().map(|segment| segment.file_bytes).sum(),
        tail: segments
            .last()
            .map_or(0, |segment| segment.base + segment.records),
        first_recorded_at_us: segments
            .iter()
            .find_map(|segment| segment.first_recorded_at_us),
        latest_recorded_at_us: segments
            .iter()
            .filter_map(|s| s.latest_recorded_at_us)
            .max(),
        segments,
    })
}

fn segment_stats(head: Head, path: &Path, sealed: bool) -> Result<SegmentStats, OpenError> {
    let file_bytes = fs::metadata(path)
        .map_err(OpenError::io("look at", path))?
        .len();
    let index = if sealed {
        sealed_index(head, path, file_bytes)?
    } else {
        survey_last(head, path)?.index
    };
    Ok(SegmentStats {
        path: path.to_owned(),
        base: head.base,
        records: index.next() - head.base,
        record_bytes: index.end() - PAGE_BYTES,
        file_bytes,
        sealed,
        first_recorded_at_us: first_recorded_at_us(head, path, index.end())?,
        latest_recorded_at_us: index.latest_us(),
    })
}

fn sealed_index(head: Head, path: &Path, file_bytes: u64) -> Result<SparseIndex, OpenError> {
    let kept = SparseIndex::load(&index_path(path), head.origin, head.base)
        .filter(|index| index.end() == file_bytes);
    match kept {
        Some(index) => Ok(index),
        None => Ok(scan_sealed(head, path, file_bytes)
            .map_err(OpenError::io("read", path))?
            .0),
    }
}

fn first_recorded_at_us(head: Head, path: &Path, end: u64) -> Result<Option<i64>, OpenError> {
    let file = Arc::new(File::open(path).map_err(OpenError::io("open", path))?);
    let mut scan = Scan::new(file, head.seed(), PAGE_BYTES, head.base);
    scan.set_chunk_bytes(0);
    match scan.next(end).map_err(OpenError::io("read", path))? {
        Step::Frame(frame) => Ok(Some(frame.header.recorded_at_us)),
        Step::End | Step::Bad(_) => Ok(None),
    }
}
