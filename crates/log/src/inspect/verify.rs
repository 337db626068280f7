//! Reads every byte of a log, and names each place that is not as it was written.

mod walk;

use std::path::{Path, PathBuf};

use self::walk::Walk;
use crate::embedded::segment;
use crate::{Damage, Offset, OpenError};

/// How many places are named. A file that is all noise must not fill the memory.
const DAMAGES_NAMED_MAX: usize = 1000;

/// How far a verification has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Progress {
    /// Records found good so far.
    pub records: u64,
    /// Bytes read so far.
    pub bytes: u64,
    /// Bytes that there are to read.
    pub bytes_total: u64,
}

/// What a verification found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct VerifyReport {
    /// Records found good.
    pub records: u64,
    /// Bytes read.
    pub bytes: u64,
    /// The segments, in order.
    pub segments: Vec<SegmentReport>,
    /// Each damaged place, in order; at most the first 1,000.
    pub damages: Vec<Damage>,
    /// How many places are damaged.
    pub damages_total: u64,
    /// A batch that was not written to its end, after the last good record. Not damage: nothing of
    /// it was acknowledged, and the next start cuts it. Also a batch that is being written now.
    pub torn_tail: Option<TornTail>,
}

impl VerifyReport {
    /// Whether every record that was acknowledged is there as it was written.
    pub fn is_sound(&self) -> bool {
        self.damages_total == 0
    }

    fn damaged(&mut self, damage: Damage) {
        self.damages_total += 1;
        if self.damages.len() < DAMAGES_NAMED_MAX {
            self.damages.push(damage);
        }
    }
}

/// A segment, as the verification found it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SegmentReport {
    /// The file.
    pub path: PathBuf,
    /// Its first offset.
    pub base: Offset,
    /// Records found good in it.
    pub records: u64,
    /// Its index file.
    pub index: IndexState,
}

/// A segment's index file. It is a cache: whatever its state, nothing is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IndexState {
    /// It says what the segment holds.
    Good,
    /// There is none, or none that can be read. The next start builds it again.
    Missing,
    /// It contradicts the segment.
    Wrong,
    /// The segment is written to, and needs none yet.
    NotNeeded,
}

/// What follows the last good record of a log whose process ended while it was writing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TornTail {
    /// The last segment.
    pub path: PathBuf,
    /// The byte at which the torn batch begins to be unreadable.
    pub byte: u64,
    /// The offset that the record there would have got.
    pub offset: Offset,
    /// Whether the log is a copy that was made while it was written to: records stand after this
    /// place, but not all.
    pub copied: bool,
}

/// Reads the whole log in `dir`: each segment's first page, each record, that no offset is missing,
/// and that the indexes agree. Damage is in the report; tells `progress` every few MiB.
///
/// # Errors
/// When there is no log, or the operating system refuses to read it.
pub fn verify(
    dir: impl AsRef<Path>,
    mut progress: impl FnMut(Progress),
) -> Result<VerifyReport, OpenError> {
    let dir = dir.as_ref();
    let missing = || OpenError::Missing {
        dir: dir.to_owned(),
    };
    let found = if dir.is_dir() {
        segment::list(dir)?
    } else {
        return Err(missing());
    };
    if found.is_empty() {
        return Err(missing());
    }
    let mut walk = Walk::new(&mut progress);
    let heads = walk.heads(found)?;
    walk.missing(dir, &heads)?;
    if let Some(((last, last_path), sealed)) = heads.split_last() {
        let nexts = heads.iter().skip(1).map(|(head, _)| head.base);
        for ((head, path), next) in sealed.iter().zip(nexts) {
            walk.sealed(*head, path, next)
                .map_err(OpenError::io("read", path))?;
        }
        walk.last(*last, last_path)?;
    }
    Ok(walk.into_report())
}
